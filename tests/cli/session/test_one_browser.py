"""However many commands find the session ended: one browser opens, and none where no person is."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
import time

import pytest

PROFILE = "mkdev-staging/ReadOnlyAccess"
CROWD = """
import gc, os, sys
from concurrent.futures import ThreadPoolExecutor
from usher.cli import sign_ins
from usher.cli.context import read_context
from usher.cli.opening import open_profile
from usher.cli.wire import open_session_rooms
from usher.core.errors import UsherError

THREADS = 20

def call():
    try:
        open_profile(open_session_rooms(read_context()), sys.argv[1])
    except UsherError as error:
        return int(error.exit_code)
    return 0

gate, opener = os.pipe()
children = []
gc.freeze()
for _ in range(int(sys.argv[2])):
    child = os.fork()
    if not child:
        os.close(opener)
        os.read(gate, 1)
        with ThreadPoolExecutor(THREADS) as threads:
            codes = [each.result() for each in [threads.submit(call) for _ in range(THREADS)]]
        os.write(1, "".join(f"{code}\\n" for code in codes).encode())
        os._exit(0)
    children.append(child)
os.close(opener)
for child in children:
    os.waitpid(child, 0)
"""
COUNTING_BROWSER = """
import sys, time, urllib.request
with open({count!r}, "a") as file:
    file.write("opened\\n")
time.sleep({thinks})
urllib.request.urlopen(sys.argv[1]).read()
"""


class Screen:
    """A real terminal for processes, whose words are read as they come."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        self.text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        try:
            while read := os.read(self.master, 65_536):
                self.text += read.decode("utf-8", "replace")
        except OSError:
            return

    def start(self, command, environ):
        return subprocess.Popen(
            command,
            env=environ,
            stdin=self.slave,
            stderr=self.slave,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def close(self):
        os.close(self.slave)
        self._reader.join(10)
        os.close(self.master)


@pytest.fixture
def screen():
    screen = Screen()
    yield screen
    screen.close()


@pytest.fixture
def browsers(home, tmp_path):
    """Every browser that opens leaves a line; `browsers()` counts them."""
    count, program = tmp_path / "browsers", tmp_path / "browser.py"
    program.write_text(COUNTING_BROWSER.format(count=str(count), thinks=1.0))
    home.environ["BROWSER"] = f"{sys.executable} {program} %s"

    def opened():
        return len(count.read_text().splitlines()) if count.exists() else 0

    return opened


@pytest.fixture
def ended(synced, portal):
    """A home whose session the portal has ended; its access token is old, its refresh token worthless."""
    portal.token_seconds = 1
    synced.ok("login", "mkdev", "--device")
    portal.token_seconds = 3600
    portal.refresh_tokens.clear()
    return synced


def crowd_of_500(home):
    """25 processes of 20 threads, each with rooms of its own, that all begin when the last one is there."""
    environ = {name: value for name, value in home.environ.items() if not name.startswith("COVERAGE")}
    return [sys.executable, "-c", CROWD, PROFILE, "25"], environ


@pytest.mark.once
def test_500_calls_at_once_open_one_browser_and_share_its_session(ended, portal, browsers, screen):
    process = screen.start(*crowd_of_500(ended))
    out, _ = process.communicate(timeout=120)
    assert out.split() == ["0"] * 500
    assert browsers() == 1
    assert portal.count("authorize") == 1
    assert portal.count("refresh") == 1
    assert portal.count("credentials") == 1
    assert "Another usher is signing in to mkdev" in screen.text


@pytest.mark.once
def test_500_calls_without_a_terminal_open_none_and_end_at_once_with_exit_code_3(ended, portal, browsers):
    command, environ = crowd_of_500(ended)
    done = subprocess.run(
        command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split() == ["3"] * 500
    assert browsers() == 0
    assert portal.count("refresh") == 1


def test_real_commands_at_a_terminal_sign_in_once_together(ended, portal, browsers, screen):
    usher = ended.command
    command = [
        *usher,
        "exec",
        PROFILE,
        "--",
        sys.executable,
        "-c",
        "import os; print(os.environ['AWS_REGION'])",
    ]
    processes = [screen.start(command, ended.environ) for _ in range(4)]
    answers = [process.communicate(timeout=60)[0] for process in processes]
    assert answers == ["eu-central-1\n"] * 4, screen.text
    assert browsers() == 1


def test_a_sign_in_that_a_command_began_is_shared_with_the_aws_cli_as_the_settings_say(
    ended, browsers, screen
):
    (ended.folder / ".config" / "usher" / "settings.toml").write_text("[organizations.mkdev]\nshare = true\n")
    process = screen.start([*ended.command, "exec", PROFILE, "--", "true"], ended.environ)
    process.communicate(timeout=60)
    assert (process.returncode, browsers()) == (0, 1), screen.text
    assert list((ended.folder / ".aws" / "sso" / "cache").glob("*.json"))
    ended.ok("login", "--device", "--no-share")  # remembered, so that it can be taken away
    assert not list((ended.folder / ".aws" / "sso" / "cache").glob("*.json"))


def test_a_command_that_may_not_ask_says_what_to_run(ended, browsers):
    done = ended.run("credentials", PROFILE)
    assert done.returncode == 3
    assert "run 'usher login mkdev'" in done.stderr
    assert browsers() == 0


@pytest.mark.parametrize("why", ["ci", "an sdk reads stderr"])
def test_nobody_is_asked_in_ci_or_by_a_tool_that_swallows_the_words(ended, browsers, screen, why):
    environ = ended.environ | ({"CI": "true"} if why == "ci" else {})
    process = subprocess.Popen(
        [*ended.command, "credentials", PROFILE],
        env=environ,
        stdin=screen.slave,
        stdout=subprocess.PIPE,
        stderr=screen.slave if why == "ci" else subprocess.PIPE,
    )
    process.communicate(timeout=60)
    assert process.returncode == 3
    assert browsers() == 0


CONTROLLED = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(int(sys.argv[1]), termios.TIOCSCTTY, 0)
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_a_tools_call_asks_at_the_terminal_behind_it_when_the_settings_say_so(ended, browsers, screen):
    (ended.folder / ".config" / "usher" / "settings.toml").write_text("[login]\nfrom_tools = true\n")
    process = subprocess.Popen(
        [sys.executable, "-c", CONTROLLED, str(screen.slave), *ended.command, "credentials", PROFILE],
        env=ended.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[screen.slave],
    )
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["Version"] == 1
    assert browsers() == 1
    assert "Signing in to mkdev" in screen.text
    assert b"Signing in" not in err


def test_with_no_terminal_behind_it_a_tools_call_asks_nobody_whatever_the_settings_say(ended, browsers):
    (ended.folder / ".config" / "usher" / "settings.toml").write_text("[login]\nfrom_tools = true\n")
    done = subprocess.run(
        [*ended.command, "credentials", PROFILE],
        env=ended.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        start_new_session=True,
    )
    assert (done.returncode, browsers()) == (3, 0)


def test_after_a_refusal_the_next_poll_opens_nothing_until_the_person_signs_in(
    ended, portal, browsers, screen
):
    command = [*ended.command, "exec", PROFILE, "--", "true"]
    portal.deny = "access_denied"
    assert screen.start(command, ended.environ).wait(60) == 4
    assert screen.start(command, ended.environ).wait(60) == 3
    assert browsers() == 1
    deadline = time.monotonic() + 10
    while "the last sign-in" not in screen.text and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "ago, failed: the sign-in was refused (access_denied)" in " ".join(screen.text.split())
    portal.deny = None
    ended.ok("login", "mkdev", "--device")
    assert screen.start(command, ended.environ).wait(60) == 0


def test_at_a_terminal_a_code_comes_with_a_picture_for_the_phone(mkdev, portal, screen):
    portal.device_address = "https://portal.example/device?user_code=ABCD-EFGH"
    assert screen.start([*mkdev.command, "login", "--device"], mkdev.environ).wait(60) == 0
    deadline = time.monotonic() + 10
    while "Signed in to mkdev" not in screen.text and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "ABCD-EFGH" in screen.text
    assert "For a phone:" in screen.text
    assert "\u2588\u2588 \u2584\u2584\u2584\u2584\u2584 \u2588" in screen.text
