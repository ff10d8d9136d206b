"""The account list is kept for a minute, and asked anew for an account that it does not know."""

from __future__ import annotations

from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.server.accounts import AccountList

MANAGEMENT = Account(AccountId("111111111111"), "management", is_management=True)
STAGING = Account(AccountId("222222222222"), "staging")


class Organization:
    def __init__(self) -> None:
        self.accounts = (MANAGEMENT,)
        self.reads = 0

    def read(self) -> tuple[Account, ...]:
        self.reads += 1
        return self.accounts


def test_accounts_are_read_once_a_minute() -> None:
    organization, now = Organization(), [0.0]
    accounts = AccountList(organization.read, lambda: now[0])
    assert accounts.all() == accounts.all() == (MANAGEMENT,)
    assert accounts.owner == MANAGEMENT
    assert organization.reads == 1
    now[0] = 61.0
    accounts.all()
    assert organization.reads == 2


def test_a_new_account_is_found_at_once() -> None:
    organization, now = Organization(), [0.0]
    accounts = AccountList(organization.read, lambda: now[0])
    assert accounts.get("222222222222") is None
    organization.accounts = (MANAGEMENT, STAGING)
    now[0] = 2.0
    assert accounts.get("222222222222") == STAGING
    assert accounts.name("222222222222") == "staging (222222222222)"
    assert accounts.name("999999999999") == "999999999999"
