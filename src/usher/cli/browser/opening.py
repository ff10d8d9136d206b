"""From a link that signs in to an open console: by the extension where it is, else in the person's browser.

In this order: through the extension of a browser that runs; through that of a browser which is started for
it; as a page of the browser that `$BROWSER` or the desktop names, where all accounts share their cookies.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping

from usher.cli.browser.installs import Install, forget_install, read_install, read_installs
from usher.cli.browser.sockets import HostGoneError, call_host, has_sockets, listening
from usher.cli.browser.visits import can_be_visited, place_of, sealed_link
from usher.cli.console_links import ConsoleLink
from usher.cli.context import Context
from usher.cli.wire import SessionRooms
from usher.console.sealed_links import Place
from usher.core.errors import UsherError
from usher.core.printable import printable

START_SECONDS = 15.0
_PAUSE_SECONDS = 0.05
_HINT_EVERY_SECONDS = 86_400.0


def open_console(rooms: SessionRooms, link: ConsoleLink, window: str | None = None) -> None:
    """Open `link` and say where. `window` is the terminal that asks. Raises UsherError."""
    if can_be_visited(link) and _opened_by_extension(rooms, link, window):
        return
    _open_plainly(rooms.context, link)


def _opened_by_extension(rooms: SessionRooms, link: ConsoleLink, window: str | None) -> bool:
    """Whether an extension opened it. Raises UsherError when one refused."""
    context = rooms.context
    if not has_sockets():
        return _opened_by_command_line(rooms, link, window)
    for install in _running(context):
        with contextlib.suppress(HostGoneError):
            _send(rooms, link, install, window)
            return True
    return _opened_after_start(rooms, link, window)


def _running(context: Context) -> list[Install]:
    """The installs of running browsers, the newest first; those set apart for one session are not asked."""
    found = (read_install(context.cache_dir, install) for install in listening(context))
    return [install for install in found if install is not None and install.jar is None]


def _send(rooms: SessionRooms, link: ConsoleLink, install: Install, window: str | None) -> None:
    """Have `install` open the link. Raises HostGoneError, or UsherError with the extension's own reason."""
    place = place_of(install, link.session)
    sealed = sealed_link(rooms, link, place, window)
    answer = call_host(rooms.context, install.id, {"op": "open", "link": sealed.reveal()})
    if answer.get("ok") is not True:
        raise _refused(install, answer.get("error"), str(answer.get("hint", "")))
    _say_where(rooms.context, link, install, place)


def _refused(install: Install, error: object, hint: str) -> UsherError:
    """What the extension, or its host, says against opening it."""
    if isinstance(error, Mapping):
        reason = printable(str(error.get("message", ""))) or "it gave no reason"
        return UsherError(
            f"the extension in {install.name} did not open the console: {reason}",
            hint="'usher browser doctor' looks what is wrong; --print gives the link itself",
        )
    return UsherError(f"{install.name}: {printable(str(error))}", hint=printable(hint))


def _opened_after_start(rooms: SessionRooms, link: ConsoleLink, window: str | None) -> bool:
    """Start the browser that the extension was last seen in, and wait for its host."""
    from usher.console.browsers import start_browser

    context = rooms.context
    install = next(
        (each for each in read_installs(context.cache_dir) if _can_be_started(each, context)), None
    )
    if install is None or not start_browser([install.program, *install.options], context.environ):
        return False
    context.terminal.status(f"starting {install.name} ...")
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        if install.id in listening(context):
            with contextlib.suppress(HostGoneError):  # one that was left behind, and is removed now
                _send(rooms, link, install, window)
                return True
        time.sleep(_PAUSE_SECONDS)
    # Started in vain once is enough: the extension comes back with its next greeting.
    forget_install(context.cache_dir, install.id)
    context.terminal.say(
        f"The extension in {install.name} did not come: it is switched off, or gone. "
        "'usher browser doctor' looks what is wrong."
    )
    return False


def _can_be_started(install: Install, context: Context) -> bool:
    if not install.program or install.jar is not None:
        return False
    has_screen = context.environ.get("DISPLAY") or context.environ.get("WAYLAND_DISPLAY")
    return bool(has_screen) or sys.platform != "linux"


def _opened_by_command_line(rooms: SessionRooms, link: ConsoleLink, window: str | None) -> bool:
    """Where no program can be asked: the sealed link stands on a command line, which nobody else can use."""
    from usher.console.browsers import start_browser

    installs = read_installs(rooms.context.cache_dir)
    install = next((each for each in installs if each.program and each.jar is None), None)
    if install is None:
        return False
    place = place_of(install, link.session)
    address = f"{install.base_url}open.html#{sealed_link(rooms, link, place, window).reveal()}"
    if not start_browser([install.program, *install.options, address], rooms.context.environ):
        return False
    _say_where(rooms.context, link, install, place)
    return True


def _say_where(context: Context, link: ConsoleLink, install: Install, place: Place) -> None:
    name = printable(place.name)
    where = {"container": f" in its container '{name}'", "group": f" in its tab group '{name}'"}
    context.terminal.say(
        f"{install.name} opens the console of {printable(link.session.profile)}{where.get(place.kind, '')}."
    )


def _open_plainly(context: Context, link: ConsoleLink) -> None:
    from usher.console.browser import hand_over, open_browser

    if not hand_over(link.url, open_browser):
        raise UsherError("no browser came for the console link", hint="set BROWSER, or use --print")
    context.terminal.say(f"Your browser opens the console of {printable(link.session.profile)}.")
    if context.terminal.interactive and _hint_is_due(context):
        context.terminal.say(
            context.terminal.style(
                "dim", "Accounts side by side, each in its own colour: usher browser setup"
            )
        )


def _hint_is_due(context: Context) -> bool:
    """Whether the person was not told since yesterday; now they are."""
    mark = context.cache_dir / "browser-hint"
    with contextlib.suppress(OSError):
        if time.time() - mark.stat().st_mtime < _HINT_EVERY_SECONDS:
            return False
    with contextlib.suppress(OSError):
        mark.touch(mode=0o600)
        os.utime(mark)
    return True
