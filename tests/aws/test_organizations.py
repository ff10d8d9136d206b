"""The organization's accounts over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from usher.aws.clients import AwsKeys, AwsSettings
from usher.aws.organizations import list_accounts, read_accounts
from usher.core.accounts import Account
from usher.core.errors import NoAccessError
from usher.core.secrets import Secret

ACCOUNTS = [
    {"Id": "333333333333", "Name": "production", "Email": "p@x.example", "State": "ACTIVE"},
    {"Id": "111111111111", "Name": "zentral", "Status": "ACTIVE"},
    {"Id": "222222222222", "Name": "old", "Status": "ACTIVE", "State": "SUSPENDED"},
]


@pytest.fixture
def organization(aws: Any) -> Any:
    aws.answer("DescribeOrganization", {"Organization": {"MasterAccountId": "111111111111"}})
    aws.answer("ListAccounts", {"Accounts": ACCOUNTS[:1], "NextToken": "t"}, {"Accounts": ACCOUNTS[1:]})
    return aws


def test_accounts_come_with_the_management_account_first(organization: Any) -> None:
    assert list_accounts(organization.calls("organizations")) == (
        Account("111111111111", "zentral", is_management=True),
        Account("222222222222", "old", active=False),
        Account("333333333333", "production", "p@x.example"),
    )
    assert organization.asked_for("ListAccounts")[0]["MaxResults"] == 20


def test_tags_cost_a_call_per_account_and_are_asked_only_when_wanted(organization: Any) -> None:
    organization.answer("ListTagsForResource", {"Tags": [{"Key": "env", "Value": "x"}]})
    settings = AwsSettings("eu-central-1", endpoint_url=organization.url, keys=AwsKeys("AKIA", Secret("s")))
    accounts = read_accounts(settings, with_tags=True)
    assert [account.tags for account in accounts] == [{"env": "x"}] * 3
    assert len(organization.asked_for("ListTagsForResource")) == 3


def test_an_organization_that_may_not_be_read_is_not_an_empty_one(aws: Any) -> None:
    aws.refuse("DescribeOrganization", "AccessDeniedException")
    with pytest.raises(NoAccessError):
        list_accounts(aws.calls("organizations"))
