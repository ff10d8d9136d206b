"""Showing a terminal's account in the browser window that belongs to it."""

from __future__ import annotations

from functools import partial

from usher.cli.browser.opening import can_open_apart, move_window
from usher.cli.console_links import console_link
from usher.cli.console_pages import Wanted
from usher.cli.context import Context
from usher.cli.entering import look_agreed
from usher.cli.looks import confirm_entry
from usher.cli.opening import open_profile
from usher.cli.wire import open_session_rooms
from usher.core.errors import UsherError
from usher.shell.switching import Entry


def follow_in_browser(context: Context, entry: Entry, window: str, *, yes: bool) -> UsherError | None:
    """Show the account of `entry` in the browser window of the terminal `window`; None, or why it is not.

    Raises UsherError when the person does not agree to enter the account that the keys turn out to be for:
    then nothing is switched at all.
    """
    try:
        if not can_open_apart(context):
            return UsherError("no browser here has the extension", hint="run: usher browser setup")
        rooms = open_session_rooms(context)
        opened = open_profile(rooms, entry.profile)
    except UsherError as error:
        return error
    look = look_agreed(context, opened, entry.look, partial(confirm_entry, context, yes=yes))
    try:
        link = console_link(rooms, opened, look, Wanted(region=entry.region or None), None)
        if move_window(rooms, link, window):
            return None
    except UsherError as error:
        return error
    return UsherError(
        "no browser that has the extension runs here", hint="start it, or run: usher browser doctor"
    )
