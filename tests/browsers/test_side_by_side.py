"""Consoles of several accounts in one window keep to themselves, and everybody sees which is which."""

from __future__ import annotations

import re
import time

import pytest
from consoles import MANAGEMENT, PLAYGROUND, PRODUCTION, STAGING, Consoles, prefix
from stand_in_internet import SESSION_COOKIE
from waiting import until

pytestmark = [pytest.mark.client("firefox", "chromium"), pytest.mark.once]

THREE = (STAGING, PRODUCTION, MANAGEMENT)
# As the extension fills the bar on a light desktop (extension/src/shared/colours.ts).
FILLS = {STAGING: (0x1A, 0x7F, 0x37), PRODUCTION: (0xC4, 0x0D, 0x24), MANAGEMENT: (0x72, 0x33, 0xC4)}


@pytest.fixture
def consoles(browser, links, internet):
    """Firefox with containers; Chromium with AWS's multi-session, in tab groups."""
    internet.aws.multi_session = browser.family == "chromium"
    yield Consoles(browser, links, internet)
    internet.aws.multi_session = False


def test_three_accounts_are_open_at_once_in_one_window_and_a_fourth_leaves_them_signed_in(consoles, internet):
    three = [consoles.open(who) for who in THREE]
    assert len({each.cookie for each in three}) == 3
    fourth = consoles.open(PLAYGROUND)
    for console in (*three, fourth):
        assert console.moves_to(internet, "s3") == console.cookie
        assert console.signed_in == f"{console.who.role} @ {console.who.account}"
    tabs = [each for each in consoles.browser.tabs() if "/s3/" in each["url"]]
    assert len(tabs) == 4
    assert len({each["window"] for each in tabs}) == 1


@pytest.mark.parametrize(
    ("partition", "page"),
    [
        (
            "aws-us-gov",
            "https://us-gov-west-1.console.amazonaws-us-gov.com/console/home?region=us-gov-west-1",
        ),
        ("aws-cn", "https://cn-north-1.console.amazonaws.cn/console/home?region=cn-north-1"),
        ("aws-eusc", "https://eusc-de-east-1.console.amazonaws-eusc.eu/console/home?region=eusc-de-east-1"),
    ],
)
def test_the_consoles_of_every_partition_are_opened_and_marked(partition, page, consoles):
    console = consoles.open(STAGING, page, partition=partition)
    assert console.signed_in == "AdministratorAccess @ 222222222222"
    assert console.page.bar()["name"] == "staging"


def test_each_account_has_a_place_of_its_name_and_colour_and_a_favicon_and_title_of_its_own(
    consoles, keep_picture
):
    for who in THREE:
        consoles.open(who)
    tabs = until(lambda: marked(consoles))
    keep_picture(consoles.browser.desktop, f"three-accounts-{consoles.browser.family}")
    seen = {(each["place"], each["colour"], each["title"]) for each in tabs}
    assert seen == {
        ("staging/AdministratorAccess", "green", "staging · Console Home"),
        ("production/ReadOnlyAccess", "red", "[PRODUCTION] Console Home"),
        ("management/AdministratorAccess", "purple", "management · Console Home"),
    }
    assert len({each["icon"] for each in tabs}) == 3
    if consoles.browser.family == "firefox":
        assert {each["placeIcon"] for each in tabs} == {"fingerprint"}


def marked(consoles):
    """The tabs that have a place, once all of them show their account."""
    tabs = [tab for tab in consoles.browser.tabs() if tab["place"]]
    done = [
        tab for tab in tabs if tab["icon"].startswith("data:image/png") and "Console Home" in tab["title"]
    ]
    return tabs if len(done) == len(THREE) else None


def test_the_bar_says_who_and_how_long_in_the_accounts_colour_and_production_is_louder(
    consoles, keep_picture
):
    loudness = {}
    for who in (STAGING, PRODUCTION):
        bar = consoles.open(who, ends=time.time() + 5370).page.bar()
        assert (bar["name"], bar["id"], bar["role"]) == (bar_name(who), who.account, who.role)
        assert bar["organization"] == "mkdev"
        counted = r"[1-5] of 5 sessions" if consoles.browser.family == "chromium" else ""
        assert re.fullmatch(counted, bar.get("sessions", ""))
        assert bar["time"] == "1 h 30 min left"
        colour = FILLS[who]
        picture = consoles.browser.desktop.until(
            lambda picture, colour=colour: picture.colours(760)[colour] > 5_000
        )
        loudness[who] = picture.colours(86)[colour]
    keep_picture(consoles.browser.desktop, f"production-{consoles.browser.family}")
    assert loudness[PRODUCTION] > 1.5 * loudness[STAGING]


def bar_name(who):
    return {STAGING: "staging", PRODUCTION: "production"}[who]


def test_a_page_may_change_its_title_and_lose_the_bar_and_both_are_put_back(consoles):
    page = consoles.open(STAGING).page
    page.evaluate("void (document.title = 'Instances | EC2')")
    page.until("document.title === 'staging · Instances | EC2'")
    page.evaluate("document.querySelector('[data-usher-bar]').remove()")
    page.until("document.querySelector('[data-usher-bar]') !== null")


def test_no_script_of_the_page_reads_the_bar_or_presses_its_buttons(consoles, internet):
    page = consoles.open(STAGING, ends=time.time() + 240).page
    mark = internet.mark
    assert page.evaluate("document.querySelector('[data-usher-bar]').shadowRoot") is None
    page.evaluate(
        """(() => {
          const bar = document.querySelector('[data-usher-bar]');
          for (const kind of ['mousedown', 'mouseup', 'click']) {
            for (let x = 0; x < innerWidth; x += 8) {
              const target = document.elementFromPoint(x, innerHeight - 12);
              target?.dispatchEvent(new MouseEvent(kind, { bubbles: true, composed: true, clientX: x }));
            }
            bar.dispatchEvent(new MouseEvent(kind, { bubbles: true, composed: true }));
          }
          bar.focus(); bar.click();
        })()"""
    )
    page.evaluate("fetch('/after-the-clicks').then(() => null)")
    internet.until(mark, path="/after-the-clicks")
    assert internet.asked(mark, path="/federation") == []


def test_renewing_signs_in_again_at_the_same_page_in_the_same_place(consoles, internet):
    where = "https://eu-central-1.console.aws.amazon.com/lambda/home?region=eu-central-1"
    console = consoles.open(STAGING, where, ends=time.time() + 240)
    [before] = [tab for tab in consoles.browser.tabs() if "/lambda/" in tab["url"]]
    mark = internet.mark
    console.page.press_in_bar(".renew")
    internet.until(mark, path="/federation", method="GET")
    [request] = internet.until(mark, path="/lambda/home")
    assert request.cookies[SESSION_COOKIE] != console.cookie
    console.page.until(f"document.title.startsWith({prefix(STAGING)!r})")
    assert console.signed_in == "AdministratorAccess @ 222222222222"
    [after] = [tab for tab in consoles.browser.tabs() if "/lambda/" in tab["url"]]
    assert (after["id"], after["place"]) == (before["id"], before["place"])
    assert "renew" not in console.page.bar()


def test_a_session_that_nobody_asked_usher_for_is_not_marked(consoles, internet):
    consoles.open(STAGING)
    own = "https://eu-central-1.console.aws.amazon.com/ec2/home?region=eu-central-1"
    page, _ = consoles.lands(
        lambda: consoles.browser.open(internet.sign_in_url(PRODUCTION, own)), "/ec2/home"
    )
    assert consoles.here("/console/home")["accountName"] == "staging"
    assert consoles.here("/ec2/home") is None
    assert page.evaluate("document.title") == "EC2 | eu-central-1"
    assert page.evaluate("document.querySelector('[data-usher-bar]')") is None


def test_whoever_signs_in_by_hand_to_another_account_sees_no_bar_of_the_account_before(
    browser, links, internet
):
    consoles = Consoles(browser, links, internet)
    consoles.kind = "container" if browser.family == "firefox" else "plain"
    page = consoles.open(STAGING).page
    mark = internet.mark
    own = "https://eu-central-1.console.aws.amazon.com/ec2/home?region=eu-central-1"
    page.go(internet.sign_in_url(PRODUCTION, own))
    internet.until(mark, path="/ec2/home")
    page.until("location.pathname === '/ec2/home' && document.readyState === 'complete'")
    consoles.ask("connection")  # the page asked before
    assert page.evaluate("document.title") == "EC2 | eu-central-1"
    assert page.evaluate("document.querySelector('[data-usher-bar]')") is None
    page.go(internet.sign_in_url(STAGING, own))
    page.until("document.title === 'staging · EC2 | eu-central-1'")


def test_where_all_tabs_share_one_session_every_tab_is_marked_with_the_one_that_is_signed_in(
    browser, links, internet
):
    """Chromium without multi-session, or plain tabs: the second sign-in ends the first; no bar may lie."""
    consoles = Consoles(browser, links, internet)
    consoles.kind = "plain"
    staging = consoles.open(STAGING)
    production = consoles.open(PRODUCTION)
    staging.page.until(f"document.title.startsWith({prefix(PRODUCTION)!r})")
    assert staging.moves_to(internet, "s3") == production.cookie
    assert staging.signed_in == "ReadOnlyAccess @ 333333333333"
    assert staging.page.bar()["name"] == "production"
