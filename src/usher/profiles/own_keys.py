"""Which of a profile's own settings lead to keys: the order of the SDKs, and the places Usher reads besides.

The SDKs' order is botocore's: a web identity, SSO, the credentials file, `aws login`, `credential_process`,
the config file. What Usher or Granted wrote comes before all of them: those keys exist to be understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePath

from usher.core import machine
from usher.core.credentials import Credentials
from usher.core.errors import UsageError
from usher.core.hops import KeyPlace, PortalHop, ProcessHop, StaticKeysHop
from usher.core.ids import AccountId, account_id
from usher.core.secrets import Secret
from usher.profiles.aws_files import AwsFiles, Profile, Value

USHER_KEYS = "usher_keys"
GRANTED = ("granted_sso_start_url", "granted_sso_region", "granted_sso_account_id", "granted_sso_role_name")
SSO = ("sso_session", "sso_start_url", "sso_region", "sso_account_id", "sso_role_name")
USHER = ("usher_organization", "usher_account_id", "usher_permission_set")


class Source(StrEnum):
    """A way to keys that a profile has by itself, in words."""

    ASSUME_ROLE = "role_arn"
    WEB_IDENTITY = "web_identity_token_file"
    USHER_PORTAL = "usher_ settings"
    GRANTED_PORTAL = "granted_sso_ settings"
    VAULT_KEYS = "keys in usher's vault"
    SSO_PORTAL = "sso_ settings"
    CREDENTIALS_FILE = "keys in the credentials file"
    LOGIN_SESSION = "login_session"
    PROCESS = "credential_process"
    CONFIG_FILE = "keys in the config file"


def sdk_source(profile: Profile) -> Source | None:
    """What AWS's own tools use of a profile, None when it has nothing for them."""
    if "role_arn" in _names(profile) and "web_identity_token_file" not in _names(profile):
        return Source.ASSUME_ROLE
    return sdk_own_source(profile)


def sdk_own_source(profile: Profile) -> Source | None:
    """What AWS's own tools use of a profile that does not lead through another one."""
    names = _names(profile)
    if profile.text("web_identity_token_file"):
        return Source.WEB_IDENTITY
    if "sso_account_id" in names or "sso_role_name" in names:
        return Source.SSO_PORTAL
    if "aws_access_key_id" in profile.in_credentials:
        return Source.CREDENTIALS_FILE
    if "login_session" in names:
        return Source.LOGIN_SESSION
    if "credential_process" in names:
        return Source.PROCESS
    return Source.CONFIG_FILE if "aws_access_key_id" in profile.in_config else None


def own_source(profile: Profile) -> Source | None:
    """What Usher uses of a profile that does not lead through another one."""
    found = sdk_own_source(profile)
    if found is Source.WEB_IDENTITY:
        return found
    if profile.get("usher_account_id") and profile.get("usher_permission_set"):
        return Source.USHER_PORTAL
    if any(profile.get(key) for key in GRANTED):
        return Source.GRANTED_PORTAL
    return Source.VAULT_KEYS if profile.get(USHER_KEYS) else found


def has_static_keys(profile: Profile) -> bool:
    """Whether a profile that is another one's source gives its own keys, whatever else stands in it."""
    if _names(profile) & {"aws_access_key_id", "aws_secret_access_key"}:
        return True
    return own_source(profile) is Source.VAULT_KEYS


def can_be_its_own_source(profile: Profile) -> bool:
    """Whether a profile with `role_arn` may name itself as the source of that role."""
    wrote = own_source(profile) in {Source.USHER_PORTAL, Source.GRANTED_PORTAL}
    return wrote or has_static_keys(profile)


def usher_portal(profile: Profile, files: AwsFiles) -> PortalHop:
    """The way in that `usher profiles sync` wrote."""
    session = files.sso_sessions.get(profile.text("sso_session") or "", profile)
    hop = PortalHop(
        _account(profile, "usher_account_id"),
        profile.text("usher_permission_set") or "",
        profile.text("usher_organization"),
        session.text("sso_start_url"),
        session.text("sso_region"),
    )
    if not hop.organization and not hop.start_url:
        raise profile.wrong("usher_account_id", "needs 'usher_organization' beside it")
    return hop


def granted_portal(profile: Profile) -> PortalHop:
    """The way in that Granted wrote."""
    values = [_needed(profile, key, GRANTED) for key in GRANTED]
    return PortalHop(
        _account(profile, "granted_sso_account_id"),
        values[3].text,
        start_url=values[0].text,
        sso_region=values[1].text,
    )


def sso_portal(profile: Profile, files: AwsFiles) -> PortalHop:
    """The way in of an SSO profile, with `sso_session` or the older keys."""
    named = profile.get("sso_session")
    session = files.sso_sessions.get(named.text) if named else profile
    if session is None:
        raise profile.wrong("sso_session", "names a session that is not there")
    for key, value in session.in_config.items() if named else ():
        other = profile.get(key)
        if other is not None and other.text != value.text:
            raise profile.wrong(
                key, f"is not what {value.place} says", hint="AWS's own tools refuse this too"
            )
    _needed(profile, "sso_account_id", SSO[3:])
    role = _needed(profile, "sso_role_name", SSO[3:])
    start_url, region = (session.get(key) or _needed(profile, key, SSO) for key in SSO[1:3])
    return PortalHop(_account(profile, "sso_account_id"), role.text, None, start_url.text, region.text)


def static_keys(profile: Profile, place: KeyPlace) -> StaticKeysHop:
    """The keys that lie open in one of the two files."""
    values = profile.in_credentials if place is KeyPlace.CREDENTIALS_FILE else profile.in_config
    secret = values.get("aws_secret_access_key")
    if secret is None:
        key = values["aws_access_key_id"]
        raise UsageError(f"{key.place}: the profile '{profile.name}' has an access key id without its secret")
    token = values.get("aws_security_token") or values.get("aws_session_token")
    owner = values.get("aws_account_id")
    keys = Credentials(
        values["aws_access_key_id"].text,
        Secret(secret.text),
        Secret(token.text) if token and token.text else None,
        account_id=_account(profile, "aws_account_id") if owner else None,
    )
    return StaticKeysHop(place, profile.name, keys)


def environment_keys(profile: Profile, environ: Mapping[str, str]) -> StaticKeysHop:
    """The keys of the environment, for `credential_source = Environment`."""
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        raise profile.wrong(
            "credential_source",
            "says Environment, which holds no keys",
            hint="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use source_profile",
        )
    token = environ.get("AWS_SESSION_TOKEN") or environ.get("AWS_SECURITY_TOKEN")
    keys = Credentials(key, Secret(secret), Secret(token) if token else None)
    return StaticKeysHop(KeyPlace.ENVIRONMENT, "environment", keys)


def process(profile: Profile) -> ProcessHop:
    """The program that the profile names."""
    command = profile.text("credential_process") or ""
    if not command.strip():
        raise profile.wrong("credential_process", "is empty")
    owner = profile.get("aws_account_id")
    return ProcessHop(command, _account(profile, "aws_account_id") if owner else None)


def asked_of_usher(command: str) -> str | None:
    """The profile that `usher credentials PROFILE` names; None when `command` is another program."""
    try:
        words = machine.split_command(command)
    except ValueError:
        return None
    ours = len(words) == 3 and PurePath(words[0]).stem == "usher" and words[1] == "credentials"
    return words[2] if ours else None


def _names(profile: Profile) -> set[str]:
    return {*profile.in_config, *profile.in_credentials}


def _needed(profile: Profile, key: str, together: tuple[str, ...]) -> Value:
    value = profile.get(key)
    if value is None or not value.text:
        others = [other for other in together if profile.get(other)]
        raise UsageError(
            f"{profile.place}: the profile '{profile.name}' has no '{key}', which belongs to its "
            f"{', '.join(others) or 'other settings'}",
        )
    return value


def _account(profile: Profile, key: str) -> AccountId:
    try:
        return account_id(profile.text(key) or "")
    except ValueError as error:
        raise profile.wrong(key, f"is wrong: {error}") from None
