"""Following asynchronous requests: some at a time, one per lane, all seen with one list per tick."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from usher.apply.ports import Request, RequestKind, RequestState, StatusReader
from usher.apply.timing import ATTEMPTS, Timing
from usher.core.errors import BusyError, NotFoundError, UnavailableError, UsherError

_Work = TypeVar("_Work")

_SHORTEST_TICK = 0.2
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


class Window(Generic[_Work]):
    """At most `most` requests of one kind at a time, and at most one per lane.

    `start` begins a piece of work, `lane_of` says which others it may not run beside.
    """

    def __init__(
        self,
        kind: RequestKind,
        most: int,
        *,
        start: Callable[[_Work], Request],
        lane_of: Callable[[_Work], str],
        status: StatusReader,
        timing: Timing,
    ) -> None:
        self._kind = kind
        self._most = most
        self._start = start
        self._lane_of = lane_of
        self._status = status
        self._timing = timing
        self._lanes: dict[str, deque[_Waiting[_Work]]] = {}
        self._running: dict[str, _Work] = {}
        self._tick = _SHORTEST_TICK
        self._blind_ticks = 0
        self._last_end = 0.0

    def run(self, works: Iterable[_Work]) -> Iterator[Ended[_Work]]:
        """Do all of `works`; gives each as it ends. Raises UnavailableError when nothing can be followed."""
        self._queue(works)
        self._last_end = self._timing.clock()
        while self._lanes or self._running:
            yield from self._launch()
            if self._running:
                self._timing.sleep(self._tick)
                yield from self._land()
            elif self._lanes:
                ready_at = min(lane[0].ready_at for lane in self._lanes.values())
                self._timing.sleep(max(0.0, ready_at - self._timing.clock()))

    def _queue(self, works: Iterable[_Work]) -> None:
        for work in works:
            self._lanes.setdefault(self._lane_of(work), deque()).append(_Waiting(work))
        # The fullest lane takes longest, so it starts first.
        self._lanes = dict(sorted(self._lanes.items(), key=lambda item: -len(item[1])))

    def _launch(self) -> Iterator[Ended[_Work]]:
        busy = {self._lane_of(work) for work in self._running.values()}
        for name in list(self._lanes):
            if len(self._running) >= self._most:
                return
            if name not in busy:
                yield from self._launch_lane(name)

    def _launch_lane(self, name: str) -> Iterator[Ended[_Work]]:
        """Start the lane's next work; more of it while they end at once."""
        lane = self._lanes[name]
        while lane and lane[0].ready_at <= self._timing.clock():
            waiting = lane[0]
            try:
                request = self._start(waiting.work)
            except BusyError as error:
                waiting.refusals += 1
                if waiting.refusals < ATTEMPTS:
                    waiting.ready_at = self._timing.clock() + self._timing.jitter(waiting.refusals)
                    return
                ended: Ended[_Work] | None = Ended(waiting.work, error)
            except UsherError as error:
                ended = Ended(waiting.work, error)
            else:
                ended = self._ended(waiting.work, request)
            lane.popleft()
            if not lane:
                del self._lanes[name]
            if ended is None:
                self._running[request.id] = waiting.work
                return
            yield self._note(ended)

    def _land(self) -> Iterator[Ended[_Work]]:
        before = self._last_end
        for request_id in self._gone_from_list():
            ended = self._ask(request_id)
            if ended is not None:
                del self._running[request_id]
                yield self._note(ended)
        if self._last_end == before:
            self._tick = min(_LONGEST_TICK, self._tick * 1.5)
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
        work = self._running[request_id]
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
        for work in self._running.values():
            yield Ended(work, UnavailableError(f"still in progress after {minutes} minutes"))
        self._running = {}
        self._last_end = self._timing.clock()

    def _note(self, ended: Ended[_Work]) -> Ended[_Work]:
        self._last_end = self._timing.clock()
        self._tick = _SHORTEST_TICK
        return ended


def wait_for_running(status: StatusReader, timing: Timing, waiting: Callable[[int], None]) -> None:
    """Wait until no asynchronous request is in progress, so that what is read afterwards is settled.

    An interrupted run leaves such requests behind. `waiting` is told how many there are, when that changes.
    Raises UnavailableError when they do not end within a quarter of an hour.
    """
    begun, tick, told = timing.clock(), _SHORTEST_TICK, 0
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
