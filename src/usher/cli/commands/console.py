"""Open the AWS console of a profile in your browser.

The link that opens it is as good as a password for 15 minutes, so it is shown only with --print
and copied only with --copy.

    usher console mkdev-staging/AdministratorAccess
    usher console                       # the profile in use, or this folder's, or a picked one
    usher console mkdev-staging/ReadOnlyAccess --service lambda --region eu-west-1
    usher console mkdev-staging/ReadOnlyAccess arn:aws:sqs:eu-west-1:222222222222:orders
    usher console mkdev-production/ReadOnlyAccess 'https://eu-west-1.console.aws.amazon.com/ec2/home'

A console's link, as the browser shows it, opens the same page in the account of the profile. Service names
are completed by Tab.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from usher.cli.console_links import ConsoleLink, console_link
from usher.cli.console_pages import Wanted, check_account, check_wanted, doubt_region, named_service
from usher.cli.context import Context
from usher.cli.entering import chosen_profile, open_confirmed
from usher.cli.opening import chain_of
from usher.cli.picker.actions import Action
from usher.cli.wire import SessionRooms, open_session_rooms
from usher.console.federation import LONGEST_SESSION_SECONDS, SHORTEST_SESSION_SECONDS
from usher.console.links import PastedLink, looks_like_target, read_target
from usher.core.durations import parse_duration
from usher.core.errors import ExitCode, UsageError
from usher.core.printable import printable
from usher.core.secrets import Secret


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("profile", nargs="?", metavar="PROFILE", help="a profile of the AWS config file")
    parser.add_argument("target", nargs="?", metavar="ARN|URL", help="a resource, or a console's link")
    parser.add_argument("--service", metavar="SERVICE", help="the service whose console to open")
    parser.add_argument("--region", metavar="REGION", help="the region to open it in")
    parser.add_argument("--duration", metavar="8h", help="the console session's length, 15m to 12h")
    parser.add_argument("--yes", action="store_true", help="enter a protected account without asking")
    parser.add_argument("--print", action="store_true", dest="show", help="print the link instead")
    parser.add_argument("--copy", action="store_true", help="put the link in the clipboard instead")
    parser.add_argument("--no-browser", action="store_true", help="open nothing: needs --print or --copy")


def read_arguments(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """Options may stand between PROFILE and the ARN: argparse alone takes both or neither at once."""
    return parser.parse_intermixed_args(arguments)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Sign in to the console and open it, or print or copy the link."""
    if options.no_browser and not (options.show or options.copy):
        raise UsageError(
            "with --no-browser nothing would happen",
            hint="add --print or --copy to have the link; treat it like a password",
        )
    seconds = _seconds(options.duration)
    profile, wanted = _wanted(options)
    if wanted.region is not None:
        doubt_region(context, wanted.region)
    rooms = open_session_rooms(context)
    name = chosen_profile(context, profile, Action.CONSOLE)
    check_account(context, wanted, chain_of(context, name).account_id, name)
    opened, look = open_confirmed(context, rooms, name, yes=options.yes)
    check_account(context, wanted, opened.account_id, opened.name)
    link = console_link(rooms, opened, look, wanted, seconds)
    if options.show:
        context.terminal.result(link.url.reveal())
    if options.copy:
        _copy(context, link.url, opened.name)
    if not (options.show or options.copy):
        _open(rooms, link, wanted)
    return ExitCode.DONE


def _wanted(options: argparse.Namespace) -> tuple[str | None, Wanted]:
    """The profile, if one was named, and where to go: one word alone may be either."""
    profile, target = options.profile, options.target
    if target is None and profile is not None and looks_like_target(profile):
        profile, target = None, profile
    wanted = Wanted(
        read_target(target) if target is not None else None,
        named_service(options.service) if options.service is not None else None,
        options.region,
    )
    check_wanted(wanted)
    return profile, wanted


def _copy(context: Context, url: Secret, name: str) -> None:
    if not context.terminal.copy(url.reveal()):
        raise UsageError("there is no terminal that could copy the link", hint="use --print")
    context.terminal.say(
        f"Copied the link to the console of {printable(name)}; it is as good as a password for 15 minutes.\n"
        "If your clipboard has nothing, your terminal does not take it (OSC 52): use --print."
    )


def _open(rooms: SessionRooms, link: ConsoleLink, wanted: Wanted) -> None:
    from usher.cli.browser.opening import open_console

    open_console(rooms, link)
    before = wanted.target.account_id if isinstance(wanted.target, PastedLink) else None
    if before is not None and before != link.session.account_id:
        rooms.context.terminal.say(f"The link was of account {before}; what it shows may not be in this one.")


def _seconds(duration: str | None) -> int | None:
    if duration is None:
        return None
    try:
        seconds = parse_duration(duration)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if not SHORTEST_SESSION_SECONDS <= seconds <= LONGEST_SESSION_SECONDS:
        raise UsageError(f"a console session lasts 15m to 12h, not {duration}")
    return seconds
