"""Which browser opens a page, and with which profile: the commands, as browsers understand them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from usher.console.browsers import (
    OWN,
    Browser,
    BrowserChoice,
    Family,
    browser_command,
    chosen,
    family_of,
    find_browser,
    folder_of_own,
    forget_own_browser,
    known_browsers,
    start_browser,
)
from usher.core.errors import NotFoundError, UsageError

URL = "http://127.0.0.1:8400/once"


def installed(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


@pytest.mark.parametrize(
    ("program", "profile", "choice"),
    [
        ("firefox", None, BrowserChoice("firefox", None)),
        ("firefox", "work", BrowserChoice("firefox", "work")),
        ("chrome", "Profile 1", BrowserChoice("chrome", "Profile 1")),
        ("chrome", OWN, BrowserChoice("chrome", OWN)),
        (OWN, None, BrowserChoice(None, OWN)),
        (OWN, OWN, BrowserChoice(None, OWN)),
        ("/opt/chromium", None, BrowserChoice("/opt/chromium", None)),
        (None, "work", BrowserChoice(None, "work")),
    ],
)
def test_what_a_person_may_choose(program, profile, choice):
    assert chosen(program, profile) == choice


@pytest.mark.parametrize(
    ("program", "profile"),
    [("netscape", None), ("./chromium", None), (OWN, "work"), ("chrome", "--flag"), ("firefox", "a/b")],
)
def test_what_cannot_be_meant_is_refused(program, profile):
    with pytest.raises(UsageError):
        chosen(program, profile)


def test_a_known_browser_is_found_on_the_path(tmp_path):
    environ = installed(tmp_path / "bin", "google-chrome-stable", "firefox-esr")
    found = find_browser(BrowserChoice("chrome"), environ)
    assert (found.path.name, found.family) == ("google-chrome-stable", Family.CHROMIUM)
    found = find_browser(BrowserChoice("firefox"), environ)
    assert (found.path.name, found.family) == ("firefox-esr", Family.FIREFOX)


def test_a_browser_set_apart_is_the_first_one_installed(tmp_path):
    environ = installed(tmp_path / "bin", "brave-browser")
    assert find_browser(chosen(OWN, None), environ).path.name == "brave-browser"


def test_a_browser_of_windows_is_found_where_programs_are(tmp_path):
    place = tmp_path / "Google/Chrome/Application/chrome.exe"
    place.parent.mkdir(parents=True)
    place.touch()
    environ = {"PATH": "", "LOCALAPPDATA": str(tmp_path)}
    assert find_browser(BrowserChoice("chrome"), environ).path == place


@pytest.mark.parametrize("choice", [BrowserChoice("vivaldi"), BrowserChoice(None, OWN)])
def test_a_browser_that_is_not_here_is_said_to_be_missing(tmp_path, choice):
    with pytest.raises(NotFoundError, match="installed here"):
        find_browser(choice, {"PATH": str(tmp_path)})


@pytest.mark.parametrize(
    ("program", "family"),
    [
        ("firefox-nightly", Family.FIREFOX),
        ("librewolf", Family.FIREFOX),
        ("ungoogled-chromium", Family.CHROMIUM),
        ("Google Chrome", Family.CHROMIUM),
        ("microsoft-edge-dev", Family.CHROMIUM),
        ("w3m", Family.OTHER),
    ],
)
def test_a_programs_name_tells_its_family(program, family):
    assert family_of(program) is family


def test_a_program_of_another_kind_has_no_profiles():
    assert find_browser(BrowserChoice("/usr/bin/w3m"), {}) == Browser(Path("/usr/bin/w3m"), Family.OTHER)
    with pytest.raises(UsageError, match="does not know how /usr/bin/w3m"):
        find_browser(BrowserChoice("/usr/bin/w3m", "work"), {})


@pytest.mark.parametrize(
    ("family", "profile", "options"),
    [
        (Family.CHROMIUM, None, []),
        (Family.CHROMIUM, "Profile 1", ["--profile-directory=Profile 1"]),
        (
            Family.CHROMIUM,
            OWN,
            ["--user-data-dir=/data/mkdev", "--no-first-run", "--no-default-browser-check"],
        ),
        (Family.FIREFOX, None, []),
        (Family.FIREFOX, "work", ["-P", "work"]),
        (Family.FIREFOX, OWN, ["--profile", "/data/mkdev"]),
        (Family.OTHER, None, []),
    ],
)
def test_the_command_names_the_profile_as_the_browser_wants_it(family, profile, options):
    browser = Browser(Path("/usr/bin/browser"), family)
    assert browser_command(browser, profile, Path("/data/mkdev"), URL) == [
        "/usr/bin/browser",
        *options,
        URL,
    ]


def test_each_organization_and_kind_of_browser_has_a_folder_of_its_own(tmp_path):
    folders = {
        folder_of_own(Browser(Path("/usr/bin/b"), family), tmp_path, tmp_path, name)
        for family in (Family.CHROMIUM, Family.FIREFOX)
        for name in ("mkdev", "customer-b")
    }
    assert len(folders) == 4


def test_a_snaps_folder_is_where_snaps_may_write(tmp_path):
    snap, program = tmp_path / "snap", tmp_path / "chromium"
    snap.touch()
    program.symlink_to(snap)
    found = folder_of_own(Browser(program, Family.CHROMIUM), tmp_path / "data", Path("/home/anna"), "mkdev")
    assert found == Path("/home/anna/snap/chromium/common/usher/mkdev")


def test_a_browser_is_started_without_a_shell_and_outlives_us(tmp_path):
    told = tmp_path / "told"
    program = tmp_path / "browser"
    program.write_text(f'#!{sys.executable}\nimport sys\nopen({str(told)!r}, "w").write(sys.argv[1])\n')
    program.chmod(0o755)
    assert start_browser([str(program), "; touch /tmp/pwned"], os.environ)
    while not told.exists() or not told.read_text():
        time.sleep(0.01)
    assert told.read_text() == "; touch /tmp/pwned"


def test_a_browser_that_does_not_start_is_reported(tmp_path):
    assert not start_browser([str(tmp_path / "missing"), URL], os.environ)


@pytest.mark.parametrize("lock", ["SingletonLock", "lock"])
def test_a_browser_that_is_open_keeps_what_it_remembers(tmp_path, lock):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / lock).symlink_to(f"host-{os.getpid()}")
    assert not forget_own_browser(folder)
    assert folder.is_dir()


def test_a_closed_or_crashed_browser_forgets_everything(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "Cookies").write_text("secret")
    (folder / "SingletonLock").symlink_to(f"host-{gone.pid}")
    (folder / "lock").symlink_to("nowhere")
    assert forget_own_browser(folder)
    assert not folder.exists()
    assert forget_own_browser(folder)


def test_the_browsers_that_usher_knows_are_told():
    assert {"firefox", "chromium", "chrome", "brave", "edge", "vivaldi"} <= set(known_browsers())
