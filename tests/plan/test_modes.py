"""What a drift mode makes of access that differs from the file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement, Granted
from usher.core.errors import UsageError
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, RoleArn
from usher.core.organization import (
    MANAGED_BY_ACCESS_FILE,
    MANAGED_BY_TAG,
    ActualAccess,
    DesiredAccess,
    Instance,
    Unread,
)
from usher.core.permission_sets import PermissionSet
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.core.rules import DriftMode, Place, RuleNote
from usher.plan.changes import (
    CreateAssignment,
    CreateEntitlement,
    DeleteAssignment,
    DeleteEntitlement,
    DeletePermissionSet,
    Difference,
    DifferenceKind,
    PermissionSetSettings,
    ProvisionPermissionSet,
    UpdatePermissionSet,
)
from usher.plan.diff import plan_changes

STAGING = AccountId("2" * 12)
ACCOUNTS = {STAGING: Account(STAGING, "staging")}
DEVELOPERS, AUDITORS = (Principal(PrincipalKind.GROUP, name) for name in ("developers", "auditors"))
OWNED = {MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE}
READ = PermissionSet("Read", tags=OWNED)
GIVEN = Assignment(DEVELOPERS, "Read", STAGING)
BY_HAND = Assignment(AUDITORS, "Read", STAGING)
ROLE = RoleArn(f"arn:aws:iam::{STAGING}:role/web/Deployer")
GIVEN_ROLE, ROLE_BY_HAND = Entitlement(DEVELOPERS, ROLE), Entitlement(AUDITORS, ROLE)
HERE = Place("access.yaml", 7)
GROUPS = {name: Group(name) for name in ("auditors", "developers")}


def file_in(mode: DriftMode, *given: Granted, **fields: object) -> DesiredAccess:
    """A file whose one rule, in `mode`, gives `given`."""
    chosen = given or (GIVEN, GIVEN_ROLE)
    wheres = [
        (each.permission_set if isinstance(each, Assignment) else each.role_name, each.account_id)
        for each in chosen
    ]
    desired = DesiredAccess(
        ACCOUNTS,
        {},
        GROUPS,
        {"Read": READ},
        frozenset(each for each in chosen if isinstance(each, Assignment)),
        frozenset(each for each in chosen if isinstance(each, Entitlement)),
        roles=frozenset({"web/Deployer"}),
        rules=(RuleNote(HERE, drift=mode),),
        origins=dict.fromkeys(chosen, (0,)),
        drift=dict.fromkeys(wheres, mode),
    )
    return replace(desired, **fields)


def world(*grants: Granted, **fields: object) -> ActualAccess:
    actual = ActualAccess(
        Instance(InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-1")),
        ACCOUNTS,
        {},
        GROUPS,
        {"Read": READ},
        frozenset(each for each in grants if isinstance(each, Assignment)),
        entitlements=frozenset(each for each in grants if isinstance(each, Entitlement)),
    )
    return replace(actual, **fields)


def surplus(granted: Granted, mode: DriftMode) -> Difference:
    return Difference(granted, DifferenceKind.SURPLUS, mode, (HERE,))


def missing(granted: Granted, mode: DriftMode) -> Difference:
    return Difference(granted, DifferenceKind.MISSING, mode, (HERE,))


def test_enforce_grants_what_is_missing_and_takes_away_what_no_rule_gives() -> None:
    plan = plan_changes(file_in(DriftMode.ENFORCE), world(BY_HAND, ROLE_BY_HAND))
    assert plan.changes == (
        CreateAssignment(GIVEN),
        CreateEntitlement(GIVEN_ROLE),
        DeleteAssignment(BY_HAND),
        DeleteEntitlement(ROLE_BY_HAND),
    )
    assert plan.differences == ()


def test_adopt_grants_what_is_missing_and_keeps_and_tells_the_rest() -> None:
    plan = plan_changes(file_in(DriftMode.ADOPT), world(BY_HAND, ROLE_BY_HAND))
    assert plan.changes == (CreateAssignment(GIVEN), CreateEntitlement(GIVEN_ROLE))
    assert plan.differences == (surplus(BY_HAND, DriftMode.ADOPT), surplus(ROLE_BY_HAND, DriftMode.ADOPT))


def test_observe_changes_nothing_and_tells_both_sides() -> None:
    plan = plan_changes(file_in(DriftMode.OBSERVE), world(BY_HAND, ROLE_BY_HAND))
    assert plan.changes == ()
    assert plan.differences == (
        missing(GIVEN, DriftMode.OBSERVE),
        missing(GIVEN_ROLE, DriftMode.OBSERVE),
        surplus(BY_HAND, DriftMode.OBSERVE),
        surplus(ROLE_BY_HAND, DriftMode.OBSERVE),
    )


def test_ignore_changes_nothing_and_mentions_nothing() -> None:
    plan = plan_changes(file_in(DriftMode.IGNORE), world(BY_HAND))
    assert (plan.changes, plan.differences) == ((), ())


def test_where_rules_meet_the_strictest_decides_what_is_missing() -> None:
    rules = (RuleNote(HERE, drift=DriftMode.IGNORE), RuleNote(HERE, drift=DriftMode.ENFORCE))
    desired = file_in(DriftMode.IGNORE, GIVEN, rules=rules, origins={GIVEN: (0, 1)})
    assert plan_changes(desired, world()).changes == (CreateAssignment(GIVEN),)


def test_without_rules_the_file_s_default_decides() -> None:
    desired = file_in(DriftMode.IGNORE, GIVEN, rules=(), origins={}, drift={})
    observing = replace(desired, drift_default=DriftMode.OBSERVE)
    assert plan_changes(desired, world()).changes == (CreateAssignment(GIVEN),)
    assert plan_changes(observing, world()).differences == (
        Difference(GIVEN, DifferenceKind.MISSING, DriftMode.OBSERVE),
    )


def test_a_role_that_only_surplus_access_holds_is_brought_up_to_date_with_its_set() -> None:
    changed = replace(READ, description="new")
    desired = file_in(DriftMode.OBSERVE, GIVEN, permission_sets={"Read": changed})
    plan = plan_changes(desired, world(BY_HAND))
    settings = [PermissionSetSettings(text, 3600, "") for text in ("", "new")]
    assert plan.changes[0] == UpdatePermissionSet("Read", *settings)
    assert isinstance(plan.changes[1], ProvisionPermissionSet)
    assert plan.changes[1].accounts == (STAGING,)


def test_a_set_that_left_the_file_stays_while_somebody_s_access_to_it_does() -> None:
    desired = file_in(DriftMode.OBSERVE, drift_default=DriftMode.OBSERVE, permission_sets={})
    desired = replace(desired, assignments=frozenset(), drift={})
    plan = plan_changes(desired, world(GIVEN, GIVEN_ROLE))
    assert plan.changes == ()
    assert plan.left_alone.permission_sets == ("Read",)


def test_a_set_that_goes_takes_along_what_it_held_so_that_it_can_be_made_again() -> None:
    desired = file_in(DriftMode.ENFORCE, permission_sets={}, assignments=frozenset())
    assert plan_changes(desired, world(GIVEN_ROLE)).changes == (DeletePermissionSet("Read", READ),)
    unread = world(GIVEN_ROLE, unread=Unread(policies_of=frozenset({"Read"})))
    assert plan_changes(desired, unread).changes == (DeletePermissionSet("Read", None),)


def test_a_set_is_never_deleted_when_its_assignments_were_not_read() -> None:
    desired = file_in(DriftMode.ENFORCE, permission_sets={}, assignments=frozenset())
    plan = plan_changes(desired, world(GIVEN_ROLE, unread=Unread(assignments_of=frozenset({"Read"}))))
    assert plan.changes == ()
    assert plan.left_alone.permission_sets == ("Read",)


@pytest.mark.parametrize(
    ("unread", "words"),
    [
        (Unread(policies_of=frozenset({"Read"})), "the policies of Read"),
        (Unread(assignments_of=frozenset({"Read"})), "the assignments of Read"),
        (Unread(members_of=frozenset({"developers"})), "the members of developers"),
        (Unread(entitlements=True), "who may assume the owned roles"),
    ],
)
def test_nothing_is_planned_from_a_reading_that_left_out_what_the_file_decides(
    unread: Unread, words: str
) -> None:
    with pytest.raises(UsageError) as refused:
        plan_changes(file_in(DriftMode.ENFORCE), world(unread=unread))
    assert words in refused.value.message


def test_what_was_not_read_of_others_does_not_matter() -> None:
    unread = Unread(
        policies_of=frozenset({"Other"}), members_of=frozenset({"others"}), dangling=True, user_grants=True
    )
    assert plan_changes(file_in(DriftMode.ENFORCE), world(GIVEN, GIVEN_ROLE, unread=unread)).changes == ()


def test_people_from_another_directory_must_be_there_and_all_strangers_are_named_at_once() -> None:
    bob = User("bob@mkdev.example", "Bob Ray", "Bob", "Ray")
    desired = file_in(
        DriftMode.ENFORCE,
        external_users=frozenset({"bo@mkdev.example"}),
        external_groups=frozenset({"Auditors", "nobody-near"}),
    )
    with pytest.raises(UsageError) as refused:
        plan_changes(desired, world(users={bob.user_name: bob}))
    assert "user bo@mkdev.example (did you mean bob@mkdev.example?)" in refused.value.message
    assert "group Auditors (did you mean auditors?)" in refused.value.message
    assert refused.value.message.endswith("group nobody-near")


def test_people_from_another_directory_are_referred_to_and_never_changed_or_called_left_alone() -> None:
    bob = User("bob@mkdev.example", "Bob Ray", "Bob", "Ray")
    given = Assignment(Principal(PrincipalKind.GROUP, "auditors"), "Read", STAGING)
    desired = file_in(
        DriftMode.ENFORCE,
        given,
        groups={},
        roles=frozenset(),
        external_users=frozenset({bob.user_name}),
        external_groups=frozenset(GROUPS),
    )
    plan = plan_changes(desired, world(users={bob.user_name: bob}))
    assert plan.changes == (CreateAssignment(given),)
    assert (plan.left_alone.users, plan.left_alone.groups) == ((), ())


def test_access_that_nobody_has_any_more_because_its_group_is_emptied_is_noted() -> None:
    full = {"developers": Group("developers", members=frozenset({"ana"})), "auditors": Group("auditors")}
    ana = User("ana", "Ana Lee", "Ana", "Lee")
    actual = world(GIVEN, BY_HAND, GIVEN_ROLE, groups=full, users={"ana": ana})
    plan = plan_changes(file_in(DriftMode.ENFORCE), actual)
    assert plan.emptied == (GIVEN, GIVEN_ROLE)
