"""300 accounts, 60 permission sets, 6,000 assignments at AWS's quotas: calls, seconds, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from usher.core.organization import ActualAccess, DesiredAccess
from usher.plan.diff import plan_changes
from usher.server.limits.settings import AwsLimits

pytestmark = pytest.mark.scale

CALM = AwsLimits(throttled=0, failing=0, seed=11)
STORMY = AwsLimits(seed=11)
NEW_GRANTS = 1_000

# The cost table of docs/explanation/plan-and-apply.md, second row: list groups and users, then ask for each.
BEST_STRATEGY = 3 + 20 + 250 + 2_000
ENUMERATION = {
    "ListAccountAssignments",
    "ListAccountAssignmentsForPrincipal",
    "ListAccountsForProvisionedPermissionSet",
    "ListGroups",
    "ListPermissionSetsProvisionedToAccount",
    "ListUsers",
}


def least_seconds(limits: AwsLimits, grants: int) -> float:
    """No client is faster: so many at a time, each as long as it takes, and so many calls a second."""
    one_after_another = grants * limits.mean_seconds
    return max(one_after_another / limits.outstanding_assignments, grants / limits.calls_per_second)


@dataclass
class Played:
    """What became of 1,000 new grants on a calm day."""

    stage: Any
    desired: DesiredAccess
    calls: dict[str, int]
    best_calls: int
    read_at_first: ActualAccess
    seconds: float
    failed: int


@pytest.fixture(scope="module")
def wish(full_size: DesiredAccess, more_grants: Callable[..., DesiredAccess]) -> DesiredAccess:
    return more_grants(full_size, NEW_GRANTS)


@pytest.fixture(scope="module")
def calm(set_stage: Callable[..., Any], wish: DesiredAccess) -> Played:
    stage = set_stage(CALM)
    reading, count = stage.read(wish)
    plan = plan_changes(wish, reading.actual)
    assert len(plan.changes) == NEW_GRANTS
    result, seconds = stage.carry_out(plan, reading.actual, wish)
    return Played(
        stage,
        wish,
        dict(count.by_operation),
        reading.best_calls,
        reading.actual,
        seconds,
        len(result.not_done),
    )


def test_a_cold_reading_takes_the_calls_of_the_best_strategy(calm: Played) -> None:
    enumeration = sum(calls for name, calls in calm.calls.items() if name in ENUMERATION)
    assert enumeration <= 1.1 * BEST_STRATEGY
    assert sum(calm.calls.values()) <= 1.1 * calm.best_calls


def test_a_thousand_grants_take_hardly_longer_than_the_quotas_allow(calm: Played) -> None:
    assert calm.failed == 0
    assert calm.seconds <= 1.2 * least_seconds(CALM, NEW_GRANTS)


def test_nothing_is_doubled_or_lost_and_nothing_is_left_to_do(calm: Played) -> None:
    assert calm.stage.books() == calm.desired.assignments
    assert sorted(set(calm.stage.times_made().values())) == [1]
    assert calm.stage.owed() == 0
    assert calm.stage.still_to_do(calm.desired) == 0


def test_in_a_storm_and_killed_at_a_random_call_a_rerun_completes_it(
    set_stage: Callable[..., Any], calm: Played, wish: DesiredAccess, killed: type[BaseException]
) -> None:
    stage = set_stage(STORMY)
    plan = plan_changes(wish, calm.read_at_first)
    stage.die_after(Random(8).randrange(1_000, 3_000))
    with pytest.raises(killed):
        stage.carry_out(plan, calm.read_at_first, wish)
    assert stage.apply(wish).not_done == ()
    assert stage.books() == wish.assignments
    assert sorted(set(stage.times_made().values())) == [1]
    assert stage.owed() == 0
    assert stage.still_to_do(wish) == 0


def test_a_storm_slows_a_thousand_grants_by_less_than_a_third(
    set_stage: Callable[..., Any], calm: Played, wish: DesiredAccess
) -> None:
    stage = set_stage(STORMY)
    plan = plan_changes(wish, calm.read_at_first)
    result, seconds = stage.carry_out(plan, calm.read_at_first, wish)
    assert result.not_done == ()
    assert stage.books() == wish.assignments
    assert seconds <= 1.33 * least_seconds(STORMY, NEW_GRANTS)
