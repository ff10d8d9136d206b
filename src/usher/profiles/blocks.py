"""What `usher profiles sync` writes: one profile per way in, plain or native, as text for one block.

A plain profile asks Usher for credentials (`credential_process`), which works in every SDK. A native
one is what `aws configure sso` would write, plus the endpoints of a directory that is not AWS.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from usher.core import machine
from usher.core.errors import UsageError
from usher.core.ids import AccountId
from usher.profiles.config_text import ConfigFileError, Section, is_edited, read_sections, replace_block
from usher.profiles.ways import WayIn

DEFAULT_PROFILE = "default"
# What a person may add to profiles: nothing that runs a program, leads elsewhere or is a secret.
EXTRA_KEYS = frozenset(
    {
        "cli_auto_prompt",
        "cli_binary_format",
        "cli_history",
        "cli_pager",
        "cli_timestamp_format",
        "defaults_mode",
        "max_attempts",
        "output",
        "parameter_validation",
        "retry_mode",
        "s3_use_arn_region",
        "sts_regional_endpoints",
        "tcp_keepalive",
        "use_dualstack_endpoint",
        "use_fips_endpoint",
    }
)
_HOLDS_COMMENT = re.compile(r"(^|\s)[#;]")


@dataclass(frozen=True, slots=True)
class BlockStyle:
    """How an organization's profiles are written, plain or native.

    `command` is the program that `credential_process` calls. `region` is the profiles' default
    region, `sso_region` the portal's. `portal_endpoint` is the origin of a self-hosted directory and
    `aws_endpoint` that of an emulated AWS; None for the real ones.
    """

    organization: str
    region: str
    command: Sequence[str]
    start_url: str
    sso_region: str
    scopes: Sequence[str]
    portal_endpoint: str | None = None
    aws_endpoint: str | None = None
    native: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the block shall hold: `profiles` by name, and what is known of the rest.

    `granted` is everything that may be entered, wanted or not. The profiles of `unlisted` accounts stay as
    they are, because nobody knows now whether they are still granted.
    """

    profiles: Mapping[str, WayIn]
    granted: Collection[tuple[AccountId, str]] = ()
    unlisted: Collection[AccountId] = ()


@dataclass(frozen=True, slots=True)
class SyncedBlock:
    """The new text of the config file, and what its block holds.

    `kept` are profiles that were there and stay as they were, among them the `stale` ones, which are no
    longer granted (pruned ones are stale and not kept). `dropped` are gone because they are named otherwise
    now or not wanted. `edited` says that the block was changed by hand.
    """

    text: str
    names: tuple[str, ...]
    kept: tuple[Section, ...] = ()
    stale: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    edited: bool = False


@dataclass(slots=True)
class _Leftovers:
    kept: list[Section] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


def sync_block(text: str, path: Path, style: BlockStyle, wanted: Wanted, *, prune: bool) -> SyncedBlock:
    """`text` with the organization's block made to hold what is wanted.

    Profiles of the block that are no longer granted are kept, unless `prune`. Raises UsageError for
    values that cannot be written and ConfigFileError for names taken outside the block.
    """
    profiles = wanted.profiles
    _check_values(style)
    written = [
        _native(style, name, way) if style.native else _plain(style, name, way)
        for name, way in profiles.items()
    ]
    head = _native_head(style) if style.native and profiles else []
    sections = read_sections(text, path)
    taken = {("profile", name) for name in profiles}
    if head:
        taken |= {("sso-session", style.organization), ("services", _services(style))}
    _check_collisions(sections, taken, style.organization, path)
    own = [section for section in sections if section.block == style.organization]
    left = _leftovers(own, wanted, prune=prune)
    if left.kept and not head:
        # A kept native profile needs the session section that it names.
        head = [_lines(section) for section in own if section.kind != "profile"]
    body = "\n".join([*head, *written, *(_lines(section) for section in left.kept)])
    return SyncedBlock(
        replace_block(text, style.organization, body, path),
        (*profiles, *(section.name for section in left.kept)),
        tuple(left.kept),
        tuple(left.stale),
        tuple(left.dropped),
        is_edited(text, style.organization),
    )


def remove_block(text: str, path: Path, organization: str) -> tuple[str, tuple[str, ...]]:
    """`text` without the organization's block, and the names of the profiles that were in it."""
    sections = read_sections(text, path)
    names = (s.name for s in sections if s.block == organization and s.kind == "profile")
    return replace_block(text, organization, "", path), tuple(names)


def _leftovers(own: Sequence[Section], wanted: Wanted, *, prune: bool) -> _Leftovers:
    """What becomes of the profiles in the block that are not among the wanted ones."""
    found = _Leftovers()
    for section in own:
        if section.kind != "profile" or section.name in wanted.profiles:
            continue
        way = way_of(section)
        if way is not None and way[0] in wanted.unlisted:
            found.kept.append(section)
        elif section.name == DEFAULT_PROFILE or way in wanted.granted:
            found.dropped.append(section.name)
        else:
            found.stale.append(section.name)
            if not prune:
                found.kept.append(section)
    return found


def way_of(section: Section) -> tuple[AccountId, str] | None:
    """The account and permission set of a profile for single sign-on."""
    values = section.values
    account = values.get("usher_account_id") or values.get("sso_account_id")
    permission_set = values.get("usher_permission_set") or values.get("sso_role_name")
    return (AccountId(account), permission_set) if account and permission_set else None


def check_value(value: str, what: str = "") -> None:
    """Refuse a value that would break out of its line. Raises UsageError."""
    if not value.isprintable() or _HOLDS_COMMENT.search(value) or value != value.strip():
        named = f"{what} = " if what else ""
        raise UsageError(f"{named}{value!r} cannot be written into an AWS config file")


def profile_header(name: str) -> str:
    """The section's header line."""
    if name == DEFAULT_PROFILE:
        return "[default]\n"
    return f'[profile "{name}"]\n' if " " in name else f"[profile {name}]\n"


def section_text(header: str, values: Mapping[str, str]) -> str:
    """A section's lines. Raises UsageError for a value that would break out of its line."""
    for key, value in values.items():
        check_value(value, key)
    return header + "".join(f"{key} = {value}\n" for key, value in values.items())


def _check_values(style: BlockStyle) -> None:
    values = [style.region, style.start_url, style.sso_region, *style.command, *style.scopes]
    for value in [*values, *(url for url in (style.portal_endpoint, style.aws_endpoint) if url)]:
        check_value(value)


def _check_collisions(
    sections: Sequence[Section], taken: set[tuple[str, str]], organization: str, path: Path
) -> None:
    for section in sections:
        if (section.kind, section.name) in taken and section.block != organization:
            raise ConfigFileError(
                f"{path}:{section.line}: there is already a {section.kind} '{section.name}' "
                f"outside Usher's block '{organization}'",
                hint="rename or remove it, or choose other names with --template",
            )


def _plain(style: BlockStyle, name: str, way: WayIn) -> str:
    command = machine.join_command((*style.command, "credentials", name))
    return section_text(profile_header(name), {"credential_process": command, **_common(style, way)})


def _native(style: BlockStyle, name: str, way: WayIn) -> str:
    values = {
        "sso_session": style.organization,
        "sso_account_id": way.account_id,
        "sso_role_name": way.permission_set,
    }
    services = {"services": _services(style)} if style.portal_endpoint else {}
    return section_text(profile_header(name), {**values, **services, **_common(style, way)})


def _common(style: BlockStyle, way: WayIn) -> dict[str, str]:
    return {
        "region": way.region or style.region,
        **way.keys,
        **({"endpoint_url": style.aws_endpoint} if style.aws_endpoint else {}),
        "usher_organization": style.organization,
        "usher_account_id": way.account_id,
        "usher_permission_set": way.permission_set,
        **({"usher_description": way.description} if way.description else {}),
    }


def _native_head(style: BlockStyle) -> list[str]:
    session = section_text(
        f"[sso-session {style.organization}]\n",
        {
            "sso_start_url": style.start_url,
            "sso_region": style.sso_region,
            "sso_registration_scopes": ",".join(style.scopes),
        },
    )
    if not style.portal_endpoint:
        return [session]
    endpoint = f"  endpoint_url = {style.portal_endpoint}\n"
    return [session, f"[services {_services(style)}]\nsso =\n{endpoint}sso_oidc =\n{endpoint}"]


def _services(style: BlockStyle) -> str:
    return f"usher-{style.organization}"


def _lines(section: Section) -> str:
    return "".join(section.lines).rstrip() + "\n"
