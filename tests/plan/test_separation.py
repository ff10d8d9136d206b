"""Nobody may hold two duties that a separation keeps apart, by whatever way."""

from __future__ import annotations

from typing import Any

from usher.core.access_tests import Duty, Separation
from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, RoleArn
from usher.core.organization import ActualAccess, DesiredAccess, Instance, Unread
from usher.core.principals import Group, Principal, PrincipalKind
from usher.core.rules import Place
from usher.plan.separation import check_separations, unchecked_groups

STAGING, PRODUCTION = AccountId("2" * 12), AccountId("3" * 12)
ACCOUNTS = {PRODUCTION: Account(PRODUCTION, "production")}
INSTANCE = Instance(InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-1"))
APPROVERS, DEPLOYERS, OUTSIDE = (
    Principal(PrincipalKind.GROUP, name) for name in ("approvers", "deployers", "outside")
)
ANNA = Principal(PrincipalKind.USER, "anna")
DEPLOYER = RoleArn(f"arn:aws:iam::{PRODUCTION}:role/web/Deployer")


def wish(*duties: Duty, **more: Any) -> DesiredAccess:
    groups = {
        "approvers": Group("approvers", members=frozenset({"anna", "ben"})),
        "deployers": Group("deployers", members=frozenset({"ben", "carl"})),
    }
    separation = Separation("deploy and approve", duties, Place("access.yaml", 9))
    asked = {"assignments": frozenset(), **more}
    return DesiredAccess(
        ACCOUNTS,
        {},
        groups,
        {},
        external_groups=frozenset({"outside"}),
        separations=(separation,),
        **asked,
    )


def test_membership_of_two_groups_is_found_for_the_one_who_has_both():
    (found,) = check_separations(
        wish(Duty(groups=frozenset({"approvers"})), Duty(groups=frozenset({"deployers"})))
    )
    assert found.user == "ben"
    assert found.paths == ("is a member of group approvers", "is a member of group deployers")
    assert found.separation.name == "deploy and approve"


def test_entering_counts_by_permission_set_role_and_account_through_groups_or_not():
    approving = Duty(groups=frozenset({"approvers"}))
    desired = wish(
        approving,
        Duty(permission_sets=frozenset({"Deploy"}), accounts=frozenset({PRODUCTION})),
        assignments=frozenset(
            {Assignment(DEPLOYERS, "Deploy", PRODUCTION), Assignment(ANNA, "Deploy", STAGING)}
        ),
    )
    (found,) = check_separations(desired)
    assert found.user == "ben"
    assert found.paths[1] == "enters production (333333333333) with Deploy through group deployers"
    roles = wish(
        approving,
        Duty(roles=frozenset({"web/Deployer"})),
        entitlements=frozenset({Entitlement(ANNA, DEPLOYER)}),
        assignments=frozenset({Assignment(DEPLOYERS, "Other", STAGING)}),
    )
    (found,) = check_separations(roles)
    assert found.paths[1] == "enters production (333333333333) with web/Deployer"


def test_a_duty_anywhere_names_the_account_even_where_it_is_not_known_by_name():
    desired = wish(
        Duty(groups=frozenset({"approvers"})),
        Duty(permission_sets=frozenset({"Deploy"})),
        assignments=frozenset({Assignment(ANNA, "Deploy", STAGING)}),
    )
    (found,) = check_separations(desired)
    assert found.paths[1] == "enters 222222222222 with Deploy"


def test_one_duty_by_two_ways_is_one_duty():
    both_ways = Duty(groups=frozenset({"approvers", "deployers"}))
    assert check_separations(wish(both_ways, Duty(permission_sets=frozenset({"None"})))) == ()


def test_groups_from_elsewhere_are_looked_into_when_they_were_read_and_named_when_not():
    desired = wish(
        Duty(groups=frozenset({"approvers"})),
        Duty(permission_sets=frozenset({"Deploy"})),
        assignments=frozenset(
            {Assignment(OUTSIDE, "Deploy", STAGING), Assignment(DEPLOYERS, "Other", STAGING)}
        ),
    )
    assert check_separations(desired) == ()
    assert unchecked_groups(desired) == {"outside"}

    def actual(**more: Any) -> ActualAccess:
        groups = {"outside": Group("outside", members=frozenset({"anna"}))}
        return ActualAccess(INSTANCE, ACCOUNTS, {}, groups, {}, frozenset(), **more)

    (found,) = check_separations(desired, actual())
    assert found.user == "anna"
    assert unchecked_groups(desired, actual()) == frozenset()
    unread = actual(unread=Unread(members_of=frozenset({"outside"})))
    assert check_separations(desired, unread) == ()
    assert unchecked_groups(desired, unread) == {"outside"}


def test_a_group_that_has_no_part_in_a_separation_is_nobodys_question():
    quiet = wish(Duty(groups=frozenset({"approvers"})), Duty(groups=frozenset({"deployers"})))
    assert unchecked_groups(quiet) == frozenset()
    named = wish(Duty(groups=frozenset({"outside"})), Duty(groups=frozenset({"deployers"})))
    assert unchecked_groups(named) == {"outside"}
