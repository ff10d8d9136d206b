"""Service control policies over the wire: each unit and policy once, the management account never."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from usher.aws.service_control_policies import read_service_control_policies
from usher.core.accounts import Account
from usher.core.errors import UsherError
from usher.core.ids import AccountId

STAGING = Account(AccountId("2" * 12), "staging")
PRODUCTION = Account(AccountId("3" * 12), "production")
MANAGEMENT = Account(AccountId("1" * 12), "management", is_management=True)
PARENTS = {STAGING.id: "ou-1", PRODUCTION.id: "ou-1", "ou-1": "r-1"}
FULL = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
POLICIES = {"r-1": ["p-full"], "ou-1": ["p-full", "p-fence"], STAGING.id: ["p-full"], PRODUCTION.id: []}


@pytest.fixture
def organization(aws: Any) -> Any:
    aws.answer("ListParents", lambda asked: {"Parents": [{"Id": PARENTS[asked["ChildId"]]}]})
    aws.answer(
        "ListPoliciesForTarget",
        lambda asked: {"Policies": [{"Id": each, "Name": each[2:]} for each in POLICIES[asked["TargetId"]]]},
    )
    aws.answer("DescribePolicy", {"Policy": {"Content": json.dumps(FULL)}})
    return aws


def names(levels: Any) -> list[list[str]]:
    return [[name for name, _ in level] for level in levels]


def test_levels_lead_from_the_root_to_the_account_and_nothing_is_read_twice(organization):
    found = read_service_control_policies(
        organization.calls("organizations"), [MANAGEMENT, STAGING, PRODUCTION]
    )
    assert set(found) == {STAGING.id, PRODUCTION.id}
    assert names(found[STAGING.id]) == [["full"], ["full", "fence"], ["full"]]
    assert names(found[PRODUCTION.id]) == [["full"], ["full", "fence"], []]
    assert len(organization.asked_for("ListParents")) == 3
    assert len(organization.asked_for("ListPoliciesForTarget")) == 4
    assert len(organization.asked_for("DescribePolicy")) == 2
    assert organization.asked_for("ListPoliciesForTarget")[0]["Filter"] == "SERVICE_CONTROL_POLICY"


def test_units_that_are_known_are_not_asked_for(organization):
    placed = [replace(account, ou_ids=("ou-1",)) for account in (STAGING, PRODUCTION)]
    found = read_service_control_policies(organization.calls("organizations"), placed)
    assert names(found[STAGING.id]) == [["full"], ["full", "fence"], ["full"]]
    assert [asked["ChildId"] for asked in organization.asked_for("ListParents")] == ["ou-1"]


def test_what_organizations_cannot_tell_is_an_error(organization):
    organization.answer("DescribePolicy", {"Policy": {"Content": "{}"}})
    with pytest.raises(UsherError, match="p-full: not a policy"):
        read_service_control_policies(organization.calls("organizations"), [STAGING])
    organization.answer("ListParents", {"Parents": []})
    with pytest.raises(UsherError, match="Organizations names none"):
        read_service_control_policies(organization.calls("organizations"), [STAGING])
