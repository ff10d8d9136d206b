"""From a terminal, a popup or a command line into a real browser: portal, keys, link and console."""

from __future__ import annotations

import pytest
from consoles import PRODUCTION, STAGING, Consoles, prefix
from hostile import REPLAYED
from stand_in_internet import SESSION_COOKIE

pytestmark = [pytest.mark.client("firefox", "chromium", "xdotool"), pytest.mark.once]

FIREFOX = pytest.mark.parametrize("running_browser", ["firefox"], indirect=True)
QUEUE = "arn:aws:sqs:eu-west-1:222222222222:orders"


@pytest.fixture
def consoles(browser, links, internet):
    internet.aws.multi_session = browser.family == "chromium"
    yield Consoles(browser, links, internet)
    internet.aws.multi_session = False


def test_usher_console_opens_a_resource_in_its_accounts_place(consoles, person):
    mark = consoles.internet.mark
    page, _ = consoles.lands(lambda: say(consoles, person, QUEUE), "/sqs/v3/home")
    page.until(f"document.title.startsWith({prefix(STAGING)!r})")
    assert page.evaluate("location.hash").startswith("#/queues/")
    assert page.until("document.getElementById('who')?.textContent") == "AdministratorAccess @ 222222222222"
    [tab] = [tab for tab in consoles.browser.tabs() if "/sqs/" in tab["url"]]
    assert (tab["place"], tab["colour"]) == ("staging/AdministratorAccess", "green")
    assert [each.method for each in consoles.internet.asked(mark, path="/federation")] == ["POST", "GET"]
    bar = page.bar()
    assert (bar["name"], bar["id"], bar["role"]) == ("staging", "222222222222", "AdministratorAccess")


def say(consoles, person, *words):
    done = person.run("console", "mkdev-staging/AdministratorAccess", *words)
    place = {"firefox": "container", "chromium": "tab group"}[consoles.browser.family]
    name = consoles.browser.family.title()
    said = f"{name} opens the console of mkdev-staging/AdministratorAccess in its {place}"
    assert (done.returncode, done.stdout) == (0, "")
    assert said in done.stderr
    assert "SigninToken" not in done.stderr


def test_a_link_on_a_command_line_is_opened_by_the_browser_that_runs(consoles):
    """As it is done where no program can talk to the native host."""
    link = consoles.address(consoles.link(STAGING))
    page, _ = consoles.lands(lambda: consoles.browser.open_from_outside(link), "/console/home")
    page.until(f"document.title.startsWith({prefix(STAGING)!r})")


def test_the_popup_opens_this_page_in_another_account_by_keyboard_alone(consoles, keep_picture):
    where = "https://eu-central-1.console.aws.amazon.com/s3/home?region=eu-central-1"
    staging = consoles.open(STAGING, where)
    browser = consoles.browser
    browser.desktop.focus(browser.family)
    browser.open_popup()
    browser.in_popup("document.querySelector('[role=option]') !== null")
    assert browser.in_popup("document.getElementById('here').textContent").startswith("staging")
    browser.desktop.type("production")
    browser.in_popup("document.querySelectorAll('[role=option]').length === 1")
    assert browser.in_popup("document.querySelector('[aria-selected=true]').textContent").startswith("prod")
    keep_picture(browser.desktop, f"popup-{browser.family}")
    page, request = consoles.lands(lambda: browser.desktop.press("alt+Return"), "/s3/home")
    page.until(f"document.title.startsWith({prefix(PRODUCTION)!r})")
    assert page.until("document.getElementById('who')?.textContent") == "ReadOnlyAccess @ 333333333333"
    assert request.cookies[SESSION_COOKIE] != staging.cookie
    assert staging.moves_to(consoles.internet, "ec2") == staging.cookie


def test_after_a_restart_sessions_are_known_again_and_used_links_are_still_used(consoles):
    link = consoles.link(STAGING)
    page, request = consoles.lands(lambda: consoles.browser.open(consoles.address(link)), "/console/home")
    page.until(f"document.title.startsWith({prefix(STAGING)!r})")
    address = page.evaluate("location.href")
    consoles.browser.restart()
    assert consoles.refused(link).evaluate("document.getElementById('heading').textContent") == REPLAYED
    again, after = consoles.lands(
        lambda: consoles.browser.open_again("staging/AdministratorAccess", address), "/console/home"
    )
    assert after.cookies[SESSION_COOKIE] == request.cookies[SESSION_COOKIE]
    again.until(f"document.title.startsWith({prefix(STAGING)!r})")


def test_an_emulated_aws_of_this_machine_is_opened_where_the_link_says_so(consoles, internet):
    origin = f"http://{internet.proxy}"
    internet.pages[internet.proxy, "/console"] = "<!doctype html><title>Emulated console</title>"
    link = consoles.link(STAGING, url=f"{origin}/console", emulatedOrigin=origin)
    page, _ = consoles.lands(lambda: consoles.browser.open(consoles.address(link)), "/console")
    page.until("document.title === 'Emulated console'")
    if consoles.browser.family == "firefox":
        [tab] = [tab for tab in consoles.browser.tabs() if "127.0.0.1" in tab["url"]]
        assert tab["place"] == "staging/AdministratorAccess"


@FIREFOX  # as root, Chromium starts only with an option that it has from the tests
def test_usher_console_starts_the_browser_that_was_closed(consoles, person, internet):
    browser = consoles.browser
    consoles.ask("connection")
    browser.close()
    mark = internet.mark
    say(consoles, person)
    [request] = internet.until(mark, path="/console/home")
    assert internet.aws.sessions[request.cookies[SESSION_COOKIE]] == STAGING
    browser.end()
    browser.start()
