"""Pace: a token bucket, so that AWS's quota of calls per second is kept and not run into.

The bucket learns: when more than a few of its calls are throttled, somebody else uses the quota too, or it
is smaller than thought; the pace falls to what was let through, and slowly returns. Its state can be shared
between processes, because AWS counts the calls of all of them together.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

_Answer = TypeVar("_Answer")

# One throttle now and then is noise that a faster pace is worth; eight in fifty calls are not.
_TOLERATED_SHARE = 0.15
_ENOUGH_THROTTLES = 8
_FORGET_AFTER_CALLS = 100
_STEEPEST_FALL = 0.25
_RETURN_PER_SECOND = 0.02
_SLOWEST = 0.5
_LONGEST_QUEUE = 120.0
_LONGEST_ASKED_WAIT = 60.0
_SHORTEST_WAIT = 1e-6


@dataclass(frozen=True, slots=True)
class Bucket:
    """The state of a pace. Times are seconds of its clock; `learnt` is 0 until a throttle taught a rate.

    `due` is when a call would be due if all before it had kept exactly to the rate. `calls` and `throttles`
    were counted since the rate was last judged.
    """

    due: float
    learnt: float = 0.0
    learnt_at: float = 0.0
    calls: int = 0
    throttles: int = 0

    def rate(self, ceiling: float, now: float) -> float:
        """The calls a second that are let through now."""
        if not self.learnt:
            return ceiling
        grown = self.learnt * math.exp(_RETURN_PER_SECOND * max(0.0, min(now - self.learnt_at, 1000.0)))
        return min(ceiling, grown)


def take_one(bucket: Bucket, ceiling: float, now: float) -> tuple[Bucket, float]:
    """Take a token that may still be missing; how long until it is there."""
    rate = bucket.rate(ceiling, now)
    due = bucket.due if bucket.due < now + _LONGEST_QUEUE else now  # or the clock was set back
    wait = max(0.0, due - _burst(rate) - now)
    return replace(bucket, due=max(due, now) + 1 / rate), wait


def note_answer(bucket: Bucket, ceiling: float, now: float, *, throttled: bool, asked: float = 0.0) -> Bucket:
    """Learn from one answer. `asked` is how long the other end asked everybody to wait, in seconds."""
    counted = replace(bucket, calls=bucket.calls + 1, throttles=bucket.throttles + throttled)
    if asked > 0:
        pause = min(asked, _LONGEST_ASKED_WAIT) + _burst(bucket.rate(ceiling, now))
        counted = replace(counted, due=max(counted.due, now + pause))
    share = counted.throttles / counted.calls
    if counted.throttles >= _ENOUGH_THROTTLES and share > _TOLERATED_SHARE:
        rate = bucket.rate(ceiling, now)
        let_through = max(_SLOWEST, rate * max(_STEEPEST_FALL, 1 - share))
        # The other end's bucket is empty: no burst now.
        return Bucket(max(counted.due, now + _burst(let_through)), let_through, now)
    if counted.calls >= _FORGET_AFTER_CALLS:
        return replace(counted, calls=0, throttles=0)
    return counted


def _burst(rate: float) -> float:
    """How far calls may be ahead of the rate, in seconds: one second's worth of calls at once."""
    return max(0.0, (rate - 1) / rate)


class Memory(Protocol):
    """Where a bucket is kept."""

    def update(self, change: Callable[[Bucket | None], tuple[Bucket, _Answer]]) -> _Answer:
        """Replace the bucket by what `change` makes of it, and give its answer; None is no bucket yet."""
        ...


class OwnMemory:
    """A bucket of this process alone."""

    def __init__(self) -> None:
        self._bucket: Bucket | None = None

    def update(self, change: Callable[[Bucket | None], tuple[Bucket, _Answer]]) -> _Answer:
        """Replace the bucket."""
        self._bucket, answer = change(self._bucket)
        return answer


class Pace:
    """Lets through at most `per_second` calls a second, after a first burst of one second's worth.

    `clock` gives seconds, the same in every process that shares `memory`; `sleep` waits for some. Safe
    between threads: those who wait take their turns one after another. Where `memory` cannot be used, the
    pace is kept by this process alone.
    """

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        memory: Memory | None = None,
    ) -> None:
        self._ceiling = per_second
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._memory = memory or OwnMemory()

    def take(self) -> None:
        """Wait until one more call may be made."""
        wait = self._update(lambda bucket, now: take_one(bucket, self._ceiling, now))
        if wait > _SHORTEST_WAIT:
            self._sleep(wait)

    def note(self, *, throttled: bool, asked: float = 0.0) -> None:
        """Say how the call that was let through was answered; `asked` is a wait that was asked for."""

        def noted(bucket: Bucket, now: float) -> tuple[Bucket, None]:
            return note_answer(bucket, self._ceiling, now, throttled=throttled, asked=asked), None

        self._update(noted)

    @property
    def per_second(self) -> float:
        """The calls a second that are let through now."""
        return self._update(lambda bucket, now: (bucket, bucket.rate(self._ceiling, now)))

    def _update(self, change: Callable[[Bucket, float], tuple[Bucket, _Answer]]) -> _Answer:
        def changed(bucket: Bucket | None) -> tuple[Bucket, _Answer]:
            now = self._clock()
            return change(bucket or Bucket(now), now)

        with self._lock:
            try:
                return self._memory.update(changed)
            except OSError:
                self._memory = OwnMemory()
                return self._memory.update(changed)
