"""AWS Organizations, read only: which accounts there are, what they are called, which tags they carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from usher.aws.calls import ServiceCalls
from usher.aws.clients import AwsSettings
from usher.core.accounts import Account
from usher.core.ids import AccountId

ACCOUNTS_PER_PAGE = 20


def read_accounts(settings: AwsSettings, *, with_tags: bool) -> tuple[Account, ...]:
    """Every account of the organization, the management account first, then by name.

    `with_tags` costs one call per account. Raises UsherError when the organization cannot be read.
    """
    calls = ServiceCalls("organizations", settings)
    accounts = list_accounts(calls)
    if with_tags:
        return tuple(replace(account, tags=read_tags(calls, account)) for account in accounts)
    return accounts


def list_accounts(calls: ServiceCalls) -> tuple[Account, ...]:
    """Every account without its tags: one call for the organization and one per twenty accounts."""
    return tuple(account_of(item, management) for item, management in list_account_items(calls))


def list_account_items(calls: ServiceCalls) -> Sequence[tuple[Mapping[str, Any], str | None]]:
    """Every account as AWS lists it, with the management account's id: that one first, then by name."""
    organization = calls.call("DescribeOrganization", "reading the organization")["Organization"]
    management = organization.get("MasterAccountId")
    found = calls.pages(
        "ListAccounts", "Accounts", "reading the organization's accounts", MaxResults=ACCOUNTS_PER_PAGE
    )
    items = sorted(
        found, key=lambda item: (item["Id"] != management, item.get("Name") or item["Id"], item["Id"])
    )
    return [(item, management) for item in items]


def read_tags(calls: ServiceCalls, account: Account) -> Mapping[str, str]:
    """The tags of `account`."""
    what = f"reading the tags of account {account}"
    found = calls.pages("ListTagsForResource", "Tags", what, ResourceId=account.id)
    return {tag["Key"]: tag["Value"] for tag in found}


def account_of(item: Mapping[str, Any], management: str | None) -> Account:
    """The account in an item of AWS's list."""
    # `State` replaces `Status`, which Organizations retired in September 2026.
    state = item.get("State") or item.get("Status")
    return Account(
        AccountId(item["Id"]),
        item.get("Name") or item["Id"],
        email=item.get("Email") or "",
        active=state == "ACTIVE",
        is_management=item["Id"] == management,
    )


def read_organization(
    settings: AwsSettings, operation: str, parameters: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The answer to one reading operation as JSON 1.1 carries it: dates are epoch seconds.

    Raises UsherError; `aws.clients.error_code` gives AWS's code.
    """
    answer = _calls(settings).call(operation, f"organizations:{operation}", **parameters)
    return {name: _plain(value) for name, value in answer.items() if name != "ResponseMetadata"}


@cache
def _calls(settings: AwsSettings) -> ServiceCalls:
    return ServiceCalls("organizations", settings)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
