"""Waiting and trying again: full jitter, so that those who were refused together do not return together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from usher.core.errors import BusyError

_T = TypeVar("_T")

# Half a minute in all on average: a change that has not settled by then is told as a failure.
ATTEMPTS = 9
_FIRST_WAIT = 0.25
_LONGEST_WAIT = 20.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Where time and chance come from: `clock` in seconds that never go back, `random` in [0, 1)."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]

    def jitter(self, attempt: int) -> float:
        """How long to wait after the `attempt`th refusal, counted from 0, in seconds."""
        longest: float = min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt)
        return self.random() * longest

    def patiently(self, call: Callable[[], _T]) -> _T:
        """What `call` gives, called again while the other end is busy. Raises its last BusyError."""
        for attempt in range(ATTEMPTS - 1):
            try:
                return call()
            except BusyError:
                self.sleep(self.jitter(attempt))
        return call()
