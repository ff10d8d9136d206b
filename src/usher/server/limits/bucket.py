"""A token bucket in memory: so many calls a second, with one second's worth saved up at most."""

from __future__ import annotations

import threading
from collections.abc import Callable


class TokenBucket:
    """Lets through `per_second` calls a second. A call that is refused costs nothing. Thread-safe."""

    def __init__(self, per_second: float, *, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second)
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = self._most
        self._filled_at = clock()

    def take(self) -> bool:
        """Whether one more call may be made now."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._most, self._tokens + (now - self._filled_at) * self._per_second)
            self._filled_at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True
