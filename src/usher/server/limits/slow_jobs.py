"""Requests that take their time: handed on after as long as AWS would take."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from usher.server.limits.gate import draw_seconds
from usher.server.limits.settings import AwsLimits
from usher.server.services import Jobs

Later = Callable[[float, Callable[[], None]], None]
"""Runs something so many seconds from now."""


class SlowJobs:
    """`jobs`, reached late. What waits here when the directory stops stays owed, as everything owed does."""

    def __init__(self, jobs: Jobs, limits: AwsLimits, *, later: Later, random: Callable[[], float]) -> None:
        self._jobs = jobs
        self._limits = limits
        self._later = later
        self._random = random

    def submit(self, request_id: str) -> None:
        """Work on that request after a while."""
        self._later(draw_seconds(self._limits, self._random()), partial(self._jobs.submit, request_id))


def in_the_background(seconds: float, run: Callable[[], None]) -> None:
    """Run it in a thread of its own; it does not keep the process alive."""
    timer = threading.Timer(seconds, run)
    timer.daemon = True
    timer.start()
