"""Chromium without AWS's multi-session: a browser of its own for each account, as many as a person wants."""

from __future__ import annotations

import os
import shlex
import signal

import pytest
from chromium import OPTIONS, RunningChromium, on
from consoles import MANAGEMENT, PLAYGROUND, PRODUCTION, STAGING, Console, prefix
from links import NAMES
from preferences import SETTINGS
from stand_in_internet import SESSION_COOKIE
from waiting import until

pytestmark = [pytest.mark.client("firefox", "chromium"), pytest.mark.once]

PLACES = {STAGING: "0,0", PRODUCTION: "640,0", MANAGEMENT: "0,400", PLAYGROUND: "640,400"}


@pytest.fixture
def jars(person, internet, find_client, tmp_path):
    """Where the person's browsers are set apart; what they start is Chromium on the stand-in internet."""
    program = tmp_path / "chromium"
    options = [
        *OPTIONS,
        *on(internet),
        "--remote-debugging-port=0",
        "--window-size=640,400",
    ]
    places = "".join(f"*{NAMES[who.account][0]}-*) place={place} ;;\n" for who, place in PLACES.items())
    program.write_text(
        f'#!/bin/sh\ncase "$*" in\n{places}esac\n'
        f'exec {find_client("chromium")} {shlex.join(options)} --window-position=$place "$@"\n'
    )
    program.chmod(0o755)
    settings = person.folder / ".config" / "usher" / "settings.toml"
    settings.write_text(SETTINGS.format(browser="chromium").replace("multi-session", "profiles"))
    before = dict(person.environ)
    person.environ["PATH"] = f"{tmp_path}:{before['PATH']}"
    folder = person.folder / ".local" / "share" / "usher" / "jars"
    yield folder
    person.environ.clear()
    person.environ.update(before)
    for lock in folder.glob("*/browser/SingletonLock"):
        os.kill(int(str(lock.readlink()).rpartition("-")[2]), signal.SIGKILL)


def enter(person, internet, who, folder):
    mark = internet.mark
    done = person.run("console", f"mkdev-{NAMES[who.account][0]}/{who.role}")
    assert done.returncode == 0, done.stderr
    [request] = internet.until(mark, path="/console/home")
    [jar] = folder.glob(f"{NAMES[who.account][0]}-{who.role}-*")
    port, path = (jar / "browser" / "DevToolsActivePort").read_text().split()
    browser = RunningChromium(f"ws://127.0.0.1:{port}{path}")
    number = until(
        lambda: next((each for each, url in browser.open_pages().items() if "console/home" in url), None)
    )
    page = browser.page(number)
    page.until(f"document.title.startsWith({prefix(who)!r})")
    return Console(who, page, request.cookies[SESSION_COOKIE])


def test_each_account_has_a_browser_of_its_own_and_a_fourth_leaves_three_signed_in(
    jars, person, internet, desktop, keep_picture
):
    consoles = [enter(person, internet, who, jars) for who in PLACES]
    assert len({each.cookie for each in consoles}) == 4
    for console in consoles:
        bar = console.page.bar()
        assert (bar["name"], bar["id"]) == (NAMES[console.who.account][0], console.who.account)
    keep_picture(desktop, "isolated-chromiums")
    for console in consoles:
        assert console.moves_to(internet, "s3") == console.cookie
        assert console.signed_in == f"{console.who.role} @ {console.who.account}"
