"""Profiles that other tools wrote into the AWS config file, and their conversion in place.

A converted profile keeps its name, its place, its comments and every key that is not about signing in, so
that whoever uses it notices nothing. What is found is decided by keys, never by a profile's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath, PureWindowsPath

from usher.core import machine
from usher.core.ids import AccountId, account_id
from usher.profiles.config_text import Section, read_sections, split_lines
from usher.profiles.foreign.found import FoundPortal, Tool, Unmapped

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:\S*/)?([^/\s]+)")
_KEY = re.compile(r"([^\s:=#;\[][^:=]*?)\s*[:=]")
_MARKERS = ("# BEGIN_AWS_SSO_CLI", "# END_AWS_SSO_CLI")
_SSO = ("sso_start_url", "sso_region", "sso_account_id", "sso_role_name", "sso_registration_scopes")
_SSO_UTIL = ("sso_account_name", "sso_auto_populated")
_GRANTED = (
    "granted_sso_start_url",
    "granted_sso_region",
    "granted_sso_account_id",
    "granted_sso_role_name",
    "granted_sso_registration_scopes",
    "granted_skip_credential_process_validation",
    "granted_color",
    "granted_icon",
    "granted_description",
    "common_fate_generated_from",
)
_HELPERS = {
    "aws-vault": (Tool.AWS_VAULT, "import its keys with 'usher keys import', then remove this line"),
    "granted": (
        Tool.GRANTED,
        "it has no granted_sso_ settings: keys of an IAM user, see 'usher keys import'",
    ),
    "saml2aws": (Tool.OTHER, "usher does not sign in to SAML pages; it runs this command as it is"),
    "leapp": (Tool.OTHER, "write the account and role as an SSO profile; usher runs this command as it is"),
    "gimme-aws-creds": (Tool.OTHER, "usher runs this command as it is"),
    "aws-azure-login": (Tool.OTHER, "usher runs this command as it is"),
}


@dataclass(frozen=True, slots=True)
class Conversion:
    """A profile that can be Usher's own: what it leads to, and which of its keys that replaces.

    `portal` is its start URL, or the name that aws-sso-cli has for the portal (None: its default).
    """

    tool: Tool
    profile: str
    line: int
    shape: str
    account_id: AccountId
    permission_set: str
    portal: str | None
    replaced: tuple[str, ...]
    colour: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class FoundProfiles:
    """What the AWS config file holds of other tools."""

    conversions: tuple[Conversion, ...]
    portals: tuple[FoundPortal, ...]
    unmapped: tuple[Unmapped, ...]


def find_profiles(text: str, path: Path) -> FoundProfiles:
    """Everything in the file that another tool signs in with. Raises ConfigFileError for broken markers."""
    sections = [section for section in read_sections(text, path) if section.block is None]
    conversions: list[Conversion] = []
    portals = [*_sessions(sections)]
    unmapped: list[Unmapped] = []
    for section in sections:
        if section.kind != "profile" or "usher_account_id" in section.values:
            continue
        try:
            found = _granted(section) or _legacy(section) or _aws_sso_cli(section)
        except ValueError as error:
            unmapped.append(Unmapped(Tool.AWS_CLI, f"profile {section.name}", str(error)))
            continue
        if found is not None:
            conversions.append(found)
            portals += _own_portal(section, found)
        unmapped += _left_over(section, found)
    return FoundProfiles(tuple(conversions), tuple(portals), tuple(unmapped))


def convert(
    text: str,
    path: Path,
    conversions: Iterable[Conversion],
    settings: Callable[[Conversion], Mapping[str, str]],
) -> str:
    """`text` with each profile's replaced keys taken out and `settings` of it put in their place."""
    by_line = {each.line: each for each in conversions}
    lines, done = split_lines(text), []
    remaining: list[str] = lines
    sections = {section.line: section for section in read_sections(text, path)}
    for number in sorted(by_line, reverse=True):
        section, start = sections[number], number - 1
        end = start + len(section.lines)
        changed = _converted(list(section.lines), by_line[number], settings(by_line[number]))
        remaining[start:end] = changed
        done.append(by_line[number])
    if any(each.tool is Tool.AWS_SSO_CLI for each in done):
        remaining = [line for line in remaining if line.strip() not in _MARKERS]
    return "".join(remaining)


def _converted(lines: list[str], conversion: Conversion, settings: Mapping[str, str]) -> list[str]:
    end = "\r\n" if lines[0].endswith("\r\n") else "\n"
    new = [f"{key} = {value}{end}" for key, value in settings.items()]
    kept = [lines[0] if lines[0].endswith("\n") else lines[0] + end]
    removing = False
    for line in lines[1:]:
        bare = line.strip()
        if bare and bare[0] not in "#;" and (line[0] not in " \t" or not removing):
            match = _KEY.match(bare)
            removing = line[0] not in " \t" and match is not None and match[1].lower() in conversion.replaced
            if removing:
                kept += new
                new = []
        if not removing or not bare or bare[0] in "#;":
            kept.append(line)
    return [*kept, *new]


def _sessions(sections: Iterable[Section]) -> Iterator[FoundPortal]:
    for section in sections:
        values = section.values
        if section.kind == "sso-session" and values.get("sso_start_url") and values.get("sso_region"):
            scopes = tuple(
                s.strip() for s in values.get("sso_registration_scopes", "").split(",") if s.strip()
            )
            yield FoundPortal(
                Tool.AWS_CLI, section.name, values["sso_start_url"], values["sso_region"], scopes
            )


def _own_portal(section: Section, found: Conversion) -> Iterator[FoundPortal]:
    region = section.values.get("granted_sso_region") or section.values.get("sso_region")
    if found.tool is not Tool.AWS_SSO_CLI and found.portal and region:
        yield FoundPortal(found.tool, "", found.portal, region)


def _granted(section: Section) -> Conversion | None:
    values = section.values
    account, role = values.get("granted_sso_account_id"), values.get("granted_sso_role_name")
    start_url = values.get("granted_sso_start_url")
    if not (account and role and start_url):
        return None
    return Conversion(
        Tool.GRANTED,
        section.name,
        section.line,
        "Granted's keys",
        account_id(account),
        role,
        start_url,
        (*_GRANTED, *_of_helper(section, "granted")),
        values.get("granted_color"),
        values.get("granted_description"),
    )


def _legacy(section: Section) -> Conversion | None:
    values = section.values
    account, role = values.get("sso_account_id"), values.get("sso_role_name")
    start_url = values.get("sso_start_url")
    if not (account and role and start_url) or "sso_session" in values:
        return None
    by_util = "sso_auto_populated" in values
    return Conversion(
        Tool.AWS_SSO_UTIL if by_util else Tool.AWS_CLI,
        section.name,
        section.line,
        "a profile with sso_start_url, whose token ends after 8 hours and cannot be refreshed",
        account_id(account),
        role,
        start_url,
        (*_SSO, *_SSO_UTIL, *_GRANTED[6:], *_of_helper(section, "aws-sso-util", "aws", "aws2-wrap")),
        values.get("granted_color"),
        values.get("granted_description"),
    )


def _aws_sso_cli(section: Section) -> Conversion | None:
    words = _words(section.values.get("credential_process", ""))
    if not words or _program(words[0]) != "aws-sso" or "process" not in words:
        return None
    options = dict(pairwise(words))
    match = _ROLE_ARN.fullmatch(options.get("--arn") or options.get("-a") or "")
    if match is None:
        raise ValueError("aws-sso-cli's command names no role by ARN")
    return Conversion(
        Tool.AWS_SSO_CLI,
        section.name,
        section.line,
        "a call of aws-sso-cli",
        account_id(match[1]),
        match[2],
        options.get("-S") or options.get("--sso"),
        ("credential_process",),
    )


def _left_over(section: Section, found: Conversion | None) -> Iterator[Unmapped]:
    values, what = section.values, f"profile {section.name}"
    if values.get("include_profile"):
        why = "only aws-vault reads include_profile: copy the keys of that profile"
        yield Unmapped(Tool.AWS_VAULT, what, why)
    if values.get("granted_icon"):
        yield Unmapped(Tool.GRANTED, f"{what}: granted_icon", "accounts have colours and labels")
    words = _words(values.get("credential_process", ""))
    helper = _HELPERS.get(_program(words[0])) if words and found is None else None
    if helper is not None:
        yield Unmapped(helper[0], f"{what}: {words[0]}", helper[1])


def _of_helper(section: Section, *programs: str) -> tuple[str, ...]:
    """`credential_process`, when it calls one of `programs`: another one was chosen by the person."""
    words = _words(section.values.get("credential_process", ""))
    return ("credential_process",) if words and _program(words[0]) in programs else ()


def _words(command: str) -> list[str]:
    try:
        return machine.split_command(command)
    except ValueError:
        return []


def _program(path: str) -> str:
    name = PurePosixPath(PureWindowsPath(path).name).name if "\\" in path else PurePosixPath(path).name
    return name.removesuffix(".exe")
