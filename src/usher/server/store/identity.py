"""Users, groups and memberships: the identity store's rows.

Names and e-mail addresses are unique without regard to case. Ids are never reused.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, insert, select, update

from usher.server.store.database import Change
from usher.server.store.tables import groups, memberships, users


@dataclass(frozen=True, slots=True)
class StoredUser:
    """One person. `attributes` are the API's members that have no column, as they came.

    `revision` rises with every change.
    """

    id: str
    user_name: str
    display_name: str
    given_name: str
    family_name: str
    email: str | None
    attributes: Mapping[str, Any]
    active: bool
    revision: int
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """One group."""

    id: str
    display_name: str
    description: str
    revision: int
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class StoredMembership:
    """One person's place in one group."""

    id: str
    group_id: str
    user_id: str


def folded(text: str) -> str:
    """`text` in the form in which names are unique."""
    return unicodedata.normalize("NFKC", text).casefold()


def insert_user(change: Change, user: StoredUser) -> None:
    """Store a new user. The caller has checked that name and e-mail are free in this transaction."""
    change.connection.execute(insert(users).values(id=user.id, **_user_values(user)))
    change.record("identitystore:CreateUser", user.id, user_name=user.user_name)


def update_user(change: Change, user: StoredUser) -> None:
    """Store the user's new values."""
    change.connection.execute(update(users).where(users.c.id == user.id).values(**_user_values(user)))
    change.record("identitystore:UpdateUser", user.id, user_name=user.user_name)


def delete_user(change: Change, user: StoredUser) -> None:
    """Remove the user, their memberships, password and sessions. Assignments stay, dangling, as in AWS."""
    change.connection.execute(delete(users).where(users.c.id == user.id))
    change.record("identitystore:DeleteUser", user.id, user_name=user.user_name)


def read_user(connection: Connection, user_id: str) -> StoredUser | None:
    """The user with that id, or None."""
    return _one_user(connection, users.c.id == user_id)


def find_user_by_name(connection: Connection, user_name: str) -> StoredUser | None:
    """The user with that user name in any case, or None."""
    return _one_user(connection, users.c.user_name_folded == folded(user_name))


def find_user_by_email(connection: Connection, email: str) -> StoredUser | None:
    """The user with that e-mail address in any case, or None."""
    return _one_user(connection, users.c.email_folded == folded(email))


def list_users(connection: Connection, after: str, limit: int) -> list[StoredUser]:
    """Users by id, at most `limit` after `after`."""
    rows = connection.execute(select(users).where(users.c.id > after).order_by(users.c.id).limit(limit))
    return [_user(row) for row in rows]


def insert_group(change: Change, group: StoredGroup) -> None:
    """Store a new group. The caller has checked that its name is free in this transaction."""
    change.connection.execute(insert(groups).values(id=group.id, **_group_values(group)))
    change.record("identitystore:CreateGroup", group.id, display_name=group.display_name)


def update_group(change: Change, group: StoredGroup) -> None:
    """Store the group's new values."""
    change.connection.execute(update(groups).where(groups.c.id == group.id).values(**_group_values(group)))
    change.record("identitystore:UpdateGroup", group.id, display_name=group.display_name)


def delete_group(change: Change, group: StoredGroup) -> None:
    """Remove the group and its memberships. Assignments stay, dangling, as in AWS."""
    change.connection.execute(delete(groups).where(groups.c.id == group.id))
    change.record("identitystore:DeleteGroup", group.id, display_name=group.display_name)


def read_group(connection: Connection, group_id: str) -> StoredGroup | None:
    """The group with that id, or None."""
    return _one_group(connection, groups.c.id == group_id)


def find_group_by_name(connection: Connection, display_name: str) -> StoredGroup | None:
    """The group with that display name in any case, or None."""
    return _one_group(connection, groups.c.display_name_folded == folded(display_name))


def list_groups(connection: Connection, after: str, limit: int) -> list[StoredGroup]:
    """Groups by id, at most `limit` after `after`."""
    rows = connection.execute(select(groups).where(groups.c.id > after).order_by(groups.c.id).limit(limit))
    return [StoredGroup(**_own(row, groups, "display_name_folded")) for row in rows]


def insert_membership(change: Change, membership: StoredMembership) -> None:
    """Store a new membership. The caller has checked that there is none in this transaction."""
    change.connection.execute(
        insert(memberships).values(
            id=membership.id,
            group_id=membership.group_id,
            user_id=membership.user_id,
            created_at=change.now,
        )
    )
    change.record("identitystore:CreateGroupMembership", membership.group_id, user_id=membership.user_id)


def delete_membership(change: Change, membership: StoredMembership) -> None:
    """Remove a membership."""
    change.connection.execute(delete(memberships).where(memberships.c.id == membership.id))
    change.record("identitystore:DeleteGroupMembership", membership.group_id, user_id=membership.user_id)


def read_membership(connection: Connection, membership_id: str) -> StoredMembership | None:
    """The membership with that id, or None."""
    return _one_membership(connection, memberships.c.id == membership_id)


def find_membership(connection: Connection, group_id: str, user_id: str) -> StoredMembership | None:
    """The person's membership in the group, or None."""
    return _one_membership(
        connection, and_(memberships.c.group_id == group_id, memberships.c.user_id == user_id)
    )


def list_memberships(
    connection: Connection, after: str, limit: int, *, group_id: str = "", user_id: str = ""
) -> list[StoredMembership]:
    """Memberships of one group or of one person by id, at most `limit` after `after`."""
    whose = memberships.c.group_id == group_id if group_id else memberships.c.user_id == user_id
    rows = connection.execute(
        select(memberships).where(whose, memberships.c.id > after).order_by(memberships.c.id).limit(limit)
    )
    return [StoredMembership(row.id, row.group_id, row.user_id) for row in rows]


def group_ids_of(connection: Connection, user_id: str) -> list[str]:
    """The ids of the groups that the person is in."""
    rows = connection.execute(select(memberships.c.group_id).where(memberships.c.user_id == user_id))
    return [row.group_id for row in rows]


def _one_user(connection: Connection, condition: ColumnElement[bool]) -> StoredUser | None:
    row = connection.execute(select(users).where(condition)).one_or_none()
    return _user(row) if row else None


def _one_group(connection: Connection, condition: ColumnElement[bool]) -> StoredGroup | None:
    row = connection.execute(select(groups).where(condition)).one_or_none()
    return StoredGroup(**_own(row, groups, "display_name_folded")) if row else None


def _one_membership(connection: Connection, condition: ColumnElement[bool]) -> StoredMembership | None:
    row = connection.execute(select(memberships).where(condition)).one_or_none()
    return StoredMembership(row.id, row.group_id, row.user_id) if row else None


def _user(row: Row[Any]) -> StoredUser:
    return StoredUser(**_own(row, users, "user_name_folded", "email_folded"))


def _own(row: Row[Any], table: Table, *left_out: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in table.columns.keys() if name not in left_out}  # noqa: SIM118


def _user_values(user: StoredUser) -> dict[str, Any]:
    return {
        "user_name": user.user_name,
        "user_name_folded": folded(user.user_name),
        "display_name": user.display_name,
        "given_name": user.given_name,
        "family_name": user.family_name,
        "email": user.email,
        "email_folded": folded(user.email) if user.email else None,
        "attributes": dict(user.attributes),
        "active": user.active,
        "revision": user.revision,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }


def _group_values(group: StoredGroup) -> dict[str, Any]:
    return {
        "display_name": group.display_name,
        "display_name_folded": folded(group.display_name),
        "description": group.description,
        "revision": group.revision,
        "created_at": group.created_at,
        "updated_at": group.updated_at,
    }
