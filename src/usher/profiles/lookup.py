"""Which account and permission set a profile means: Usher's own profiles and any SSO profile.

Understands the keys that `usher profiles sync` writes, `sso_session` profiles and legacy profiles with
`sso_start_url`. Names may be given without the organization's prefix when that is unambiguous.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from usher.core.errors import NotFoundError, UsageError
from usher.core.hops import account_of_arn
from usher.core.ids import AccountId, account_id
from usher.profiles.aws_files import AwsFiles
from usher.profiles.config_text import Section, read_sections
from usher.profiles.near import near_names


@dataclass(frozen=True, slots=True)
class ProfileTarget:
    """What a profile leads to.

    `organization` is set for profiles that Usher wrote, `start_url` and `sso_region` for SSO profiles;
    at least one of `organization` and `start_url` is there. Only where profiles are listed neither may
    be: then `permission_set` is a role's name and `source` says whose keys enter it.
    """

    name: str
    account_id: AccountId
    permission_set: str
    region: str | None = None
    organization: str | None = None
    start_url: str | None = None
    sso_region: str | None = None
    source: str | None = None


def find_profile(text: str, path: Path, name: str) -> ProfileTarget:
    """The profile called `name`. Raises NotFoundError (with near matches) or UsageError."""
    sections = read_sections(text, path)
    profiles = {section.name: section for section in sections if section.kind == "profile"}
    section = profiles.get(name) or _by_short_name(profiles, name)
    if section is None:
        near = near_names(name, profiles)
        hint = f"did you mean: {', '.join(near)}?" if near else "'usher profiles list' shows what there is"
        raise NotFoundError(f"there is no profile '{name}' in {path}", hint=hint)
    target = _target(section, _sessions(sections), path)
    if target is None:
        raise UsageError(
            f"{path}:{section.line}: the profile '{section.name}' is not for single sign-on",
            hint="it has neither usher_ nor sso_ settings for an account and a permission set",
        )
    return target


def match_name(files: AwsFiles, name: str) -> str:
    """The profile that `name` means: its whole name, or one without its organization's prefix.

    Raises NotFoundError with near matches, or UsageError when several organizations have it.
    """
    if name in files.profiles:
        return name
    organizations = {
        profile.name: organization
        for profile in files.profiles.values()
        if (organization := profile.text("usher_organization"))
    }
    matches = [
        full
        for full, organization in organizations.items()
        if full in {f"{organization}-{name}", f"{organization}/{name}"}
    ]
    if len(matches) > 1:
        raise UsageError(
            f"the profile '{name}' exists in several organizations",
            hint=f"name one of: {', '.join(matches)}",
        )
    if matches:
        return matches[0]
    near = near_names(name, files.profiles)
    hint = f"did you mean: {', '.join(near)}?" if near else "'usher profiles list' shows what there is"
    raise NotFoundError(f"there is no profile '{name}' in {files.config_path}", hint=hint)


def list_profiles(text: str, path: Path) -> list[ProfileTarget]:
    """Every profile that leads to an account, through a portal or a role, in the file's order.

    Raises UsageError.
    """
    sections = read_sections(text, path)
    sessions = _sessions(sections)
    targets = (
        _role(section) or _target(section, sessions, path)
        for section in sections
        if section.kind == "profile"
    )
    return [target for target in targets if target is not None]


def sso_lookups(text: str, path: Path) -> list[tuple[str, str]]:
    """What the AWS CLI looks tokens up by, with its start URL: sso-sessions' names, older profiles' URLs."""
    return [
        (section.name if section.kind == "sso-session" else url, url)
        for section in read_sections(text, path)
        if section.kind in {"sso-session", "profile"} and (url := section.values.get("sso_start_url"))
    ]


def _role(section: Section) -> ProfileTarget | None:
    """The role that a profile enters; what is wrong with it is told when it is opened."""
    arn = section.values.get("role_arn", "")
    owner = account_of_arn(arn)
    if owner is None:
        return None
    source = section.values.get("source_profile") or section.values.get("credential_source") or "a token"
    name = arn.rpartition("/")[2]
    return ProfileTarget(section.name, owner, name, section.values.get("region"), source=source)


def _by_short_name(profiles: Mapping[str, Section], name: str) -> Section | None:
    matches = [
        section
        for section in profiles.values()
        if (organization := section.values.get("usher_organization"))
        and section.name in {f"{organization}-{name}", f"{organization}/{name}"}
    ]
    if len(matches) > 1:
        raise UsageError(
            f"the profile '{name}' exists in several organizations",
            hint=f"name one of: {', '.join(section.name for section in matches)}",
        )
    return matches[0] if matches else None


def _sessions(sections: Sequence[Section]) -> dict[str, Mapping[str, str]]:
    return {section.name: section.values for section in sections if section.kind == "sso-session"}


def _target(section: Section, sessions: Mapping[str, Mapping[str, str]], path: Path) -> ProfileTarget | None:
    values = section.values
    account = values.get("usher_account_id") or values.get("sso_account_id")
    permission_set = values.get("usher_permission_set") or values.get("sso_role_name")
    if not account or not permission_set:
        return None
    source = values
    if "sso_session" in values:
        if values["sso_session"] not in sessions and "usher_organization" not in values:
            raise UsageError(
                f"{path}:{section.line}: the profile '{section.name}' names the sso-session "
                f"'{values['sso_session']}', which is not there"
            )
        source = sessions.get(values["sso_session"], {})
    try:
        number = account_id(account)
    except ValueError as error:
        raise UsageError(f"{path}:{section.line}: the profile '{section.name}': {error}") from None
    organization, start_url = values.get("usher_organization"), source.get("sso_start_url")
    if organization is None and start_url is None:
        return None
    return ProfileTarget(
        section.name,
        number,
        permission_set,
        values.get("region"),
        organization,
        start_url,
        source.get("sso_region"),
    )
