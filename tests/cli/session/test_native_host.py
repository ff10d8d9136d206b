"""`usher browser host` as browsers drive it, and `usher console` through it into the extension."""

import pytest

STAGING = "mkdev-staging/ReadOnlyAccess"


@pytest.fixture(scope="module")
def home(settled):
    settled.ok("login", "--device", "--aws-endpoint-url", settled.portal.url)
    return settled


def test_a_console_opens_through_the_extension_and_it_is_said_where(home, start_browser):
    browser = start_browser(home)
    done = home.run("console", STAGING, "--service", "sqs")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Firefox opens the console of mkdev-staging/ReadOnlyAccess in its container" in done.stderr
    visit = browser.opened_visit()
    assert visit["url"].startswith(f"{home.portal.url}/federation?Action=login")
    assert visit["place"] == {"kind": "container", "name": "staging/ReadOnlyAccess", "icon": "fingerprint"}
    assert browser.close() == (0, "")
