"""Each organization signs in with a browser of its own: with real Chromium, real Firefox and real cookies."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time

import pytest

CHROMIUM = """#!{python}
# Headless Chromium does not hand an address to a window that is open, as the one with windows does, so
# that is done for it; without a folder it uses the person's usual one.
import os, pathlib, sys, urllib.request

folders = [each.partition("=")[2] for each in sys.argv if each.startswith("--user-data-dir=")]
folder = pathlib.Path(folders[0] if folders else os.path.expanduser("~/.config/chromium"))
try:
    port = int((folder / "DevToolsActivePort").read_text().split()[0])
    address = f"http://127.0.0.1:{{port}}/json/new?{{sys.argv[-1]}}"
    urllib.request.urlopen(urllib.request.Request(address, method="PUT"))
except OSError:
    with open({pids!r}, "a") as file:
        print(os.getpid(), file=file)
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"]
    options += ["--disable-background-networking", "--disable-component-update", "--password-store=basic"]
    options += ["--no-first-run", f"--user-data-dir={{folder}}"]
    os.execv({chromium!r}, [{chromium!r}, *options, *sys.argv[1:]])
"""


@pytest.fixture
def chromium(home, tmp_path, find_client):
    """A program that starts headless Chromium as a person's would start theirs; closed afterwards."""
    program, pids = tmp_path / "chromium-headless", tmp_path / "pids"
    program.write_text(
        CHROMIUM.format(python=sys.executable, chromium=str(find_client("chromium")), pids=str(pids))
    )
    program.chmod(0o755)
    home.environ["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"

    def close():
        for pid in pids.read_text().split() if pids.exists() else ():
            try:
                os.killpg(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue
        pids.unlink(missing_ok=True)

    yield program, close
    close()


def login(home, portal, name, *options):
    address = ("--start-url", f"{portal.url}/{name}", "--region", "eu-central-1")
    home.ok("login", name, *address, *map(str, options))
    return portal.visits[-1]


@pytest.mark.once
@pytest.mark.client("chromium")
def test_two_organizations_in_browsers_of_their_own_never_share_a_sign_in(home, portal, chromium):
    program, close = chromium
    own = ("--browser", program, "--browser-profile", "own")
    assert login(home, portal, "mkdev", *own) is None
    assert login(home, portal, "customer-b", *own) is None, "signed in as the other organization's person"
    assert login(home, portal, "mkdev", *own) is not None  # its own browser is open and knows the person
    folders = sorted((home.folder / ".local/share/usher/browsers").iterdir())
    assert [folder.name for folder in folders] == ["customer-b-chromium", "mkdev-chromium"]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    close()
    assert login(home, portal, "customer-b", "--fresh", *own) is None, "the browser still knew the person"


@pytest.mark.once
@pytest.mark.client("chromium")
def test_in_one_browser_the_second_organization_meets_the_first_ones_person(home, portal, chromium):
    """The trouble that browsers of their own do away with; without it the test above would prove nothing."""
    program, _ = chromium
    assert login(home, portal, "mkdev", "--browser", program) is None
    assert login(home, portal, "customer-b", "--browser", program) is not None


@pytest.fixture
def firefox(home, find_client):
    """Firefox on a desktop of the home's own: a screen and a session bus, through which the program asks
    for the window that has its profile open. What the test gets ends the Firefox of one profile."""
    find_client("firefox")
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    screen = subprocess.Popen(["Xvfb", "-displayfd", "1", "-screen", "0", "800x600x24"], **quiet)
    bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address"], **quiet)
    home.environ["DISPLAY"] = f":{screen.stdout.readline().strip()}"
    home.environ["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
    home.environ.pop("BROWSER")
    browsers = home.folder / ".local/share/usher/browsers"

    def end(folder, how):
        lock = folder / "lock"
        if lock.is_symlink():
            os.killpg(int(re.search(r"[0-9]+$", str(lock.readlink()))[0]), how)

    def close(name):
        end(browsers / name, signal.SIGTERM)
        deadline = time.monotonic() + 30
        while (browsers / name / "lock").is_symlink():
            assert time.monotonic() < deadline, "Firefox does not end"
            time.sleep(0.02)

    yield close
    for folder in browsers.glob("*"):
        end(folder, signal.SIGKILL)
    for each in (screen, bus):
        each.kill()
        each.communicate()


@pytest.mark.once
@pytest.mark.client("firefox")
def test_two_organizations_in_firefoxes_of_their_own_never_share_a_sign_in(home, portal, firefox):
    own = ("--browser", "firefox", "--browser-profile", "own")
    assert login(home, portal, "mkdev", *own) is None
    assert login(home, portal, "customer-b", *own) is None, "signed in as the other organization's person"
    assert login(home, portal, "customer-b") == "who=person-2"  # its window is open and knows the person
    folders = sorted((home.folder / ".local/share/usher/browsers").iterdir())
    assert [folder.name for folder in folders] == ["customer-b-firefox", "mkdev-firefox"]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    firefox("customer-b-firefox")
    assert any(b"person-2" in file.read_bytes() for file in folders[0].glob("cookies.sqlite*"))
    assert login(home, portal, "customer-b", "--fresh") is None, "the browser still knew the person"


def saved(home, name):
    return json.loads((home.folder / ".config/usher/organizations.json").read_text())[name]


def test_the_choice_is_remembered_until_it_is_taken_back(home, portal, tmp_path):
    program = tmp_path / "chromium-like"
    program.write_text(
        f'#!/bin/sh\nfor last; do :; done\necho "$@" >> {tmp_path}/said\nexec curl -sL $last\n'
    )
    program.chmod(0o755)
    login(home, portal, "mkdev", "--browser", program, "--browser-profile", "own")
    assert saved(home, "mkdev") | {"browser": str(program), "browser_profile": "own"} == saved(home, "mkdev")
    login(home, portal, "mkdev")
    home.ok("login", "mkdev", "--region", "eu-west-1")
    said = (tmp_path / "said").read_text().splitlines()
    assert len(said) == 3
    assert all("/usher/browsers/mkdev-chromium " in line for line in said)
    home.ok("login", "mkdev", "--browser-profile", "Profile 1")
    assert "--profile-directory=Profile 1 http://127.0.0.1:" in (tmp_path / "said").read_text()
    home.ok("login", "mkdev", "--browser", "default")
    assert {"browser", "browser_profile"}.isdisjoint(saved(home, "mkdev"))
    assert len((tmp_path / "said").read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--browser", "netscape"], 2),
        (["--browser", "own", "--browser-profile", "work"], 2),
        (["--browser", "vivaldi"], 5),
        (["--callback-port", "70000"], 2),
    ],
)
def test_a_choice_that_cannot_work_is_refused_before_anything_opens(home, portal, options, code):
    address = ("--start-url", portal.url, "--region", "eu-central-1")
    assert home.run("login", "mkdev", *address, *options).returncode == code
    assert portal.visits == []


def test_fresh_leaves_a_browser_that_is_open_as_it_is_and_says_so(home, portal, tmp_path):
    program = tmp_path / "firefox-like"
    program.write_text("#!/bin/sh\nfor last; do :; done\nexec curl -sL $last\n")
    program.chmod(0o755)
    login(home, portal, "mkdev", "--browser", program, "--browser-profile", "own")
    folder = home.folder / ".local/share/usher/browsers/mkdev-firefox"
    (folder / "cookies.sqlite").write_text("person")
    (folder / "lock").symlink_to(f"127.0.1.1:+{os.getpid()}")
    done = home.run("login", "mkdev", "--fresh")
    assert done.returncode == 0
    assert "The browser of mkdev is open; it keeps what it is signed in to" in done.stderr
    (folder / "lock").unlink()
    home.ok("login", "mkdev", "--fresh")
    assert not (folder / "cookies.sqlite").exists()
    assert portal.count("logout") == 2


def test_in_wsl_a_browser_of_its_own_is_one_of_wsl(home, portal, tmp_path):
    program = tmp_path / "firefox-like"
    program.write_text("#!/bin/sh\nfor last; do :; done\nexec curl -sL $last\n")
    program.chmod(0o755)
    login(home, portal, "mkdev", "--browser", program)
    done = home.run("login", "mkdev", WSL_DISTRO_NAME="Debian", BROWSER="")
    assert done.returncode == 0
    assert "Windows" not in done.stderr
