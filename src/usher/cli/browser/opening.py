"""From a link that signs in to an open console: by the extension where it is, else in the person's browser.

In this order: by the program that `[console] open` names; in a Chromium that is set apart for the session;
through the extension of a browser that runs; through that of a browser which is started for it; as a page of
the browser that the settings, `$BROWSER` or the desktop name, where all accounts share their cookies. The
first that is there opens it.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from usher.cli.browser.installs import Install, forget_install, read_install, read_installs
from usher.cli.browser.settings import ChromiumWay, ConsoleSettings, console_settings
from usher.cli.browser.sockets import (
    HostGoneError,
    call_host,
    has_sockets,
    listening,
    refusal_in,
    sits_elsewhere,
)
from usher.cli.browser.templates import launch_words
from usher.cli.browser.visits import can_be_visited, place_of, sealed_link, settings_for
from usher.cli.console_links import ConsoleLink
from usher.cli.context import Context
from usher.cli.wire import SessionRooms
from usher.console.browsers import Family, start_browser
from usher.console.sealed_links import ConsoleSession, Place
from usher.core.errors import UsherError
from usher.core.ids import ACCOUNT_ID
from usher.core.printable import printable
from usher.session.settings import load_settings

if TYPE_CHECKING:
    from usher.console.browsers import Browser
    from usher.console.jars import Jar  # files and locks: where an extension opens, none is needed

START_SECONDS = 15.0
_PAUSE_SECONDS = 0.05


def open_console(rooms: SessionRooms, link: ConsoleLink, browser: str | None = None) -> None:
    """Open `link` and say where. `browser` is what the command line names. Raises UsherError."""
    settings = settings_for(rooms.context, link.session)
    errand = Errand(rooms, link, settings.in_browser(browser) if browser else settings)
    if not _opened_apart(errand) and not _opened_plainly(errand):
        raise UsherError("no browser came for the console link", hint="set BROWSER, or use --print")


def can_open_apart(context: Context) -> bool:
    """Whether anything here may open a console and leave others signed in: a look, before keys are asked for.

    Raises UsageError for settings that are wrong, NotFoundError for a browser of theirs that is not here.
    """
    settings = console_settings(load_settings(context.config_dir))
    wishes = (settings, *settings.organizations.values())
    if read_installs(context.cache_dir) or any(wish.open for wish in wishes):
        return True
    from usher.cli.browser import jars

    return any(
        wish.chromium is ChromiumWay.PROFILES and jars.browser_to_set_apart(context, wish, None) is not None
        for wish in wishes
    )


def move_window(rooms: SessionRooms, link: ConsoleLink, window: str) -> bool:
    """Show `link` in the browser window of the terminal `window`, and say where. Raises UsherError.

    False where nothing is there that keeps accounts apart: a plain tab would sign the others out.
    """
    return _opened_apart(Errand(rooms, link, settings_for(rooms.context, link.session), window))


def _opened_apart(errand: Errand) -> bool:
    """Whether something opened it that leaves other accounts signed in."""
    return any(way(errand) for way in (_opened_by_template, _opened_in_jar, _opened_by_extension))


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be opened, and how the person wants that. `window` is the terminal that it is for."""

    rooms: SessionRooms
    link: ConsoleLink
    settings: ConsoleSettings
    window: str | None = None

    @property
    def context(self) -> Context:
        """The process that was asked."""
        return self.rooms.context

    @property
    def console(self) -> str:
        """The console's name in sentences."""
        return f"the console of {printable(self.link.session.profile)}"


def _opened_by_template(errand: Errand) -> bool:
    """By the person's own program. It is given a one-time address: everybody may read arguments."""
    template = errand.settings.open
    if not template:
        return False
    from usher.console.browser import hand_over

    started: list[str] = []

    def opener(address: str) -> bool:
        started[:] = launch_words(template, address, errand.link.session)
        return start_browser(started, errand.context.environ)

    if not hand_over(errand.link.url, opener):
        raise UsherError(
            f"'{printable(started[0])}' did not come for the console link",
            hint="'open' in the table [console] of settings.toml names it",
        )
    errand.context.terminal.say(f"{printable(Path(started[0]).name)} opens {errand.console}.")
    return True


def _opened_in_jar(errand: Errand) -> bool:
    """In the browser that is set apart for the session, where a Chromium is meant to keep them so."""
    settings, link, context = errand.settings, errand.link, errand.context
    found = jar_meant(context, settings, link.session)
    if found is None:
        return False
    from usher.cli.browser import jars

    browser, jar = found
    if not jar.is_open and not _has_screen(context):
        return False
    is_new = jars.make_ready(context, jar, settings, link)
    there = jars.install_in(context, jar) if can_be_visited(link) and jar.is_open else None
    if there is not None:
        with contextlib.suppress(HostGoneError):
            _send(errand, there)
            return True
    jars.start_in_jar(context, browser, jar, settings, link, is_new=is_new)
    return True


def jar_meant(
    context: Context, settings: ConsoleSettings, session: ConsoleSession
) -> tuple[Browser, Jar] | None:
    """The browser that is, or gets, set apart for the session, with its jar; None for other ways."""
    if settings.chromium is not ChromiumWay.PROFILES or not ACCOUNT_ID.fullmatch(session.account_id):
        return None
    if sits_elsewhere(context.environ):
        return None
    install = next(iter(_meant(settings, [*_running(context), *read_installs(context.cache_dir)])), None)
    if install is not None and install.family is Family.FIREFOX and settings.choice.program is None:
        return None  # the usual way, which pays for no more
    from usher.cli.browser import jars

    browser = jars.browser_to_set_apart(context, settings, install)
    return (browser, jars.jar_for(context, browser, session)) if browser is not None else None


def _opened_by_extension(errand: Errand) -> bool:
    """Whether an extension opened it. Raises UsherError when one refused."""
    if not can_be_visited(errand.link) or sits_elsewhere(errand.context.environ):
        return False
    if not has_sockets():
        return _opened_by_command_line(errand)
    for install in _meant(errand.settings, _running(errand.context)):
        with contextlib.suppress(HostGoneError):
            _send(errand, install)
            return True
    return _opened_after_start(errand)


def _running(context: Context) -> list[Install]:
    """The installs whose native host listens; the newest first."""
    if not has_sockets():
        return []
    found = (read_install(context.cache_dir, install) for install in listening(context))
    return [install for install in found if install is not None]


def _meant(settings: ConsoleSettings, installs: Iterable[Install]) -> list[Install]:
    """Those in the browser that the settings name; none that is set apart for one session."""
    wanted, profile = settings.choice.program, settings.choice.profile
    found = [each for each in installs if each.jar is None and (wanted is None or each.is_of(wanted))]
    return sorted(found, key=lambda each: profile is not None and not each.uses_profile(profile))


def _send(errand: Errand, install: Install) -> None:
    """Have `install` open the link. Raises HostGoneError, or UsherError with the extension's own reason."""
    place = place_of(install, errand.link.session, errand.settings)
    sealed = sealed_link(errand.rooms, errand.link, place, errand.window)
    answer = call_host(errand.context, install.id, {"op": "open", "link": sealed.reveal()})
    if answer.get("ok") is not True:
        raise refusal_in(answer, install.name)
    errand.context.terminal.say(words_on(errand, install, place))


def _opened_after_start(errand: Errand) -> bool:
    """Start the browser that the extension was last seen in, and wait for its host."""
    context = errand.context
    installs = [each for each in read_installs(context.cache_dir) if _can_be_started(each, context)]
    install = next(iter(_meant(errand.settings, installs)), None)
    if install is None:
        return False
    # Firefox keeps the extension's page until the extension is there, and opens it at once where it runs and
    # only the host does not. Chromium is too early for it when it starts: it is sent the link by its host.
    takes_page = install.family is Family.FIREFOX
    place = place_of(install, errand.link.session, errand.settings)
    page = [_page(errand, install, place)] if takes_page else []
    if not start_browser([install.program, *install.options, *page], context.environ):
        return False
    context.terminal.status(f"starting {install.name} ...")
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        if install.id in listening(context):
            if takes_page:
                context.terminal.say(words_on(errand, install, place))
                return True
            with contextlib.suppress(HostGoneError):  # one that was left behind, and is removed now
                _send(errand, install)
                return True
        time.sleep(_PAUSE_SECONDS)
    # Started in vain once is enough: the extension comes back with its next greeting.
    forget_install(context.cache_dir, install.id)
    context.terminal.say(
        f"The extension in {install.name} did not come: it is switched off, or gone. "
        "'usher browser doctor' looks what is wrong."
    )
    return False


def _page(errand: Errand, install: Install, place: Place) -> str:
    """The extension's page that opens the link, which is sealed: nobody else can use or read it."""
    sealed = sealed_link(errand.rooms, errand.link, place, errand.window)
    return f"{install.base_url}open.html#{sealed.reveal()}"


def _can_be_started(install: Install, context: Context) -> bool:
    return bool(install.program) and _has_screen(context)


def _has_screen(context: Context) -> bool:
    """Whether a browser's window can be shown."""
    screen = context.environ.get("DISPLAY") or context.environ.get("WAYLAND_DISPLAY")
    return bool(screen) or sys.platform != "linux"


def _opened_by_command_line(errand: Errand) -> bool:
    """Where no program can be asked."""
    installs = [each for each in read_installs(errand.context.cache_dir) if each.program]
    install = next(iter(_meant(errand.settings, installs)), None)
    if install is None:
        return False
    place = place_of(install, errand.link.session, errand.settings)
    page = _page(errand, install, place)
    if not start_browser([install.program, *install.options, page], errand.context.environ):
        return False
    errand.context.terminal.say(words_on(errand, install, place))
    return True


def words_on(errand: Errand, install: Install, place: Place) -> str:
    """Where the console opens, in words."""
    name = printable(place.name)
    where = {"container": f" in its container '{name}'", "group": f" in its tab group '{name}'"}
    told = " in a window of its own" if install.jar is not None else where.get(place.kind, "")
    does = "opens" if errand.window is None else "shows"
    words = f"{install.name} {does} {errand.console}{told}."
    if place.kind == "plain" and install.jar is None:
        words += "\nAll accounts share this browser's cookies: opening another one ends this console."
    return words


def note_session(context: Context, settings: ConsoleSettings, link: ConsoleLink) -> None:
    """Write down in the session's own browser until when it holds."""
    from usher.cli.browser import jars

    found = jar_meant(context, settings, link.session)
    if found is not None:
        jars.make_ready(context, found[1], settings, link)


def is_the_way(
    context: Context, settings: ConsoleSettings, install: Install, session: ConsoleSession
) -> bool:
    """Whether the session's console opens through the extension of `install`, and in no way before it."""
    if settings.open:
        return False
    if install.family is not Family.FIREFOX and settings.chromium is ChromiumWay.PROFILES:
        found = jar_meant(context, settings, session) if install.jar is not None else None
        return found is not None and found[1].id == install.jar
    first = next(iter(_meant(settings, _running(context))), None)
    return first is not None and first.id == install.id


def _opened_plainly(errand: Errand) -> bool:
    """As any page: in the browser of the settings, else the one that `$BROWSER` or the desktop names."""
    from usher.cli.browser.plain import opener_of, tell_of_setup
    from usher.console.browser import hand_over

    opener, link = opener_of(errand.context, errand.settings), errand.link
    if link.portal is not None:  # no secret, so that nothing has to be handed over
        opened, through = opener(link.portal), f" through the portal of {link.session.organization}"
    else:
        opened, through = hand_over(link.url, opener), ""
    if opened:
        errand.context.terminal.say(f"Your browser opens {errand.console}{through}.")
        tell_of_setup(errand.context)
    return opened
