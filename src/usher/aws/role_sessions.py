"""STS as the sign-in client calls it: explicit keys or none, one hop at a time, refusals as reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore import exceptions as aws_errors

from usher.aws.bare_clients import bare_client
from usher.aws.clients import aws_errors_as_words
from usher.core.credentials import Credentials
from usher.core.hops import RoleHop, SessionTokenHop, StsPlace, WebIdentityHop, account_of_arn
from usher.core.partitions import AWS, partition_of_region
from usher.core.secrets import Secret
from usher.core.sts_refusals import StsReason, StsRefusedError

_REASONS = {
    "AccessDenied": StsReason.DENIED,
    "AccessDeniedException": StsReason.DENIED,
    "ExpiredToken": StsReason.KEYS,
    "ExpiredTokenException": StsReason.KEYS,
    "InvalidClientTokenId": StsReason.KEYS,
    "SignatureDoesNotMatch": StsReason.KEYS,
    "UnrecognizedClientException": StsReason.KEYS,
    "InvalidIdentityToken": StsReason.TOKEN,
    "IDPRejectedClaim": StsReason.TOKEN,
    "RegionDisabledException": StsReason.REGION,
    "MalformedPolicyDocument": StsReason.REQUEST,
    "PackedPolicyTooLarge": StsReason.REQUEST,
    "ValidationError": StsReason.REQUEST,
}

_WRONG_CODE = ("invalid MFA one time pass code", "unable to validate MFA code")


class RoleSessions:
    """The port `session.chains.Sts` over botocore."""

    def assume_role(
        self, hop: RoleHop, keys: Credentials, session_name: str, code: str | None
    ) -> Credentials:
        """Enter a role. Raises StsRefusedError."""
        given: dict[str, object] = {
            "RoleArn": hop.role_arn,
            "RoleSessionName": session_name,
            "DurationSeconds": hop.duration_seconds,
            "ExternalId": hop.external_id,
            "SerialNumber": hop.mfa_serial,
            "TokenCode": code,
            "SourceIdentity": hop.source_identity,
            "Policy": hop.policy,
            "Tags": [{"Key": key, "Value": value} for key, value in hop.tags.items()],
            "PolicyArns": [{"arn": arn} for arn in hop.policy_arns],
        }
        client = _client(hop.sts, keys)
        return _asked(f"entering {hop.role_arn}", client.assume_role, given, hop.role_arn)

    def session_token(self, hop: SessionTokenHop, keys: Credentials, code: str) -> Credentials:
        """A session of an IAM user with a code of its MFA device. Raises StsRefusedError."""
        given = {
            "SerialNumber": hop.mfa_serial,
            "TokenCode": code,
            "DurationSeconds": hop.duration_seconds,
        }
        what = f"opening a session with {hop.mfa_serial}"
        return _asked(what, _client(hop.sts, keys).get_session_token, given, hop.mfa_serial)

    def assume_role_with_web_identity(
        self, hop: WebIdentityHop, token: Secret, session_name: str
    ) -> Credentials:
        """Enter a role with an OpenID Connect token; the call is not signed. Raises StsRefusedError."""
        given = {
            "RoleArn": hop.role_arn,
            "RoleSessionName": session_name,
            "WebIdentityToken": token.reveal(),
            "DurationSeconds": hop.duration_seconds,
        }
        client = _client(hop.sts, None)
        return _asked(f"entering {hop.role_arn}", client.assume_role_with_web_identity, given, hop.role_arn)

    def caller(self, sts: StsPlace, keys: Credentials) -> str:
        """The ARN that the keys belong to. Raises StsRefusedError."""
        with aws_errors_as_words("sts", "asking whose keys these are"):
            try:
                return str(_client(sts, keys).get_caller_identity()["Arn"])
            except aws_errors.ClientError as error:
                refusal = _refusal(error)
                if refusal is None:
                    raise
                raise refusal from error


def _client(sts: StsPlace, keys: Credentials | None) -> Any:
    endpoint, region, old = sts.endpoint_url, sts.region, partition_of_region(sts.region).global_sts_host
    if endpoint is None and sts.legacy and old:
        endpoint, region = f"https://{old}", AWS.default_region
    return bare_client("sts", region, keys, endpoint_url=endpoint, fips=sts.fips, dualstack=sts.dualstack)


def _asked(
    what: str, call: Callable[..., Mapping[str, Any]], given: Mapping[str, object], arn: str
) -> Credentials:
    parameters = {name: value for name, value in given.items() if value not in (None, [])}
    with aws_errors_as_words("sts", what):
        try:
            answer = call(**parameters)
        except aws_errors.ClientError as error:
            refusal = _refusal(error)
            if refusal is None:
                raise
            raise refusal from error
    found = answer["Credentials"]
    owner = answer.get("AssumedRoleUser", {}).get("Arn", arn)
    return Credentials(
        found["AccessKeyId"],
        Secret(found["SecretAccessKey"]),
        Secret(found["SessionToken"]),
        found["Expiration"].timestamp(),
        account_of_arn(owner),
    )


def _refusal(error: aws_errors.ClientError) -> StsRefusedError | None:
    """The refusal that the answer is; None for throttling and trouble, which may pass."""
    details = error.response.get("Error", {})
    code, words = str(details.get("Code", "")), str(details.get("Message") or "no reason given")
    reason = _REASONS.get(code)
    # STS answers a wrong MFA code with AccessDenied too, and only its words tell that another may do.
    if reason is StsReason.DENIED and any(each in words for each in _WRONG_CODE):
        reason = StsReason.CODE
    return StsRefusedError(reason, words) if reason else None
