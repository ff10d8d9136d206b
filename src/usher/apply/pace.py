"""Pace: a token bucket, so that AWS's quota of calls per second is kept and not run into."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Pace:
    """Lets through `per_second` calls a second, after a first burst of one second's worth.

    `clock` gives seconds that never go back; `sleep` waits for some. Safe between threads: those who wait
    take their turns one after another.
    """

    def __init__(
        self, per_second: float, *, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._per_second = per_second
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tokens = max(1.0, per_second)
        self._filled_at = clock()

    def take(self) -> None:
        """Wait until one more call may be made."""
        with self._lock:
            wait = self._take_one()
        if wait > 0:
            self._sleep(wait)

    def _take_one(self) -> float:
        """Take a token that may still be missing; how long until it is there."""
        now = self._clock()
        full = max(1.0, self._per_second)
        self._tokens = min(full, self._tokens + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        self._tokens -= 1
        return max(0.0, -self._tokens / self._per_second)
