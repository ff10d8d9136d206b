"""Who may enter: active people whom an assignment names, directly or through a group. Nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from usher.server.decide import accounts_of, active_user, entries_of, may_enter
from usher.server.services import Services
from usher.server.store.assignments import StoredAssignment, delete_assignment, insert_assignment
from usher.server.store.identity import (
    StoredGroup,
    StoredMembership,
    StoredUser,
    delete_group,
    delete_membership,
    insert_group,
    insert_membership,
    insert_user,
    update_user,
)
from usher.server.store.permission_sets import StoredPermissionSet, insert_permission_set
from usher.server.store.tables import provisioned_roles

STAGING, PRODUCTION = "222222222222", "333333333333"
DEVELOPER = StoredUser("u-1", "developer", "Developer", "Example", "Developer", None, {}, True, 1, 0.0, 0.0)
STRANGER = replace(DEVELOPER, id="u-2", user_name="stranger")
DEVELOPERS = StoredGroup("g-1", "developers", "", 1, 0.0, 0.0)
MEMBERSHIP = StoredMembership("m-1", "g-1", "u-1")


def a_set(name: str) -> StoredPermissionSet:
    return StoredPermissionSet(f"ps-{name}", f"arn:{name}", name, None, "PT1H", None, None, None, 1, 0.0)


@pytest.fixture
def world(services: Services) -> Services:
    """developers may use Admin in staging; the developer alone ReadOnly in production."""
    with services.database.change("test") as change:
        insert_user(change, DEVELOPER)
        insert_user(change, STRANGER)
        insert_group(change, DEVELOPERS)
        insert_membership(change, MEMBERSHIP)
        for name in ("Admin", "ReadOnly"):
            insert_permission_set(change, a_set(name))
        insert_assignment(change, StoredAssignment(STAGING, "ps-Admin", "GROUP", "g-1"))
        insert_assignment(change, StoredAssignment(PRODUCTION, "ps-ReadOnly", "USER", "u-1"))
    return services


@pytest.fixture
def may(world: Services) -> Callable[[str, str, str], bool]:
    def ask(user_id: str, account_id: str, name: str) -> bool:
        with world.database.read() as connection:
            return may_enter(connection, user_id, account_id, name) is not None

    return ask


def test_a_person_enters_by_their_groups_and_their_own_assignments(
    may: Callable[[str, str, str], bool],
) -> None:
    assert may("u-1", STAGING, "Admin")
    assert may("u-1", PRODUCTION, "ReadOnly")


def test_everything_else_is_denied(may: Callable[[str, str, str], bool]) -> None:
    assert not may("u-1", PRODUCTION, "Admin")
    assert not may("u-1", STAGING, "ReadOnly")
    assert not may("u-1", STAGING, "admin")
    assert not may("u-2", STAGING, "Admin")
    assert not may("g-1", STAGING, "Admin")
    assert not may("nobody", STAGING, "Admin")


def test_the_lists_hold_exactly_what_may_be_entered(world: Services) -> None:
    with world.database.read() as connection:
        assert accounts_of(connection, "u-1") == [STAGING, PRODUCTION]
        assert accounts_of(connection, "u-1", after=STAGING) == [PRODUCTION]
        assert accounts_of(connection, "u-1", limit=1) == [STAGING]
        assert accounts_of(connection, "u-2") == []
        (entry,) = entries_of(connection, "u-1", STAGING)
        assert (entry.permission_set_name, entry.role_arn) == ("Admin", None)
        assert entries_of(connection, "u-1", STAGING, after="Admin") == []


def test_a_disabled_person_enters_nowhere(world: Services, may: Callable[[str, str, str], bool]) -> None:
    with world.database.change("test") as change:
        update_user(change, replace(DEVELOPER, active=False))
    assert not may("u-1", STAGING, "Admin")
    with world.database.read() as connection:
        assert accounts_of(connection, "u-1") == entries_of(connection, "u-1", PRODUCTION) == []
        assert active_user(connection, "u-1") is None
        assert active_user(connection, "nobody") is None
        assert active_user(connection, "u-2") is not None


@pytest.mark.parametrize("end", ["assignment", "membership", "group"])
def test_access_ends_with_the_assignment_the_membership_or_the_group(
    world: Services, may: Callable[[str, str, str], bool], end: str
) -> None:
    with world.database.change("test") as change:
        if end == "assignment":
            delete_assignment(change, StoredAssignment(STAGING, "ps-Admin", "GROUP", "g-1"))
        elif end == "membership":
            delete_membership(change, MEMBERSHIP)
        else:
            delete_group(change, DEVELOPERS)
    assert not may("u-1", STAGING, "Admin")
    assert may("u-1", PRODUCTION, "ReadOnly")


@pytest.mark.parametrize(("revision", "arn"), [(0, None), (1, "arn:role")])
def test_the_role_is_named_once_it_exists(world: Services, revision: int, arn: str | None) -> None:
    with world.database.change("test") as change:
        change.connection.execute(
            provisioned_roles.insert().values(
                account_id=STAGING,
                permission_set_id="ps-Admin",
                role_name="role",
                role_arn="arn:role",
                revision=revision,
                updated_at=0.0,
            )
        )
        change.record("test:Provision", STAGING)
    with world.database.read() as connection:
        entry = may_enter(connection, "u-1", STAGING, "Admin")
    assert entry is not None
    assert entry.role_arn == arn
