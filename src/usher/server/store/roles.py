"""Which role stands for which permission set in which account.

A row is written before its role is made, with revision 0, so that a name is never thrown twice for one
role; it goes after its role has gone.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from usher.server.store.database import Change
from usher.server.store.tables import assignments, provisioned_roles


@dataclass(frozen=True, slots=True)
class ProvisionedRole:
    """A role as recorded. `revision` is that of the permission set it was made from; 0: not made yet."""

    account_id: str
    permission_set_id: str
    role_name: str
    role_arn: str
    revision: int


def read_role(connection: Connection, account_id: str, permission_set_id: str) -> ProvisionedRole | None:
    """The role of that permission set in that account, or None."""
    found = connection.execute(select(provisioned_roles).where(_is(account_id, permission_set_id)))
    row = found.one_or_none()
    if row is None:
        return None
    return ProvisionedRole(row.account_id, row.permission_set_id, row.role_name, row.role_arn, row.revision)


def accounts_with_role(connection: Connection, permission_set_id: str) -> list[str]:
    """The ids of the accounts where that permission set has a role, made or begun, in order."""
    rows = connection.execute(
        select(provisioned_roles.c.account_id)
        .where(provisioned_roles.c.permission_set_id == permission_set_id)
        .order_by(provisioned_roles.c.account_id)
    )
    return [row.account_id for row in rows]


def roles_without_people(connection: Connection) -> list[tuple[str, str]]:
    """(account id, permission set id) of every role that nobody is assigned to."""
    assigned = select(assignments.c.account_id).where(
        assignments.c.account_id == provisioned_roles.c.account_id,
        assignments.c.permission_set_id == provisioned_roles.c.permission_set_id,
    )
    rows = connection.execute(
        select(provisioned_roles.c.account_id, provisioned_roles.c.permission_set_id).where(
            ~assigned.exists()
        )
    )
    return [(row.account_id, row.permission_set_id) for row in rows]


def insert_role(change: Change, role: ProvisionedRole) -> None:
    """Note the name of a role that is about to be made."""
    change.connection.execute(
        insert(provisioned_roles).values(
            account_id=role.account_id,
            permission_set_id=role.permission_set_id,
            role_name=role.role_name,
            role_arn=role.role_arn,
            revision=role.revision,
            updated_at=change.now,
        )
    )
    change.record("provisioning:NameRole", role.role_arn, permission_set_id=role.permission_set_id)


def set_role_revision(change: Change, role: ProvisionedRole, revision: int) -> None:
    """Note that the role now matches that revision of its permission set."""
    change.connection.execute(
        update(provisioned_roles)
        .where(_is(role.account_id, role.permission_set_id))
        .values(revision=revision, updated_at=change.now)
    )
    change.record("provisioning:RoleProvisioned", role.role_arn, revision=str(revision))


def delete_role(change: Change, role: ProvisionedRole) -> None:
    """Forget a role that is gone. Its name is never used again."""
    change.connection.execute(delete(provisioned_roles).where(_is(role.account_id, role.permission_set_id)))
    change.record("provisioning:RoleRemoved", role.role_arn, permission_set_id=role.permission_set_id)


def _is(account_id: str, permission_set_id: str) -> ColumnElement[bool]:
    return and_(
        provisioned_roles.c.account_id == account_id,
        provisioned_roles.c.permission_set_id == permission_set_id,
    )
