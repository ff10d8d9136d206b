"""Moving from other sign-in tools: everything that would change, decided before anything does."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from usher.cli.context import Context, usher_command
from usher.core import machine
from usher.core.errors import UsageError
from usher.core.looks import Colour
from usher.profiles.blocks import check_value
from usher.profiles.config_file import edit_config, read_config
from usher.profiles.foreign.aws_config import Conversion, convert, find_profiles
from usher.profiles.foreign.aws_sso_cli import aws_sso_cli_config, read_aws_sso_cli
from usher.profiles.foreign.found import (
    FoundPortal,
    FoundSettings,
    Suggestion,
    Tool,
    Unmapped,
    plain_start_url,
)
from usher.profiles.foreign.granted import granted_config, read_granted
from usher.profiles.foreign.others import find_traces
from usher.session.organizations import (
    DEFAULT_SCOPES,
    PortalOrganization,
    new_organization,
    save_organization,
)

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Migration:
    """What a migration would do: organizations to add, profiles to convert, and what a person must decide.

    `targets` gives each converted profile's organization, by the profile's line in the AWS config file.
    """

    organizations: tuple[PortalOrganization, ...]
    conversions: tuple[Conversion, ...]
    targets: Mapping[int, str]
    before: str
    after: str
    suggestions: tuple[Suggestion, ...]
    unmapped: tuple[Unmapped, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether nothing would change."""
        return not self.organizations and self.before == self.after

    def diff(self) -> list[str]:
        """The change of the AWS config file as a unified diff."""
        lines = (self.before.splitlines(), self.after.splitlines())
        return list(difflib.unified_diff(*lines, "config", "config after", lineterm=""))


def plan_migration(
    context: Context, known: Mapping[str, PortalOrganization], tools: frozenset[Tool]
) -> Migration:
    """Look at everything that `tools` left and decide what becomes of it. Changes nothing."""
    text = read_config(context.aws_config_file)
    profiles = find_profiles(text, context.aws_config_file)
    settings = _tools_settings(context, tools)
    conversions = [each for each in profiles.conversions if each.tool in tools]
    portals = [each for each in profiles.portals if each.tool in tools]
    portals += [portal for each in settings.values() for portal in each.portals]
    added, by_url, refused = _organizations(known, portals)
    targets, unplaced = _targets(conversions, settings.get(Tool.AWS_SSO_CLI), by_url)
    conversions = [each for each in conversions if each.line in targets]
    suggestions = [each for found in settings.values() for each in found.suggestions]
    unmapped = [*profiles.unmapped, *(each for found in settings.values() for each in found.unmapped)]
    unmapped += find_traces(context.home, context.environ)
    return Migration(
        tuple(added),
        tuple(conversions),
        targets,
        text,
        _convert(context, text, conversions, targets),
        (*suggestions, *_colours(conversions)),
        (*(each for each in unmapped if each.tool in tools), *refused, *unplaced),
    )


def carry_out(context: Context, migration: Migration) -> None:
    """Add the organizations, then convert the profiles. The AWS config file is replaced as a whole."""
    for organization in migration.organizations:
        save_organization(context.config_dir, organization)
    wanted = {each.profile: migration.targets[each.line] for each in migration.conversions}

    def edit(text: str) -> str:
        found = find_profiles(text, context.aws_config_file).conversions
        conversions = [each for each in found if each.profile in wanted]
        targets = {each.line: wanted[each.profile] for each in conversions}
        return _convert(context, text, conversions, targets)

    if migration.before != migration.after:
        edit_config(context.aws_config_file, edit)


def _tools_settings(context: Context, tools: frozenset[Tool]) -> dict[Tool, FoundSettings]:
    granted = granted_config(context.home, context.environ) if Tool.GRANTED in tools else None
    sso_cli = aws_sso_cli_config(context.home, context.environ) if Tool.AWS_SSO_CLI in tools else None
    found = {}
    if granted is not None:
        found[Tool.GRANTED] = read_granted(granted)
    if sso_cli is not None:
        found[Tool.AWS_SSO_CLI] = read_aws_sso_cli(sso_cli)
    return found


def _organizations(
    known: Mapping[str, PortalOrganization], portals: Iterable[FoundPortal]
) -> tuple[list[PortalOrganization], dict[str, str], list[Unmapped]]:
    """New organizations, the name for each start URL, and portals that cannot be used."""
    by_url = {plain_start_url(each.start_url): each.name for each in known.values()}
    by_url |= {
        plain_start_url(each.alias_start_url): each.name for each in known.values() if each.alias_start_url
    }
    added: dict[str, PortalOrganization] = {}
    refused: list[Unmapped] = []
    for portal in sorted(portals, key=lambda each: not each.name):
        url = plain_start_url(portal.start_url)
        if url in by_url:
            continue
        try:
            organization = _organization(portal, url, {*known, *added})
        except UsageError as error:
            refused.append(Unmapped(portal.tool, portal.name or portal.start_url, error.message))
            continue
        added[organization.name] = organization
        by_url[url] = organization.name
    return list(added.values()), by_url, refused


def _organization(portal: FoundPortal, url: str, taken: set[str]) -> PortalOrganization:
    wished = _NOT_IN_NAMES.sub("-", portal.name).strip("-._")[:40] or None
    organization = new_organization(name=wished, start_url=url, region=portal.region)
    first, number = organization.name, 1
    while organization.name in taken:
        number += 1
        organization = replace(organization, name=f"{first}-{number}")
    # Scopes of other services (an editor's, say) are not what opens accounts.
    scopes = tuple(scope for scope in portal.scopes if scope.startswith("sso:")) or DEFAULT_SCOPES
    return replace(organization, scopes=scopes, browser=portal.browser)


def _targets(
    conversions: Sequence[Conversion], sso_cli: FoundSettings | None, by_url: Mapping[str, str]
) -> tuple[dict[int, str], list[Unmapped]]:
    """The organization of each conversion by its line; and those that belong to no known portal."""
    targets: dict[int, str] = {}
    unplaced: list[Unmapped] = []
    for each in conversions:
        url = _portal_of_sso_cli(each, sso_cli) if each.tool is Tool.AWS_SSO_CLI else each.portal
        organization = by_url.get(plain_start_url(url)) if url else None
        if organization is None:
            why = "its portal's region or settings are not there: 'usher login NAME --start-url URL' first"
            unplaced.append(Unmapped(each.tool, f"profile {each.profile}", why))
        else:
            targets[each.line] = organization
    return targets, unplaced


def _portal_of_sso_cli(conversion: Conversion, settings: FoundSettings | None) -> str | None:
    if settings is None or not settings.portals:
        return None
    by_name = {each.name: each.start_url for each in settings.portals}
    wanted = conversion.portal or settings.default
    if wanted is None and len(by_name) == 1:
        return settings.portals[0].start_url
    return by_name.get(wanted or "Default")


def _convert(
    context: Context, text: str, conversions: Sequence[Conversion], targets: Mapping[int, str]
) -> str:
    if not conversions:
        return text
    make = partial(_usher_settings, usher_command(context), targets)
    return convert(text, context.aws_config_file, conversions, make)


def _usher_settings(
    command: Sequence[str], targets: Mapping[int, str], conversion: Conversion
) -> dict[str, str]:
    settings = {
        "credential_process": machine.join_command((*command, "credentials", conversion.profile)),
        "usher_organization": targets[conversion.line],
        "usher_account_id": conversion.account_id,
        "usher_permission_set": conversion.permission_set,
    }
    if conversion.description:
        settings["usher_description"] = conversion.description
    for key, value in settings.items():
        check_value(value, key)
    return settings


def _colours(conversions: Iterable[Conversion]) -> list[Suggestion]:
    """Granted's colours as rules: one for each colour."""
    profiles: dict[str, list[str]] = {}
    for each in conversions:
        if each.colour in set(Colour):
            profiles.setdefault(each.colour or "", []).append(each.profile)
    return [
        Suggestion(
            Tool.GRANTED,
            f"granted_color = {colour}",
            f'[[protect]]\nprofiles = {json.dumps(names)}\ncolour = "{colour}"',
        )
        for colour, names in profiles.items()
    ]
