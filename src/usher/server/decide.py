"""Who may get what: the one place. Every protocol and page asks here and nowhere else.

A person may enter an account with a permission set when they are active and an assignment names
them, or a group they are a member of. Everything else is denied.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from usher.core.ids import AccountId
from usher.server.store.tables import (
    assignments,
    memberships,
    permission_sets,
    provisioned_roles,
    users,
)


@dataclass(frozen=True, slots=True)
class ActiveUser:
    """A person who may sign in."""

    id: str
    user_name: str
    display_name: str
    email: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A way into an account. `role_arn` is None until the role has been provisioned."""

    account_id: AccountId
    permission_set_id: str
    permission_set_name: str
    relay_state: str
    role_arn: str | None


def active_user(connection: Connection, user_id: str) -> ActiveUser | None:
    """The user, unless they are unknown or disabled."""
    row = connection.execute(select(users).where(users.c.id == user_id, users.c.active)).one_or_none()
    return ActiveUser(row.id, row.user_name, row.display_name, row.email or "") if row else None


def accounts_of(
    connection: Connection, user_id: str, *, after: str = "", limit: int = 100
) -> list[AccountId]:
    """The ids of the accounts that the person may enter, in order, at most `limit` after `after`."""
    rows = connection.execute(
        select(assignments.c.account_id)
        .distinct()
        .where(_grants(user_id), assignments.c.account_id > after)
        .order_by(assignments.c.account_id)
        .limit(limit)
    )
    return [AccountId(row.account_id) for row in rows]


def entries_of(
    connection: Connection, user_id: str, account_id: str, *, after: str = "", limit: int = 100
) -> list[Entry]:
    """The person's ways into that account by permission set name, at most `limit` after `after`."""
    return _entries(
        connection,
        and_(_grants(user_id), assignments.c.account_id == account_id, permission_sets.c.name > after),
        limit,
    )


def may_enter(
    connection: Connection, user_id: str, account_id: str, permission_set_name: str
) -> Entry | None:
    """The person's way into that account with that permission set, or None: no access."""
    named = and_(
        _grants(user_id),
        assignments.c.account_id == account_id,
        permission_sets.c.name == permission_set_name,
    )
    found = _entries(connection, named, 1)
    return found[0] if found else None


def _entries(connection: Connection, condition: ColumnElement[bool], limit: int) -> list[Entry]:
    role = and_(
        provisioned_roles.c.account_id == assignments.c.account_id,
        provisioned_roles.c.permission_set_id == assignments.c.permission_set_id,
        provisioned_roles.c.revision > 0,
    )
    rows = connection.execute(
        select(
            assignments.c.account_id,
            permission_sets.c.id,
            permission_sets.c.name,
            permission_sets.c.relay_state,
            provisioned_roles.c.role_arn,
        )
        .distinct()
        .select_from(
            assignments.join(
                permission_sets, permission_sets.c.id == assignments.c.permission_set_id
            ).outerjoin(provisioned_roles, role)
        )
        .where(condition)
        .order_by(permission_sets.c.name)
        .limit(limit)
    )
    return [
        Entry(AccountId(row.account_id), row.id, row.name, row.relay_state or "", row.role_arn)
        for row in rows
    ]


def _grants(user_id: str) -> ColumnElement[bool]:
    """The assignments that reach an active person: their own and their groups'."""
    active = select(users.c.id).where(users.c.id == user_id, users.c.active).exists()
    groups = select(memberships.c.group_id).where(memberships.c.user_id == user_id)
    direct = and_(assignments.c.principal_kind == "USER", assignments.c.principal_id == user_id)
    by_group = and_(assignments.c.principal_kind == "GROUP", assignments.c.principal_id.in_(groups))
    return and_(active, or_(direct, by_group))
