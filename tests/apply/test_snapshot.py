"""Kept readings: exact, small, private, and never more than a cache."""

from __future__ import annotations

import sqlite3
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from usher.apply.snapshot import FILE_NAME, NewerSnapshotsError, Snapshot, SnapshotStore
from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, PermissionSetArn, PrincipalId, RoleArn
from usher.core.organization import ActualAccess, Instance, Unread
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument
from usher.core.principals import Group, Principal, PrincipalKind, User

INSTANCE = Instance(
    InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-0123456789")
)
MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
DAY = timedelta(days=1)
NOTHING = ActualAccess(INSTANCE, {}, {}, {}, {}, frozenset())

names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
account_ids = st.integers(1, 9).map(lambda n: AccountId(f"{n:012}"))
principals = st.builds(Principal, st.sampled_from(PrincipalKind), names)
boundaries = st.none() | st.builds(ManagedPolicy, names) | st.builds(CustomerPolicy, names, names)
tags = st.dictionaries(names, names, max_size=2)
permission_sets = st.builds(
    PermissionSet,
    names,
    names,
    st.integers(3600, 43200),
    names,
    st.frozensets(st.builds(ManagedPolicy, names), max_size=2),
    st.frozensets(st.builds(CustomerPolicy, names, names), max_size=2),
    st.none() | st.builds(PolicyDocument, names),
    boundaries,
    tags,
)
units = st.lists(names, max_size=2).map(tuple)
accounts = st.builds(Account, account_ids, names, names, tags, st.booleans(), st.booleans(), units, units)
roles = st.builds(lambda account, name: RoleArn(f"arn:aws:iam::{account}:role/{name}"), account_ids, names)


@st.composite
def worlds(draw: st.DrawFn) -> ActualAccess:
    users = draw(st.lists(st.builds(User, names, names, names, names, names), max_size=4))
    groups = draw(st.lists(st.builds(Group, names, names, st.frozensets(names, max_size=3)), max_size=3))
    sets = draw(st.lists(permission_sets, max_size=3))
    by_group = {each.name: each for each in groups}
    entitlements = draw(st.frozensets(st.builds(Entitlement, principals, roles), max_size=3))
    return ActualAccess(
        draw(st.sampled_from([INSTANCE, replace(INSTANCE, permission_sets_enabled=False)])),
        {each.id: each for each in draw(st.lists(accounts, max_size=3))},
        {each.user_name: each for each in users},
        by_group,
        {each.name: each for each in sets},
        draw(st.frozensets(st.builds(Assignment, principals, names, account_ids), max_size=9)),
        principal_ids={each: PrincipalId(f"id of {each}") for each in draw(st.lists(principals, max_size=3))},
        permission_set_arns={each.name: PermissionSetArn(f"arn:{each.name}") for each in sets},
        membership_ids={(each.name, member): "m" for each in by_group.values() for member in each.members},
        stale=draw(st.frozensets(st.tuples(names, account_ids), max_size=2)),
        entitlements=entitlements,
        entitlement_ids={each: f"id of {each}" for each in entitlements},
        unread=draw(
            st.builds(Unread, st.frozensets(names), dangling=st.booleans(), entitlements=st.booleans())
        ),
    )


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path / "snapshots" / "ssoins-0123456789abcdef")


def world_of(*account_numbers: int) -> ActualAccess:
    who = Principal(PrincipalKind.GROUP, "devops")
    grants = (Assignment(who, "Admin", AccountId(f"{number:012}")) for number in account_numbers)
    return replace(NOTHING, assignments=frozenset(grants))


def size_of(store: SnapshotStore, tmp_path: Path) -> int:
    return sum(file.stat().st_size for file in tmp_path.rglob(FILE_NAME))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(days=st.lists(worlds(), min_size=1, max_size=4))
def test_every_day_comes_back_exactly_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, days: list[ActualAccess]
) -> None:
    store = SnapshotStore(tmp_path_factory.mktemp("snapshots"))
    for number, actual in enumerate(days):
        store.save(actual, MONDAY + number * DAY)
    for number, actual in enumerate(days):
        assert store.load(MONDAY + number * DAY) == Snapshot(actual, MONDAY + number * DAY)


def test_the_newest_at_or_before_a_moment_answers_for_it(store: SnapshotStore) -> None:
    for number in (1, 2, 3):
        store.save(world_of(number), MONDAY + number * DAY)
    assert store.moments() == tuple(MONDAY + number * DAY for number in (1, 2, 3))
    assert store.load(MONDAY) is None
    between = store.load(MONDAY + 2.5 * DAY)
    assert between == Snapshot(world_of(2), MONDAY + 2 * DAY)


def test_without_any_snapshot_nothing_is_known_and_nothing_is_made(
    store: SnapshotStore, tmp_path: Path
) -> None:
    assert (store.load(MONDAY), store.moments(), store.prune(MONDAY)) == (None, (), 0)
    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_may_read_what_is_kept(store: SnapshotStore, tmp_path: Path) -> None:
    store.save(world_of(1), MONDAY)
    [file] = tmp_path.rglob(FILE_NAME)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_day_without_changes_costs_almost_nothing(store: SnapshotStore, tmp_path: Path) -> None:
    world = world_of(*range(1, 5000))
    store.save(world, MONDAY)
    first = size_of(store, tmp_path)
    for number in range(1, 31):
        store.save(world, MONDAY + number * DAY)
    assert size_of(store, tmp_path) <= first + 8192


def test_what_is_older_than_the_newest_is_not_kept(store: SnapshotStore) -> None:
    store.save(world_of(1), MONDAY)
    store.save(world_of(2), MONDAY - DAY)
    store.save(world_of(3), MONDAY)
    assert store.moments() == (MONDAY,)
    assert store.load(MONDAY) == Snapshot(world_of(1), MONDAY)


def test_forgetting_the_past_leaves_the_rest_as_it_was(store: SnapshotStore, tmp_path: Path) -> None:
    for number in range(6):
        store.save(world_of(*range(number * 500, number * 500 + 1000)), MONDAY + number * DAY)
    before = size_of(store, tmp_path)
    assert store.prune(MONDAY + 4 * DAY) == 4
    assert store.moments() == (MONDAY + 4 * DAY, MONDAY + 5 * DAY)
    assert store.load(MONDAY + 4 * DAY) == Snapshot(world_of(*range(2000, 3000)), MONDAY + 4 * DAY)
    assert size_of(store, tmp_path) < before
    assert store.prune(MONDAY + 99 * DAY) == 1
    assert store.moments() == (MONDAY + 5 * DAY,)


@pytest.mark.parametrize("harm", ["garbage", "cut", "missing table", "missing words", "unknown kind"])
def test_a_spoilt_file_is_set_aside_with_a_word_and_begun_anew(tmp_path: Path, harm: str) -> None:
    told: list[str] = []
    store = SnapshotStore(tmp_path, told.append)
    store.save(world_of(*range(1, 500)), MONDAY)
    file = tmp_path / FILE_NAME
    if harm == "garbage":
        file.write_bytes(b"this is no database" * 1000)
    elif harm == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    else:
        statement = {
            "missing table": "DROP TABLE fact",
            "missing words": "DELETE FROM word",
            "unknown kind": "UPDATE fact SET kind = 99",
        }[harm]
        database = sqlite3.connect(file)
        with database:
            database.execute(statement)
        database.close()
    assert store.load(MONDAY) is None
    assert len(told) == 1
    assert f"{FILE_NAME}.spoilt" in told[0]
    store.save(world_of(7), MONDAY + DAY)
    assert store.load(MONDAY + DAY) == Snapshot(world_of(7), MONDAY + DAY)


def test_a_spoilt_file_does_not_keep_the_next_reading_from_being_kept(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is no database" * 1000)
    store = SnapshotStore(tmp_path)
    store.save(world_of(7), MONDAY)
    assert store.load(MONDAY) == Snapshot(world_of(7), MONDAY)


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path)
    store.save(world_of(1), MONDAY)
    database = sqlite3.connect(tmp_path / FILE_NAME)
    database.execute("PRAGMA user_version = 99")
    database.close()
    for use in (lambda: store.load(MONDAY), lambda: store.save(world_of(1), MONDAY + DAY), store.moments):
        with pytest.raises(NewerSnapshotsError) as told:
            use()
        assert "newer version of usher" in told.value.message
    assert (tmp_path / FILE_NAME).exists()


def test_a_file_that_cannot_be_used_now_is_not_taken_for_a_spoilt_one(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path)
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(OSError, match=FILE_NAME):
        store.save(world_of(1), MONDAY)
    with pytest.raises(OSError, match=FILE_NAME):
        store.load(MONDAY)
