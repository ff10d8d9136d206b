"""Open the AWS console of a profile in your browser.

The link that opens it is as good as a password for 15 minutes, so it is shown only with --print.

    usher console mkdev-staging/AdministratorAccess
    usher console                       # the profile in use, or this folder's, or a picked one
    usher console mkdev-staging/ReadOnlyAccess --destination https://console.aws.amazon.com/s3/home
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from usher.cli.context import Context
from usher.cli.entering import chosen_profile, open_confirmed
from usher.cli.opening import OpenedProfile
from usher.cli.picker.actions import Action
from usher.cli.wire import SessionRooms, open_session_rooms
from usher.console.browser import hand_over, open_browser
from usher.console.federation import (
    LONGEST_SESSION_SECONDS,
    SHORTEST_SESSION_SECONDS,
    ConsoleKeys,
    check_destination,
    console_door,
    sign_in_url,
)
from usher.core.durations import parse_duration
from usher.core.errors import ExitCode, UsageError, UsherError
from usher.core.partitions import partition_of_region
from usher.core.printable import printable
from usher.core.secrets import Secret


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("profile", nargs="?", metavar="PROFILE", help="a profile of the AWS config file")
    parser.add_argument("--destination", metavar="URL", help="the console page to open")
    parser.add_argument("--duration", metavar="8h", help="the console session's length, 15m to 12h")
    parser.add_argument("--yes", action="store_true", help="enter a protected account without asking")
    parser.add_argument("--print", action="store_true", dest="show", help="print the link instead")
    parser.add_argument("--no-browser", action="store_true", help="open nothing: needs --print")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Sign in to the console and open it, or print the link."""
    if options.no_browser and not options.show:
        raise UsageError(
            "with --no-browser nothing would happen",
            hint="add --print to see the link; treat it like a password",
        )
    seconds = _seconds(options.duration)
    rooms = open_session_rooms(context)
    name = chosen_profile(context, options.profile, Action.CONSOLE)
    opened, _ = open_confirmed(context, rooms, name, yes=options.yes)
    url = _link(rooms, opened, options.destination, seconds)
    if options.show:
        context.terminal.result(url.reveal())
        return ExitCode.DONE
    if not hand_over(url, open_browser):
        raise UsherError("no browser came for the console link", hint="set BROWSER, or use --print")
    context.terminal.say(f"Your browser opens the console of {printable(opened.name)}.")
    return ExitCode.DONE


def _link(rooms: SessionRooms, opened: OpenedProfile, destination: str | None, seconds: int | None) -> Secret:
    def exchange(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        answer = rooms.http.send(method, url, headers, body)
        return answer.status, answer.body

    keys = opened.credentials
    if keys.session_token is None:
        raise UsherError(
            f"the profile '{opened.name}' has keys without a session: they open no console",
            hint="use a profile that assumes a role",
        )
    door = console_door(partition_of_region(opened.region), opened.region, opened.endpoint_url)
    return sign_in_url(
        exchange,
        door,
        ConsoleKeys(keys.access_key_id, keys.secret_access_key, keys.session_token),
        destination=check_destination(door, destination or door.home_url),
        issuer=opened.organization.start_url if opened.organization else door.home_url,
        session_seconds=seconds,
    )


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
