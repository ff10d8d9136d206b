"""The laws that a plan may not break without a person saying so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usher.core.assignments import Assignment
from usher.core.callers import Caller
from usher.core.errors import ExitCode
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn
from usher.core.organization import ActualAccess, DesiredAccess, Instance, Unread
from usher.core.permission_sets import ManagedPolicy, PermissionSet
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.core.rules import Place, RuleNote
from usher.plan.changes import (
    AddMember,
    Change,
    CreateAssignment,
    DeleteAssignment,
    DeletePermissionSet,
    DeleteUser,
    DetachManagedPolicy,
    Plan,
    RemoveMember,
)
from usher.plan.guards import (
    Allowances,
    ExpiredGrantError,
    SelfRemovalError,
    TooManyRemovalsError,
    TooManySetDeletionsError,
    check_not_expired,
    check_own_access,
    check_plan,
    check_removals,
    check_set_deletions,
    refusals,
)


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


# --- emptied groups -------------------------------------------------------------------------------


def test_access_of_a_group_whose_last_member_leaves_counts_as_removed() -> None:
    grants = tuple(
        Assignment(Principal(PrincipalKind.GROUP, "devs"), "Admin", AccountId(f"{n:012}")) for n in range(3)
    )
    plan = Plan((RemoveMember("devs", "ana"),), {}, managed_assignments=10, emptied=grants)
    with pytest.raises(TooManyRemovalsError) as refused:
        check_removals(plan)
    assert (
        "removes 3 of 10 assignments, 30% (3 of them by taking the last member out" in refused.value.message
    )
    check_removals(plan, allowed=3)


# --- deleting permission sets ---------------------------------------------------------------------


def plan_that_deletes(count: int, existing: int) -> Plan:
    return Plan(tuple(DeletePermissionSet(f"set{n}") for n in range(count)), {}, managed_sets=existing)


def test_a_plan_may_not_delete_more_than_a_fifth_of_the_permission_sets() -> None:
    check_set_deletions(plan_that_deletes(1, 1))
    check_set_deletions(plan_that_deletes(2, 10))
    with pytest.raises(TooManySetDeletionsError) as refused:
        check_set_deletions(plan_that_deletes(3, 10))
    assert "deletes 3 of the file's 10 permission sets" in refused.value.message
    assert "--allow-set-deletions 3" in refused.value.hint
    check_set_deletions(plan_that_deletes(3, 10), allowed=3)


# --- one's own access -----------------------------------------------------------------------------

READ_ALL = Unread()
MANAGEMENT = AccountId("1" * 12)
ME = Caller("Ana@mkdev.example", "Admin", MANAGEMENT)
ANA = User("ana@mkdev.example", "Ana Lee", "Ana", "Lee")
OPS = Assignment(Principal(PrincipalKind.GROUP, "ops"), "Admin", MANAGEMENT)
MINE = Assignment(Principal(PrincipalKind.USER, ANA.user_name), "Admin", MANAGEMENT)
ELSEWHERE = Assignment(Principal(PrincipalKind.GROUP, "ops"), "Admin", AccountId("2" * 12))


def world(*assignments: Assignment, unread: Unread = READ_ALL, inside: bool = True) -> ActualAccess:
    members = frozenset({ANA.user_name}) if inside else frozenset()
    return ActualAccess(
        Instance(InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-1")),
        {},
        {ANA.user_name: ANA},
        {"ops": Group("ops", members=members)},
        {"Admin": PermissionSet("Admin")},
        frozenset(assignments),
        unread=unread,
    )


def check_for(who: Caller | None, actual: ActualAccess, *changes: Change) -> None:
    check_own_access(Plan(changes, {}), actual, lambda: who)


@pytest.mark.parametrize(
    "change", [DeleteAssignment(OPS), RemoveMember("ops", ANA.user_name), DeleteUser(ANA)], ids=repr
)
def test_a_plan_may_not_remove_its_own_administrator(change: Change) -> None:
    with pytest.raises(SelfRemovalError) as refused:
        check_for(ME, world(OPS), change)
    assert "Ana@mkdev.example with Admin in 111111111111 would be gone" in refused.value.message
    assert "--allow-self-removal" in refused.value.hint


def test_another_way_to_the_same_access_is_enough() -> None:
    check_for(ME, world(OPS, MINE), DeleteAssignment(OPS))
    check_for(ME, world(OPS), CreateAssignment(MINE), DeleteAssignment(OPS))
    new = Assignment(Principal(PrincipalKind.GROUP, "new"), "Admin", MANAGEMENT)
    moved = (AddMember("new", ANA.user_name), CreateAssignment(new), RemoveMember("ops", ANA.user_name))
    check_for(ME, world(OPS), *moved)


def test_what_others_lose_is_not_one_s_own_access() -> None:
    check_for(ME, world(OPS, ELSEWHERE), DeleteAssignment(ELSEWHERE), RemoveMember("ops", "ben"))
    check_for(ME, world(OPS), DeleteUser(replace(ANA, user_name="ben")), RemoveMember("ops", "ben"))
    check_for(ME, world(MINE, inside=False), RemoveMember("ops", ANA.user_name))


def test_a_key_that_is_nobody_s_session_can_lose_nothing() -> None:
    check_for(None, world(OPS), DeleteAssignment(OPS))
    check_for(replace(ME, user_name="stranger"), world(OPS), DeleteAssignment(OPS))


def test_a_group_whose_members_were_not_read_counts_as_one_s_own() -> None:
    unread = Unread(members_of=frozenset({"ops"}))
    with pytest.raises(SelfRemovalError):
        check_for(ME, world(OPS, unread=unread, inside=False), DeleteAssignment(OPS))


def test_a_plan_may_not_take_the_administrator_s_policy_from_the_set_it_is_run_with() -> None:
    policy = ManagedPolicy("arn:aws:iam::aws:policy/AdministratorAccess")
    with pytest.raises(SelfRemovalError) as refused:
        check_for(ME, world(OPS), DetachManagedPolicy("Admin", policy))
    assert "takes AdministratorAccess from Admin" in refused.value.message
    check_for(ME, world(OPS), DetachManagedPolicy("Other", policy))
    check_for(ME, world(OPS), DetachManagedPolicy("Admin", ManagedPolicy("arn:aws:iam::aws:policy/Billing")))


def test_a_plan_that_takes_nothing_away_does_not_ask_who_runs_it() -> None:
    def nobody_asks() -> Caller | None:
        raise LookupError

    check_own_access(Plan((CreateAssignment(MINE),), {}), world(), nobody_asks)


# --- expiry ---------------------------------------------------------------------------------------

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENDED = RuleNote(Place("access.yaml", 7), expires=NOON - timedelta(hours=1))
OPEN = RuleNote(Place("access.yaml", 9), expires=NOON + timedelta(hours=1))


def file_of(*rules: RuleNote) -> DesiredAccess:
    return DesiredAccess(
        {}, {}, {}, {}, frozenset({OPS}), rules=rules, origins={OPS: tuple(range(len(rules)))}
    )


def test_a_plan_may_not_grant_by_a_rule_that_has_expired_since() -> None:
    plan = Plan((CreateAssignment(OPS), DeleteAssignment(ELSEWHERE)), {})
    with pytest.raises(ExpiredGrantError) as refused:
        check_not_expired(plan, file_of(ENDED), NOON)
    assert "the rule at access.yaml:7:1, which has expired at 2026-03-01 11:00 UTC" in refused.value.message
    for rules in ((), (OPEN,), (ENDED, OPEN), (replace(OPEN, expires=None),)):
        check_not_expired(plan, file_of(*rules), NOON)


# --- all of them ----------------------------------------------------------------------------------


def test_every_broken_law_is_told_and_the_first_is_raised() -> None:
    grants = [DeleteAssignment(OPS), DeleteAssignment(ELSEWHERE)]
    sets = [DeletePermissionSet("a"), DeletePermissionSet("b")]
    plan = Plan((*grants, *sets), {}, managed_assignments=2, managed_sets=2)
    granting = replace(plan, changes=(*plan.changes, CreateAssignment(ELSEWHERE)))
    desired = replace(file_of(ENDED), origins={ELSEWHERE: (0,)})
    found = list(refusals(granting, world(OPS), desired, lambda: ME, NOON, Allowances()))
    assert [type(each) for each in found] == [
        TooManyRemovalsError,
        TooManySetDeletionsError,
        SelfRemovalError,
        ExpiredGrantError,
    ]
    with pytest.raises(TooManyRemovalsError):
        check_plan(granting, world(OPS), desired, lambda: ME, NOON, Allowances())
    allowed = Allowances(removals=2, set_deletions=2, self_removal=True)
    check_plan(granting, world(OPS), None, lambda: ME, NOON, allowed)
