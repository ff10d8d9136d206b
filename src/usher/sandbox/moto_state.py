"""moto's own state, read and written in one place: keys, roles, SAML providers, sessions.

moto keeps everything in memory of this process, one backend per account and service. Only the `aws`
partition is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from moto.iam.models import IAMBackend, Role, iam_backends
from moto.organizations.models import organizations_backends
from moto.sts.models import sts_backends

from usher.core.ids import AccountId
from usher.core.secrets import Secret

_PARTITION = "aws"


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """An access key the cloud gave out. The last four are empty for a user's long-term key."""

    account_id: AccountId
    access_key_id: str
    secret: Secret
    principal_arn: str
    principal_id: str
    active: bool = True
    session_token: Secret | None = None
    expires: datetime | None = None
    role_arn: str = ""
    session_name: str = ""


@dataclass(frozen=True, slots=True)
class RoleRecord:
    """What entering a role depends on. `max_session_seconds` is 3,600 when the role does not say."""

    arn: str
    trust_policy: str
    max_session_seconds: int


def has_account(account_id: str) -> bool:
    """Whether this cloud has an account of that id."""
    return account_id in iam_backends


def find_key(access_key_id: str) -> IssuedKey | None:
    """The key of that id, whichever account it belongs to."""
    for account_id, account in list(iam_backends.items()):
        backend = account[_PARTITION]
        key = backend.access_keys.get(access_key_id)
        if key is None:
            continue
        if key.user_name is not None:
            user = backend.get_user(key.user_name)
            return IssuedKey(
                AccountId(account_id),
                access_key_id,
                Secret(key.secret_access_key),
                principal_arn=user.arn,
                principal_id=user.id,
                active=key.status == "Active",
            )
        return _find_session(AccountId(account_id), access_key_id)
    return None


def _find_session(account_id: AccountId, access_key_id: str) -> IssuedKey | None:
    session = sts_backends[account_id][_PARTITION].get_assumed_role_from_access_key(access_key_id)
    if session is None:
        return None
    return IssuedKey(
        account_id,
        access_key_id,
        Secret(session.secret_access_key),
        principal_arn=session.arn,
        principal_id=session.user_id,
        session_token=Secret(session.session_token),
        expires=session.expiration.replace(tzinfo=UTC),
        role_arn=session.role_arn,
        session_name=session.session_name,
    )


def find_role(role_arn: str) -> RoleRecord | None:
    """The role with exactly that ARN, path included."""
    account_id = account_of_arn(role_arn)
    if not has_account(account_id):
        return None
    roles: Iterable[Role] = list(_iam(account_id).roles.values())
    for role in roles:
        if role.arn == role_arn:
            longest = int(role.max_session_duration or 3600)
            return RoleRecord(role.arn, role.assume_role_policy_document, longest)
    return None


def find_provider_metadata(provider_arn: str) -> str | None:
    """The metadata document of the SAML provider with exactly that ARN."""
    account_id = account_of_arn(provider_arn)
    if not has_account(account_id):
        return None
    for provider in list(_iam(account_id).list_saml_providers()):
        if provider.arn == provider_arn:
            return provider.saml_metadata_document or ""
    return None


def mint_session(role_arn: str, session_name: str, seconds: int) -> IssuedKey:
    """A new session of the role, filed under the role's own account."""
    account_id = AccountId(account_of_arn(role_arn))
    session = sts_backends[account_id][_PARTITION].assume_role(
        region_name="us-east-1",
        role_session_name=session_name,
        role_arn=role_arn,
        policy="",
        duration=seconds,
        external_id="",
    )
    key = _find_session(account_id, session.access_key_id)
    if key is None:
        raise RuntimeError(f"the session of {role_arn} was not kept")
    return key


def open_account(account_id: AccountId, user_name: str) -> IssuedKey:
    """Open an account with its first user and that user's key: what signing up with AWS gives."""
    backend = _iam(account_id)
    backend.create_user(region_name="us-east-1", user_name=user_name)
    key = backend.create_access_key(user_name)
    found = find_key(key.access_key_id)
    if found is None:
        raise RuntimeError(f"the key of {user_name} was not kept")
    return found


def name_management_account(account_id: AccountId, name: str, email: str) -> None:
    """Give the management account a name: moto calls it `master`, and AWS has no API to set it there."""
    backend = organizations_backends[account_id][_PARTITION]
    account = backend.get_account_by_id(account_id)
    account.name = name
    account.email = email
    if backend.org is not None:
        backend.org.master_account_email = email


def account_name(account_id: str) -> str:
    """The account's name in its organization, or its id when it is in none."""
    for management in list(organizations_backends.values()):
        for account in list(management[_PARTITION].accounts):
            if account.id == account_id:
                return str(account.name)
    return account_id


def account_of_arn(arn: str) -> str:
    """The account field of an ARN, or an empty string."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


def _iam(account_id: str) -> IAMBackend:
    return iam_backends[account_id][_PARTITION]
