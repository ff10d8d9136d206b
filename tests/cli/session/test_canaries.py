"""Canary secrets: every token and key that the portal gives out is looked for where it must not be.

All commands run, well and badly, while a watcher reads the arguments and environment of every process
of this home. Keys belong to stdout of the commands that print them and to the command that `exec` runs.
"""

import os
import stat
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

STAGING = "mkdev-staging/ReadOnlyAccess"
PRODUCTION = "mkdev-production/ReadOnlyAccess"
NOISY = {"PYTHONDEVMODE": "1", "PYTHONFAULTHANDLER": "1", "DEBUG": "1", "LOGLEVEL": "DEBUG", "AWS_DEBUG": "1"}
SHOWN_ON_PURPOSE = {"credentials", "env"}
# Stands for git, a pager, an editor: writes its environment and arguments down.
WITNESS = """#!{python}
import os, sys
with open({told!r}, "ab") as file:
    file.write(repr((sys.argv, dict(os.environ))).encode() + b"\\n")
"""
BROWSER = """#!{python}
import sys, urllib.error, urllib.request
try:
    urllib.request.urlopen(sys.argv[1]).read()
except urllib.error.HTTPError:
    pass
"""
BROKEN = """
import usher.session.vault.files as files
def write_private(path, content):
    raise RuntimeError("out of order")
files.write_private = write_private
"""


@dataclass
class Watcher:
    """Reads `/proc` for processes of one home until it is stopped."""

    home: Path
    seen: dict = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def watch(self):
        mark = f"HOME={self.home}\0".encode()
        while not self.stop.wait(0.004):
            for process in os.scandir("/proc"):
                if not process.name.isdigit():
                    continue
                try:
                    environ = Path(process.path, "environ").read_bytes()
                    if mark in environ:
                        arguments = Path(process.path, "cmdline").read_bytes()
                        self.seen[process.name, arguments] = environ
                except OSError:
                    continue


@pytest.fixture
def watcher(home):
    watcher = Watcher(home.folder)
    thread = threading.Thread(target=watcher.watch, daemon=True)
    thread.start()
    yield watcher
    watcher.stop.set()
    thread.join()


@pytest.fixture
def told(home, tmp_path):
    """What programs around usher are told: a browser, git, a pager and an editor that write it down."""
    file, folder = tmp_path / "told", tmp_path / "bin"
    folder.mkdir()
    for name in ("git", "less", "xdg-open", "editor"):
        program = folder / name
        program.write_text(WITNESS.format(python=sys.executable, told=str(file)))
        program.chmod(0o755)
    file.touch()
    browser = folder / "browser"
    browser.write_text(BROWSER.format(python=sys.executable))
    browser.chmod(0o755)
    home.environ |= {
        "PATH": f"{folder}{os.pathsep}{home.environ['PATH']}",
        "BROWSER": f"{browser} %s",
        "PAGER": "less",
        "EDITOR": "editor",
    }
    return file


def canaries(portal):
    found = [secret.encode() for secret in portal.issued]
    assert found
    return found


def spoilt(content, portal):
    return [secret for secret in canaries(portal) if secret in content]


def every_command(home, portal):
    """A day with all commands; yields each with what it said."""
    address = ["--start-url", portal.url + "/start", "--region", "eu-central-1"]
    for command in (
        ["login", "mkdev", *address, "--aws-endpoint-url", portal.url],
        ["login", "mkdev", "--device"],
        ["login", "mkdev", "--device", "--json"],
        ["profiles", "sync"],
        ["profiles", "list", "--json"],
        ["status"],
        ["status", "--json"],
        ["credentials", STAGING],
        ["env", STAGING],
        ["exec", PRODUCTION, "--", "less", "a-file"],
        ["console", STAGING],
        ["vault", "status", "--json"],
        ["vault", "move", "--to", "file"],
        ["agent", "start"],
        ["agent", "status", "--json"],
        ["vault", "unlock"],
        ["doctor", "--json"],
        ["doctor", "secrets", "--json"],
        ["credentials", "mkdev-staging/nothing"],
        ["vault", "lock"],
        ["agent", "stop"],
        ["logout"],
    ):
        yield command, home.run(*command, **NOISY)


@pytest.mark.once
def test_no_secret_is_said_handed_on_or_kept_where_it_does_not_belong(home, portal, watcher, told):
    for command, done in every_command(home, portal):
        usual = {"doctor": {0, 1}}.get(command[0], {5 if "mkdev-staging/nothing" in command else 0})
        assert done.returncode in usual, (command, done.stderr)
        assert "Traceback" not in done.stderr, (command, done.stderr)
        assert spoilt(done.stderr.encode(), portal) == [], command
        if command[0] not in SHOWN_ON_PURPOSE:
            assert spoilt(done.stdout.encode(), portal) == [], command
    watcher.stop.set()
    assert len(watcher.seen) > 15
    for (_, arguments), environ in watcher.seen.items():
        assert spoilt(arguments, portal) == [], arguments
        if b"a-file" not in arguments:
            assert spoilt(environ, portal) == [], arguments
    lines = told.read_bytes().splitlines()
    assert [line for line in lines if b"'a-file'" not in line and spoilt(line, portal)] == []
    assert [line for line in lines if b"'a-file'" in line and spoilt(line, portal)], (
        "exec gives keys to its command"
    )
    for path in home.files():
        assert spoilt(path.read_bytes(), portal) == [], path
    runtime = Path(home.environ["XDG_RUNTIME_DIR"])
    left = [path for path in runtime.rglob("*") if path.is_file() and spoilt(path.read_bytes(), portal)]
    assert left == []


FAILURES = {
    "the portal breaks": lambda portal: portal.failures.extend([500] * 3),
    "the portal throttles": lambda portal: portal.failures.extend([429] * 3),
    "the session is refused": lambda portal: (portal.access_tokens.clear(), portal.refresh_tokens.clear()),
    "the portal answers nonsense": lambda portal: portal.failures.extend([(200, b"<html>")] * 3),
    "the portal is gone": lambda portal: (portal.shutdown(), portal.server_close()),
}


def reflect(portal):
    """A portal, or a proxy before it, that says in its error what it was sent."""
    sent = " ".join(portal.issued)
    portal.failures.extend([(401, f'{{"message": "bad token {sent}", "error": "{sent}"}}'.encode())] * 4)


@pytest.mark.once
@pytest.mark.parametrize("failure", [*FAILURES, "the portal says what it was sent"])
def test_no_secret_is_in_the_words_of_a_failure(synced, portal, failure):
    synced.ok("credentials", STAGING)
    FAILURES.get(failure, reflect)(portal)
    for command in (["credentials", PRODUCTION], ["profiles", "sync"], ["logout"]):
        done = synced.run(*command, **NOISY)
        said = done.stderr + (done.stdout if done.returncode else "")  # what succeeds may print its keys
        assert spoilt(said.encode(), portal) == [], (command, done.stderr)
        assert "Traceback" not in done.stderr, done.stderr


@pytest.mark.once
@pytest.mark.parametrize("command", [["login", "mkdev", "--device"], ["credentials", PRODUCTION]])
def test_no_secret_is_in_a_traceback(synced, portal, command, tmp_path):
    """A bug of ours, as it would stand in somebody's report: nothing in it has to be blacked out."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sitecustomize.py").write_text(BROKEN)
    path = os.pathsep.join([str(tmp_path / "broken"), *filter(None, [synced.environ.get("PYTHONPATH")])])
    done = synced.run(*command, **NOISY, PYTHONPATH=path)
    assert done.returncode != 0
    assert "out of order" in done.stderr
    assert spoilt((done.stdout + done.stderr).encode(), portal) == []


@pytest.mark.once
def test_records_in_memory_are_for_this_person_alone_and_gone_after_logout(synced, portal):
    synced.ok("credentials", STAGING)
    shelf = Path(f"/dev/shm/usher-{os.getuid()}")
    if not shelf.is_dir():
        pytest.skip("no shared memory here")
    mark = os.fsencode(str(synced.folder)).hex().encode()
    (record,) = [path for path in shelf.iterdir() if mark in path.read_bytes()]
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert stat.S_IMODE(shelf.stat().st_mode) == 0o700
    synced.ok("logout")
    assert not record.exists()
