"""What a reviewer is told to look at twice, on the example organization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, RoleArn
from usher.core.organization import (
    MANAGED_BY_ACCESS_FILE,
    MANAGED_BY_TAG,
    ActualAccess,
    DesiredAccess,
    Instance,
    Unread,
)
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument, policy_document
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.core.rules import Place, RuleNote
from usher.plan.changes import Plan
from usher.plan.diff import plan_changes
from usher.plan.impact import impact_of
from usher.plan.risk import SEVERITY_OF, PlanRisk, PlanRiskKind, Severity, plan_risks
from usher.policy.risk import RiskKind

MANAGEMENT, STAGING, PRODUCTION = (AccountId(digit * 12) for digit in "123")
ACCOUNTS = {
    MANAGEMENT: Account(MANAGEMENT, "root", is_management=True),
    STAGING: Account(STAGING, "staging"),
    PRODUCTION: Account(PRODUCTION, "shop", tags={"env": "production"}),
}
MANAGED = {MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE}
EVERYTHING = ManagedPolicy("arn:aws:iam::aws:policy/AdministratorAccess")
LOOKING = ManagedPolicy("arn:aws:iam::aws:policy/ReadOnlyAccess")
ADMIN = PermissionSet("Admin", managed_policies=frozenset({EVERYTHING}), tags=MANAGED)
READ = PermissionSet("Read", managed_policies=frozenset({LOOKING}), tags=MANAGED)
PLAIN = PermissionSet("Plain", tags=MANAGED)
SSO_WRITE = policy_document({"Statement": {"Effect": "Allow", "Action": "sso:*", "Resource": "*"}})
DEVS, OPS = (Principal(PrincipalKind.GROUP, name) for name in ("devs", "ops"))
ANA, BEN = (User(name, name, name, name) for name in ("ana", "ben"))


def there(*grants: Assignment, **other: object) -> ActualAccess:
    return replace(
        ActualAccess(
            Instance(
                InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-0123456789")
            ),
            ACCOUNTS,
            {user.user_name: user for user in (ANA, BEN)},
            {
                "devs": Group("devs", members=frozenset({"ana", "ben"})),
                "ops": Group("ops", members=frozenset({"ben"})),
            },
            {each.name: each for each in (ADMIN, READ, PLAIN)},
            frozenset(grants),
        ),
        **other,
    )


def wish(actual: ActualAccess, *grants: Assignment, **other: object) -> DesiredAccess:
    same = DesiredAccess(
        ACCOUNTS, actual.users, actual.groups, actual.permission_sets, frozenset(grants), actual.entitlements
    )
    return replace(same, **other)


def risks(
    desired: DesiredAccess,
    actual: ActualAccess,
    documents: Mapping[str, PolicyDocument] | None = None,
    **more: datetime,
) -> tuple[PlanRisk, ...]:
    plan: Plan = plan_changes(desired, actual)
    return plan_risks(impact_of(plan, desired, actual), desired, actual, documents or {}, **more)


def test_new_administrators_in_production_are_told_first_and_once() -> None:
    grants = (Assignment(DEVS, "Admin", PRODUCTION), Assignment(DEVS, "Plain", STAGING))
    (risk,) = risks(wish(there(), *grants), there())
    assert risk.severity is Severity.HIGH
    assert risk.kinds == (PlanRiskKind.ADMINISTRATOR, PlanRiskKind.PRODUCTION)
    assert risk.words == f"devs (2 people) gain Admin in shop ({PRODUCTION})"
    assert risk.reasons[0] == "can do everything: administrator"
    assert risk.reasons[1] == "in production"
    assert risk.people == 2


def test_who_joins_a_group_of_administrators_is_told_by_name() -> None:
    before = there(Assignment(OPS, "Admin", STAGING))
    more = {**before.groups, "ops": Group("ops", members=frozenset({"ana", "ben"}))}
    (risk,) = risks(wish(before, *before.assignments, groups=more), before)
    assert risk.words == f"ana gains Admin in staging ({STAGING}), by joining ops"
    assert risk.severity is Severity.HIGH


def test_access_to_the_management_account_is_told() -> None:
    (risk,) = risks(wish(there(), Assignment(DEVS, "Plain", MANAGEMENT)), there())
    assert risk.kinds == (PlanRiskKind.MANAGEMENT,)
    assert risk.severity is Severity.MEDIUM


def test_a_policy_whose_document_is_not_known_is_not_judged_and_said_so() -> None:
    (risk,) = risks(wish(there(), Assignment(DEVS, "Read", STAGING)), there())
    assert risk.severity is Severity.LOW
    assert risk.reasons == ("not judged: the document of ReadOnlyAccess is not known",)


def test_a_set_whose_policies_were_not_read_is_not_judged() -> None:
    before = there(Assignment(OPS, "Other", STAGING), unread=Unread(policies_of=frozenset({"Other"})))
    before = replace(before, permission_sets={**before.permission_sets, "Other": PermissionSet("Other")})
    more = {**before.groups, "ops": Group("ops", members=frozenset({"ana", "ben"}))}
    named = {name: each for name, each in before.permission_sets.items() if name != "Other"}
    (risk,) = risks(wish(before, groups=more, permission_sets=named), before)
    assert risk.reasons == ("not judged: the policies of Other were not read",)


def test_every_danger_that_policies_know_has_a_place_and_a_severity() -> None:
    dangers = {kind.value for kind in RiskKind} - {RiskKind.NOT_KNOWN.value}
    assert dangers <= {kind.value for kind in PlanRiskKind}
    assert SEVERITY_OF.keys() == set(PlanRiskKind)


def test_the_documents_of_policies_are_judged_where_they_are_known() -> None:
    (risk,) = risks(wish(there(), Assignment(DEVS, "Read", STAGING)), there(), {LOOKING.arn: SSO_WRITE})
    assert risk.kinds == (PlanRiskKind.SSO, PlanRiskKind.WILDCARD)
    assert risk.severity is Severity.HIGH


def test_a_boundary_that_is_not_known_leaves_the_question_open() -> None:
    bound = replace(ADMIN, boundary=CustomerPolicy("Edge"))
    before = there(permission_sets={"Admin": bound})
    found = risks(wish(before, Assignment(DEVS, "Admin", STAGING)), before)
    assert found[0].reasons[-1] == "not judged: what the boundary Edge leaves of it is not known"


def test_an_inline_policy_that_is_none_is_not_judged() -> None:
    broken = replace(PLAIN, inline_policy=PolicyDocument("{"))
    before = there(permission_sets={"Plain": broken})
    (risk,) = risks(wish(before, Assignment(DEVS, "Plain", STAGING)), before)
    assert risk.reasons == ("not judged: the inline policy of Plain cannot be read",)


def test_an_owned_role_is_not_judged() -> None:
    role = RoleArn(f"arn:aws:iam::{STAGING}:role/web/Deployer")
    wanted = wish(
        there(), entitlements=frozenset({Entitlement(DEVS, role)}), roles=frozenset({"web/Deployer"})
    )
    (risk,) = risks(wanted, there())
    assert risk.kinds == (PlanRiskKind.NOT_JUDGED,)
    assert risk.words == f"devs (2 people) gain the role web/Deployer in staging ({STAGING})"


def test_losing_the_last_administrator_of_an_account_is_told() -> None:
    before = there(Assignment(OPS, "Admin", STAGING), Assignment(DEVS, "Plain", STAGING))
    found = risks(wish(before, Assignment(DEVS, "Plain", STAGING)), before)
    assert [each.kinds[0] for each in found] == [PlanRiskKind.LOCKOUT, PlanRiskKind.ROLE_GOES]
    assert found[0].words == f"nobody is administrator any more in staging ({STAGING})"


def test_an_account_with_another_administrator_is_not_locked() -> None:
    before = there(Assignment(OPS, "Admin", STAGING), Assignment(DEVS, "Admin", STAGING))
    assert not risks(wish(before, Assignment(DEVS, "Admin", STAGING)), before)


def test_a_set_that_stops_being_administrator_may_lock_an_account_too() -> None:
    before = there(Assignment(OPS, "Admin", STAGING))
    less = {**before.permission_sets, "Admin": replace(ADMIN, managed_policies=frozenset())}
    (risk,) = risks(wish(before, *before.assignments, permission_sets=less), before)
    assert risk.kinds == (PlanRiskKind.LOCKOUT,)


def test_a_role_that_goes_with_its_last_assignment_is_told_with_its_name() -> None:
    before = there(Assignment(OPS, "Plain", STAGING), Assignment(OPS, "Plain", PRODUCTION))
    (risk,) = risks(wish(before), before)
    assert risk.kinds == (PlanRiskKind.ROLE_GOES,)
    assert risk.accounts == (STAGING, PRODUCTION)
    assert "AWSReservedSSO_Plain_" in risk.reasons[0]


def test_a_set_in_use_that_gets_more_is_told_with_those_who_have_it() -> None:
    before = there(Assignment(DEVS, "Plain", PRODUCTION))
    wider = replace(PLAIN, managed_policies=frozenset({EVERYTHING}), session_seconds=43_200)
    (risk,) = risks(
        wish(before, *before.assignments, permission_sets={**before.permission_sets, "Plain": wider}), before
    )
    assert risk.words == f"Plain changes for 2 people in shop ({PRODUCTION})"
    assert risk.kinds == (
        PlanRiskKind.ADMINISTRATOR,
        PlanRiskKind.PRODUCTION,
        PlanRiskKind.WIDENED,
        PlanRiskKind.SESSION,
    )
    assert risk.reasons[0] == "can do everything: administrator"
    assert risk.reasons[3] == "sessions grow from 1h to 12h"


def test_a_set_that_nobody_has_may_change_without_a_word() -> None:
    wider = {**there().permission_sets, "Plain": replace(PLAIN, managed_policies=frozenset({EVERYTHING}))}
    assert not risks(wish(there(), permission_sets=wider), there())


def test_a_boundary_that_goes_or_is_replaced_is_told() -> None:
    bound = replace(PLAIN, boundary=ManagedPolicy("arn:aws:iam::aws:policy/Edge"))
    before = there(Assignment(DEVS, "Plain", STAGING), permission_sets={"Plain": bound})
    gone = wish(before, *before.assignments, permission_sets={"Plain": PLAIN})
    assert risks(gone, before)[0].reasons[0] == "its boundary Edge goes"
    other = replace(PLAIN, boundary=CustomerPolicy("Own"))
    found = risks(wish(before, *before.assignments, permission_sets={"Plain": other}), before)
    assert found[0].reasons[0] == "its boundary Edge is replaced by Own"
    assert found[1].words == f"the policy /Own must exist in staging ({STAGING})"


def test_policies_that_accounts_must_have_are_told_before_the_role_is_made() -> None:
    custom = replace(PLAIN, customer_policies=frozenset({CustomerPolicy("Team", "/web/")}))
    before = there(permission_sets={})
    found = risks(wish(before, Assignment(DEVS, "Plain", STAGING), permission_sets={"Plain": custom}), before)
    assert PlanRiskKind.CUSTOMER_POLICY in {kind for each in found for kind in each.kinds}
    assert f"the policy /web/Team must exist in staging ({STAGING})" in {each.words for each in found}


def test_rules_that_expire_soon_are_told() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    rules = tuple(
        RuleNote(Place("access.yaml", line), expires=now + timedelta(days=days))
        for line, days in ((5, 3), (9, 60))
    )
    (risk,) = risks(wish(there(), rules=rules), there(), now=now)
    assert risk.words == "the rule at access.yaml:5:1 expires on 2026-01-04 00:00 UTC"
    assert not risks(wish(there(), rules=rules), there())


def test_an_empty_plan_has_no_risks() -> None:
    before = there(Assignment(DEVS, "Admin", PRODUCTION))
    assert risks(wish(before, *before.assignments), before) == ()
