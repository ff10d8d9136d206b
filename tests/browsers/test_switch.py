"""`usher switch` with real browsers: a terminal and its window are in one account, others keep theirs."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from consoles import MANAGEMENT, PLAYGROUND, PRODUCTION, STAGING, Consoles, until

pytestmark = [pytest.mark.client("firefox", "chromium"), pytest.mark.once]

PROFILES = {
    STAGING: "mkdev-staging/AdministratorAccess",
    PRODUCTION: "mkdev-production/ReadOnlyAccess",
    MANAGEMENT: "mkdev-management/AdministratorAccess",
    PLAYGROUND: "mkdev-playground/AdministratorAccess",
}
PLACES = {who: profile.removeprefix("mkdev-") for who, profile in PROFILES.items()}
QUEUES = "/sqs/v3/home"


class Terminal:
    """A shell with the hook, as far as usher can tell: it takes over what it is told."""

    def __init__(self, person):
        self.person, self.environ = person, {}

    def usher_switch(self, *arguments):
        told = json.loads(self.person.ok("switch", "--shell-output", "nu", *arguments, **self.environ))
        kept = {name: value for name, value in self.environ.items() if name not in told["unset"]}
        self.environ = {**kept, **told["set"]}

    def at_the_next_prompt(self):
        self.usher_switch("--follow")
        return self.environ["AWS_PROFILE"]


class Windows:
    """The browser's windows, each by the account that it shows."""

    def __init__(self, consoles):
        self.consoles = consoles
        self.before = self.now()

    def now(self):
        return {tab["window"] for tab in self.consoles.browser.tabs()}

    def opened(self, *known):
        """The one window that has been opened since, beside those that are known."""
        [window] = until(lambda: self.now() - self.before - set(known))
        return window

    def tab(self, window):
        [tab] = [each for each in self.of(window) if each["selected"]]
        return tab

    def of(self, window):
        return [tab for tab in self.consoles.browser.tabs() if tab["window"] == window]

    def shows(self, window, who, path="/console/home"):
        """The window comes to show that page, as that account."""

        def seen():
            tab = self.tab(window)
            return (tab["place"], urlsplit(tab["url"]).path) == (PLACES[who], path)

        until(seen)
        return len(self.of(window))


@pytest.fixture
def consoles(browser, links, internet):
    """Firefox with containers; Chromium with multi-session, in tab groups. The extension is connected."""
    internet.aws.multi_session = browser.family == "chromium"
    consoles = Consoles(browser, links, internet)
    consoles.ask("connection")
    yield consoles
    internet.aws.multi_session = False


def test_a_terminal_moves_its_window_alone_and_a_window_its_terminal_alone(consoles, person):
    one, two, windows = Terminal(person), Terminal(person), Windows(consoles)
    one.usher_switch(PROFILES[STAGING])
    first = windows.opened()
    windows.shows(first, STAGING)
    goes_to_its_queues(consoles)
    windows.shows(first, STAGING, QUEUES)
    two.usher_switch(PROFILES[PRODUCTION])
    second = windows.opened(first)
    windows.shows(second, PRODUCTION)

    # What the window shows is opened again in the other account; the other window has not moved.
    one.usher_switch(PROFILES[MANAGEMENT])
    assert windows.shows(first, MANAGEMENT, QUEUES) == 2
    assert windows.shows(second, PRODUCTION) == 1

    # The other way round, as the popup asks for it.
    [there] = {tab["windowId"] for tab in consoles.extension_tabs() if "/console/home" in tab["url"]}
    answer = consoles.ask("switch", profile=PROFILES[PLAYGROUND], windowId=there)
    assert answer == {"ok": True, "value": None}
    assert windows.shows(second, PLAYGROUND) == 2
    assert windows.shows(first, MANAGEMENT, QUEUES) == 2
    assert two.at_the_next_prompt() == PROFILES[PLAYGROUND]
    assert one.at_the_next_prompt() == PROFILES[MANAGEMENT]
    assert consoles.ask("overview", tabId=None, windowId=there)["current"] == PROFILES[PLAYGROUND]
    assert windows.now() - windows.before == {first, second}


def goes_to_its_queues(consoles):
    """Where the person goes in the only console that is open."""
    [page] = [number for number, url in consoles.browser.open_pages().items() if "/console/home" in url]
    consoles.browser.page(page).evaluate(f"void (location.href = '{QUEUES}?region=eu-central-1')")
