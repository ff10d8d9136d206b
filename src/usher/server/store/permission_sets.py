"""Permission sets with their policies, boundary and tags.

Every change of content raises `revision`; roles made from an older revision are stale until
ProvisionPermissionSet has run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from usher.server.store.database import Change
from usher.server.store.tables import (
    assignments,
    customer_policies,
    managed_policies,
    permission_sets,
    provisioned_roles,
    tags,
)


@dataclass(frozen=True, slots=True)
class StoredPermissionSet:
    """One permission set. `boundary` is the API's structure; `session_duration` is ISO 8601."""

    id: str
    arn: str
    name: str
    description: str | None
    session_duration: str
    relay_state: str | None
    inline_policy: str | None
    boundary: Mapping[str, Any] | None
    revision: int
    created_at: float


def insert_permission_set(change: Change, permission_set: StoredPermissionSet) -> None:
    """Store a new permission set. The caller has checked that its name is free."""
    change.connection.execute(insert(permission_sets).values(_values(permission_set)))
    change.record("sso-admin:CreatePermissionSet", permission_set.arn, name=permission_set.name)


def update_permission_set(change: Change, permission_set: StoredPermissionSet, action: str) -> None:
    """Store new content under the next revision; `action` names the API call for the audit log."""
    raised = replace(permission_set, revision=permission_set.revision + 1)
    change.connection.execute(
        update(permission_sets).where(permission_sets.c.id == raised.id).values(_values(raised))
    )
    change.record(f"sso-admin:{action}", permission_set.arn, name=permission_set.name)


def delete_permission_set(change: Change, permission_set: StoredPermissionSet) -> None:
    """Remove a permission set that is neither assigned nor provisioned."""
    change.connection.execute(delete(tags).where(tags.c.resource_arn == permission_set.arn))
    change.connection.execute(delete(permission_sets).where(permission_sets.c.id == permission_set.id))
    change.record("sso-admin:DeletePermissionSet", permission_set.arn, name=permission_set.name)


def is_in_use(connection: Connection, permission_set_id: str) -> bool:
    """Whether the set is assigned or has a role in any account."""
    assigned = select(assignments.c.account_id).where(assignments.c.permission_set_id == permission_set_id)
    provisioned = select(provisioned_roles.c.account_id).where(
        provisioned_roles.c.permission_set_id == permission_set_id
    )
    return connection.execute(assigned.union_all(provisioned).limit(1)).first() is not None


def read_permission_set(connection: Connection, arn: str) -> StoredPermissionSet | None:
    """The permission set with that ARN, or None."""
    row = connection.execute(select(permission_sets).where(permission_sets.c.arn == arn)).one_or_none()
    return _permission_set(row) if row else None


def read_arns(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """The ARN of each of those permission sets, by id."""
    rows = connection.execute(
        select(permission_sets.c.id, permission_sets.c.arn).where(permission_sets.c.id.in_(ids))
    )
    return {row.id: row.arn for row in rows}


def read_permission_set_by_id(connection: Connection, permission_set_id: str) -> StoredPermissionSet | None:
    """The permission set with that id (`ps-…`), or None."""
    row = connection.execute(
        select(permission_sets).where(permission_sets.c.id == permission_set_id)
    ).one_or_none()
    return _permission_set(row) if row else None


def find_permission_set_by_name(connection: Connection, name: str) -> StoredPermissionSet | None:
    """The permission set with that name, or None."""
    row = connection.execute(select(permission_sets).where(permission_sets.c.name == name)).one_or_none()
    return _permission_set(row) if row else None


def list_permission_set_arns(connection: Connection, after: str, limit: int) -> list[str]:
    """ARNs in order, at most `limit` after `after`."""
    rows = connection.execute(
        select(permission_sets.c.arn)
        .where(permission_sets.c.arn > after)
        .order_by(permission_sets.c.arn)
        .limit(limit)
    )
    return [row.arn for row in rows]


def attach_managed_policy(change: Change, permission_set: StoredPermissionSet, policy_arn: str) -> None:
    """Add an AWS managed policy that is not attached yet."""
    change.connection.execute(
        insert(managed_policies).values(permission_set_id=permission_set.id, policy_arn=policy_arn)
    )
    update_permission_set(change, permission_set, "AttachManagedPolicyToPermissionSet")


def detach_managed_policy(change: Change, permission_set: StoredPermissionSet, policy_arn: str) -> bool:
    """Take an AWS managed policy away; False when it was not attached."""
    removed = change.connection.execute(
        delete(managed_policies).where(
            managed_policies.c.permission_set_id == permission_set.id,
            managed_policies.c.policy_arn == policy_arn,
        )
    )
    if removed.rowcount == 0:
        return False
    update_permission_set(change, permission_set, "DetachManagedPolicyFromPermissionSet")
    return True


def managed_policies_of(connection: Connection, permission_set_id: str) -> list[str]:
    """The ARNs of the attached AWS managed policies, in order."""
    rows = connection.execute(
        select(managed_policies.c.policy_arn)
        .where(managed_policies.c.permission_set_id == permission_set_id)
        .order_by(managed_policies.c.policy_arn)
    )
    return [row.policy_arn for row in rows]


def attach_customer_policy(change: Change, permission_set: StoredPermissionSet, name: str, path: str) -> None:
    """Add a reference to a customer managed policy that is not attached yet."""
    change.connection.execute(
        insert(customer_policies).values(permission_set_id=permission_set.id, name=name, path=path)
    )
    update_permission_set(change, permission_set, "AttachCustomerManagedPolicyReferenceToPermissionSet")


def detach_customer_policy(change: Change, permission_set: StoredPermissionSet, name: str, path: str) -> bool:
    """Take a reference away; False when it was not attached."""
    removed = change.connection.execute(
        delete(customer_policies).where(
            customer_policies.c.permission_set_id == permission_set.id,
            customer_policies.c.name == name,
            customer_policies.c.path == path,
        )
    )
    if removed.rowcount == 0:
        return False
    update_permission_set(change, permission_set, "DetachCustomerManagedPolicyReferenceFromPermissionSet")
    return True


def customer_policies_of(connection: Connection, permission_set_id: str) -> list[tuple[str, str]]:
    """(path, name) of the referenced customer managed policies, in order."""
    rows = connection.execute(
        select(customer_policies.c.path, customer_policies.c.name)
        .where(customer_policies.c.permission_set_id == permission_set_id)
        .order_by(customer_policies.c.path, customer_policies.c.name)
    )
    return [(row.path, row.name) for row in rows]


def tags_of(connection: Connection, arn: str) -> dict[str, str]:
    """The tags of a resource, by key in order."""
    rows = connection.execute(select(tags).where(tags.c.resource_arn == arn).order_by(tags.c.key))
    return {row.key: row.value for row in rows}


def set_tags(change: Change, arn: str, values: Mapping[str, str], *, service: str = "sso-admin") -> None:
    """Add tags, or give those that exist new values; `service` is the one that was asked to."""
    _untag(change.connection, arn, list(values))
    for key, value in values.items():
        change.connection.execute(insert(tags).values(resource_arn=arn, key=key, value=value))
    change.record(f"{service}:TagResource", arn, keys=",".join(values))


def remove_tags(change: Change, arn: str, keys: list[str], *, service: str = "sso-admin") -> None:
    """Take tags away; those that do not exist are no matter."""
    _untag(change.connection, arn, keys)
    change.record(f"{service}:UntagResource", arn, keys=",".join(keys))


def _untag(connection: Connection, arn: str, keys: list[str]) -> None:
    """Remove the rows of those tags."""
    connection.execute(delete(tags).where(tags.c.resource_arn == arn, tags.c.key.in_(keys)))


def _permission_set(row: Row[Any]) -> StoredPermissionSet:
    return StoredPermissionSet(**{name: getattr(row, name) for name in _COLUMNS})


def _values(permission_set: StoredPermissionSet) -> dict[str, Any]:
    return {name: getattr(permission_set, name) for name in _COLUMNS}


_COLUMNS = tuple(column.name for column in permission_sets.columns)
