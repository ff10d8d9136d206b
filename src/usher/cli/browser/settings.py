"""What a person's settings say about consoles: `[console]`, and `[console.organizations.NAME]` over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from usher.cli.browser.templates import (
    CONTAINER_FIELDS,
    LAUNCH_FIELDS,
    TELLING_FIELDS,
    fields_of,
    is_template,
)
from usher.cli.passphrases import check_may_name_commands
from usher.console.browsers import OWN, BrowserChoice, chosen, known_browsers
from usher.core.errors import UsageError
from usher.session.settings import Settings, Table

DESKTOP = "default"
"""The browser that `$BROWSER` or the desktop names, whatever it is."""

ICONS = (
    "fingerprint",
    "briefcase",
    "dollar",
    "cart",
    "vacation",
    "gift",
    "food",
    "fruit",
    "pet",
    "tree",
    "chill",
    "circle",
    "fence",
)
"""The icons that Firefox has for containers."""

_KEYS = ("browser", "browser_profile", "chromium", "container", "icon", "open")


class ChromiumWay(StrEnum):
    """How a browser of the Chromium family, which has no containers, keeps accounts apart."""

    PROFILES = "profiles"
    MULTI_SESSION = "multi-session"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """How consoles are opened. `browser` is a known name, a path, `default`, or None where nothing is said.

    `open` is a program and its arguments that open everything instead; empty without one.
    """

    browser: str | None = None
    browser_profile: str | None = None
    chromium: ChromiumWay = ChromiumWay.PROFILES
    container: str = "{account_name}/{role}"
    icon: str = "fingerprint"
    open: tuple[str, ...] = ()
    organizations: Mapping[str, ConsoleSettings] = field(default_factory=dict)

    def of(self, organization: str) -> ConsoleSettings:
        """What holds for an organization's consoles."""
        return self.organizations.get(organization, self)

    def in_browser(self, name: str) -> ConsoleSettings:
        """The same in the browser that a command line names. Raises UsageError for no browser's name."""
        if name != DESKTOP:
            chosen(name, None)
        if name == OWN:
            raise UsageError(
                "'own' is a browser for signing in", hint=f"one of: {', '.join(known_browsers())}"
            )
        return replace(self, browser=name, browser_profile=None, open=())

    @property
    def choice(self) -> BrowserChoice:
        """The browser to look for on this machine; empty for the desktop's own."""
        program = None if self.browser == DESKTOP else self.browser
        return BrowserChoice(program, self.browser_profile)


def console_settings(settings: Settings) -> ConsoleSettings:
    """The table `[console]`. Raises UsageError naming file, key and what the value must be."""
    table = settings.table("console")
    table.only(*_KEYS, "organizations")
    for_all = _read(table, ConsoleSettings())
    named = table.within("organizations").tables()
    return replace(for_all, organizations={name: _of_one(each, for_all) for name, each in named.items()})


def _of_one(table: Table, for_all: ConsoleSettings) -> ConsoleSettings:
    table.only(*_KEYS)
    return _read(table, for_all)


def _read(table: Table, before: ConsoleSettings) -> ConsoleSettings:
    browser = _browser(table, before.browser)
    # A profile belongs to a browser: the one of another browser would be made anew there.
    same = browser == before.browser
    return ConsoleSettings(
        browser,
        _browser_profile(table, before.browser_profile if same else None),
        _chromium(table, before.chromium),
        _container(table, before.container),
        _icon(table, before.icon),
        _launch(table, before.open),
    )


def _browser(table: Table, before: str | None) -> str | None:
    name = table.text("browser")
    if "browser" not in table.values:
        return before
    if name not in {DESKTOP, *known_browsers()} and not Path(name).is_absolute():
        known = ", ".join(known_browsers())
        raise table.wrong("browser", f"one of: {known}, {DESKTOP}; or the absolute path of a browser")
    return name


def _browser_profile(table: Table, before: str | None) -> str | None:
    name = table.text("browser_profile")
    if "browser_profile" not in table.values:
        return before
    try:
        chosen(None, name)
    except UsageError:
        raise table.wrong("browser_profile", "the name of a browser's profile") from None
    if name == OWN:
        raise table.wrong("browser_profile", "a profile of the browser's own; 'own' is for signing in")
    return name


def _chromium(table: Table, before: ChromiumWay) -> ChromiumWay:
    try:
        return ChromiumWay(table.text("chromium", before))
    except ValueError:
        raise table.wrong("chromium", f"one of: {', '.join(ChromiumWay)}") from None


def _container(table: Table, before: str) -> str:
    template = table.text("container", before)
    if not is_template(template, CONTAINER_FIELDS):
        known = " ".join(f"{{{name}}}" for name in CONTAINER_FIELDS)
        raise table.wrong("container", f"a text with fields of these alone: {known}")
    if not fields_of(template) & set(TELLING_FIELDS):
        telling = ", ".join(f"{{{name}}}" for name in TELLING_FIELDS)
        raise table.wrong("container", f"different for each account: one of {telling} must be in it")
    return template


def _icon(table: Table, before: str) -> str:
    icon = table.text("icon", before)
    if icon not in ICONS:
        raise table.wrong("icon", f"one of: {', '.join(ICONS)}")
    return icon


def _launch(table: Table, before: tuple[str, ...]) -> tuple[str, ...]:
    if "open" not in table.values:
        return before
    words = table.texts("open")
    if not words:
        return ()
    for word in words:
        if not is_template(word, LAUNCH_FIELDS):
            known = " ".join(f"{{{name}}}" for name in LAUNCH_FIELDS)
            raise table.wrong("open", f"a program and arguments with fields of these alone: {known}")
    if not any("url" in fields_of(word) for word in words[1:]) or fields_of(words[0]):
        raise table.wrong("open", "a program, then its arguments with {url} in one of them")
    check_may_name_commands(table.settings.path)
    return words
