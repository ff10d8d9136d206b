"""The token bucket keeps AWS's quota, and those who were refused come back one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usher.apply.pace import Pace
from usher.apply.timing import ATTEMPTS, Timing
from usher.core.errors import BusyError


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_a_burst_of_one_second_passes_at_once_and_then_calls_are_spread() -> None:
    clock = Clock()
    pace = Pace(10, clock=clock.time, sleep=clock.sleep)
    for _ in range(10):
        pace.take()
    assert clock.slept == []
    for _ in range(10):
        pace.take()
    assert clock.now == pytest.approx(1.0)


@given(st.lists(st.floats(0, 2), max_size=60))
def test_never_more_than_twice_the_rate_in_any_second(pauses: list[float]) -> None:
    clock = Clock()
    pace = Pace(5, clock=clock.time, sleep=clock.sleep)
    taken = []
    for pause in pauses:
        clock.now += pause
        pace.take()
        taken.append(clock.now)
    for start in taken:
        assert sum(start <= each < start + 1 for each in taken) <= 11


def test_a_pace_below_one_call_a_second_works() -> None:
    clock = Clock()
    pace = Pace(0.5, clock=clock.time, sleep=clock.sleep)
    pace.take()
    pace.take()
    assert clock.now == pytest.approx(2.0)


def test_busy_is_tried_again_with_full_jitter_that_grows_and_is_capped() -> None:
    clock = Clock()
    timing = Timing(clock.time, clock.sleep, lambda: 0.999)
    refusals = 0

    def busy() -> None:
        nonlocal refusals
        refusals += 1
        raise BusyError("later")

    with pytest.raises(BusyError):
        timing.patiently(busy)
    assert refusals == ATTEMPTS
    assert clock.slept == sorted(clock.slept)
    assert clock.slept[0] < 0.25
    assert clock.slept[-1] < 20
    assert timing.jitter(50) < 20


def test_no_chance_means_no_waiting() -> None:
    clock = Clock()
    assert Timing(clock.time, clock.sleep, lambda: 0.0).jitter(8) == 0
