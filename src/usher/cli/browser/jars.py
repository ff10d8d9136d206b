"""Opening a console in the browser that is set apart for its account and role, where a Chromium is meant.

A browser that runs in the jar with the extension gets a sealed link like any other. Else it is started with
a one-time address, and the extension in it learns from the jar whose it is.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from usher.cli.browser.installs import Install, read_install
from usher.cli.browser.manifests import State, carry_out, wanted_jar_host
from usher.cli.browser.packages import hand_over_package, handed_over, handed_over_version, read_package
from usher.cli.browser.settings import ConsoleSettings
from usher.cli.browser.sockets import listening
from usher.cli.browser.templates import container_name
from usher.cli.console_links import ConsoleLink
from usher.cli.context import Context
from usher.console.browser import hand_over
from usher.console.browsers import (
    Browser,
    BrowserChoice,
    Family,
    family_of,
    find_browser,
    installed_browsers,
    is_known,
    known_name,
    snap_folder,
    start_browser,
)
from usher.console.desktop import desktop_browser
from usher.console.jars import Jar, jar_command, jar_of, jars_folder, prepare_jar, preparing
from usher.console.sealed_links import ConsoleSession
from usher.core.errors import NotFoundError, UsherError
from usher.core.printable import printable

_NAMES = {"chrome": "Chrome", "chromium": "Chromium", "brave": "Brave", "edge": "Edge", "vivaldi": "Vivaldi"}


def browser_to_set_apart(
    context: Context, settings: ConsoleSettings, install: Install | None
) -> Browser | None:
    """The Chromium that keeps sessions apart in jars; None where consoles are meant to open in another way.

    `install` is where the extension would open it. Raises NotFoundError for a named browser that is not here.
    """
    choice = settings.choice
    if choice.profile is not None:
        return None
    if choice.program is not None:
        return _of_chromium(find_browser(choice, context.environ))
    if install is not None:
        return _of_chromium(_browser_of(install, context.environ))
    if context.environ.get("BROWSER"):
        return _of_chromium(_browser_named_by(context.environ))
    return _of_chromium(_browser_of_desktop(context))


def jar_for(context: Context, browser: Browser, session: ConsoleSession) -> Jar:
    """The jar of a session."""
    root = jars_folder(browser, context.data_dir, context.home)
    return jar_of(root, known_name(browser.path.name), session)


def install_in(context: Context, jar: Jar) -> Install | None:
    """The extension that runs in the jar; None when it does not."""
    for each in listening(context):
        install = read_install(context.cache_dir, each)
        if install is not None and install.jar == jar.id:
            return install
    return None


def make_ready(context: Context, jar: Jar, settings: ConsoleSettings, link: ConsoleLink) -> bool:
    """Make the jar, or bring it up to date: the extension in it is told what holds now. True when new."""

    def put_host(folder: Path, manifests: Path) -> None:
        for wanted in wanted_jar_host(context, folder, manifests):
            if wanted.state() is not State.SAME:
                carry_out(wanted)

    with preparing(jar):
        return prepare_jar(jar, container_name(settings.container, jar.session), link.door.home_url, put_host)


def start_in_jar(
    context: Context,
    browser: Browser,
    jar: Jar,
    settings: ConsoleSettings,
    link: ConsoleLink,
    *,
    is_new: bool,
) -> None:
    """Start the browser in its jar, or have the one that runs there open it. Raises UsherError."""
    name = container_name(settings.container, jar.session)
    extension = _extension(context, browser, jar)

    def opener(address: str) -> bool:
        return start_browser(jar_command(browser, jar, extension, name, address), context.environ)

    shown = name_of(jar)
    if not hand_over(link.url, opener):
        raise UsherError(
            f"{shown} did not come for the console link",
            hint=f"does '{browser.path}' start? --print gives the link itself",
        )
    context.terminal.say(
        f"{shown} opens the console of {printable(jar.session.profile)} in a window of its own."
    )
    if is_new:
        _introduce(context, jar, extension)


def name_of(jar: Jar) -> str:
    """What a person calls the browser."""
    return _NAMES.get(jar.kind, jar.kind)


def _introduce(context: Context, jar: Jar, extension: Path | None) -> None:
    words = "What is signed in there stays there; 'usher browser jars' lists and removes such windows."
    if extension is None:
        words += (
            f"\n{name_of(jar)} loads no extension for it: the window's colour and name tell whose it is, "
            "without a bar on the pages."
        )
    context.terminal.say(context.terminal.style("dim", words))


def _extension(context: Context, browser: Browser, jar: Jar) -> Path | None:
    """The unpacked extension of this version; None where the browser loads none, or may not read it."""
    if not jar.takes_extension or snap_folder(browser, context.home) is not None:
        return None
    package = read_package(Family.CHROMIUM)
    if handed_over_version(context, Family.CHROMIUM) != package.version:
        hand_over_package(context, package)
    return handed_over(context, Family.CHROMIUM)


def _of_chromium(browser: Browser | None) -> Browser | None:
    return browser if browser is not None and browser.family is Family.CHROMIUM else None


def _browser_of(install: Install, environ: Mapping[str, str]) -> Browser | None:
    """The install's browser as it is started here: distributions wrap the program that runs."""
    if install.family is not Family.CHROMIUM:
        return None
    if not install.program:  # a system that does not tell who starts whom
        return _of_chromium(_browser_named_by(environ)) or _first_chromium(environ)
    own = Browser(Path(install.program), Family.CHROMIUM)
    return _found(known_name(own.path.name), environ) or own


def _first_chromium(environ: Mapping[str, str]) -> Browser | None:
    return next(filter(_of_chromium, installed_browsers(environ).values()), None)


def _browser_of_desktop(context: Context) -> Browser | None:
    return _found(desktop_browser(sys.platform, context.home, context.environ) or "", context.environ)


def _found(name: str, environ: Mapping[str, str]) -> Browser | None:
    """The browser of that name, where usher knows it and it is installed."""
    try:
        return find_browser(BrowserChoice(name), environ) if is_known(name) else None
    except NotFoundError:
        return None


def _browser_named_by(environ: Mapping[str, str]) -> Browser | None:
    """The browser that `$BROWSER` names first."""
    program = environ.get("BROWSER", "").split(os.pathsep)[0].removesuffix(" %s")
    found = shutil.which(program, path=environ.get("PATH")) if program else None
    return Browser(Path(found), family_of(Path(found).name)) if found else None
