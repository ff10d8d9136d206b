"""The pace keeps AWS's quota, learns when it is smaller than thought, and is one for all processes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usher.apply.shared_pace import SharedMemory
from usher.apply.timing import ATTEMPTS, Timing
from usher.core.errors import BusyError
from usher.core.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Quota:
    """A token bucket at the other end, with a chance of throttling for no reason."""

    def __init__(self, per_second: float, clock: Clock, noise: float = 0.0) -> None:
        self.per_second = per_second
        self._clock = clock
        self._noise = noise
        self._chance = random.Random(11)
        self._tokens = per_second
        self._at = 0.0
        self.answers: list[bool] = []

    def refuses(self) -> bool:
        self._tokens += (self._clock.now - self._at) * self.per_second
        self._tokens = min(self.per_second, self._tokens)
        self._at = self._clock.now
        refused = self._tokens < 1 or self._chance.random() < self._noise
        if not refused:
            self._tokens -= 1
        self.answers.append(refused)
        return refused


def use(pace: Pace, quota: Quota, clock: Clock, seconds: float) -> None:
    end = clock.now + seconds
    while clock.now < end:
        pace.take()
        pace.note(throttled=quota.refuses())


def paced(rate: float, clock: Clock, memory: SharedMemory | None = None) -> Pace:
    return Pace(rate, clock=clock.time, sleep=clock.sleep, memory=memory)


def test_a_burst_of_one_second_passes_at_once_and_then_calls_are_spread() -> None:
    clock = Clock()
    pace = paced(10, clock)
    for _ in range(10):
        pace.take()
    assert clock.slept == []
    for _ in range(10):
        pace.take()
    assert clock.now == pytest.approx(1.0)


@given(st.lists(st.floats(0, 2), max_size=60))
def test_never_more_than_twice_the_rate_in_any_second(pauses: list[float]) -> None:
    clock = Clock()
    pace = paced(5, clock)
    taken = []
    for pause in pauses:
        clock.now += pause
        pace.take()
        taken.append(clock.now)
    for start in taken:
        assert sum(start <= each < start + 1 for each in taken) <= 11


def test_a_pace_below_one_call_a_second_works() -> None:
    clock = Clock()
    pace = paced(0.5, clock)
    pace.take()
    pace.take()
    assert clock.now == pytest.approx(2.0)


def test_within_the_quota_nothing_is_throttled_and_nothing_changes() -> None:
    clock = Clock()
    pace, quota = paced(18, clock), Quota(20, clock)
    use(pace, quota, clock, 60)
    assert not any(quota.answers)
    assert len(quota.answers) >= 60 * 18
    assert pace.per_second == 18


@pytest.mark.parametrize(("ceiling", "quota_per_second"), [(500, 20), (18, 9), (18, 3), (500, 100)])
def test_a_smaller_quota_is_found_by_throttles_alone_and_then_used_up(
    ceiling: float, quota_per_second: float
) -> None:
    clock = Clock()
    pace, quota = paced(ceiling, clock), Quota(quota_per_second, clock)
    use(pace, quota, clock, 15)
    quota.answers.clear()
    use(pace, quota, clock, 120)
    served = quota.answers.count(False)
    assert served >= 0.9 * 120 * quota_per_second
    assert quota.answers.count(True) <= 0.25 * len(quota.answers)


def test_throttles_for_no_reason_do_not_slow_down() -> None:
    clock = Clock()
    pace, quota = paced(18, clock), Quota(20, clock, noise=0.05)
    use(pace, quota, clock, 300)
    assert len(quota.answers) >= 0.95 * 300 * 18


def test_the_pace_comes_back_when_the_others_are_gone() -> None:
    clock = Clock()
    pace, quota = paced(18, clock), Quota(4, clock)
    use(pace, quota, clock, 30)
    assert pace.per_second < 6
    quota.per_second = 20
    use(pace, quota, clock, 120)
    assert pace.per_second == 18


def test_a_clock_that_was_set_back_does_not_stop_anybody() -> None:
    clock = Clock()
    clock.now = 1_000_000.0
    pace = paced(10, clock)
    for _ in range(20):
        pace.take()
    clock.now = 500_000.0
    clock.slept.clear()
    pace.take()
    assert clock.slept == []


# --- shared between processes ---------------------------------------------------------------------

TAKER = """
import json, sys
from pathlib import Path
from usher.core.pace import Pace
from usher.apply.shared_pace import SharedMemory
waits = []
pace = Pace(10, clock=lambda: 1000.0, sleep=waits.append, memory=SharedMemory(Path(sys.argv[1])))
sys.stdin.readline()
for _ in range(50):
    pace.take()
print(json.dumps(waits))
"""

HOLDER = """
import sys, time
from pathlib import Path
from usher.core.pace import Bucket
from usher.apply.shared_pace import SharedMemory
def hold(bucket):
    print("held", flush=True)
    time.sleep(600)
SharedMemory(Path(sys.argv[1])).update(hold)
"""


def start(script: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_two_processes_together_keep_one_pace(tmp_path: Path) -> None:
    path = tmp_path / "pace" / "sso-admin"
    takers = [start(TAKER, path) for _ in range(2)]
    for taker in takers:
        taker.stdin.write("go\n")
        taker.stdin.flush()
    waits = sorted(wait for taker in takers for wait in json.loads(taker.communicate()[0]))
    # With the clock at rest, of a hundred calls at ten a second ten pass at once and each other one waits
    # a tenth of a second longer than the one before, whoever makes it.
    assert waits == pytest.approx([number / 10 for number in range(1, 91)])


def test_who_was_killed_while_it_held_the_pace_holds_it_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "sso-admin"
    clock = Clock()
    paced(10, clock, SharedMemory(path)).take()
    holder = start(HOLDER, path)
    assert holder.stdout.readline() == "held\n"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    pace = paced(10, clock, SharedMemory(path))
    for _ in range(19):
        pace.take()
    assert clock.now == pytest.approx(1.0)


def test_what_one_run_learnt_the_next_one_knows(tmp_path: Path) -> None:
    clock = Clock()
    use(paced(18, clock, SharedMemory(tmp_path / "sso")), Quota(5, clock), clock, 30)
    assert paced(18, clock, SharedMemory(tmp_path / "sso")).per_second < 8


@pytest.mark.parametrize("content", [b"", b"x", b"\xff" * 40, b"usher p1" + b"\xff" * 32])
def test_a_file_that_makes_no_sense_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sso-admin"
    path.write_bytes(content)
    clock = Clock()
    pace = paced(10, clock, SharedMemory(path))
    for _ in range(11):
        pace.take()
    assert clock.slept == [pytest.approx(0.1)]


def test_where_no_file_can_be_made_each_process_keeps_its_own_pace(tmp_path: Path) -> None:
    (tmp_path / "pace").write_text("a file where the folder should be")
    clock = Clock()
    pace = paced(10, clock, SharedMemory(tmp_path / "pace" / "sso-admin"))
    for _ in range(20):
        pace.take()
    assert clock.now == pytest.approx(1.0)


def test_a_lock_that_is_not_let_go_of_is_not_waited_for_forever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usher.apply.shared_pace._LONGEST_WAIT", 0.0)
    path = tmp_path / "sso-admin"
    holder = start(HOLDER, path)
    assert holder.stdout.readline() == "held\n"
    clock = Clock()
    paced(10, clock, SharedMemory(path)).take()
    holder.kill()
    holder.communicate()
    assert clock.slept == []


# --- waiting after a refusal ----------------------------------------------------------------------


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
