"""Access in few pieces: nothing is lost, nothing is counted twice, and the columns stay short."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.ids import AccountId
from usher.core.organization import ActualAccess, Unread
from usher.report.bundles import BUDGET, Budget, Bundled, BundleKind, bundle, common_label, condense
from usher.report.holdings import Holdings, Target

ADMINISTRATORS = frozenset({Target("AdministratorAccess"), Target("BreakGlass")})


def labels(bundled: Bundled, column: str) -> list[str]:
    return [each.label for each in getattr(bundled, column)]


def test_a_small_organization_is_shown_as_it_is(build: SimpleNamespace) -> None:
    bundled = bundle(Holdings(build.mkdev()), ADMINISTRATORS)
    assert labels(bundled, "people") == ["developer@mkdev.example", "operator@mkdev.example"]
    assert labels(bundled, "groups") == ["devops", "developers"]
    assert labels(bundled, "targets") == ["AdministratorAccess", "ReadOnlyAccess"]
    assert labels(bundled, "accounts") == ["management", "production", "staging"]
    assert [each.kind for each in bundled.targets] == [BundleKind.ADMINISTRATOR, BundleKind.ONE]
    assert sum(bundled.routes.values()) == 5


@pytest.fixture(scope="module")
def grown(build: SimpleNamespace) -> ActualAccess:
    """An organization of 300 accounts."""
    found: ActualAccess = build.large(300, 60, 6_000, 250, 2_000)
    return found


def test_a_large_one_keeps_to_the_budget_and_loses_nothing(grown: ActualAccess) -> None:
    holdings = Holdings(grown)
    bundled = bundle(holdings, ADMINISTRATORS)
    for column in ("people", "groups", "targets", "accounts"):
        assert len(getattr(bundled, column)) <= getattr(BUDGET, column)
    assert sum(bundled.routes.values()) == 6_000
    assert sorted(each for ids in bundled.account_ids for each in ids) == sorted(holdings.in_account)
    named = [name for each in bundled.targets for name in each.members]
    assert sorted(named) == sorted(str(target) for target in holdings.of_target)
    people = Counter(name for each in bundled.people for name in each.members)
    assert set(people.values()) == {1}


def test_accounts_are_bundled_by_organizational_unit(grown: ActualAccess) -> None:
    found = labels(bundle(Holdings(grown)), "accounts")
    assert "Workloads/Production/Money" in found
    assert "Sandbox" in found


def test_one_unit_is_drawn_alone(grown: ActualAccess) -> None:
    holdings = Holdings(grown)
    grants = [each for each in holdings.granted if grown.accounts[each.account_id].ou == "Sandbox"]
    bundled = bundle(holdings, grants=grants, budget=Budget(accounts=60))
    assert all(label.split("-")[1] == "sandbox" for label in labels(bundled, "accounts"))
    assert sum(bundled.routes.values()) == len(grants)


def flat(build: SimpleNamespace, count: int) -> ActualAccess:
    accounts = [Account(AccountId(f"{number:012}"), f"acct-{number}") for number in range(count)]
    grants = [
        Assignment(build.group("odd" if n % 2 else "even"), "Reader", each.id)
        for n, each in enumerate(accounts)
    ]
    found: ActualAccess = build.world(*grants, accounts=accounts, members={"odd": ["ada"], "even": ["grace"]})
    return found


def test_without_units_accounts_entered_alike_are_one(build: SimpleNamespace) -> None:
    bundled = bundle(Holdings(flat(build, 40)))
    assert [len(ids) for ids in bundled.account_ids] == [20, 20]
    assert labels(bundled, "accounts") == ["acct-…", "acct-…"]


def test_direct_deleted_and_unknown_have_places_of_their_own(build: SimpleNamespace) -> None:
    staging = Account(AccountId("2" * 12), "staging")
    world = build.world(
        Assignment(build.user("ada"), "Reader", staging.id),
        Assignment(build.user("dead-id"), "Reader", staging.id),
        Assignment(build.group("gone-id"), "Reader", staging.id),
        Assignment(build.group("closed"), "Reader", staging.id),
        accounts=[staging],
        members={"closed": []},
        users=["ada"],
        unread=Unread(members_of=frozenset({"closed"})),
    )
    bundled = bundle(Holdings(world))
    assert labels(bundled, "groups") == ["closed", "directly, no group", "deleted groups"]
    assert labels(bundled, "people") == ["ada", "members not known", "deleted users"]
    assert set(bundled.joins) == {(0, 1), (1, 0), (2, 1)}


def test_only_the_people_asked_about_are_drawn(build: SimpleNamespace) -> None:
    bundled = bundle(Holdings(build.mkdev()), people=frozenset({"developer@mkdev.example"}))
    assert labels(bundled, "people") == ["developer@mkdev.example"]


def test_nothing_makes_an_empty_picture(build: SimpleNamespace) -> None:
    bundled = bundle(Holdings(build.world()))
    assert (bundled.people, bundled.groups, bundled.targets, bundled.accounts) == ((), (), (), ())


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (["alone"], "alone"),
        (["app-1", "app-22"], "app-…"),
        (["app-web", "app-db"], "app…"),
        (["web-admins", "db-admins"], "…-admins"),
        (["web", "db"], "2 groups"),
        (["...", "---"], "2 groups"),
    ],
)
def test_a_bundle_is_called_by_what_its_names_share(names: list[str], label: str) -> None:
    assert common_label(names, "groups") == label


@given(st.sets(st.text("ab-1", min_size=1, max_size=5)), st.integers(1, 6))
def test_condensing_keeps_every_name_once_in_no_more_parts_than_asked(names: set[str], most: int) -> None:
    parts = condense(names, dict.fromkeys(names, 1), most, (len, lambda name: name[0]))
    assert len(parts) <= most
    assert sorted(name for part in parts for name in part) == sorted(names)
