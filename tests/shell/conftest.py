"""Real shells with a home of their own, and the names that a hostile administrator would choose."""

from __future__ import annotations

import os
import pty
import random
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

USHER = str(Path(sys.executable).with_name("usher"))

CONFIG = """\
[default]
region = eu-west-1

[profile plain]
region = eu-central-1
credential_process = /bin/true

[profile "two words"]
region = eu-central-1

[profile mkdev-staging/AdministratorAccess]
usher_organization = mkdev
usher_account_id = 222222222222
usher_permission_set = AdministratorAccess

[profile mkdev-production/ReadOnlyAccess]
usher_organization = mkdev
usher_account_id = 333333333333
usher_permission_set = ReadOnlyAccess
"""

# How each shell is started without anybody's start-up files.
ARGUMENTS = {
    "bash": ["--norc", "--noprofile"],
    "zsh": ["-f"],
    "sh": [],
    "fish": ["--no-config"],
    "nu": ["--no-config-file"],
    "elvish": ["-norc"],
    "powershell": ["-NoProfile", "-NonInteractive"],
}
CLIENT_NAMES = {"sh": "dash"}


def real_shell(name: str):
    """A test parameter for a real shell."""
    marks = [] if name == "bash" else [pytest.mark.client(CLIENT_NAMES.get(name, name))]
    return pytest.param(name, marks=marks, id=name)


@dataclass
class Machine:
    """A person's machine: a home folder, and shells in it."""

    home: Path
    environ: dict
    find: object

    def program(self, shell):
        return "bash" if shell == "bash" else str(self.find(CLIENT_NAMES.get(shell, shell)))

    def script(self, shell, text, *arguments, **environ):
        """Run `text` in a real shell; what it printed and its status."""
        file = self.home / f"script.{'ps1' if shell == 'powershell' else shell}"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return subprocess.run(
            [self.program(shell), *ARGUMENTS[shell], *arguments, str(file)],
            env={**self.environ, **environ},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )

    def usher(self, *arguments, **environ):
        return subprocess.run(
            [USHER, *arguments],
            env={**self.environ, **environ},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def trust(self, folder, text):
        """A bound folder that is trusted."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".usher").write_text(text)
        done = self.usher("trust", str(folder))
        assert done.returncode == 0, done.stderr

    def typed(self, shell, lines, *arguments, **environ):
        """Type `lines` into an interactive shell; everything that the terminal showed."""
        mark = 'print $"mark-({})-done"' if shell == "nu" else "echo 'mark'-{}-'done'"
        command = [self.program(shell), *ARGUMENTS[shell], *arguments]
        return _type(command, lines, mark, {**self.environ, **environ})


@pytest.fixture
def machine(tmp_path, find_client):
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True, mode=0o700)
    (home / ".aws" / "config").write_text(CONFIG)
    environ = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "TERM": "dumb",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "SHELL": "/bin/bash",
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
    }
    (tmp_path / "run").mkdir(mode=0o700)
    kept = ("PYTHONPATH", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "PYTHONOPTIMIZE")
    environ |= {name: os.environ[name] for name in kept if name in os.environ}
    return Machine(home, environ, find_client)


# What has a meaning to some shell, terminal or prompt, and what breaks words.
_PIECES = [
    *"'\"`$(){}[]<>|&;*?!#~%^=\\/-+@:,. ",
    *("''", "'\\''", "\\'", "$'\\x27'", "r#'", "'#", "~~", "=ls", "~root", "-n", "-e", "--", "--eval"),
    *("$(touch @@)", "`touch @@`", "';touch @@;'", '";touch @@;"', "\\';touch @@;#", "|touch @@"),
    *("&touch @@&", ">@@", "<(touch @@)", "(touch @@)", "@(touch @@)", "^touch @@", '$"(^touch @@)"'),
    *(
        "{touch @@}",
        "=(touch @@)",
        "‘;touch @@;’",
        "${IFS}",
        "$((1))",
        "${HOME}",
        "$env:HOME",
        "!!",
        "!touch",
    ),
    *(
        "%(!.a.b)",
        "%n",
        "%{",
        "\\x41",
        "\\n",
        "\\e]0;",
        "’",
        "‚",
        "‛",
        "\u202e",
        "\u2066",
        "\u200d",
        "\ufeff",
    ),
    *("é", "ß", "日本", "😀", "\u0301", "a", "Z", "0", "prod"),
]


def hostile_names(count, marker, seed=1):
    """`count` names made of what shells give a meaning to; running one would make the file `marker`."""
    chooser = random.Random(seed)
    pieces = [piece.replace("@@", str(marker)) for piece in _PIECES]
    return ["".join(chooser.choices(pieces, k=chooser.randint(1, 12))) for _ in range(count)]


def _type(command, lines, mark, environ):
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(command[0], command, environ)
    shown = bytearray()

    def read(seconds, until=b""):
        end = time.monotonic() + seconds
        start = len(shown)
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 0.05)[0]:
                continue
            try:
                found = os.read(terminal, 65_536)
            except OSError:
                return
            if not found:
                return
            shown.extend(found)
            if b"\x1b[6n" in found:  # some line editors ask where the cursor is before they begin
                os.write(terminal, b"\x1b[1;1R")
            if until and until in shown[start:]:
                return

    # Each line ends by printing a mark in pieces, so that its echo is not taken for it. A line that
    # comes with a text of its own is done when that text is shown.
    for number, line in enumerate(lines):
        typed, awaited = line if isinstance(line, tuple) else (f"{line}; {mark.format(number)}", "")
        os.write(terminal, f"{typed}\r".encode())
        read(15, (awaited or f"mark-{number}-done").encode())
    os.write(terminal, b"exit\r")
    read(5)
    os.close(terminal)
    os.waitpid(child, 0)
    return shown.decode(errors="replace")
