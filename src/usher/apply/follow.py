"""Following asynchronous requests: some at a time, one per lane, all seen with one list per tick."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Generic, TypeVar

from usher.apply.at_once import AtOnce, attempt, one_by_one
from usher.apply.ports import Request, RequestKind, RequestState, StatusReader
from usher.apply.timing import ATTEMPTS, Timing
from usher.core.errors import BusyError, NotFoundError, UnavailableError, UsherError

_Work = TypeVar("_Work")

_SHORTEST_TICK = 0.1
_FULL_TICK = 0.15  # added when the window is full: then the starts need the calls
_TICK_SHARE = 0.05  # of what a request usually takes
_FIRST_GUESS = 2.0  # seconds; learned from what ends
_LEARNING = 0.2
_LONGEST_TICK = 3.0
_PATIENCE = 900.0  # seconds without any request ending
_MOST_BLIND_TICKS = 3


@dataclass(frozen=True, slots=True)
class Ended(Generic[_Work]):
    """A piece of work that ended; `error` says why it failed."""

    work: _Work
    error: UsherError | None = None


@dataclass(slots=True)
class _Waiting(Generic[_Work]):
    work: _Work
    refusals: int = 0
    ready_at: float = 0.0


@dataclass(frozen=True, slots=True)
class _Running(Generic[_Work]):
    work: _Work
    since: float


class Window(Generic[_Work]):
    """At most `most` requests of one kind at a time, and at most one per lane.

    `start` begins a piece of work and may be called from several threads; `begin` is told of it before, and
    `accepted` when it was taken on. `lane_of` says which others it may not run beside. A lane that is busy
    waits by itself; the others go on.

    One list call per tick follows all requests, and one more call per request asks how it ended. They share
    AWS's calls per second with the starts, so a tick is as long as it may be without leaving places empty
    for long: a twentieth of what a request usually takes, and more the fuller the window is.
    """

    def __init__(
        self,
        kind: RequestKind,
        most: int,
        *,
        begin: Callable[[_Work], None],
        start: Callable[[_Work], Request],
        accepted: Callable[[_Work, Request], None],
        lane_of: Callable[[_Work], str],
        status: StatusReader,
        timing: Timing,
        at_once: AtOnce = one_by_one,
    ) -> None:
        self._kind = kind
        self._most = most
        self._begin = begin
        self._start = start
        self._accepted = accepted
        self._lane_of = lane_of
        self._status = status
        self._timing = timing
        self._at_once = at_once
        self._lanes: dict[str, deque[_Waiting[_Work]]] = {}
        self._running: dict[str, _Running[_Work]] = {}
        self._usual = _FIRST_GUESS
        self._blind_ticks = 0
        self._last_end = 0.0

    def run(self, works: Iterable[_Work]) -> Iterator[Ended[_Work]]:
        """Do all of `works`; gives each as it ends. Raises UnavailableError when nothing can be followed."""
        self._queue(works)
        self._last_end = self._timing.clock()
        while self._lanes or self._running:
            yield from self._launch()
            if self._running:
                self._timing.sleep(self._tick())
                yield from self._land()
            elif self._lanes:
                ready_at = min(lane[0].ready_at for lane in self._lanes.values())
                self._timing.sleep(max(0.0, ready_at - self._timing.clock()))

    def _tick(self) -> float:
        """How long to wait before the next look, in seconds; longer when nothing has ended for long."""
        silence = self._timing.clock() - self._last_end
        fullness = len(self._running) / self._most
        return min(
            _LONGEST_TICK, _SHORTEST_TICK + _FULL_TICK * fullness + _TICK_SHARE * max(self._usual, silence)
        )

    def _queue(self, works: Iterable[_Work]) -> None:
        for work in works:
            self._lanes.setdefault(self._lane_of(work), deque()).append(_Waiting(work))
        # The fullest lane takes longest, so it starts first.
        self._lanes = dict(sorted(self._lanes.items(), key=lambda item: -len(item[1])))

    def _launch(self) -> Iterator[Ended[_Work]]:
        """Start what may start now, and go on while some of it ends at once."""
        while starting := self._next_in_lanes():
            for _, waiting in starting:
                self._begin(waiting.work)
            answers = self._at_once([partial(attempt, partial(self._start, w.work)) for _, w in starting])
            for (lane, waiting), answer in zip(starting, answers, strict=True):
                yield from self._started(lane, waiting, answer)

    def _next_in_lanes(self) -> list[tuple[str, _Waiting[_Work]]]:
        """The first in every free lane that may start, as many as there are places."""
        busy = {self._lane_of(each.work) for each in self._running.values()}
        now = self._timing.clock()
        free = (
            (name, lane[0])
            for name, lane in self._lanes.items()
            if name not in busy and lane[0].ready_at <= now
        )
        return list(islice(free, self._most - len(self._running)))

    def _started(
        self, lane: str, waiting: _Waiting[_Work], answer: Request | UsherError
    ) -> Iterator[Ended[_Work]]:
        if isinstance(answer, BusyError):
            waiting.refusals += 1
            if waiting.refusals < ATTEMPTS:
                waiting.ready_at = self._timing.clock() + self._timing.jitter(waiting.refusals)
                return
        self._lanes[lane].popleft()
        if not self._lanes[lane]:
            del self._lanes[lane]
        if isinstance(answer, UsherError):
            yield self._note(Ended(waiting.work, answer))
            return
        self._accepted(waiting.work, answer)
        ended = self._ended(waiting.work, answer)
        if ended is None:
            self._running[answer.id] = _Running(waiting.work, self._timing.clock())
        else:
            yield self._note(ended)

    def _land(self) -> Iterator[Ended[_Work]]:
        gone = self._gone_from_list()
        answers = self._at_once([partial(self._ask, each) for each in gone])
        for request_id, ended in zip(gone, answers, strict=True):
            if ended is not None:
                took = self._timing.clock() - self._running.pop(request_id).since
                self._usual += _LEARNING * (took - self._usual)
                yield self._note(ended)
        if self._timing.clock() - self._last_end > _PATIENCE:
            yield from self._give_up()

    def _gone_from_list(self) -> list[str]:
        """Those of our requests that are no longer in progress; none when the list cannot be had now."""
        try:
            still_running = self._status.running(self._kind)
        except BusyError:
            return []  # the ticks grow until something ends, or patience does
        except UnavailableError:
            self._blind_ticks += 1
            if self._blind_ticks >= _MOST_BLIND_TICKS:
                raise
            return []
        self._blind_ticks = 0
        return [each for each in self._running if each not in still_running]

    def _ask(self, request_id: str) -> Ended[_Work] | None:
        work = self._running[request_id].work
        try:
            return self._ended(work, self._status.outcome(self._kind, request_id))
        except NotFoundError as error:
            return Ended(work, error)
        except UnavailableError:
            return None  # the next tick asks again

    def _ended(self, work: _Work, request: Request) -> Ended[_Work] | None:
        match request.state:
            case RequestState.RUNNING:
                return None
            case RequestState.SUCCEEDED:
                return Ended(work)
            case RequestState.FAILED:
                return Ended(work, UsherError(request.reason or "AWS gave no reason"))

    def _give_up(self) -> Iterator[Ended[_Work]]:
        minutes = int(_PATIENCE // 60)
        for each in self._running.values():
            yield Ended(each.work, UnavailableError(f"still in progress after {minutes} minutes"))
        self._running = {}
        self._last_end = self._timing.clock()

    def _note(self, ended: Ended[_Work]) -> Ended[_Work]:
        self._last_end = self._timing.clock()
        return ended


def wait_for_running(status: StatusReader, timing: Timing, waiting: Callable[[int], None]) -> None:
    """Wait until no asynchronous request is in progress, so that what is read afterwards is settled.

    An interrupted run leaves such requests behind. `waiting` is told how many there are, when that changes.
    Raises UnavailableError when they do not end within a quarter of an hour.
    """
    begun, tick, told = timing.clock(), _FULL_TICK, 0
    kinds = list(RequestKind)
    while kinds:
        running = {kind: timing.patiently(partial(status.running, kind)) for kind in kinds}
        kinds = [kind for kind in kinds if running[kind]]
        count = sum(map(len, running.values()))
        if not count:
            return
        if count != told:
            waiting(count)
            told = count
        if timing.clock() - begun > _PATIENCE:
            raise UnavailableError(
                f"{count} earlier requests are still in progress after {int(_PATIENCE // 60)} minutes",
                hint="running the command again is safe",
            )
        timing.sleep(tick)
        tick = min(_LONGEST_TICK, tick * 1.5)
