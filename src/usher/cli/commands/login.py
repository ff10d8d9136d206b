"""Sign in to the access portal of an organization.

The first time, say where the portal is; afterwards the name is enough, or nothing if there is one.

    usher login mkdev --start-url https://mkdev.awsapps.com/start --region eu-central-1
    usher login
    usher login mkdev --browser own         in a browser set apart for mkdev, from now on
    usher login mkdev --fresh               end the session first: shows what was granted meanwhile
    usher login mkdev --share               the AWS CLI has the session too: in plain text, see the docs
    usher login mkdev --from-aws-cli        take over the session that `aws sso login` began, and share it
    usher login --device                    with a code, where no browser can come back here

Over SSH, in WSL, containers and remote editors it says how your browser gets back to this machine.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace

from usher.cli.context import Context
from usher.cli.inviting import Wishes
from usher.cli.sharing import take_over, with_sharing
from usher.cli.sign_ins import sign_in, sign_in_anew
from usher.cli.text.status import iso_time, remaining
from usher.cli.text.vault import begun_words
from usher.cli.wire import SessionRooms, open_session_rooms
from usher.console.browsers import BrowserChoice, chosen, find_browser, known_browsers
from usher.core.errors import ExitCode, UsageError
from usher.session.directory import DirectoryCard, read_directory_card
from usher.session.organizations import (
    NAME,
    PortalOrganization,
    check_address,
    choose_organization,
    is_aws_owned,
    new_organization,
    origin_of,
    same_start_url,
    save_organization,
    with_addresses,
)
from usher.session.records import PortalSession

DEFAULT = "default"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="the organization's name")
    parser.add_argument("--start-url", metavar="URL", help="the portal's address")
    parser.add_argument("--region", metavar="R", help="the region of the Identity Center")
    parser.add_argument("--endpoint-url", metavar="ORIGIN", help="where a self-hosted directory answers")
    parser.add_argument("--aws-endpoint-url", metavar="URL", help="where an emulated AWS answers")
    parser.add_argument("--fresh", action="store_true", help="a truly new session: end the old one first")
    parser.add_argument(
        "--browser",
        metavar="B",
        help=f"{', '.join(known_browsers())}, 'own' (set apart), a path, or 'default'; remembered",
    )
    parser.add_argument("--browser-profile", metavar="P", help="that browser's profile, or 'own'; remembered")
    parser.add_argument("--callback-port", metavar="N", type=int, help="the port the browser comes back to")
    parser.add_argument(
        "--callback-published", action="store_true", help="in a container: listen where published ports lead"
    )
    parser.add_argument(
        "--share",
        action=argparse.BooleanOptionalAction,
        help="whether the AWS CLI has the session too, in plain text on disk; remembered",
    )
    parser.add_argument("--from-aws-cli", action="store_true", help="take over the AWS CLI's own session")
    parser.add_argument("--device", action="store_true", help="sign in with a code, in any browser")
    parser.add_argument("--no-browser", action="store_true", help="print the address instead of opening it")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Sign in, then remember the organization."""
    rooms = open_session_rooms(context)
    organization = _with_browser(_organization(options, rooms), options, context.environ)
    organization = with_sharing(rooms, organization, share=options.share, take=options.from_aws_cli)
    if options.from_aws_cli:
        session = take_over(rooms, organization)
    else:
        enter = sign_in_anew if options.fresh else sign_in
        session = enter(rooms, organization, _wishes(options))
    save_organization(context.config_dir, organization)
    _say_result(options, rooms, organization, session)
    return ExitCode.DONE


def _wishes(options: argparse.Namespace) -> Wishes:
    port: int | None = options.callback_port
    if port is not None and not 1 <= port <= 65_535:
        raise UsageError(f"{port} is no port", hint="for example --callback-port 8400")
    return Wishes(
        device=options.device,
        browser=not options.no_browser,
        here=options.browser not in {None, DEFAULT},
        port=port,
        published=options.callback_published,
    )


def _with_browser(
    organization: PortalOrganization, options: argparse.Namespace, environ: Mapping[str, str]
) -> PortalOrganization:
    """`organization` with the browser that was typed; `default` takes an earlier choice back."""
    if options.browser is None and options.browser_profile is None:
        return organization
    program = organization.browser if options.browser is None else options.browser
    if program == DEFAULT:
        program = None
    choice = chosen(program, options.browser_profile)
    if choice != BrowserChoice():
        find_browser(choice, environ)
    return replace(organization, browser=choice.program, browser_profile=choice.profile)


def _organization(options: argparse.Namespace, rooms: SessionRooms) -> PortalOrganization:
    if options.start_url is None:
        return _told_by_directory(
            rooms, _changed(choose_organization(rooms.organizations, options.name), options)
        )
    check_address(options.start_url, "start URL")
    known = _known(options, rooms)
    origin = options.endpoint_url or (known.endpoint_url if known else None)
    if origin is None and not is_aws_owned(options.start_url):
        origin = origin_of(options.start_url)
    card = DirectoryCard()
    if origin is not None:
        check_address(origin, "endpoint URL")
        card = read_directory_card(rooms.http, origin_of(origin))
    region = options.region or card.region or (known.region if known else None)
    if region is None:
        raise UsageError("which region is the Identity Center in?", hint="add --region, e.g. eu-central-1")
    organization = new_organization(
        name=options.name or (known.name if known else None) or _usable(card.name),
        start_url=options.start_url,
        region=region,
        endpoint_url=origin,
        aws_endpoint_url=options.aws_endpoint_url or (known.aws_endpoint_url if known else None),
    )
    other = rooms.organizations.get(organization.name)
    if options.name is None and known is None and other is not None:
        raise UsageError(
            f"an organization called '{other.name}' is already known ({other.start_url})",
            hint=f"give this one a name: usher login NAME --start-url {options.start_url}",
        )
    if known is not None:
        organization = replace(
            organization,
            browser=known.browser,
            browser_profile=known.browser_profile,
            share=known.share,
        )
    return with_addresses(
        organization,
        region=None,
        alias_start_url=card.start_url,
        portal_session_seconds=card.portal_session_seconds,
        console_url=card.console_url,
    )


def _told_by_directory(rooms: SessionRooms, organization: PortalOrganization) -> PortalOrganization:
    """`organization` with what its directory, if it has one, says now: sessions may last otherwise since."""
    if organization.endpoint_url is None:
        return organization
    card = read_directory_card(rooms.http, origin_of(organization.endpoint_url))
    return with_addresses(
        organization,
        region=None,
        alias_start_url=card.start_url,
        portal_session_seconds=card.portal_session_seconds,
        console_url=card.console_url,
    )


def _known(options: argparse.Namespace, rooms: SessionRooms) -> PortalOrganization | None:
    """The saved organization that the options mean: same start URL, and same name if one is given."""
    for organization in rooms.organizations.values():
        if same_start_url(organization.start_url, options.start_url) and options.name in {
            None,
            organization.name,
        }:
            return organization
    return None


def _usable(name: str | None) -> str | None:
    return name if name and NAME.fullmatch(name) else None


def _changed(known: PortalOrganization, options: argparse.Namespace) -> PortalOrganization:
    """`known` with the settings that were typed anew."""
    if not (options.region or options.endpoint_url or options.aws_endpoint_url):
        return known
    changed = new_organization(
        name=known.name,
        start_url=known.start_url,
        region=options.region or known.region,
        endpoint_url=options.endpoint_url or known.endpoint_url,
        aws_endpoint_url=options.aws_endpoint_url or known.aws_endpoint_url,
        alias_start_url=known.alias_start_url,
    )
    return replace(
        changed,
        scopes=known.scopes,
        browser=known.browser,
        browser_profile=known.browser_profile,
        portal_session_seconds=known.portal_session_seconds,
        share=known.share,
    )


def _say_result(
    options: argparse.Namespace, rooms: SessionRooms, organization: PortalOrganization, session: PortalSession
) -> None:
    terminal, now = rooms.context.terminal, rooms.clock()
    refreshable = session.is_refreshable(now)
    clock = remaining(session.tokens.expires_at, now) + (", then refreshed" if refreshable else "")
    terminal.say(f"Signed in to {organization.name}: {clock}.")
    if rooms.vault.begun is not None:
        terminal.say(terminal.style("dim", begun_words(rooms.vault.begun)))
    if options.json:
        document = {
            "organization": organization.name,
            "start_url": organization.start_url,
            "region": organization.region,
            "access_token_expires_at": iso_time(session.tokens.expires_at),
            "refreshable": refreshable,
            "store": None if (kept := rooms.vault.generation()) is None else str(kept.store),
        }
        terminal.result(json.dumps(document))
    else:
        terminal.say(terminal.style("dim", "Next: usher profiles sync"))
