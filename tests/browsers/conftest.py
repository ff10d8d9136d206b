"""A person at a desktop: signed in with `usher`, real browsers with the extension, and an internet.

Everything but the internet and the portal is real: the packages that `usher browser setup` hands over,
the native host that the browsers start, the person's vault and settings. One desktop and one browser of
each family, one after the other, serve all tests of a worker; each test begins with one empty tab.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import stand_in_internet
from chromium import Chromium
from firefox import Firefox
from links import Links
from preferences import SETTINGS
from screen import Desktop
from waiting import until

from usher.console.extension import CHROMIUM_ID

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = PROJECT / "src" / "usher" / "console" / "packages"
_SESSION = PROJECT / "tests" / "cli" / "session" / "conftest.py"
_SPEC = importlib.util.spec_from_file_location("people_at_machines", _SESSION)
people = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = people
_SPEC.loader.exec_module(people)


@pytest.fixture(scope="session")
def internet() -> Iterator[stand_in_internet.Internet]:
    yield from stand_in_internet.running_internet()


@pytest.fixture(scope="session")
def desktop() -> Iterator[Desktop]:
    """The person's screen and session bus."""
    with tempfile.TemporaryDirectory() as folder:
        desktop = Desktop(Path(folder))
        yield desktop
        desktop.close()


@pytest.fixture(scope="session")
def person(tmp_path_factory, internet, desktop):
    """A home signed in to mkdev's portal; federation and consoles are AWS's, on the stand-in internet."""
    folder = tmp_path_factory.mktemp("person")
    for portal in people.portal_server.running_portal():
        portal.interval = 0.01
        portal.accounts["444444444444"] = ("playground", ["AdministratorAccess"])
        internet.aws.keys = portal.keys
        for home in people.homes(folder):
            home.portal = portal
            home.environ |= desktop.environ
            home.environ |= {
                "HTTPS_PROXY": f"http://{internet.proxy}",
                "AWS_CA_BUNDLE": str(internet.authority.bundle),
                "MOZ_DISABLE_AUTO_SAFE_MODE": "1",
            }
            where = ["--start-url", portal.url + "/start", "--region", "eu-central-1"]
            home.ok("login", "mkdev", *where, "--device")
            home.ok("profiles", "sync")
            home.ok("browser", "setup", "firefox", "chromium")
            yield home
            home.run("agent", "stop")


@pytest.fixture(scope="session", params=["firefox", "chromium"])
def running_browser(request, person, desktop, internet, find_client) -> Iterator[Firefox | Chromium]:
    """Each family in turn: the tests of one are run before the other is started."""
    if request.param == "firefox":
        browser = Firefox(find_client("firefox"), person.folder, person.environ, internet)
        browser.install(PACKAGES / "usher-firefox.xpi")
    else:
        browser = Chromium(find_client("chromium"), person.folder, person.environ, internet, CHROMIUM_ID)
        browser.install(PACKAGES / "usher-chromium.zip")
    settings = person.folder / ".config" / "usher" / "settings.toml"
    settings.write_text(SETTINGS.format(browser=request.param))
    browser.install_stranger(person.folder / f"stranger-{request.param}")
    browser.desktop = desktop
    browser.start()
    _wait_for_host(browser, person)
    yield browser
    browser.kill()


def _wait_for_host(browser, person) -> None:
    """Until the extension has greeted its native host: then `usher console` finds it."""
    known = person.folder / ".cache" / "usher" / "browsers"
    until(lambda: any(f'"{browser.family}"' in file.read_text() for file in known.glob("*.json")))


@pytest.fixture
def browser(running_browser) -> Firefox | Chromium:
    """It, with one empty tab."""
    running_browser.tidy()
    return running_browser


@pytest.fixture(scope="session")
def keep_picture():
    """Keep what is on a screen, below `artifacts/screens`, for people to look at."""
    folder = PROJECT / "artifacts" / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    return lambda desktop, name: desktop.picture().save(folder / f"{name}.png")


@pytest.fixture(scope="session")
def links(person, internet) -> Links:
    """What makes sealed links with the person's own key."""
    return Links(person, internet)
