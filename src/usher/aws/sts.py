"""STS: who a key belongs to, and sessions of roles entered with a key or with a SAML assertion."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from usher.aws.clients import AwsKeys, AwsSettings, aws_errors_as_words, make_client
from usher.core.callers import Caller, caller_of
from usher.core.ids import AccountId, account_id
from usher.core.secrets import Secret


@dataclass(frozen=True, slots=True)
class RoleSession:
    """The keys of a role session and its end as UTC epoch seconds."""

    keys: AwsKeys
    expiration: float
    arn: str


def read_own_account(settings: AwsSettings) -> AccountId:
    """The account that the keys in `settings` belong to."""
    with aws_errors_as_words("sts", "asking which account the directory's own AWS keys belong to"):
        return account_id(make_client("sts", settings).get_caller_identity()["Account"])


def read_caller(settings: AwsSettings) -> Caller | None:
    """The person whose Identity Center session the keys in `settings` are; None for other keys."""
    with aws_errors_as_words("sts", "asking whose AWS keys these are"):
        return caller_of(make_client("sts", settings).get_caller_identity()["Arn"])


def assume_role(settings: AwsSettings, role_arn: str, session_name: str) -> RoleSession:
    """Enter a role with the keys in `settings`. Raises NoAccessError when it may not be entered."""
    with aws_errors_as_words("sts", f"entering {role_arn}"):
        answer = make_client("sts", settings).assume_role(RoleArn=role_arn, RoleSessionName=session_name)
    return _session(answer)


class SamlDoor:
    """Enters roles with SAML assertions. It has no keys of its own: the calls are not signed."""

    def __init__(self, region: str, endpoint_url: str = "") -> None:
        self._client = make_client("sts", AwsSettings(region, endpoint_url=endpoint_url), unsigned=True)

    def enter(self, role_arn: str, provider_arn: str, response: bytes, seconds: int) -> RoleSession:
        """A session of `seconds` seconds. Raises UsherError with STS's reason when it says no."""
        with aws_errors_as_words("sts", f"entering {role_arn}"):
            answer = self._client.assume_role_with_saml(
                RoleArn=role_arn,
                PrincipalArn=provider_arn,
                SAMLAssertion=base64.b64encode(response).decode(),
                DurationSeconds=seconds,
            )
        return _session(answer)


def _session(answer: Mapping[str, Any]) -> RoleSession:
    credentials = answer["Credentials"]
    keys = AwsKeys(
        credentials["AccessKeyId"],
        Secret(credentials["SecretAccessKey"]),
        Secret(credentials["SessionToken"]),
    )
    return RoleSession(keys, credentials["Expiration"].timestamp(), answer["AssumedRoleUser"]["Arn"])
