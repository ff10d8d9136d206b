"""Who was given keys, when and for what: the agent's last lines, in memory. Never a key, never a token."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

LINES_KEPT = 1_000


class Audit:
    """The last thousand events. `aloud` is told each one, for an agent that runs in a terminal."""

    def __init__(
        self, clock: Callable[[], float], aloud: Callable[[dict[str, object]], None] = lambda _event: None
    ) -> None:
        self._clock = clock
        self._aloud = aloud
        self._guard = threading.Lock()
        self._events: deque[dict[str, object]] = deque(maxlen=LINES_KEPT)

    def note(self, event: str, **fields: object) -> None:
        """Something happened."""
        noted = {"time": self._clock(), "event": event, **fields}
        with self._guard:
            self._events.append(noted)
        self._aloud(noted)

    def events(self) -> list[dict[str, object]]:
        """What happened, oldest first."""
        with self._guard:
            return list(self._events)
