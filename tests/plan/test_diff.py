"""Plans of the example organization, change by change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.errors import UsageError
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, RoleArn
from usher.core.organization import (
    MANAGED_BY_ACCESS_FILE,
    MANAGED_BY_TAG,
    ActualAccess,
    DesiredAccess,
    Instance,
)
from usher.core.permission_sets import ManagedPolicy, PermissionSet
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.plan.changes import CreateUser, PermissionSetSettings, TagPermissionSet, UpdatePermissionSet
from usher.plan.diff import plan_changes
from usher.plan.order import needs, settles, stage
from usher.plan.words import words_of

STAGING, PRODUCTION = AccountId("2" * 12), AccountId("3" * 12)
ACCOUNTS = {
    STAGING: Account(STAGING, "staging"),
    PRODUCTION: Account(PRODUCTION, "production"),
}
DEVELOPERS = Principal(PrincipalKind.GROUP, "developers")
ANA = User("ana@mkdev.example", "Ana Lee", "Ana", "Lee", "ana@mkdev.example")
READ_ONLY = PermissionSet(
    "ReadOnlyAccess",
    session_seconds=43_200,
    managed_policies=frozenset({ManagedPolicy("arn:aws:iam::aws:policy/ReadOnlyAccess")}),
    tags={MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE},
)
MKDEV = DesiredAccess(
    ACCOUNTS,
    {ANA.user_name: ANA},
    {"developers": Group("developers", members=frozenset({ANA.user_name}))},
    {READ_ONLY.name: READ_ONLY},
    frozenset({Assignment(DEVELOPERS, READ_ONLY.name, PRODUCTION)}),
)
EMPTY = ActualAccess(
    Instance(InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-0123456789")),
    ACCOUNTS,
    {},
    {},
    {},
    frozenset(),
)
AS_FILED = replace(
    EMPTY,
    users=MKDEV.users,
    groups=MKDEV.groups,
    permission_sets=MKDEV.permission_sets,
    assignments=MKDEV.assignments,
)


def sentences(desired: DesiredAccess, actual: ActualAccess) -> list[str]:
    plan = plan_changes(desired, actual)
    return [words_of(change, plan.accounts) for change in plan.changes]


def test_everything_is_made_in_an_empty_instance_in_the_order_of_need() -> None:
    assert sentences(MKDEV, EMPTY) == [
        "user ana@mkdev.example is added (Ana Lee)",
        "group developers is added",
        "ana@mkdev.example joins developers",
        "ReadOnlyAccess is added (sessions of 12h)",
        "ReadOnlyAccess gets the AWS policy ReadOnlyAccess",
        "developers gains ReadOnlyAccess in production (333333333333)",
    ]


def test_nothing_is_planned_when_the_accounts_match() -> None:
    assert plan_changes(MKDEV, AS_FILED).changes == ()


def test_a_changed_set_is_provisioned_once_where_it_is_assigned() -> None:
    actual = replace(
        AS_FILED,
        permission_sets={READ_ONLY.name: replace(READ_ONLY, session_seconds=3600, relay_state="https://x")},
    )
    assert sentences(MKDEV, actual) == [
        "ReadOnlyAccess changes: session 1h -> 12h, relay state https://x -> (none)",
        "ReadOnlyAccess is brought up to date because its contents change, in production (333333333333)",
    ]


def test_an_update_carries_every_setting_because_aws_clears_what_is_left_out() -> None:
    actual = replace(AS_FILED, permission_sets={READ_ONLY.name: replace(READ_ONLY, description="old")})
    wanted = replace(MKDEV, permission_sets={READ_ONLY.name: replace(READ_ONLY, relay_state="https://c")})
    update = plan_changes(wanted, actual).changes[0]
    assert isinstance(update, UpdatePermissionSet)
    assert update.after == PermissionSetSettings("", 43_200, "https://c")


def test_a_set_that_was_changed_but_never_provisioned_is_brought_up_to_date() -> None:
    actual = replace(AS_FILED, stale=frozenset({(READ_ONLY.name, PRODUCTION)}))
    assert sentences(MKDEV, actual) == [
        "ReadOnlyAccess is brought up to date because its roles lag behind, in production (333333333333)"
    ]


def test_declaring_what_somebody_else_made_changes_nothing_and_that_is_told() -> None:
    actual = replace(AS_FILED, permission_sets={READ_ONLY.name: replace(READ_ONLY, tags={})})
    plan = plan_changes(MKDEV, actual)
    assert plan.changes == ()
    assert plan.unmarked == (READ_ONLY.name,)
    assert plan_changes(MKDEV, AS_FILED).unmarked == ()


@pytest.mark.parametrize(
    "others",
    [
        {"permission_sets": {READ_ONLY.name: replace(READ_ONLY, tags={}, session_seconds=3600)}},
        {"permission_sets": {READ_ONLY.name: replace(READ_ONLY, tags={"cost": "1"})}},
        {"permission_sets": {READ_ONLY.name: replace(READ_ONLY, tags={})}, "assignments": frozenset()},
    ],
    ids=["contents", "tags", "assignments"],
)
def test_the_first_change_to_a_set_that_somebody_else_made_takes_it_over(others: dict[str, Any]) -> None:
    actual = replace(AS_FILED, **others)
    plan = plan_changes(MKDEV, actual)
    (tag,) = (change for change in plan.changes if isinstance(change, TagPermissionSet))
    assert tag.adopts
    assert plan.unmarked == ()
    assert "ReadOnlyAccess is taken over by this file (usher:managed-by=access-file)" in sentences(
        MKDEV, actual
    )


def test_access_that_moves_to_an_owned_role_goes_only_when_the_new_access_is_there() -> None:
    role = Entitlement(DEVELOPERS, RoleArn(f"arn:aws:iam::{PRODUCTION}:role/Reader"))
    moved = replace(
        MKDEV, assignments=frozenset(), entitlements=frozenset({role}), roles=frozenset({"Reader"})
    )
    for desired, actual in (
        (moved, AS_FILED),
        (
            replace(MKDEV, roles=moved.roles),
            replace(AS_FILED, assignments=frozenset(), entitlements=moved.entitlements),
        ),
    ):
        made, taken = plan_changes(desired, actual).changes
        assert set(settles(made)) & set(needs(taken))
        assert stage(made) < stage(taken)


def test_access_to_a_suspended_account_is_left_alone() -> None:
    closed = Account(AccountId("4" * 12), "closed", active=False)
    in_closed = Assignment(DEVELOPERS, READ_ONLY.name, closed.id)
    entitled = Entitlement(DEVELOPERS, RoleArn(f"arn:aws:iam::{closed.id}:role/Deployer"))
    actual = replace(
        AS_FILED,
        accounts={**ACCOUNTS, closed.id: closed},
        assignments=MKDEV.assignments | {in_closed},
        entitlements=frozenset({entitled}),
    )
    plan = plan_changes(replace(MKDEV, roles=frozenset({"Deployer"})), actual)
    assert (plan.changes, plan.managed_assignments) == ((), 1)
    nothing_named = replace(MKDEV, permission_sets={}, assignments=frozenset())
    removed = plan_changes(nothing_named, actual)
    assert [type(change).__name__ for change in removed.changes] == ["DeleteAssignment"]
    assert removed.left_alone.permission_sets == (READ_ONLY.name,)


def test_an_assignment_of_a_deleted_principal_is_removed_and_called_so() -> None:
    gone = Assignment(Principal(PrincipalKind.USER, "94482488-3041-7005"), READ_ONLY.name, STAGING)
    actual = replace(AS_FILED, assignments=MKDEV.assignments | {gone})
    assert sentences(MKDEV, actual) == [
        "94482488-3041-7005 loses ReadOnlyAccess in staging (222222222222) (this user no longer exists)"
    ]


def test_what_the_file_does_not_name_is_listed_and_left_alone() -> None:
    bob = User("bob", "Bob", "Bob", "Ray")
    actual = replace(
        AS_FILED,
        users={**AS_FILED.users, "bob": bob},
        groups={**AS_FILED.groups, "auditors": Group("auditors", members=frozenset({"bob"}))},
        permission_sets={**AS_FILED.permission_sets, "Audit": PermissionSet("Audit")},
        assignments=AS_FILED.assignments
        | {Assignment(Principal(PrincipalKind.GROUP, "auditors"), "Audit", STAGING)},
    )
    plan = plan_changes(MKDEV, actual)
    assert plan.changes == ()
    assert (plan.left_alone.permission_sets, plan.left_alone.groups, plan.left_alone.users) == (
        ("Audit",),
        ("auditors",),
        ("bob",),
    )


def test_a_user_spelled_otherwise_is_one_mistake_and_no_second_user() -> None:
    actual = replace(EMPTY, users={"Ana@mkdev.example": replace(ANA, user_name="Ana@mkdev.example")})
    with pytest.raises(UsageError) as refused:
        plan_changes(MKDEV, actual)
    assert "write 'Ana@mkdev.example'" in refused.value.hint


def test_equal_worlds_give_equal_plans() -> None:
    assert plan_changes(MKDEV, EMPTY) == plan_changes(MKDEV, EMPTY)
    assert plan_changes(MKDEV, EMPTY).changes[0] == CreateUser(ANA)


def test_permission_sets_are_refused_where_the_instance_has_none() -> None:
    without = replace(EMPTY, instance=replace(EMPTY.instance, permission_sets_enabled=False))
    with pytest.raises(UsageError, match="permission sets are not enabled") as refused:
        plan_changes(MKDEV, without)
    assert "update-instance" in refused.value.hint
    only_roles = replace(MKDEV, permission_sets={}, assignments=frozenset())
    assert plan_changes(only_roles, without).changes
