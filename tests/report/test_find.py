"""Names as people write them: exact, in another case, as a pattern; slips get a hint."""

from __future__ import annotations

import pytest

from usher.core.accounts import Account
from usher.core.errors import NotFoundError
from usher.core.ids import AccountId
from usher.report.find import did_you_mean, find_accounts, find_accounts_of_unit, find_names

ACCOUNTS = {
    each.id: each
    for each in (
        Account(AccountId("1" * 12), "management"),
        Account(AccountId("2" * 12), "web-staging", ou_names=("Workloads", "Staging"), ou_ids=("ou-w",)),
        Account(AccountId("3" * 12), "web-production", ou_names=("Workloads",), ou_ids=("ou-w",)),
    )
}


@pytest.mark.parametrize(
    ("text", "found"),
    [("web", {"web"}), ("WEB", {"web"}), ("w*", {"web", "wifi"}), ("[x]", {"[x]"}), ("?eb", {"web"})],
)
def test_the_nearest_meaning_wins(text: str, found: set[str]) -> None:
    assert find_names(text, ["web", "wifi", "[x]"], "group") == found


def test_accounts_by_id_name_and_pattern() -> None:
    assert find_accounts("2" * 12, ACCOUNTS) == {AccountId("2" * 12)}
    assert find_accounts("management", ACCOUNTS) == {AccountId("1" * 12)}
    assert len(find_accounts("web-*", ACCOUNTS)) == 2


@pytest.mark.parametrize("unit", ["Workloads", "/workloads/", "ou-w", "Work*"])
def test_a_unit_holds_all_below_it(unit: str) -> None:
    assert len(find_accounts_of_unit(unit, ACCOUNTS)) == 2
    assert find_accounts_of_unit("Workloads/Staging", ACCOUNTS) == {AccountId("2" * 12)}


def test_a_slip_gets_a_hint_that_is_safe_to_show() -> None:
    with pytest.raises(NotFoundError) as failed:
        find_accounts("web-prodution\x1b[2J", ACCOUNTS)
    assert failed.value.hint == "did you mean 'web-production'?"
    assert "\x1b" not in failed.value.message
    assert did_you_mean("zebra", ["ant"]) == ""
