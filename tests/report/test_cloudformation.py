"""CloudFormation templates: valid by AWS's own schemas, and nothing in them ever moves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, PermissionSetArn, PrincipalId, RoleArn
from usher.core.organization import ActualAccess, DesiredAccess, Instance
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import policy_document
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.report.cloudformation import MAX_RESOURCES, to_cloudformation

INSTANCE = Instance(
    InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-0123456789")
)
DEVS, OPS = (Principal(PrincipalKind.GROUP, name) for name in ("devs", "ops"))
STAGING = Account(AccountId("2" * 12), "staging")
SET = PermissionSet(
    "Builder+x",
    "Builds",
    7200,
    "https://console.aws.amazon.com/s3",
    frozenset({ManagedPolicy("arn:aws:iam::aws:policy/PowerUserAccess")}),
    frozenset({CustomerPolicy("Team", "/web/")}),
    policy_document(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    ),
    CustomerPolicy("Limit", "/p/"),
    {"team": "web", "usher:managed-by": "access-file"},
)
PLAIN = PermissionSet("Plain", boundary=ManagedPolicy("arn:aws:iam::aws:policy/ReadOnlyAccess"))
ANA = User("ana@mkdev.example", "Ana Lee", "Ana", "Lee", "ana@mkdev.example")
DESIRED = DesiredAccess(
    {STAGING.id: STAGING},
    {ANA.user_name: ANA},
    {"devs": Group("devs", "Build", frozenset({ANA.user_name, "new@mkdev.example"})), "ops": Group("ops")},
    {SET.name: SET, PLAIN.name: PLAIN},
    frozenset({Assignment(DEVS, SET.name, STAGING.id), Assignment(OPS, PLAIN.name, STAGING.id)}),
    frozenset({Entitlement(DEVS, RoleArn("arn:aws:iam::222222222222:role/Deployer"))}),
)
ACTUAL = ActualAccess(
    INSTANCE,
    DESIRED.accounts,
    DESIRED.users,
    {"devs": Group("devs", "Build", frozenset({ANA.user_name}))},
    {SET.name: SET},
    frozenset({Assignment(DEVS, SET.name, STAGING.id)}),
    principal_ids={
        DEVS: PrincipalId("94482488-3041-7005-0000-000000000001"),
        Principal(PrincipalKind.USER, ANA.user_name): PrincipalId("94482488-3041-7005-0000-000000000002"),
    },
    permission_set_arns={
        SET.name: PermissionSetArn("arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef")
    },
    membership_ids={("devs", ANA.user_name): "94482488-3041-7005-0000-000000000003"},
)


def resources(files: Mapping[str, str]) -> dict[str, str]:
    """Every logical id with the file that it is in."""
    return {
        logical_id: name
        for name, text in files.items()
        if not name.endswith(".import.json")
        for logical_id in json.loads(text)["Resources"]
    }


def test_the_templates_fit_awss_schemas(tmp_path: Path) -> None:
    api = pytest.importorskip("cfnlint.api")
    config = pytest.importorskip("cfnlint.config")
    exported = to_cloudformation(DESIRED, ACTUAL, {})
    for name, text in exported.files.items():
        if not name.endswith(".import.json"):
            found = api.lint(text, config=config.ManualArgs(regions=["eu-central-1"]))
            assert [f"{name}: {each}" for each in found] == []


def test_what_exists_is_listed_for_an_import_and_what_cannot_be_said_is_told() -> None:
    exported = to_cloudformation(DESIRED, ACTUAL, {})
    assert exported.files.keys() == {
        "groups-1.json",
        "groups-1.import.json",
        "permission-sets-1.json",
        "permission-sets-1.import.json",
        "assignments-1.json",
        "assignments-1.import.json",
    }
    (assignment,) = json.loads(exported.files["assignments-1.import.json"])
    assert assignment["ResourceIdentifier"] == {
        "InstanceArn": str(INSTANCE.arn),
        "TargetId": "222222222222",
        "TargetType": "AWS_ACCOUNT",
        "PrincipalType": "GROUP",
        "PrincipalId": "94482488-3041-7005-0000-000000000001",
        "PermissionSetArn": ACTUAL.permission_set_arns[SET.name],
    }
    assert exported.left_out == (
        "1 assignments of principals that do not exist yet: group ops",
        "1 users: CloudFormation has no resource for them",
        "1 grants of owned IAM roles: CloudFormation has no resource for them",
    )
    template = json.loads(exported.files["permission-sets-1.json"])
    built = next(each for each in template["Resources"].values() if each["Properties"]["Name"] == SET.name)
    assert built["Properties"]["Tags"] == [{"Key": "team", "Value": "web"}]
    assert built["Properties"]["PermissionsBoundary"] == {
        "CustomerManagedPolicyReference": {"Name": "Limit", "Path": "/p/"}
    }


def with_grants(numbers: set[int]) -> DesiredAccess:
    accounts = {AccountId(f"{n:012}") for n in numbers}
    return replace(DESIRED, assignments=frozenset(Assignment(DEVS, SET.name, each) for each in accounts))


def test_no_template_has_more_resources_than_a_stack_may() -> None:
    exported = to_cloudformation(with_grants(set(range(1201))), ACTUAL, {})
    sizes: dict[str, int] = {}
    for name in resources(exported.files).values():
        sizes[name] = sizes.get(name, 0) + 1
    assert {name: size for name, size in sizes.items() if name.startswith("assignments")} == {
        "assignments-1.json": MAX_RESOURCES,
        "assignments-2.json": MAX_RESOURCES,
        "assignments-3.json": 201,
    }


@given(st.lists(st.sets(st.integers(0, 40), min_size=1), min_size=2, max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_resource_stays_in_its_stack_whatever_comes_and_goes(steps: list[set[int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("usher.report.cloudformation.MAX_RESOURCES", 7)
        files: Mapping[str, str] = {}
        for numbers in steps:
            before = resources(files)
            files = to_cloudformation(with_grants(numbers), ACTUAL, files).files
            after = resources(files)
            assert {each: before[each] for each in before.keys() & after.keys()} == {
                each: after[each] for each in before.keys() & after.keys()
            }
            counts: dict[str, int] = {}
            for name in after.values():
                counts[name] = counts.get(name, 0) + 1
            assert max(counts.values()) <= 7


def test_equal_access_gives_equal_templates() -> None:
    first: Any = to_cloudformation(DESIRED, ACTUAL, {})
    assert to_cloudformation(DESIRED, ACTUAL, first.files) == first
