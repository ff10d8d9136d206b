"""`usher console` in a Chromium that is set apart for each session, and `usher browser jars`."""

import json
import os
import shutil
import socket
import stat
import sys
from pathlib import Path

import pytest

STAGING, PRODUCTION = "mkdev-staging/ReadOnlyAccess", "mkdev-production/ReadOnlyAccess"
ADMIN = "mkdev-staging/AdministratorAccess"
# Follows redirects like a browser, and writes down how it was started.
PROGRAM = """#!{python}
import contextlib, json, sys, urllib.error, urllib.request
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
with contextlib.suppress(urllib.error.HTTPError):
    urllib.request.urlopen(sys.argv[-1]).read()
"""


class Machine:
    """A home with programs that are called like browsers."""

    def __init__(self, home, folder):
        self.home, self.folder, self.log = home, folder, folder / "started"
        self.environ = {"PATH": f"{folder}:{home.environ['PATH']}", "DISPLAY": ":0"}

    def install(self, name):
        path = self.folder / name
        path.write_text(PROGRAM.format(python=sys.executable, log=str(self.log)))
        path.chmod(0o700)
        return path

    def settings(self, text):
        path = self.home.folder / ".config" / "usher" / "settings.toml"
        path.write_text(text)
        path.chmod(0o600)

    def console(self, profile, *more, **environ):
        done = self.home.run("console", profile, *more, **{**self.environ, **environ})
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        return done.stderr

    def jars(self, *arguments):
        return self.home.run("browser", "jars", *arguments)

    @property
    def started(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    @property
    def folders(self):
        root = self.home.folder / ".local" / "share" / "usher" / "jars"
        return sorted(path for path in root.glob("*-*")) if root.is_dir() else []

    def folder_of(self, started):
        [word] = [word for word in started if word.startswith("--user-data-dir=")]
        return word.removeprefix("--user-data-dir=").removesuffix("/browser")


@pytest.fixture(scope="module")
def home(settled):
    settled.ok("login", "--device", "--aws-endpoint-url", settled.portal.url)
    return settled


@pytest.fixture
def machine(home, tmp_path):
    machine = Machine(home, tmp_path)
    machine.environ["BROWSER"] = str(machine.install("chromium"))
    machine.settings("")
    for record in (home.folder / ".cache" / "usher" / "browsers").glob("*.json"):
        record.unlink()
    yield machine
    machine.settings("")
    for folder in machine.folders:
        shutil.rmtree(folder)


def open_jar(folder, process=None):
    """As Chromium marks a folder that it runs with."""
    lock = folder / "browser" / "SingletonLock"
    lock.symlink_to(f"{socket.gethostname()}-{process or os.getpid()}")


def test_each_session_opens_in_a_browser_of_its_own_again_and_again(machine):
    machine.settings("[[protect]]\naccounts = ['production']\ncolour = 'red'\n")
    words = machine.console(STAGING)
    assert f"Chromium opens the console of {STAGING} in a window of its own" in words
    assert "'usher browser jars' lists and removes such windows" in words
    machine.console(PRODUCTION, "--service", "s3")
    machine.console(ADMIN)
    assert "usher browser jars" not in machine.console(STAGING, "--service", "sqs")
    folders = [machine.folder_of(started) for started in machine.started]
    assert len(set(folders)) == len(machine.folders) == 3
    assert folders[0] == folders[3]
    preferences = json.loads((machine.folders[0] / "browser" / "Default" / "Preferences").read_text())
    assert preferences["profile"]["name"] == "production/ReadOnlyAccess"


def test_the_command_line_shows_no_link_that_signs_in_and_names_the_extension(machine):
    machine.console(STAGING)
    [words] = machine.started
    assert words[-1].startswith("http://127.0.0.1:")
    assert "SigninToken" not in " ".join(words)
    [extension] = [word.partition("=")[2] for word in words if word.startswith("--load-extension=")]
    assert json.loads((Path(extension) / "manifest.json").read_text())["version"] == "0.1.0"
    assert {"--no-first-run", "--no-default-browser-check", "--window-name=staging/ReadOnlyAccess"} <= {
        *words
    }


def test_the_jars_native_host_is_told_which_jar_it_serves(machine, start_browser):
    machine.console(STAGING)
    [folder] = machine.folders
    manifest = json.loads((folder / "browser" / "NativeMessagingHosts" / "io.usher.host.json").read_text())
    assert manifest["path"] == str(folder / "usher-host")
    assert stat.S_IMODE((folder / "usher-host").stat().st_mode) == 0o700
    assert f"USHER_JAR={folder}" in (folder / "usher-host").read_text()
    browser = start_browser(machine.home, "chromium", greets=False, USHER_JAR=str(folder))
    jar = browser.hello()["jar"]
    assert (jar["profile"], jar["accountId"], jar["role"]) == (STAGING, "222222222222", "ReadOnlyAccess")
    assert jar["ends"] is not None


def test_a_jar_that_runs_is_sent_a_sealed_link_and_no_browser_is_started(machine, start_browser):
    machine.console(STAGING)
    [folder] = machine.folders
    open_jar(folder)
    browser = start_browser(machine.home, "chromium", USHER_JAR=str(folder))
    assert f"Chromium opens the console of {STAGING} in a window of its own" in machine.console(
        STAGING, "--service", "sqs"
    )
    assert browser.opened_visit()["place"]["kind"] == "plain"
    assert len(machine.started) == 1
    machine.console(PRODUCTION)  # another session's is not sent there
    assert browser.opened.empty()
    assert len(machine.started) == 2


def test_the_host_of_the_sessions_own_browser_opens_it_for_the_command(machine, start_browser):
    machine.console(STAGING)
    machine.console(PRODUCTION)
    production, staging = machine.folders
    browsers = {}
    for digit, folder in (("5", staging), ("6", production)):
        open_jar(folder)
        variables = {**machine.environ, "USHER_JAR": str(folder)}
        browsers[folder] = start_browser(machine.home, "chromium", install=digit * 32, **variables)
    record = staging / "session.json"
    record.write_text(record.read_text().replace('"ends": 1', '"ends": 2'))
    words = machine.console(STAGING, "--service", "sqs")
    assert words == f"Chromium opens the console of {STAGING} in a window of its own.\n"
    visit = browsers[staging].opened_visit()
    assert (visit["session"]["profile"], visit["place"]["kind"]) == (STAGING, "plain")
    assert json.loads(record.read_text())["session"]["ends"] == visit["session"]["ends"]
    assert browsers[production].opened.empty()
    assert len(machine.started) == 2
    machine.install("firefox")
    machine.settings("[console]\nbrowser = 'firefox'\n")  # then it is not the way, though it runs
    assert "Your browser opens" in machine.console(STAGING)
    assert browsers[staging].opened.empty()


def test_a_jar_without_its_extension_is_handed_the_address_by_its_own_browser(machine):
    machine.console(STAGING)
    open_jar(machine.folders[0])
    machine.console(STAGING)
    assert len(machine.started) == 2


def test_a_person_s_own_chromium_with_the_extension_means_jars_too(machine, start_browser):
    start_browser(machine.home, "chromium", install="1" * 32)
    machine.environ["BROWSER"] = "/nowhere/browser"
    # The record of an install whose program is not told leads nowhere; one that is told leads to a jar.
    record = machine.home.folder / ".cache" / "usher" / "browsers" / f"{'1' * 32}.json"
    told = {**json.loads(record.read_text()), "program": "/usr/lib/chromium/chromium"}
    record.write_text(json.dumps(told))
    assert "in a window of its own" in machine.console(STAGING)
    unknown = machine.install("thorium")
    record.write_text(json.dumps({**told, "program": str(unknown)}))
    assert "thorium opens the console" in machine.console(STAGING)
    record.unlink()


def test_without_a_word_the_desktops_own_browser_is_meant(machine):
    lists = machine.home.folder / ".config" / "mimeapps.list"
    lists.write_text("[Default Applications]\nx-scheme-handler/https=chromium.desktop\n")
    assert "Chromium opens the console" in machine.console(STAGING, BROWSER="")
    lists.write_text("[Default Applications]\nx-scheme-handler/https=vivaldi.desktop\n")
    machine.console(STAGING)  # $BROWSER is nearer than a browser that is not here
    assert len(machine.started) == 2
    lists.unlink()


def test_a_firefox_with_the_extension_keeps_its_containers(machine, start_browser):
    browser = start_browser(machine.home)
    assert "in its container" in machine.console(STAGING)
    assert browser.opened_visit()["place"]["kind"] == "container"
    assert machine.started == []


def test_the_settings_may_name_the_browser_and_chrome_loads_no_extension(machine):
    machine.install("google-chrome")
    machine.settings("[console]\nbrowser = 'chrome'\n")
    assert "Chrome loads no extension for it" in machine.console(STAGING)
    [words] = machine.started
    assert not [word for word in words if word.startswith("--load-extension")]


def test_the_command_line_may_name_another_browser_for_once(machine):
    machine.install("brave")
    assert "Brave opens the console" in machine.console(STAGING, "--browser", "brave")
    done = machine.home.run("console", STAGING, "--browser", "netscape", **machine.environ)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no browser that usher knows" in done.stderr


def test_a_named_profile_of_the_persons_own_is_no_jar(machine):
    machine.settings("[console]\nbrowser = 'chromium'\nbrowser_profile = 'Work'\n")
    machine.console(STAGING)
    [words] = machine.started
    assert "--profile-directory=Work" in words
    assert machine.folders == []


@pytest.mark.parametrize("way", ["plain", "multi-session"])
def test_other_ways_of_a_chromium_leave_its_own_folder_in_use(machine, way):
    machine.settings(f"[console]\nbrowser = 'chromium'\nchromium = '{way}'\n")
    machine.console(STAGING)
    assert machine.folders == []
    assert len(machine.started) == 1


def test_plain_tabs_of_a_chromium_share_cookies_and_that_is_said(machine, start_browser):
    machine.settings("[console]\nchromium = 'plain'\n")
    browser = start_browser(machine.home, "chromium")
    assert "All accounts share this browser's cookies" in machine.console(STAGING)
    assert browser.opened_visit()["place"]["kind"] == "plain"


def test_where_no_window_can_be_shown_no_browser_is_set_apart(machine):
    del machine.environ["DISPLAY"]
    assert "Your browser opens the console" in machine.console(STAGING)
    assert machine.folders == []


def test_a_browser_that_does_not_start_is_named(machine):
    broken = machine.folder / "chromium-broken"
    broken.write_text("")
    machine.settings(f"[console]\nbrowser = '{broken}'\n")
    done = machine.home.run("console", STAGING, **machine.environ)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Chromium did not come for the console link" in done.stderr
    assert str(broken) in done.stderr


def test_jars_are_listed_with_account_size_and_last_use(machine):
    assert "No browser is set apart yet" in machine.jars().stderr
    machine.console(STAGING)
    machine.console(PRODUCTION)
    open_jar(machine.folders[0])
    long_ago = machine.folders[1] / "session.json"
    os.utime(long_ago, (1_700_000_000, 1_700_000_000))
    listed = machine.jars().stdout.splitlines()
    assert listed[0].split() == ["PROFILE", "ACCOUNT", "BROWSER", "SIZE", "LAST", "USED"]
    assert PRODUCTION in listed[1]
    assert "production 333333333333" in listed[1]
    assert "today" in listed[1]
    assert listed[1].endswith("open")
    assert "days ago" in listed[2]
    [one, other] = json.loads(machine.jars("--json").stdout)
    assert (one["profile"], one["browser"], one["open"]) == (PRODUCTION, "chromium", True)
    assert (other["account_id"], other["used"]) == ("222222222222", 1_700_000_000)
    assert one["bytes"] > 0


def test_a_jar_is_removed_by_its_profile_and_forgotten(machine, start_browser):
    machine.console(STAGING)
    machine.console(PRODUCTION)
    install = "2" * 32
    start_browser(machine.home, "chromium", install=install, USHER_JAR=str(machine.folders[1])).close()
    done = machine.jars("--remove", STAGING)
    assert f"Removed {STAGING} in Chromium" in done.stderr
    assert [folder.name.split("-")[0] for folder in machine.folders] == ["production"]
    assert not (machine.home.folder / ".cache" / "usher" / "browsers" / f"{install}.json").exists()
    done = machine.jars("--remove", STAGING)
    assert (done.returncode, done.stdout) == (5, "")
    assert "no browser is set apart for" in done.stderr


def test_one_that_is_open_is_not_removed_and_the_others_are(machine):
    machine.console(STAGING)
    machine.console(PRODUCTION)
    open_jar(machine.folders[0])
    done = machine.jars("--remove-all")
    assert done.returncode == 2
    assert f"open, and so not removed: {PRODUCTION} in Chromium" in done.stderr
    assert [folder.name.split("-")[0] for folder in machine.folders] == ["production"]


def test_unused_ones_are_removed_on_request(machine):
    machine.console(STAGING)
    machine.console(PRODUCTION)
    os.utime(machine.folders[0] / "session.json", (1_700_000_000, 1_700_000_000))
    assert "is signed out" in machine.jars("--unused", "90d").stderr
    assert [folder.name.split("-")[0] for folder in machine.folders] == ["staging"]
    assert "There is none to remove" in machine.jars("--unused", "90d").stderr
    done = machine.jars("--unused", "soon")
    assert (done.returncode, done.stdout) == (2, "")


def test_what_the_popup_of_another_browser_asks_for_opens_in_the_sessions_own(machine, start_browser):
    own = start_browser(machine.home, "chromium", install="3" * 32, **machine.environ)
    assert own.ask("open", profile=STAGING, url=None, confirmed=None, place=None, window=None)["link"] is None
    [folder] = machine.folders
    jar = start_browser(
        machine.home, "chromium", install="4" * 32, **{**machine.environ, "USHER_JAR": str(folder)}
    )
    asked = {"url": None, "confirmed": None, "place": None, "window": None}
    assert isinstance(jar.ask("open", profile=STAGING, **asked)["link"], str)  # in the jar itself
    assert jar.ask("open", profile=PRODUCTION, **asked)["link"] is None
    assert len(machine.folders) == 2
    assert len(machine.started) == 2


def test_the_popup_of_a_browser_whose_profile_is_named_opens_and_renews_in_it(machine, start_browser):
    machine.settings("[console]\nbrowser = 'chromium'\nbrowser_profile = 'Work'\n")
    own = start_browser(machine.home, "chromium", install="5" * 32, **machine.environ)
    answer = own.ask("open", profile=STAGING, url=None, confirmed=None, place=None, window=None)
    assert own.visit(answer["link"])["place"]["kind"] == "plain"
    assert not machine.started
