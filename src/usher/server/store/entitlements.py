"""Account Access Manager's rows: the instance's application, and who may assume which owned role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Row, delete, func, insert, select

from usher.server.store.database import Change
from usher.server.store.tables import account_access_applications as applications
from usher.server.store.tables import entitlements


@dataclass(frozen=True, slots=True)
class StoredApplication:
    """The application that holds the entitlements of an instance."""

    arn: str
    instance_arn: str
    created_at: float


@dataclass(frozen=True, slots=True)
class StoredEntitlement:
    """One entitlement, by ids. `account_id` is the role's."""

    id: str
    application_arn: str
    principal_kind: str
    principal_id: str
    role_arn: str
    account_id: str
    created_at: float


def read_application(connection: Connection) -> StoredApplication | None:
    """The application; an instance has at most one."""
    row = connection.execute(select(applications)).one_or_none()
    return StoredApplication(row.arn, row.instance_arn, row.created_at) if row else None


def insert_application(change: Change, application: StoredApplication) -> None:
    """Make the application."""
    change.connection.execute(
        insert(applications).values(
            arn=application.arn,
            instance_arn=application.instance_arn,
            created_at=application.created_at,
        )
    )
    change.record("account-access:CreateApplication", application.arn, instance=application.instance_arn)


def delete_application(change: Change, application: StoredApplication) -> None:
    """Remove the application."""
    change.connection.execute(delete(applications).where(applications.c.arn == application.arn))
    change.record("account-access:DeleteApplication", application.arn, instance=application.instance_arn)


def has_entitlements(connection: Connection) -> bool:
    """Whether there is any entitlement."""
    return connection.execute(select(entitlements.c.id).limit(1)).first() is not None


def insert_entitlement(change: Change, entitlement: StoredEntitlement) -> None:
    """Let a principal assume a role."""
    values = {name: getattr(entitlement, name) for name in _COLUMNS}
    change.connection.execute(insert(entitlements).values(values))
    change.record("account-access:CreateEntitlement", entitlement.id, **_words(entitlement))


def delete_entitlement(change: Change, entitlement: StoredEntitlement) -> None:
    """End an entitlement."""
    change.connection.execute(delete(entitlements).where(entitlements.c.id == entitlement.id))
    change.record("account-access:DeleteEntitlement", entitlement.id, **_words(entitlement))


def read_entitlement(connection: Connection, entitlement_id: str) -> StoredEntitlement | None:
    """The entitlement with that id, or None."""
    found = connection.execute(select(entitlements).where(entitlements.c.id == entitlement_id))
    row = found.one_or_none()
    return _entitlement(row) if row else None


def find_entitlement(
    connection: Connection, principal_kind: str, principal_id: str, role_arn: str
) -> StoredEntitlement | None:
    """The entitlement of that principal to that role, or None."""
    found = connection.execute(
        select(entitlements).where(
            entitlements.c.role_arn == role_arn,
            entitlements.c.principal_kind == principal_kind,
            entitlements.c.principal_id == principal_id,
        )
    )
    row = found.one_or_none()
    return _entitlement(row) if row else None


def count_groups_of_role(connection: Connection, role_arn: str) -> int:
    """How many groups may assume the role."""
    counted = select(func.count()).where(
        entitlements.c.role_arn == role_arn, entitlements.c.principal_kind == "GROUP"
    )
    return int(connection.execute(counted).scalar_one())


def list_entitlements(
    connection: Connection, wanted: Mapping[str, str], after: str, limit: int
) -> list[StoredEntitlement]:
    """The entitlements whose columns have the `wanted` values, by id, at most `limit` after `after`."""
    rows = connection.execute(
        select(entitlements)
        .where(entitlements.c.id > after, *(entitlements.c[name] == value for name, value in wanted.items()))
        .order_by(entitlements.c.id)
        .limit(limit)
    )
    return [_entitlement(row) for row in rows]


def _entitlement(row: Row[tuple[object, ...]]) -> StoredEntitlement:
    return StoredEntitlement(**{name: getattr(row, name) for name in _COLUMNS})


def _words(entitlement: StoredEntitlement) -> dict[str, str]:
    return {
        "role": entitlement.role_arn,
        "principal_kind": entitlement.principal_kind,
        "principal": entitlement.principal_id,
    }


_COLUMNS = tuple(StoredEntitlement.__dataclass_fields__)
