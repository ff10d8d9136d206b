"""The laws that a plan may not break without a person saying so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usher.core.assignments import Assignment
from usher.core.errors import ExitCode
from usher.core.ids import AccountId
from usher.core.principals import Principal, PrincipalKind
from usher.plan.changes import DeleteAssignment, Plan
from usher.plan.guards import TooManyRemovalsError, check_removals


def plan_that_removes(count: int, existing: int, *, dangling: int = 0) -> Plan:
    removals = tuple(
        DeleteAssignment(
            Assignment(Principal(PrincipalKind.GROUP, f"group{number}"), "Admin", AccountId("1" * 12)),
            dangling=number < dangling,
        )
        for number in range(count)
    )
    return Plan(removals, {}, managed_assignments=existing)


def test_a_plan_may_not_remove_more_than_a_fifth_of_the_assignments() -> None:
    check_removals(plan_that_removes(20, 100))
    with pytest.raises(TooManyRemovalsError):
        check_removals(plan_that_removes(21, 100))


def test_one_assignment_may_always_be_removed() -> None:
    check_removals(plan_that_removes(1, 1))
    with pytest.raises(TooManyRemovalsError):
        check_removals(plan_that_removes(2, 2))


def test_the_refusal_names_the_number_the_share_and_the_flag() -> None:
    with pytest.raises(TooManyRemovalsError) as refused:
        check_removals(plan_that_removes(30, 40, dangling=2))
    assert "removes 30 of 40 assignments, 75%" in refused.value.message
    assert "2 of them of users or groups that no longer exist" in refused.value.message
    assert "--allow-removals 30" in refused.value.hint
    assert refused.value.exit_code == ExitCode.FAILED


def test_allowing_fewer_removals_than_planned_allows_none_of_them() -> None:
    check_removals(plan_that_removes(30, 40), allowed=30)
    with pytest.raises(TooManyRemovalsError):
        check_removals(plan_that_removes(30, 40), allowed=29)


def test_allowing_few_removals_does_not_forbid_what_is_always_allowed() -> None:
    check_removals(plan_that_removes(10, 100), allowed=1)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_without_a_word_the_law_is_a_fifth_or_one(existing: int, removed: int) -> None:
    removed = min(removed, existing, 400)
    lawful = removed <= 1 or 5 * removed <= existing
    if lawful:
        check_removals(plan_that_removes(removed, existing))
    else:
        with pytest.raises(TooManyRemovalsError):
            check_removals(plan_that_removes(removed, existing))
