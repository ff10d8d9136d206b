"""An access file's tests: what holds, what does not, and what cannot be known, on a small organization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from usher.core.access_tests import AccessTest
from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, RoleArn
from usher.core.organization import DesiredAccess
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument, policy_document
from usher.core.principals import Group, Principal, PrincipalKind
from usher.core.rules import Place
from usher.plan.access_tests import (
    Finding,
    TestOutcome,
    TestResult,
    coverage_of,
    run_tests,
    unknown_actions,
)

MANAGEMENT, STAGING, PRODUCTION = AccountId("1" * 12), AccountId("2" * 12), AccountId("3" * 12)
ACCOUNTS = {
    MANAGEMENT: Account(MANAGEMENT, "management", is_management=True),
    STAGING: Account(STAGING, "staging"),
    PRODUCTION: Account(PRODUCTION, "production"),
}
ADMIN = ManagedPolicy("arn:aws:iam::aws:policy/AdministratorAccess")
HERE = Place("access.yaml", 12, 5)


def document(effect: str, action: str, resource: str = "*", **more: Any) -> PolicyDocument:
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return policy_document({"Version": "2012-10-17", "Statement": [statement]})


DOCUMENTS = {ADMIN.arn: document("Allow", "*")}
SETS = {
    each.name: each
    for each in (
        PermissionSet("Admin", managed_policies=frozenset({ADMIN})),
        PermissionSet("Logs", inline_policy=document("Allow", "s3:*", "arn:aws:s3:::logs-*")),
        PermissionSet("Read", inline_policy=document("Allow", "s3:GetObject")),
        PermissionSet("Custom", customer_policies=frozenset({CustomerPolicy("Own")})),
        PermissionSet(
            "Office",
            inline_policy=document(
                "Allow", "s3:*", Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
            ),
        ),
    )
}


def group(name: str) -> Principal:
    return Principal(PrincipalKind.GROUP, name)


def person(name: str) -> Principal:
    return Principal(PrincipalKind.USER, name)


DEVELOPERS, OUTSIDE = group("developers"), group("outside")


def check(principal: Principal, expected: bool, *actions: str, **more: Any) -> AccessTest:
    accounts = more.pop("accounts", (STAGING,))
    return AccessTest(principal, accounts, expected, HERE, actions=actions, **more)


def run(
    test: AccessTest,
    *grants: Assignment | Entitlement,
    documents: Mapping[str, PolicyDocument] = DOCUMENTS,
    scps: Any = None,
    memberships: Any = None,
) -> TestResult:
    desired = DesiredAccess(
        accounts=ACCOUNTS,
        users={},
        groups={"developers": Group("developers", members=frozenset({"dev@example"}))},
        permission_sets=SETS,
        assignments=frozenset(each for each in grants if isinstance(each, Assignment)),
        entitlements=frozenset(each for each in grants if isinstance(each, Entitlement)),
        external_groups=frozenset({"outside"}),
        tests=(test,),
    )
    (result,) = run_tests(desired, documents, scps, memberships)
    return result


def words(result: TestResult) -> str:
    return "\n".join(finding.words for finding in result.findings)


def granted(name: str, principal: Principal = DEVELOPERS, account: AccountId = STAGING) -> Assignment:
    return Assignment(principal, name, account)


@pytest.mark.parametrize(
    ("test", "outcome"),
    [
        (check(DEVELOPERS, True, "s3:GetObject"), TestOutcome.PASSED),
        (check(DEVELOPERS, False, "s3:GetObject"), TestOutcome.FAILED),
        (check(DEVELOPERS, False, "s3:PutObject"), TestOutcome.PASSED),
        (check(DEVELOPERS, True, "s3:PutObject"), TestOutcome.FAILED),
        (check(DEVELOPERS, True, "s3:GetObject", "s3:PutObject"), TestOutcome.FAILED),
        (check(DEVELOPERS, False, "s3:Put*"), TestOutcome.PASSED),
        (check(DEVELOPERS, False, "s3:Get*"), TestOutcome.FAILED),
        (check(DEVELOPERS, True, "s3:Get*"), TestOutcome.FAILED),
        (check(DEVELOPERS, False, "s3:NoSuch*"), TestOutcome.UNKNOWN),
        (check(person("dev@example"), True, "s3:GetObject"), TestOutcome.PASSED),
        (check(person("other@example"), True, "s3:GetObject"), TestOutcome.FAILED),
        (check(DEVELOPERS, True, "s3:GetObject", accounts=(STAGING, PRODUCTION)), TestOutcome.FAILED),
    ],
    ids=lambda value: "" if isinstance(value, TestOutcome) else str(value.actions),
)
def test_an_action_is_judged_by_what_the_policies_allow(test, outcome):
    assert run(test, granted("Read")).outcome is outcome


def test_a_failure_says_who_where_with_what_and_which_statement():
    result = run(check(DEVELOPERS, False, "s3:GetObject"), granted("Read"))
    assert result.findings == (
        Finding(
            STAGING,
            TestOutcome.FAILED,
            "group developers in staging (222222222222) can s3:GetObject with Read through group developers: "
            "allowed by statement 1 of the inline policy",
            (granted("Read"),),
        ),
    )


def test_what_cannot_be_done_says_why():
    assert "cannot s3:PutObject: with Read through group developers no policy allows s3:PutObject" in words(
        run(check(DEVELOPERS, True, "s3:PutObject"), granted("Read"))
    )
    assert "it may enter nothing there" in words(run(check(DEVELOPERS, True, "s3:PutObject")))


def test_a_principals_access_is_what_any_of_its_roles_allows():
    both = (granted("Read"), granted("Admin"))
    assert run(check(DEVELOPERS, True, "ec2:RunInstances"), *both).passed
    assert run(check(person("dev@example"), True, "ec2:RunInstances"), *both).passed


def test_cannot_on_everything_finds_the_one_resource_on_which_it_can():
    result = run(check(DEVELOPERS, False, "s3:DeleteObject"), granted("Logs"))
    assert result.outcome is TestOutcome.FAILED
    assert "s3:DeleteObject on arn:aws:s3:::logs-example" in words(result)


def test_can_on_everything_is_not_proved_by_some_resources():
    assert run(check(DEVELOPERS, True, "s3:DeleteObject"), granted("Logs")).outcome is TestOutcome.UNKNOWN
    named = check(DEVELOPERS, True, "s3:DeleteObject", resources=("arn:aws:s3:::logs-1/a",))
    assert run(named, granted("Logs")).passed


@pytest.mark.parametrize("expected", [True, False])
def test_what_hangs_on_a_condition_is_unknown_and_names_the_key(expected):
    result = run(check(DEVELOPERS, expected, "s3:GetObject"), granted("Office"))
    assert result.outcome is TestOutcome.UNKNOWN
    assert "depends on aws:SourceIp" in words(result)
    at_home = check(DEVELOPERS, False, "s3:GetObject", context={"aws:SourceIp": ("198.51.100.1",)})
    assert run(at_home, granted("Office")).passed


@pytest.mark.parametrize("expected", [True, False])
def test_a_policy_that_is_not_known_never_lets_a_test_pass(expected):
    test = check(DEVELOPERS, expected, "s3:GetObject")
    assert "the policy AdministratorAccess" in words(run(test, granted("Admin"), documents={}))
    assert run(test, granted("Admin"), documents={}).outcome is TestOutcome.UNKNOWN
    assert run(test, granted("Custom")).outcome is TestOutcome.UNKNOWN
    role = Entitlement(DEVELOPERS, RoleArn(f"arn:aws:iam::{STAGING}:role/web/Deployer"))
    assert "what the role web/Deployer may do" in words(run(test, role))


def test_a_customer_managed_policy_is_known_by_its_arn_in_the_account():
    own = {f"arn:aws:iam::{STAGING}:policy/Own": document("Allow", "s3:GetObject")}
    assert run(check(DEVELOPERS, True, "s3:GetObject"), granted("Custom"), documents=own).passed
    there = granted("Custom", account=PRODUCTION)
    test = check(DEVELOPERS, True, "s3:GetObject", accounts=(PRODUCTION,))
    assert run(test, there, documents=own).outcome is TestOutcome.UNKNOWN


@pytest.mark.parametrize(
    ("test", "outcome"),
    [
        (check(DEVELOPERS, True), TestOutcome.PASSED),
        (check(DEVELOPERS, False), TestOutcome.FAILED),
        (check(DEVELOPERS, True, entering="Read"), TestOutcome.PASSED),
        (check(DEVELOPERS, True, entering="Admin"), TestOutcome.FAILED),
        (check(DEVELOPERS, False, entering="Admin"), TestOutcome.PASSED),
        (check(DEVELOPERS, False, accounts=(PRODUCTION,)), TestOutcome.PASSED),
        (check(DEVELOPERS, True, accounts=(PRODUCTION,)), TestOutcome.FAILED),
        (check(DEVELOPERS, True, accounts=(AccountId("9" * 12),)), TestOutcome.FAILED),
        (check(person("dev@example"), True, entering="Read"), TestOutcome.PASSED),
    ],
    ids=str,
)
def test_entering_needs_no_policy(test, outcome):
    assert run(test, granted("Read"), documents={}).outcome is outcome


def test_membership_of_a_group_that_is_elsewhere_is_open_until_it_is_read():
    inside = granted("Read", OUTSIDE)
    for test in (
        check(person("dev@example"), False, "s3:GetObject"),
        check(person("dev@example"), True, "s3:GetObject"),
        check(person("dev@example"), False),
        check(person("dev@example"), True),
        check(person("stranger@example"), False),
    ):
        result = run(test, inside)
        assert result.outcome is TestOutcome.UNKNOWN
        assert "a member of group outside, whose members are not known here" in words(result)
    known = {"outside": Group("outside", members=frozenset({"dev@example"}))}
    assert run(check(person("dev@example"), True, "s3:GetObject"), inside, memberships=known).passed
    assert run(check(person("stranger@example"), False), inside, memberships=known).passed


def test_what_is_open_twice_says_both():
    result = run(check(person("dev@example"), False, "s3:GetObject"), granted("Office", OUTSIDE))
    assert "aws:SourceIp" in words(result)
    assert "group outside" in words(result)


DENY = ((("NoS3", document("Deny", "s3:*")), ("Full", document("Allow", "*"))),)


def test_a_test_that_relies_on_scps_needs_them():
    test = check(DEVELOPERS, False, "s3:GetObject", relies_on_scps=True)
    assert run(test, granted("Read")).outcome is TestOutcome.UNKNOWN
    assert "were not given" in words(run(test, granted("Read")))
    assert run(test, granted("Read"), scps={STAGING: DENY}).passed
    assert run(check(DEVELOPERS, False, "s3:GetObject"), granted("Read"), scps={STAGING: DENY}).passed


def test_scps_do_not_touch_the_management_account():
    test = check(DEVELOPERS, True, "s3:GetObject", accounts=(MANAGEMENT,), relies_on_scps=True)
    assert run(test, granted("Read", account=MANAGEMENT)).passed


def test_a_failure_is_told_before_what_is_unknown():
    office_and_read = (granted("Office"), granted("Read"))
    test = check(DEVELOPERS, False, "s3:PutObject", "s3:GetObject")
    assert run(test, *office_and_read).outcome is TestOutcome.FAILED
    both = check(DEVELOPERS, False, "s3:PutObject", accounts=(STAGING, PRODUCTION))
    mixed = run(both, granted("Office"), granted("Admin", account=PRODUCTION))
    assert mixed.outcome is TestOutcome.FAILED
    assert [finding.outcome for finding in mixed.findings] == [TestOutcome.UNKNOWN, TestOutcome.FAILED]


def test_coverage_counts_the_grants_that_some_test_looks_at():
    test = check(DEVELOPERS, True)
    desired = DesiredAccess(
        ACCOUNTS,
        {},
        {},
        SETS,
        frozenset({granted("Read"), granted("Read", account=PRODUCTION)}),
        tests=(test, check(DEVELOPERS, False, "s3:DeletObject"), check(DEVELOPERS, False, "s3:Del*")),
    )
    coverage = coverage_of(desired, run_tests(desired, {}))
    assert (coverage.grants, coverage.touched) == (2, 1)
    assert coverage.untouched == (granted("Read", account=PRODUCTION),)
    assert [action for _, action in unknown_actions(desired)] == ["s3:DeletObject"]
