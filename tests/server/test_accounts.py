"""The account list is kept for a minute, and a slow or broken AWS holds nobody up."""

from __future__ import annotations

import threading

import pytest

from usher.core.accounts import Account
from usher.core.errors import UnavailableError
from usher.core.ids import AccountId
from usher.server.accounts import AccountList

MANAGEMENT = Account(AccountId("111111111111"), "management", is_management=True)
STAGING = Account(AccountId("222222222222"), "staging")


class Organization:
    def __init__(self) -> None:
        self.accounts = (MANAGEMENT,)
        self.reads = 0
        self.broken = False
        self.now = 0.0
        self.gate = threading.Event()
        self.gate.set()
        self.asked = threading.Event()

    def read(self) -> tuple[Account, ...]:
        self.reads += 1
        self.asked.set()
        self.gate.wait(10)
        if self.broken:
            raise UnavailableError("organizations cannot be reached")
        return self.accounts

    def listed(self) -> AccountList:
        return AccountList(self.read, lambda: self.now)


def test_accounts_are_read_once_a_minute() -> None:
    organization = Organization()
    accounts = organization.listed()
    assert accounts.all() == accounts.all() == (MANAGEMENT,)
    assert accounts.owner == MANAGEMENT
    assert organization.reads == 1
    organization.now = 61.0
    accounts.all()
    assert organization.reads == 2


def test_a_new_account_is_found_soon_but_unknown_ones_do_not_flood_aws() -> None:
    organization = Organization()
    accounts = organization.listed()
    assert accounts.get("222222222222") is None
    organization.accounts = (MANAGEMENT, STAGING)
    organization.now = 11.0
    assert accounts.get("222222222222") == STAGING
    assert accounts.name("222222222222") == "staging (222222222222)"
    assert accounts.name("999999999999") == "999999999999"
    for number in range(50):
        accounts.get(f"{number:012d}")
    assert organization.reads == 2


def test_the_last_list_serves_while_aws_is_away() -> None:
    organization = Organization()
    accounts = organization.listed()
    accounts.all()
    organization.broken, organization.now = True, 61.0
    for _ in range(5):
        assert accounts.all() == (MANAGEMENT,)
    assert organization.reads == 2
    organization.broken, organization.now = False, 75.0
    accounts.all()
    assert organization.reads == 3


def test_without_a_list_the_failure_is_said_and_not_repeated_at_once() -> None:
    organization = Organization()
    organization.broken = True
    accounts = organization.listed()
    for _ in range(5):
        with pytest.raises(UnavailableError, match="cannot be reached"):
            accounts.all()
    assert organization.reads == 1


def test_one_reads_while_the_others_go_on_with_the_last_list() -> None:
    organization = Organization()
    accounts = organization.listed()
    accounts.all()
    organization.gate.clear()
    organization.asked.clear()
    organization.now = 61.0
    slow = threading.Thread(target=accounts.all)
    slow.start()
    assert organization.asked.wait(5)
    assert accounts.all() == (MANAGEMENT,)
    organization.gate.set()
    slow.join(5)
    assert organization.reads == 2


def test_the_first_list_is_waited_for() -> None:
    organization = Organization()
    organization.gate.clear()
    accounts = organization.listed()
    found: list[tuple[Account, ...]] = []
    readers = [threading.Thread(target=lambda: found.append(accounts.all())) for _ in range(4)]
    for reader in readers:
        reader.start()
    assert organization.asked.wait(5)
    organization.gate.set()
    for reader in readers:
        reader.join(5)
    assert found == [(MANAGEMENT,)] * 4
    assert organization.reads == 1
