"""A real Firefox and a real Chromium start the native host through what the set-up wrote.

The extension is the real one. The click that a person has to do is done for them: Firefox takes the file that
was handed over from a profile's own folder, Chromium loads the folder as 'Load unpacked' does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from usher.cli.browser.installs import read_installs
from usher.cli.context import context_of
from usher.cli.main import VERSION, run
from usher.console.extension import FIREFOX_ID

PATIENCE_SECONDS = 60
PREFERENCES = """
user_pref("xpinstall.signatures.required", false);
user_pref("extensions.autoDisableScopes", 0);
user_pref("extensions.startupScanScopes", 15);
"""


@pytest.fixture
def home(own_home, monkeypatch):
    """A person's home where everything is set up, on this machine's own PATH."""
    monkeypatch.setenv("PATH", f"/usr/local/bin:/usr/bin:/bin:{own_home.parent / 'programs'}")
    # A socket's path is short, and a browser's own sockets are longer than a test's folder leaves room for.
    runtime = Path(tempfile.mkdtemp(prefix="usher-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    yield own_home
    shutil.rmtree(runtime, ignore_errors=True)


def wait_for_greeting(process):
    """The install that the extension greeted as."""
    context = context_of(dict(os.environ))
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        if installs := read_installs(context.cache_dir):
            return installs[0]
        assert process.poll() is None, "the browser has ended"
        time.sleep(0.05)
    raise AssertionError("the extension never greeted")


def doctor(capsys, browser):
    code = run(["browser", "doctor", browser, "--json"])
    told = json.loads(capsys.readouterr().out)
    return code, {each["check"]: (each["state"], each["words"]) for each in told}


def end(process):
    process.terminate()
    process.wait(30)


@pytest.mark.client("firefox")
def test_firefox_connects_through_the_set_up(home, capsys, find_client):
    assert run(["browser", "setup", "firefox"]) == 0
    capsys.readouterr()
    profile = home / "profile"
    (profile / "extensions").mkdir(parents=True)
    shutil.copy(
        home / ".local/share/usher/extension/usher-firefox.xpi", profile / f"extensions/{FIREFOX_ID}.xpi"
    )
    (profile / "user.js").write_text(PREFERENCES)
    firefox = subprocess.Popen(
        [find_client("firefox"), "--headless", "--profile", profile, "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        install = wait_for_greeting(firefox)
        code, found = doctor(capsys, "firefox")
    finally:
        end(firefox)
    assert (install.name, install.version) == ("Firefox", VERSION)
    assert install.options == ("--profile", str(profile))
    assert code == 0
    assert found["connected"] == ("good", "now")
    assert found["link key"] == ("good", "readable")


@pytest.mark.client("chromium")
def test_chromium_connects_through_the_set_up(home, capsys, find_client):
    assert run(["browser", "setup", "chromium"]) == 0
    capsys.readouterr()
    data = home / ".config/chromium"
    chromium, say = start_chromium(find_client("chromium"), data)
    try:
        say("Extensions.loadUnpacked", path=str(home / ".local/share/usher/extension/chromium"))
        install = wait_for_greeting(chromium)
        code, found = doctor(capsys, "chromium")
    finally:
        end(chromium)
    assert (install.name, install.version) == ("Chromium", VERSION)
    assert code == 0
    assert found["connected"] == ("good", "now")
    # Chromium writes down at its end what was loaded, for the doctor to find when it does not run.
    _, afterwards = doctor(capsys, "chromium")
    assert afterwards["extension"] == ("good", f"version {VERSION}")
    assert afterwards["connected"][0] == "note"


def start_chromium(program, data):
    """A Chromium whose extensions may be loaded over a pipe, and what says so to it."""
    (hears, say), (_answers, answer) = os.pipe(), os.pipe()

    def as_three_and_four():
        moved = os.dup(hears), os.dup(answer)
        os.dup2(moved[0], 3)
        os.dup2(moved[1], 4)

    process = subprocess.Popen(
        [
            program,
            "--headless=new",
            "--no-sandbox",
            "--no-first-run",
            "--password-store=basic",
            f"--user-data-dir={data}",
            "--remote-debugging-pipe",
            "--enable-unsafe-extension-debugging",
            "about:blank",
        ],
        preexec_fn=as_three_and_four,  # the numbers are Chromium's choice
        close_fds=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    for descriptor in (hears, answer):
        os.close(descriptor)

    def send(method, **parameters):
        os.write(say, json.dumps({"id": 1, "method": method, "params": parameters}).encode() + b"\0")

    return process, send
