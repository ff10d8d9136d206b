"""How close the window comes to the least time that AWS's quotas allow, on a clock of its own."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usher.apply.at_once import side_by_side
from usher.apply.follow import Ended, Window
from usher.apply.ports import Grant, Request, RequestKind
from usher.core.errors import BusyError, NotFoundError, UnavailableError, UsherError
from usher.core.ids import AccountId, PermissionSetArn, PrincipalId
from usher.core.pace import Pace
from usher.core.permission_sets import PermissionSet
from usher.core.principals import PrincipalKind

NewBench = Callable[..., Any]
PER_SECOND, MOST = 18.0, 15
READ = PermissionSetArn("arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef")
CALLS_PER_GRANT = 2  # it is asked for, and its outcome is


def grants_over(accounts: list[int]) -> list[Grant]:
    """One grant for each item of `accounts`."""
    return [
        Grant(PrincipalKind.GROUP, PrincipalId(f"group{n}"), READ, AccountId(f"{account:012}"))
        for n, account in enumerate(accounts)
    ]


def paced_bench(new_bench: NewBench, **faults: object) -> Any:
    bench = new_bench({}, **faults)
    bench.center.sets[READ] = PermissionSet("Read")
    bench.center.pace = Pace(PER_SECOND, clock=bench.clock.time, sleep=bench.clock.sleep).take
    return bench


def window(bench: Any, **options: Any) -> Window[Grant]:
    return Window(
        RequestKind.CREATION,
        MOST,
        **{
            "begin": lambda _grant: None,
            "start": bench.center.start_creation,
            "accepted": lambda _grant, _request: None,
            "lane_of": lambda grant: grant.account_id,
            "status": bench.center,
            "timing": bench.timing,
            **options,
        },
    )


def least_time(grants: list[Grant], seconds: float) -> float:
    """What the quotas allow: calls a second, fifteen at a time, one per account."""
    fullest = max(Counter(grant.account_id for grant in grants).values())
    return max(CALLS_PER_GRANT * len(grants) / PER_SECOND, len(grants) * seconds / MOST, fullest * seconds)


@pytest.mark.parametrize("seconds", [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0, 15.0, 30.0])
def test_a_thousand_grants_take_at_most_a_fifth_longer_than_the_quotas_demand(
    new_bench: NewBench, seconds: float
) -> None:
    bench = paced_bench(new_bench, seconds_per_request=seconds)
    chance = Random(1)
    grants = grants_over([chance.randrange(300) for _ in range(1000)])
    ended = list(window(bench).run(grants))
    assert sorted(each.work for each in ended if each.error is None) == sorted(grants)
    assert bench.center.grants == set(grants)
    assert bench.center.most_running == MOST
    assert bench.clock.now <= 1.2 * least_time(grants, seconds)


def test_throttles_and_conflicts_of_one_in_twenty_cost_little(new_bench: NewBench) -> None:
    faults = Random(3)
    bench = paced_bench(new_bench, seconds_per_request=4.0, busy=lambda _call: faults.random() < 0.05)
    chance = Random(1)
    grants = grants_over([chance.randrange(300) for _ in range(1000)])
    assert not [each for each in window(bench).run(grants) if each.error]
    assert bench.center.grants == set(grants)
    assert bench.clock.now <= 1.2 * least_time(grants, 4.0)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=150), st.floats(1.0, 20.0))
@settings(max_examples=60, deadline=None)
def test_however_grants_spread_over_accounts_the_window_stays_near_the_least_time(
    new_bench_once: NewBench, accounts: list[int], seconds: float
) -> None:
    bench = paced_bench(new_bench_once, seconds_per_request=seconds)
    grants = grants_over(accounts)
    assert not [each for each in window(bench).run(grants) if each.error]
    assert bench.center.grants == set(grants)
    durations = Counter[AccountId]()
    for request in bench.center.requests.values():
        durations[AccountId(request.lane)] += request.seconds
    floor = max(
        CALLS_PER_GRANT * len(grants) / PER_SECOND,
        sum(durations.values()) / MOST,
        max(durations.values()),
    )
    longest = max(request.seconds for request in bench.center.requests.values())
    assert bench.clock.now <= 1.2 * floor + longest + 1.0


def test_a_busy_account_waits_alone(new_bench: NewBench) -> None:
    busy_until = 20.0
    bench = paced_bench(new_bench, seconds_per_request=1.0)
    start = bench.center.start_creation

    def refused(grant: Grant) -> Request:
        if grant.account_id == f"{7:012}" and bench.clock.now < busy_until:
            raise BusyError("the account changes another role")
        request: Request = start(grant)
        return request

    ended: dict[AccountId, float] = {}
    for each in window(bench, start=refused).run(grants_over(list(range(30)))):
        assert each.error is None
        ended[each.work.account_id] = bench.clock.now
    slow = ended.pop(AccountId(f"{7:012}"))
    assert max(ended.values()) < busy_until < slow


def test_fewer_lists_than_grants_are_asked_for_in_a_full_window(new_bench: NewBench) -> None:
    bench = paced_bench(new_bench, seconds_per_request=3.0)
    list(window(bench).run(grants_over([n % 300 for n in range(1000)])))
    assert bench.center.calls["list assignment creation"] < 600
    assert bench.center.calls["describe assignment creation"] == 1000


def test_calls_made_side_by_side_answer_in_their_order_and_may_fail_alone(new_bench: NewBench) -> None:
    bench = paced_bench(new_bench, seconds_per_request=0.0)
    one_at_a_time = threading.Lock()

    def start(grant: Grant) -> Request:
        if grant.account_id == f"{3:012}":
            raise UsherError("no")
        with one_at_a_time:
            request: Request = bench.center.start_creation(grant)
        return request

    with side_by_side() as at_once:
        assert at_once([lambda: 1]) == [1]
        assert list(at_once([lambda n=n: n for n in range(20)])) == list(range(20))
        bench.center.pace = lambda: None
        ended: list[Ended[Grant]] = list(
            window(bench, start=start, at_once=at_once).run(grants_over([1, 2, 3]))
        )
    assert [each.work.account_id for each in ended if each.error] == [f"{3:012}"]


# --- trouble while following ----------------------------------------------------------------------


def test_a_list_that_is_busy_or_silent_for_a_moment_is_asked_again(new_bench: NewBench) -> None:
    bench = paced_bench(new_bench)
    troubles = iter([BusyError("busy"), UnavailableError("silent"), UnavailableError("silent"), None])
    running = bench.center.running

    def troubled(kind: RequestKind) -> frozenset[str]:
        trouble = next(troubles, None)
        if trouble is not None:
            raise trouble
        found: frozenset[str] = running(kind)
        return found

    bench.center.running = troubled
    assert [each.error for each in window(bench).run(grants_over([1]))] == [None]


def test_a_list_that_stays_silent_ends_the_run(new_bench: NewBench) -> None:
    bench = paced_bench(new_bench)

    def silent(_kind: RequestKind) -> frozenset[str]:
        raise UnavailableError("silent")

    bench.center.running = silent
    with pytest.raises(UnavailableError):
        list(window(bench).run(grants_over([1])))


def test_an_outcome_that_cannot_be_had_now_is_asked_for_again(new_bench: NewBench) -> None:
    bench = paced_bench(new_bench)
    outcome, silent = bench.center.outcome, iter([UnavailableError("silent")])

    def troubled(kind: RequestKind, request_id: str) -> Request:
        for trouble in silent:
            raise trouble
        found: Request = outcome(kind, request_id)
        return found

    bench.center.outcome = troubled
    assert [each.error for each in window(bench).run(grants_over([1]))] == [None]


def test_a_request_that_is_forgotten_is_told_as_a_failure(new_bench: NewBench) -> None:
    bench = paced_bench(new_bench)

    def forgotten(_kind: RequestKind, request_id: str) -> Request:
        raise NotFoundError(f"there is no request {request_id}")

    bench.center.outcome = forgotten
    [ended] = window(bench).run(grants_over([1]))
    assert isinstance(ended.error, NotFoundError)


def test_an_account_that_stays_busy_is_told_as_a_failure_and_what_waits_behind_it_is_tried(
    new_bench: NewBench,
) -> None:
    bench = paced_bench(new_bench)
    busy, free = grants_over([7, 7])
    start = bench.center.start_creation

    def refused(grant: Grant) -> Request:
        if grant == busy:
            raise BusyError("busy")
        request: Request = start(grant)
        return request

    ended = {each.work: each.error for each in window(bench, start=refused).run([busy, free])}
    assert isinstance(ended[busy], BusyError)
    assert ended[free] is None
