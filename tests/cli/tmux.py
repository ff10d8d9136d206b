"""A real terminal, tmux's, in which `usher` is run and whose screen can be read."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 15


@dataclass
class Screen:
    """One tmux server with one window, in which a command runs under `sh`."""

    socket: Path
    environ: dict

    def open(self, command, columns=80, rows=24):
        """Run `command` (words); what it prints and its exit code stay on the screen after it."""
        line = f"{shlex.join(command)}; echo EXIT:$?:; exec cat"
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), "sh", "-c", line)
        return self

    def tmux(self, *arguments):
        # A configuration of one's own would be read otherwise; `env -i` keeps the test's out of it.
        done = subprocess.run(
            ["tmux", "-S", str(self.socket), "-f", "/dev/null", *arguments],
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color", **self.environ},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"tmux {arguments}: {done.stderr}")
        return done.stdout

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def lines(self, *, styled=False):
        text = self.tmux("capture-pane", "-p", *(["-e", "-N"] if styled else []))
        return [line if styled else line.rstrip() for line in text.splitlines()]

    def until(self, wanted):
        """The lines of the screen once `wanted`, a pattern or a test of the lines, is true of them."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            lines = self.lines()
            text = "\n".join(lines)
            if wanted(lines) if callable(wanted) else re.search(wanted, text, re.MULTILINE):
                return lines
            time.sleep(0.03)
        raise AssertionError(f"never came: {wanted}\n{text}")

    def exit_code(self):
        return int(re.search(r"EXIT:(\d+):", "\n".join(self.until(r"EXIT:\d+:")))[1])

    def close(self):
        subprocess.run(["tmux", "-S", str(self.socket), "kill-server"], capture_output=True, check=False)
