"""What `usher console` does in its own process: from the words typed to an open console, or to its link."""

from __future__ import annotations

import argparse

from usher.cli.browser.opening import open_console
from usher.cli.console_links import ConsoleLink, console_link
from usher.cli.console_pages import Wanted, check_account, check_wanted, doubt_region, named_service
from usher.cli.context import Context
from usher.cli.entering import chosen_profile, open_confirmed
from usher.cli.looks import confirm_entry, look_for
from usher.cli.opening import chain_of
from usher.cli.picker.actions import Action
from usher.cli.portal_links import link_through_portal, open_through_portal
from usher.cli.wire import SessionRooms, open_session_rooms
from usher.console.federation import LONGEST_SESSION_SECONDS, SHORTEST_SESSION_SECONDS
from usher.console.links import PastedLink, looks_like_target, read_target
from usher.core.durations import parse_duration
from usher.core.errors import UsageError, UsherError
from usher.core.hops import Chain
from usher.core.printable import printable
from usher.core.secrets import Secret


def open_as_asked(options: argparse.Namespace, context: Context) -> None:
    """Sign in to the console and open it, or print or copy the link. Raises UsherError."""
    seconds = seconds_of(options.duration)
    profile, wanted = _wanted(options)
    if wanted.region is not None:
        doubt_region(context, wanted.region)
    rooms = open_session_rooms(context)
    name = chosen_profile(context, profile, Action.CONSOLE)
    chain = chain_of(context, name)
    check_account(context, wanted, chain.account_id, name)
    if options.portal:
        _open_through_portal(rooms, chain, wanted, options)
        return
    opened, look = open_confirmed(context, rooms, name, yes=options.yes)
    check_account(context, wanted, opened.account_id, opened.name)
    link = console_link(rooms, opened, look, wanted, seconds)
    if options.show:
        context.terminal.result(link.url.reveal())
    if options.copy:
        _copy(context, link.url, opened.name)
    if not (options.show or options.copy):
        _open(rooms, link, wanted, options.browser)


def _open_through_portal(
    rooms: SessionRooms, chain: Chain, wanted: Wanted, options: argparse.Namespace
) -> None:
    """Open, print or copy the portal's own link: whoever opens it signs in as themselves."""
    if options.duration is not None:
        raise UsageError("the portal decides how long its sessions last", hint="leave --duration or --portal")
    context, name = rooms.context, printable(chain.profile)
    link = link_through_portal(rooms, chain, wanted)
    if options.show:
        context.terminal.result(link)
    if options.copy:
        _put_in_clipboard(context, link)
        context.terminal.say(f"Copied the portal's link to the console of {name}; it holds no secret.")
    if not (options.show or options.copy):
        confirm_entry(context, chain.profile, look_for(context, chain.profile), yes=options.yes)
        if not open_through_portal(context, link, chain, options.browser):
            raise UsherError("no browser came for the portal's link", hint="set BROWSER, or use --print")
        context.terminal.say(f"Your browser opens the console of {name} through its portal.")


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
    _put_in_clipboard(context, url.reveal())
    context.terminal.say(
        f"Copied the link to the console of {printable(name)}; it is as good as a password for 15 minutes.\n"
        "If your clipboard has nothing, your terminal does not take it (OSC 52): use --print."
    )


def _put_in_clipboard(context: Context, link: str) -> None:
    if not context.terminal.copy(link):
        raise UsageError("there is no terminal that could copy the link", hint="use --print")


def _open(rooms: SessionRooms, link: ConsoleLink, wanted: Wanted, browser: str | None) -> None:
    open_console(rooms, link, browser)
    before = wanted.target.account_id if isinstance(wanted.target, PastedLink) else None
    if before is not None and before != link.session.account_id:
        rooms.context.terminal.say(f"The link was of account {before}; what it shows may not be in this one.")


def seconds_of(duration: str | None) -> int | None:
    """The console session's length as a person typed it. Raises UsageError."""
    if duration is None:
        return None
    try:
        seconds = parse_duration(duration)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if not SHORTEST_SESSION_SECONDS <= seconds <= LONGEST_SESSION_SECONDS:
        raise UsageError(f"a console session lasts 15m to 12h, not {duration}")
    return seconds
