"""A rehearsed organization behind AWS's quotas, on a clock that moves only when it is told to."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest

from usher.server.awsapi.control import control_routes
from usher.server.limits.gate import AwsGate
from usher.server.limits.settings import AwsLimits
from usher.server.limits.slow_jobs import SlowJobs
from usher.server.provisioning.rehearsal import RehearsalJobs
from usher.server.services import Services

CALM = AwsLimits(throttled=0, failing=0, seed=1)


@dataclass
class Time:
    """Seconds that pass when `pass_by` says so; what is due happens on the way."""

    now: float = 0.0
    due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    numbers: Any = field(default_factory=itertools.count)

    def clock(self) -> float:
        return self.now

    def later(self, seconds: float, run: Callable[[], None]) -> None:
        heapq.heappush(self.due, (self.now + seconds, next(self.numbers), run))

    def pass_by(self, seconds: float) -> None:
        end = self.now + seconds
        while self.due and self.due[0][0] <= end:
            self.now, _, run = heapq.heappop(self.due)
            run()
        self.now = end


@dataclass
class Rehearsal:
    """The directory that rehearses: where it answers, its time, its books."""

    origin: str
    time: Time
    services: Services


@pytest.fixture
def time_() -> Time:
    return Time()


@pytest.fixture
def rehearse(services: Services, time_: Time, serve: Callable[[list[Any]], str]) -> Callable[..., Rehearsal]:
    """`rehearse(limits)` serves the control plane behind these limits."""

    def make(limits: AwsLimits = CALM) -> Rehearsal:
        chance = Random(limits.seed).random
        jobs = RehearsalJobs(services.config, services.database, services.accounts)
        slow = SlowJobs(jobs, limits, later=time_.later, random=chance)
        gate = AwsGate(limits, clock=time_.clock, random=chance)
        limited = replace(services, jobs=slow)
        return Rehearsal(serve(list(control_routes(limited, gate.around))), time_, limited)

    return make
