"""Asynchronous requests and their status. A row IN_PROGRESS is work still owed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Row, insert, select, tuple_, update

from usher.server.store.database import Change
from usher.server.store.tables import operations


class OperationKind(StrEnum):
    """What was asked for. Request ids of one kind are unknown to the others, as in AWS."""

    ASSIGNMENT_CREATION = "ASSIGNMENT_CREATION"
    ASSIGNMENT_DELETION = "ASSIGNMENT_DELETION"
    PROVISIONING = "PROVISIONING"


class OperationStatus(StrEnum):
    """AWS's three states."""

    IN_PROGRESS = "IN_PROGRESS"
    FAILED = "FAILED"
    SUCCEEDED = "SUCCEEDED"


@dataclass(frozen=True, slots=True)
class Operation:
    """One asynchronous request. Without `account_id` it is about all provisioned accounts."""

    request_id: str
    kind: OperationKind
    status: OperationStatus
    permission_set_id: str
    permission_set_arn: str
    account_id: str | None
    principal_kind: str | None
    principal_id: str | None
    failure_reason: str | None
    requested_by: str
    created_at: float


def insert_operation(change: Change, operation: Operation) -> None:
    """Take a request on. It is worked on after the transaction has committed."""
    change.connection.execute(
        insert(operations).values({name: getattr(operation, name) for name in _COLUMNS})
    )
    change.record(
        f"sso-admin:{operation.kind}",
        operation.request_id,
        permission_set=operation.permission_set_arn,
        account_id=operation.account_id or "ALL_PROVISIONED_ACCOUNTS",
        principal_kind=operation.principal_kind or "",
        principal=operation.principal_id or "",
    )


def finish_operation(change: Change, request_id: str, failure_reason: str | None) -> None:
    """End a request: SUCCEEDED, or FAILED for that reason. A request that has ended stays as it ended."""
    status = OperationStatus.FAILED if failure_reason else OperationStatus.SUCCEEDED
    ended = change.connection.execute(
        update(operations)
        .where(operations.c.request_id == request_id, operations.c.status == OperationStatus.IN_PROGRESS)
        .values(status=status, failure_reason=failure_reason, finished_at=change.now)
    )
    if ended.rowcount:
        change.record(f"sso-admin:Request{status.capitalize()}", request_id, reason=failure_reason or "")


def read_operation(connection: Connection, request_id: str) -> Operation | None:
    """The request with that id, or None."""
    row = connection.execute(select(operations).where(operations.c.request_id == request_id)).one_or_none()
    return _operation(row) if row else None


def list_operations(
    connection: Connection,
    kind: OperationKind,
    status: str | None,
    after: tuple[float, str],
    limit: int,
) -> list[Operation]:
    """Requests of one kind, oldest first, at most `limit` after (created at, request id)."""
    key = (operations.c.created_at, operations.c.request_id)
    query = select(operations).where(operations.c.kind == kind, tuple_(*key) > tuple_(*after))
    if status is not None:
        query = query.where(operations.c.status == status)
    return [_operation(row) for row in connection.execute(query.order_by(*key).limit(limit))]


def owed_requests(connection: Connection) -> list[Operation]:
    """Every request that was taken on and has not ended, oldest first."""
    rows = connection.execute(
        select(operations)
        .where(operations.c.kind.in_(OperationKind), operations.c.status == OperationStatus.IN_PROGRESS)
        .order_by(operations.c.created_at, operations.c.request_id)
    )
    return [_operation(row) for row in rows]


def is_deleted_since(connection: Connection, creation: Operation) -> bool:
    """Whether somebody asked for the deletion of that assignment after its creation was asked for."""
    found = select(operations.c.request_id).where(
        operations.c.kind == OperationKind.ASSIGNMENT_DELETION,
        operations.c.created_at > creation.created_at,
        operations.c.permission_set_id == creation.permission_set_id,
        operations.c.account_id == creation.account_id,
        operations.c.principal_kind == creation.principal_kind,
        operations.c.principal_id == creation.principal_id,
    )
    return connection.execute(found.limit(1)).first() is not None


def _operation(row: Row[tuple[object, ...]]) -> Operation:
    values = {name: getattr(row, name) for name in _COLUMNS}
    values |= {"kind": OperationKind(row.kind), "status": OperationStatus(row.status)}
    return Operation(**values)


_COLUMNS = tuple(Operation.__dataclass_fields__)
