"""Work in lanes: one task at a time per account, accounts in parallel, failures tried again with back-off.

Nothing polls: a task starts when it is added and a worker is free, and an idle room does nothing. The
lanes are memory only; what is owed is in the database and is added again after a restart.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from usher.core.errors import UnavailableError

WORKERS = 8
# Seconds before each further attempt: throttling and IAM's settling pass within a minute or not at all.
RETRY_DELAYS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)


@dataclass(frozen=True, slots=True)
class Task:
    """What to do, and what to do when it failed for good."""

    run: Callable[[], None]
    give_up: Callable[[BaseException], None]


@dataclass(slots=True)
class _Lane:
    tasks: deque[Task] = field(default_factory=deque)
    attempts: int = 0


class AccountLanes:
    """The lanes of all accounts. Thread-safe. A task may be run again after it raised UnavailableError."""

    def __init__(self, *, workers: int = WORKERS, retry_delays: Sequence[float] = RETRY_DELAYS) -> None:
        self._retry_delays = retry_delays
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="provisioning")
        self._lock = threading.Lock()
        self._stopped = False
        self._lanes: dict[str, _Lane] = {}
        self._timers: set[threading.Timer] = set()

    def add(self, account_id: str, task: Task) -> None:
        """Run the task after those that the account's lane holds already."""
        with self._lock:
            lane = self._lanes.get(account_id)
            if lane is not None:
                lane.tasks.append(task)
                return
            self._lanes[account_id] = _Lane(deque([task]))
        self._start(account_id)

    def stop(self) -> None:
        """Let running tasks come to their end, and start no other."""
        with self._lock:
            self._stopped = True
            timers = list(self._timers)
        for timer in timers:
            timer.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _start(self, account_id: str) -> None:
        with self._lock:
            if self._stopped:
                return
            task = self._lanes[account_id].tasks[0]
            future = self._pool.submit(task.run)
        # Outside the lock: a task that has ended already calls back at once, in this thread.
        future.add_done_callback(partial(self._ended, account_id, task))

    def _ended(self, account_id: str, task: Task, future: Future[None]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, UnavailableError) and self._try_again_later(account_id):
            return
        try:
            if error is not None:
                task.give_up(error)
        finally:
            self._next(account_id)

    def _try_again_later(self, account_id: str) -> bool:
        with self._lock:
            lane = self._lanes[account_id]
            if self._stopped:
                return True
            if lane.attempts >= len(self._retry_delays):
                return False
            timer = threading.Timer(self._retry_delays[lane.attempts], self._start_after_delay)
            timer.args = [account_id, timer]
            timer.daemon = True
            lane.attempts += 1
            self._timers.add(timer)
        timer.start()
        return True

    def _start_after_delay(self, account_id: str, timer: threading.Timer) -> None:
        with self._lock:
            self._timers.discard(timer)
        self._start(account_id)

    def _next(self, account_id: str) -> None:
        with self._lock:
            lane = self._lanes[account_id]
            lane.tasks.popleft()
            lane.attempts = 0
            if not lane.tasks:
                del self._lanes[account_id]
                return
        self._start(account_id)
