"""Where accounts are in the organization, and which tags they carry, over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from usher.aws.accounts import PlacedAccounts, list_accounts_alone, list_accounts_in_units, with_their_tags
from usher.aws.organizations import list_accounts
from usher.core.accounts import Account
from usher.core.errors import NoAccessError

ROOT = "o-exampleorgid/r-root"
WORKLOADS, PRODUCTION, EMPTY = "ou-root-workload", "ou-root-producti", "ou-root-emptyone"
NAMES = {WORKLOADS: "Workloads", PRODUCTION: "Production", EMPTY: "Empty"}
MANAGEMENT, STAGING, LIVE = "111111111111", "222222222222", "333333333333"
PLACED = (
    Account(MANAGEMENT, "management", is_management=True),
    Account(LIVE, "production", ou_names=("Workloads", "Production"), ou_ids=(WORKLOADS, PRODUCTION)),
    Account(STAGING, "staging", ou_names=("Workloads",), ou_ids=(WORKLOADS,)),
)


ORGANIZATION = "o-exampleorg"


def item(account: str, name: str, *units: str, paths: bool) -> dict[str, object]:
    arn = f"arn:aws:organizations::{MANAGEMENT}:account/{ORGANIZATION}/{account}"
    listed: dict[str, object] = {"Id": account, "Arn": arn, "Name": name, "State": "ACTIVE"}
    if paths:
        listed["Paths"] = ["/".join([ROOT, *units, account, ""])]
    return listed


def organization(aws: Any, *, paths: bool) -> Any:
    aws.answer("DescribeOrganization", {"Organization": {"MasterAccountId": MANAGEMENT}})
    accounts = [
        item(STAGING, "staging", WORKLOADS, paths=paths),
        item(LIVE, "production", WORKLOADS, PRODUCTION, paths=paths),
        item(MANAGEMENT, "management", paths=paths),
    ]
    aws.answer("ListAccounts", {"Accounts": accounts})
    aws.answer(
        "DescribeOrganizationalUnit",
        lambda asked: {"OrganizationalUnit": {"Name": NAMES[asked["OrganizationalUnitId"]]}},
    )
    below = {"r-root": [WORKLOADS, EMPTY], WORKLOADS: [PRODUCTION]}
    held = {"r-root": [MANAGEMENT], WORKLOADS: [STAGING], PRODUCTION: [LIVE]}
    aws.answer("ListRoots", {"Roots": [{"Id": "r-root", "Name": "Root"}]})
    aws.answer(
        "ListOrganizationalUnitsForParent",
        lambda asked: {
            "OrganizationalUnits": [
                {"Id": each, "Name": NAMES[each]} for each in below.get(asked["ParentId"], [])
            ]
        },
    )
    aws.answer(
        "ListAccountsForParent",
        lambda asked: {"Accounts": [{"Id": each} for each in held.get(asked["ParentId"], [])]},
    )
    return aws


def calls_beside_the_list(aws: Any) -> int:
    return len([name for name, _ in aws.asked if name not in {"DescribeOrganization", "ListAccounts"}])


@pytest.mark.parametrize(("paths", "calls"), [(True, 2), (False, 1 + 2 * 4)])
def test_units_are_told_by_paths_or_found_by_walking_the_tree(aws: Any, paths: bool, calls: int) -> None:
    organization(aws, paths=paths)
    assert list_accounts_in_units(aws.calls("organizations")) == PlacedAccounts(PLACED, calls, ORGANIZATION)
    assert calls_beside_the_list(aws) == calls


def test_accounts_alone_take_no_further_call(aws: Any) -> None:
    organization(aws, paths=False)
    placed = list_accounts_alone(aws.calls("organizations"))
    assert [each.name for each in placed.accounts] == [each.name for each in PLACED]
    assert (placed.organization_id, placed.unit_calls, calls_beside_the_list(aws)) == (ORGANIZATION, 0, 0)


def test_where_no_arn_is_told_the_organization_is_not_known(aws: Any) -> None:
    aws.answer("DescribeOrganization", {"Organization": {}})
    aws.answer("ListAccounts", {"Accounts": [{"Id": LIVE, "Name": "production", "State": "ACTIVE"}]})
    assert list_accounts_alone(aws.calls("organizations")).organization_id == ""
    aws.answer("ListAccounts", {"Accounts": []})
    assert list_accounts_alone(aws.calls("organizations")) == PlacedAccounts((), 0)


def test_a_unit_is_asked_for_its_name_once(aws: Any) -> None:
    organization(aws, paths=True)
    list_accounts_in_units(aws.calls("organizations"))
    asked = [each["OrganizationalUnitId"] for each in aws.asked_for("DescribeOrganizationalUnit")]
    assert sorted(asked) == sorted([WORKLOADS, PRODUCTION])


def test_an_account_that_joined_during_the_walk_is_taken_to_be_in_the_root(aws: Any) -> None:
    organization(aws, paths=False)
    aws.answer("ListAccountsForParent", {"Accounts": []})
    assert {each.ou for each in list_accounts_in_units(aws.calls("organizations")).accounts} == {""}


def test_only_those_asked_for_are_asked_for_their_tags(aws: Any) -> None:
    organization(aws, paths=False)
    aws.answer("ListTagsForResource", lambda asked: {"Tags": [{"Key": "id", "Value": asked["ResourceId"]}]})
    calls = aws.calls("organizations")
    accounts = list_accounts(calls)
    tagged = with_their_tags(calls, accounts, accounts[1:])
    assert [each.tags for each in tagged] == [{}, {"id": LIVE}, {"id": STAGING}]
    assert len(aws.asked_for("ListTagsForResource")) == 2


def test_tags_that_may_not_be_read_are_an_error_and_no_missing_tags(aws: Any) -> None:
    organization(aws, paths=False)
    aws.refuse("ListTagsForResource", "AccessDeniedException")
    calls = aws.calls("organizations")
    accounts = list_accounts(calls)
    with pytest.raises(NoAccessError):
        with_their_tags(calls, accounts, accounts)
