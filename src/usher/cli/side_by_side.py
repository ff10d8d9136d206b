"""One command in many accounts at once: each line of output says whose it is.

A few run at a time. A profile that cannot be opened fails alone. Ctrl-C reaches the commands
themselves; no further one is started then, and the second Ctrl-C ends them.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

from usher.cli.looks import badge, coloured
from usher.cli.running import COMMAND_NOT_FOUND, COMMAND_NOT_RUNNABLE, exit_code
from usher.cli.terminal import Terminal, printable
from usher.core.errors import UsherError
from usher.core.looks import Look

NOT_STARTED = -1
if sys.platform == "win32":
    _END_AT_ONCE = signal.SIGTERM
else:
    _END_AT_ONCE = signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Place:
    """A profile to run in, with its look."""

    profile: str
    look: Look


@dataclass(slots=True)
class Outcome:
    """How the command ended in one place. `error` says why it did not run."""

    profile: str
    exit_code: int = NOT_STARTED
    seconds: float = 0.0
    error: str = ""
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)


Opener = Callable[[str], Mapping[str, str]]
"""Gives the environment that the command has for a profile. Raises UsherError."""


class SideBySide:
    """A run of one command in several places."""

    def __init__(self, terminal: Terminal, command: Sequence[str], opener: Opener, *, keep: bool) -> None:
        """`keep` keeps the output in the outcomes instead of showing it line by line."""
        self._terminal = terminal
        self._command = command
        self._open = opener
        self._keep = keep
        self._speaking = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopping = threading.Event()
        self._broken = False

    def run(self, places: Sequence[Place], at_once: int) -> list[Outcome]:
        """Run everywhere, at most `at_once` at a time; the outcomes in the places' order."""
        width = max(len(printable(place.profile)) for place in places)
        label = max(len(printable(place.look.label)) for place in places)
        outcomes = [Outcome(place.profile) for place in places]
        before = signal.signal(signal.SIGTERM, self._on_terminate)
        pool = ThreadPoolExecutor(max_workers=min(at_once, len(places)))
        try:
            work = [
                pool.submit(self._one, outcome, self._prefix(place, width, label))
                for place, outcome in zip(places, outcomes, strict=True)
            ]
            self._wait(pool, lambda: all(each.done() for each in work))
            for each in work:
                if not each.cancelled():  # what was never begun, because everything was to end
                    each.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            signal.signal(signal.SIGTERM, before)
        if self._broken:
            raise BrokenPipeError
        return outcomes

    def stop(self, number: int | None = None) -> None:
        """Start nothing more; hand signal `number`, if any, to what runs."""
        self._stopping.set()
        for process in list(self._running):
            if number is not None:
                process.send_signal(number)

    @property
    def stopped(self) -> bool:
        """Whether the run was ended before its time."""
        return self._stopping.is_set()

    def _wait(self, pool: ThreadPoolExecutor, done: Callable[[], bool]) -> None:
        interrupts = 0
        while not done():
            try:
                time.sleep(0.02)
            except KeyboardInterrupt:
                interrupts += 1
                self.stop(_END_AT_ONCE if interrupts > 1 else None)
            if self._stopping.is_set():
                pool.shutdown(wait=False, cancel_futures=True)
                if not self._running:
                    return

    def _on_terminate(self, number: int, _frame: FrameType | None) -> None:
        self.stop(number)

    def _one(self, outcome: Outcome, prefix: str) -> None:
        started = time.monotonic()
        try:
            environ = self._open(outcome.profile)
        except UsherError as error:
            outcome.exit_code, outcome.error = int(error.exit_code), error.message
        else:
            self._run_here(outcome, environ, prefix)
        outcome.seconds = round(time.monotonic() - started, 3)
        if outcome.error and not self._keep:
            self._speak(self._terminal.say, prefix, f"error: {outcome.error}")

    def _run_here(self, outcome: Outcome, environ: Mapping[str, str], prefix: str) -> None:
        if self._stopping.is_set():
            return
        try:
            process = subprocess.Popen(
                list(self._command),
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            missing = isinstance(error, FileNotFoundError | NotADirectoryError)
            outcome.exit_code = COMMAND_NOT_FOUND if missing else COMMAND_NOT_RUNNABLE
            outcome.error = f"'{printable(self._command[0])}': {error.strerror}"
            return
        self._running.add(process)
        try:
            with process:
                errors = self._follow(process.stderr, outcome.stderr, self._terminal.say, prefix)
                output = self._follow(process.stdout, outcome.stdout, self._terminal.result, prefix)
                outcome.exit_code = exit_code(process.wait())
                output.join()
                errors.join()
        finally:
            self._running.discard(process)

    def _follow(
        self, stream: IO[bytes] | None, kept: list[str], say: Callable[[str], None], prefix: str
    ) -> threading.Thread:
        def follow(lines: Iterable[bytes]) -> None:
            for line in lines:
                text = line.rstrip(b"\r\n").decode("utf-8", "replace")
                if self._keep:
                    kept.append(text)
                else:
                    self._speak(say, prefix, text)

        thread = threading.Thread(target=follow, args=(stream or (),), daemon=True)
        thread.start()
        return thread

    def _speak(self, say: Callable[[str], None], prefix: str, text: str) -> None:
        """One whole line at a time, whoever speaks; when nobody listens any more, everything ends."""
        with self._speaking:
            if self._broken:
                return
            try:
                say(f"{prefix}{text}")
            except BrokenPipeError:
                self._broken = True
                self.stop(signal.SIGTERM)

    def _prefix(self, place: Place, width: int, label: int) -> str:
        """Whose line it is, as wide for everybody, so that the output stands in one column."""
        name = printable(place.profile).ljust(width)
        gap = " " * (label - len(printable(place.look.label)))
        mark = badge(self._terminal, place.look) or ("  " if label else "")
        return f"{mark}{gap}{' ' if label else ''}{coloured(self._terminal, place.look, name)} │ "


def worst_code(outcomes: Iterable[Outcome]) -> int:
    """The exit code of the whole: the highest of all; what never started counts as failed."""
    return max(1 if each.exit_code == NOT_STARTED else each.exit_code for each in outcomes)
