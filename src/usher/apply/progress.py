"""How far a run is and how long it will still take, from how fast its changes have ended of late."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from usher.apply.result import Item, Outcome
from usher.plan.changes import (
    Change,
    CreateAssignment,
    DeleteAssignment,
    ProvisionPermissionSet,
)

_RECENT = 40  # endings that the rate is taken from
_ENOUGH = 4  # endings before a rate means anything


class Pacing(Enum):
    """Changes that end at similar speeds: in one call, or after AWS has worked on them."""

    AT_ONCE = "at once"
    PROVISIONED = "provisioned"
    ASSIGNED = "assigned"


# Changes a second, until a run has shown its own speed.
_GUESSES = {Pacing.AT_ONCE: 4.0, Pacing.PROVISIONED: 0.1, Pacing.ASSIGNED: 3.0}


@dataclass(frozen=True, slots=True)
class ProgressView:
    """A moment of a run. `seconds_left` is None as long as nobody can tell; `running` have begun and not
    ended."""

    total: int
    done: int
    not_done: int
    running: int
    seconds_left: float | None

    @property
    def ended(self) -> int:
        """The changes that have ended, one way or the other."""
        return self.done + self.not_done


class Progress:
    """Counts a run's items; `clock` gives seconds that never go back."""

    def __init__(self, changes: Iterable[Change], clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left = dict.fromkeys(Pacing, 0)
        for change in changes:
            self._left[_pacing(change)] += 1
        self._total = sum(self._left.values())
        self._done = self._not_done = self._begun = 0
        self._endings = {each: deque[float](maxlen=_RECENT) for each in Pacing}

    def note(self, item: Item) -> None:
        """Count `item`, which has begun or ended."""
        if item.outcome is Outcome.BEGUN:
            self._begun += 1
            return
        pacing = _pacing(item.change)
        self._left[pacing] -= 1
        if item.outcome is Outcome.SKIPPED:
            self._not_done += 1
            return
        self._begun -= 1
        self._endings[pacing].append(self._clock())
        if item.outcome is Outcome.DONE:
            self._done += 1
        else:
            self._not_done += 1

    def view(self) -> ProgressView:
        """How far the run is now."""
        known = any(len(each) >= _ENOUGH for each in self._endings.values())
        seconds = sum(count / self._rate(pacing) for pacing, count in self._left.items() if count)
        return ProgressView(self._total, self._done, self._not_done, self._begun, seconds if known else None)

    def _rate(self, pacing: Pacing) -> float:
        endings = self._endings[pacing]
        if len(endings) < _ENOUGH:
            return _GUESSES[pacing]
        # Until now, not until the last ending: a run that stands still takes longer and longer.
        took = self._clock() - endings[0]
        return (len(endings) - 1) / took if took > 0 else _GUESSES[pacing]


def _pacing(change: Change) -> Pacing:
    match change:
        case CreateAssignment() | DeleteAssignment():
            return Pacing.ASSIGNED
        case ProvisionPermissionSet():
            return Pacing.PROVISIONED
        case _:
            return Pacing.AT_ONCE
