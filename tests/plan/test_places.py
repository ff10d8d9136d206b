"""Accounts in few words, and which of them are production."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.plan.places import Places, counted, is_production, names_in_words


def accounts(*names: str, unit: tuple[str, ...] = ()) -> dict[AccountId, Account]:
    ids = [AccountId(f"{number:012d}") for number in range(len(names))]
    return {each: Account(each, name, ou_names=unit) for each, name in zip(ids, names, strict=True)}


def test_few_accounts_are_named_with_their_ids() -> None:
    known = accounts("a", "b", "c", "d")
    assert Places(known).words(list(known)[:1]) == "a (000000000000)"
    assert Places(known).words(list(known)[:3]) == "a (000000000000), b (000000000001) and c (000000000002)"


def test_all_accounts_are_called_all() -> None:
    known = accounts("a", "b", "c", "d")
    assert Places(known).words(known) == "all 4 accounts"


def test_all_accounts_of_a_unit_are_called_by_it() -> None:
    inside = accounts("a", "b", "c", "d", unit=("Workloads", "Web"))
    outside = Account(AccountId("9" * 12), "z")
    assert Places({**inside, outside.id: outside}).words(inside) == "all 4 accounts of Workloads"


def test_a_pattern_stands_only_for_all_accounts_that_match_it() -> None:
    known = accounts("prod-a", "prod-b", "prod-c", "test-a", "test-b", "alone")
    ids = list(known)
    places = Places(known)
    assert places.words([*ids[:3], ids[5]]) == "4 accounts: prod-* (3), alone"
    assert places.words([*ids[:2], *ids[3:5]]) == "4 accounts: test-* (2), prod-a, prod-b"


def test_what_does_not_fit_is_counted() -> None:
    known = accounts(*(f"account{number:02d}" for number in range(20)))
    assert Places(known).words(list(known)[:19]) == "19 accounts: account00, account01, account02 and 16 more"


def test_an_account_outside_the_organization_is_called_by_its_id() -> None:
    assert Places({}).words([AccountId("1" * 12)]) == f"{'1' * 12} (not in the organization)"
    assert (
        Places(accounts("a")).words([AccountId(str(n) * 12) for n in range(1, 5)]).startswith("4 accounts: 1")
    )


@given(st.sets(st.integers(0, 29)), st.integers(1, 30))
def test_the_count_is_always_true(chosen: set[int], size: int) -> None:
    known = accounts(*(f"{'prod' if n % 3 else 'test'}-{n}" for n in range(size)))
    ids = [each for number, each in enumerate(known) if number in chosen]
    if len(ids) > 3:
        assert f"{len(ids)} accounts" in Places(known).words(ids)


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (Account(AccountId("1" * 12), "shop-production"), True),
        (Account(AccountId("1" * 12), "Prod2 Shop"), True),
        (Account(AccountId("1" * 12), "products"), False),
        (Account(AccountId("1" * 12), "shop-non-prod"), False),
        (Account(AccountId("1" * 12), "pre-production"), False),
        (Account(AccountId("1" * 12), "shop", ou_names=("Workloads", "Prod")), True),
        (Account(AccountId("1" * 12), "shop", tags={"Environment": "PRODUCTION"}), True),
        (Account(AccountId("1" * 12), "prod-copy", tags={"env": "staging"}), False),
        (Account(AccountId("1" * 12), "shop", tags={"team": "prod"}), False),
    ],
)
def test_production_is_told_by_tag_then_by_unit_or_name(account: Account, expected: bool) -> None:
    assert is_production(account) is expected


def test_names_and_counts_in_words() -> None:
    assert names_in_words(["ana"]) == "ana"
    assert names_in_words(["ana", "ben"]) == "ana and ben"
    assert names_in_words(list("abcdef"), 3) == "a, b and 4 more"
    assert counted(1, "person", "people") == "1 person"
    assert counted(1200, "account") == "1,200 accounts"
