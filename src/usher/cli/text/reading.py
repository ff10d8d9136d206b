"""What a person sees while an Identity Center is read: the expected cost first, then a moving count."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from usher.apply.cost import CostLine, seconds, total
from usher.cli.terminal import Terminal

_WORTH_TELLING_SECONDS = 3.0
_BETWEEN_COUNTS = 0.2


class ReadingProgress:
    """Tells the expected calls and time of a reading that takes long, and counts what was made.

    `calls_per_second` gives the pace, `clock` seconds that never go back. Safe between threads.
    """

    def __init__(
        self, terminal: Terminal, calls_per_second: Callable[[], float], clock: Callable[[], float]
    ) -> None:
        self._terminal = terminal
        self._calls_per_second = calls_per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._expected = 0
        self._made = 0
        self._shown_at = 0.0

    def expect(self, lines: Sequence[CostLine]) -> None:
        """Tell what reading will cost, before the long part begins."""
        pace = self._calls_per_second()
        needed = seconds(lines, pace)
        if needed >= _WORTH_TELLING_SECONDS:
            calls = total(lines)
            self._terminal.say(
                f"Reading takes up to {calls:,} calls: {duration_words(needed)} at {pace:.0f} calls a second."
            )
            self._expected = calls

    def expect_beside(self, calls: int, what: str) -> None:
        """Tell what is asked before the counts are known, when that takes long."""
        pace = self._calls_per_second()
        if calls / pace >= _WORTH_TELLING_SECONDS:
            self._terminal.say(f"{calls:,} {what}: {duration_words(calls / pace)}.")

    def made(self, calls: int) -> None:
        """Show that `calls` were made in all."""
        with self._lock:
            now = self._clock()
            self._made = max(self._made, calls)
            if self._expected and now - self._shown_at >= _BETWEEN_COUNTS:
                self._shown_at = now
                self._terminal.status(f"{self._made:,} of up to {self._expected:,} calls")

    def end(self) -> None:
        """Take the count away."""
        with self._lock:
            self._expected = 0
            self._terminal.status("")


def duration_words(whole: float) -> str:
    """A time in words: `40 s`, `2 min 30 s`, `1 h 5 min`."""
    left = max(1, round(whole))
    if left < 60:
        return f"{left} s"
    if left < 3600:
        minutes, rest = divmod(left, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(left // 60, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
