"""Assignments: who may use which permission set in which account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, tuple_

from usher.server.store.database import Change
from usher.server.store.tables import assignments, permission_sets, provisioned_roles


@dataclass(frozen=True, slots=True)
class StoredAssignment:
    """One assignment, by ids."""

    account_id: str
    permission_set_id: str
    principal_kind: str
    principal_id: str


def insert_assignment(change: Change, assignment: StoredAssignment) -> None:
    """Store an assignment; one that exists is left as it is."""
    if has_assignment(change.connection, assignment):
        return
    change.connection.execute(insert(assignments).values(created_at=change.now, **_values(assignment)))
    change.record("sso-admin:AssignmentCreated", assignment.account_id, **_words(assignment))


def delete_assignment(change: Change, assignment: StoredAssignment) -> bool:
    """Remove an assignment; False when there was none."""
    removed = change.connection.execute(delete(assignments).where(_is(assignment)))
    if removed.rowcount == 0:
        return False
    change.record("sso-admin:AssignmentDeleted", assignment.account_id, **_words(assignment))
    return True


def has_assignment(connection: Connection, assignment: StoredAssignment) -> bool:
    """Whether the assignment exists."""
    return connection.execute(select(assignments.c.account_id).where(_is(assignment))).first() is not None


def is_assigned_in(connection: Connection, account_id: str, permission_set_id: str) -> bool:
    """Whether anybody has that permission set in that account."""
    found = select(assignments.c.account_id).where(
        assignments.c.account_id == account_id, assignments.c.permission_set_id == permission_set_id
    )
    return connection.execute(found.limit(1)).first() is not None


def list_principals(
    connection: Connection, account_id: str, permission_set_id: str, after: tuple[str, str], limit: int
) -> list[StoredAssignment]:
    """The assignments of one set in one account, by (kind, id), at most `limit` after `after`."""
    rows = connection.execute(
        select(assignments)
        .where(
            assignments.c.account_id == account_id,
            assignments.c.permission_set_id == permission_set_id,
            tuple_(assignments.c.principal_kind, assignments.c.principal_id) > tuple_(*after),
        )
        .order_by(assignments.c.principal_kind, assignments.c.principal_id)
        .limit(limit)
    )
    return [_assignment(row) for row in rows]


def list_of_principals(
    connection: Connection,
    principals: Sequence[tuple[str, str]],
    account_id: str | None,
    after: tuple[str, str, str, str],
    limit: int,
) -> list[StoredAssignment]:
    """The assignments that name any of the principals, in one account or all, at most `limit`."""
    key = (
        assignments.c.account_id,
        assignments.c.permission_set_id,
        assignments.c.principal_kind,
        assignments.c.principal_id,
    )
    whose = or_(
        *(
            and_(assignments.c.principal_kind == kind, assignments.c.principal_id == principal_id)
            for kind, principal_id in principals
        )
    )
    query = select(assignments).where(whose, tuple_(*key) > tuple_(*after)).order_by(*key).limit(limit)
    if account_id is not None:
        query = query.where(assignments.c.account_id == account_id)
    return [_assignment(row) for row in connection.execute(query)]


def list_provisioned_accounts(
    connection: Connection, permission_set_id: str, after: str, limit: int, *, current: bool | None
) -> list[str]:
    """The accounts with a role of that set; `current` keeps only up-to-date (or only stale) ones."""
    rows = connection.execute(
        select(provisioned_roles.c.account_id)
        .join_from(
            provisioned_roles,
            permission_sets,
            permission_sets.c.id == provisioned_roles.c.permission_set_id,
        )
        .where(
            provisioned_roles.c.permission_set_id == permission_set_id,
            provisioned_roles.c.account_id > after,
            *_currency(current),
        )
        .order_by(provisioned_roles.c.account_id)
        .limit(limit)
    )
    return [row.account_id for row in rows]


def list_provisioned_sets(
    connection: Connection, account_id: str, after: str, limit: int, *, current: bool | None
) -> list[str]:
    """The ARNs of the sets that have a role in that account."""
    rows = connection.execute(
        select(permission_sets.c.arn)
        .join_from(
            provisioned_roles,
            permission_sets,
            permission_sets.c.id == provisioned_roles.c.permission_set_id,
        )
        .where(
            provisioned_roles.c.account_id == account_id,
            permission_sets.c.arn > after,
            *_currency(current),
        )
        .order_by(permission_sets.c.arn)
        .limit(limit)
    )
    return [row.arn for row in rows]


def _currency(current: bool | None) -> list[ColumnElement[bool]]:
    """A role counts once it exists (revision above 0); it is current when made from the newest revision."""
    exists: list[ColumnElement[bool]] = [provisioned_roles.c.revision > 0]
    if current is None:
        return exists
    same = provisioned_roles.c.revision == permission_sets.c.revision
    return [*exists, same if current else ~same]


def _is(assignment: StoredAssignment) -> ColumnElement[bool]:
    return and_(*(assignments.c[name] == value for name, value in _values(assignment).items()))


def _values(assignment: StoredAssignment) -> dict[str, str]:
    return {"account_id": assignment.account_id, **_words(assignment)}


def _words(assignment: StoredAssignment) -> dict[str, str]:
    return {
        "permission_set_id": assignment.permission_set_id,
        "principal_kind": assignment.principal_kind,
        "principal_id": assignment.principal_id,
    }


def _assignment(row: object) -> StoredAssignment:
    names = ("account_id", "permission_set_id", "principal_kind", "principal_id")
    return StoredAssignment(*(getattr(row, name) for name in names))
