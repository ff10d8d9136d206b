"""Opening an address as any page: in the person's own browser, where all accounts share their cookies."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from usher.cli.browser.settings import ConsoleSettings
from usher.cli.context import Context
from usher.console.browser import OpenBrowser, open_browser
from usher.console.browsers import BrowserChoice, browser_command, find_browser, start_browser

_HINT_EVERY_SECONDS = 86_400.0


def opener_of(context: Context, settings: ConsoleSettings) -> OpenBrowser:
    """Opens in the browser that the settings name, else in the one that `$BROWSER` or the desktop names.

    Raises NotFoundError for a named browser that is not here.
    """
    choice, environ = settings.choice, context.environ
    if choice == BrowserChoice():
        return open_browser
    browser = find_browser(choice, environ)
    return lambda address: start_browser(browser_command(browser, choice.profile, Path(), address), environ)


def tell_of_setup(context: Context) -> None:
    """Once a day, tell a person who opens consoles this way that there is a better one."""
    if context.terminal.interactive and _hint_is_due(context):
        hint = "Accounts side by side, each in its own colour: usher browser setup"
        context.terminal.say(context.terminal.style("dim", hint))


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
