"""What `usher profiles sync` writes: one profile per way in, plain or native, as text for one block.

A plain profile asks Usher for credentials (`credential_process`), which works in every SDK. A native
one is what `aws configure sso` would write, plus the endpoints of a directory that is not AWS.
"""

from __future__ import annotations

import re
import shlex
import string
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from usher.core.errors import UsageError
from usher.core.ids import AccountId
from usher.profiles.config_text import ConfigFileError, Section, read_sections, replace_block

DEFAULT_TEMPLATE = "{organization}-{account}/{permission_set}"
_FIELDS = {"organization", "account", "account_id", "permission_set"}
_PROFILE_NAME = re.compile(r"[\w@+.%:/=,-][\w@+.%:/=, -]{0,199}", re.ASCII)
_NOT_PLAIN = re.compile(r"[^\w@+.%:-]+", re.ASCII)
_HOLDS_COMMENT = re.compile(r"(^|\s)[#;]")


@dataclass(frozen=True, slots=True)
class WayIn:
    """One account and permission set that the person may enter."""

    account_id: AccountId
    account_name: str
    permission_set: str


@dataclass(frozen=True, slots=True)
class BlockStyle:
    """How profiles are written.

    `command` is the program that `credential_process` calls. `region` is the profiles' default
    region, `sso_region` the portal's. `portal_endpoint` is the origin of a self-hosted directory and
    `aws_endpoint` that of an emulated AWS; None for the real ones.
    """

    organization: str
    template: str
    region: str
    command: Sequence[str]
    start_url: str
    sso_region: str
    scopes: Sequence[str]
    portal_endpoint: str | None = None
    aws_endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class SyncedBlock:
    """The new text of the config file, and what it holds: all names, new ones, and ones no longer granted."""

    text: str
    names: tuple[str, ...]
    stale: tuple[str, ...]


def sync_block(
    text: str, path: Path, style: BlockStyle, ways: Iterable[WayIn], *, native: bool, prune: bool
) -> SyncedBlock:
    """`text` with the organization's block made to match `ways`.

    Profiles of the block that are no longer granted are kept, unless `prune`. Raises UsageError for
    names that cannot be written and ConfigFileError for names taken outside the block.
    """
    profiles = _by_name(style, ways)
    _check_values(style)
    written = [
        _native(style, name, way) if native else _plain(style, name, way) for name, way in profiles.items()
    ]
    head = _native_head(style) if native and profiles else []
    sections = read_sections(text, path)
    taken = {("profile", name) for name in profiles}
    if head:
        taken |= {("sso-session", style.organization), ("services", _services(style))}
    _check_collisions(sections, taken, style.organization, path)
    old = [s for s in sections if s.block == style.organization and s.kind == "profile"]
    stale = [section for section in old if section.name not in profiles]
    kept = [] if prune else stale
    if kept and not head:
        # A kept native profile needs the session section that it names.
        head = [_lines(s) for s in sections if s.block == style.organization and s.kind != "profile"]
    body = "\n".join([*head, *written, *(_lines(section) for section in kept)])
    names = (*profiles, *(section.name for section in kept))
    return SyncedBlock(
        replace_block(text, style.organization, body, path), names, tuple(section.name for section in stale)
    )


def profile_name(template: str, organization: str, way: WayIn) -> str:
    """The profile's name. Raises UsageError for a template or a result that no tool could use."""
    try:
        fields = {field for _, field, _, _ in string.Formatter().parse(template) if field is not None}
    except ValueError as error:
        raise UsageError(f"the template {template!r} is wrong: {error}") from None
    if not fields <= _FIELDS:
        raise UsageError(
            f"the template {template!r} names unknown fields: {', '.join(sorted(fields - _FIELDS))}",
            hint="known: {organization} {account} {account_id} {permission_set}",
        )
    values = {
        "organization": organization,
        "account": _simplified(way.account_name) or way.account_id,
        "account_id": way.account_id,
        "permission_set": way.permission_set,
    }
    name = re.sub(r"\{(\w+)\}", lambda match: values[match[1]], template)
    if not _PROFILE_NAME.fullmatch(name) or name != name.strip():
        raise UsageError(
            f"{name!r} cannot be a profile's name",
            hint="letters, digits, spaces and _ @ + . % : / = , - work in every AWS tool",
        )
    return name


def _simplified(account_name: str) -> str:
    """The account's name in characters that every SDK accepts in a profile's name."""
    if not account_name.isprintable():
        raise UsageError(f"the account name {account_name!r} holds control characters")
    decomposed = unicodedata.normalize("NFKD", account_name)
    ascii_only = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _NOT_PLAIN.sub("-", ascii_only).strip("-")


def _by_name(style: BlockStyle, ways: Iterable[WayIn]) -> dict[str, WayIn]:
    found: dict[str, WayIn] = {}
    for way in ways:
        name = profile_name(style.template, style.organization, way)
        other = found.setdefault(name, way)
        if other != way:
            raise UsageError(
                f"the template gives '{name}' to both {_described(other)} and {_described(way)}",
                hint="use {account_id} and {permission_set} in the template to tell them apart",
            )
    return found


def _described(way: WayIn) -> str:
    return f"{way.permission_set} in {way.account_name} ({way.account_id})"


def _check_values(style: BlockStyle) -> None:
    values = [style.region, style.start_url, style.sso_region, *style.command, *style.scopes]
    values += [url for url in (style.portal_endpoint, style.aws_endpoint) if url]
    for value in values:
        if not value.isprintable() or _HOLDS_COMMENT.search(value) or value != value.strip():
            raise UsageError(f"{value!r} cannot be written into an AWS config file")


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
    command = " ".join(shlex.quote(part) for part in (*style.command, "credentials", name))
    return _written(name, {"credential_process": command, **_common(style, way)})


def _native(style: BlockStyle, name: str, way: WayIn) -> str:
    values = {
        "sso_session": style.organization,
        "sso_account_id": way.account_id,
        "sso_role_name": way.permission_set,
    }
    services = {"services": _services(style)} if style.portal_endpoint else {}
    return _written(name, {**values, **services, **_common(style, way)})


def _common(style: BlockStyle, way: WayIn) -> dict[str, str]:
    if not (way.permission_set.isprintable() and way.permission_set == way.permission_set.strip()):
        raise UsageError(f"the permission set name {way.permission_set!r} holds control characters")
    return {
        "region": style.region,
        **({"endpoint_url": style.aws_endpoint} if style.aws_endpoint else {}),
        "usher_organization": style.organization,
        "usher_account_id": way.account_id,
        "usher_permission_set": way.permission_set,
    }


def _native_head(style: BlockStyle) -> list[str]:
    session = (
        f"[sso-session {style.organization}]\n"
        f"sso_start_url = {style.start_url}\n"
        f"sso_region = {style.sso_region}\n"
        f"sso_registration_scopes = {','.join(style.scopes)}\n"
    )
    if not style.portal_endpoint:
        return [session]
    endpoint = f"  endpoint_url = {style.portal_endpoint}\n"
    return [session, f"[services {_services(style)}]\nsso =\n{endpoint}sso_oidc =\n{endpoint}"]


def _services(style: BlockStyle) -> str:
    return f"usher-{style.organization}"


def _written(name: str, values: dict[str, str]) -> str:
    quoted = f'"{name}"' if " " in name else name
    return f"[profile {quoted}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())


def _lines(section: Section) -> str:
    return "".join(section.lines).rstrip() + "\n"
