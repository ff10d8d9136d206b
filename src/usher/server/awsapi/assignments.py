"""sso-admin: assignments, provisioning, and the status of asynchronous requests.

A request is taken on in one transaction with its audit event and worked on after it; a removed
assignment is gone when the call returns, its role follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from usher.core.ids import AccountId
from usher.server.awsapi.call import Call, not_found
from usher.server.awsapi.errors import ApiError
from usher.server.awsapi.paging import page
from usher.server.store import assignments as store
from usher.server.store.assignments import StoredAssignment
from usher.server.store.database import Change, Connection
from usher.server.store.identity import group_ids_of, read_group, read_user
from usher.server.store.operations import (
    Operation,
    OperationKind,
    OperationStatus,
    insert_operation,
    list_operations,
    read_operation,
)
from usher.server.store.permission_sets import StoredPermissionSet, read_arns
from usher.server.store.roles import read_role

Answer = Mapping[str, Any]


def create_assignment(call: Call) -> Answer:
    """CreateAccountAssignment: asynchronous; an assignment that exists succeeds."""
    account_id = _known_account(call, call.params["TargetId"])
    with call.services.database.change(call.actor) as change:
        permission_set = call.permission_set(change.connection)
        _check_principal(call, change.connection)
        operation = _take_on(call, change, OperationKind.ASSIGNMENT_CREATION, permission_set, account_id)
    call.services.jobs.submit(operation.request_id)
    return {"AccountAssignmentCreationStatus": _assignment_status(operation)}


def delete_assignment(call: Call) -> Answer:
    """DeleteAccountAssignment: access ends with this call; the role goes afterwards if it was the last."""
    account_id = call.params["TargetId"]
    with call.services.database.change(call.actor) as change:
        permission_set = call.permission_set(change.connection)
        assignment = StoredAssignment(
            account_id, permission_set.id, call.params["PrincipalType"], call.params["PrincipalId"]
        )
        # A role that an earlier removal could not take away may be asked to go again.
        left_behind = read_role(change.connection, account_id, permission_set.id) is not None
        if not store.delete_assignment(change, assignment) and (
            not left_behind or store.is_assigned_in(change.connection, account_id, permission_set.id)
        ):
            not_found(
                f"{assignment.principal_kind} {assignment.principal_id} has no assignment of "
                f"{permission_set.name} in account {call.services.accounts.name(account_id)}."
            )
        operation = _take_on(call, change, OperationKind.ASSIGNMENT_DELETION, permission_set, account_id)
    call.services.jobs.submit(operation.request_id)
    return {"AccountAssignmentDeletionStatus": _assignment_status(operation)}


def provision_permission_set(call: Call) -> Answer:
    """ProvisionPermissionSet: brings the roles in one or all provisioned accounts up to date."""
    everywhere = call.params["TargetType"] == "ALL_PROVISIONED_ACCOUNTS"
    target = call.params.get("TargetId")
    if everywhere == (target is not None):
        raise ApiError("ValidationException", "TargetId goes with TargetType AWS_ACCOUNT and only with it.")
    account_id = None if target is None else _known_account(call, target)
    with call.services.database.change(call.actor) as change:
        permission_set = call.permission_set(change.connection)
        operation = _take_on(call, change, OperationKind.PROVISIONING, permission_set, account_id)
    call.services.jobs.submit(operation.request_id)
    return {"PermissionSetProvisioningStatus": _provisioning_status(operation)}


def describe_creation_status(call: Call) -> Answer:
    """DescribeAccountAssignmentCreationStatus."""
    request_id = call.params["AccountAssignmentCreationRequestId"]
    operation = _operation(call, OperationKind.ASSIGNMENT_CREATION, request_id)
    return {"AccountAssignmentCreationStatus": _assignment_status(operation)}


def describe_deletion_status(call: Call) -> Answer:
    """DescribeAccountAssignmentDeletionStatus."""
    request_id = call.params["AccountAssignmentDeletionRequestId"]
    operation = _operation(call, OperationKind.ASSIGNMENT_DELETION, request_id)
    return {"AccountAssignmentDeletionStatus": _assignment_status(operation)}


def describe_provisioning_status(call: Call) -> Answer:
    """DescribePermissionSetProvisioningStatus."""
    request_id = call.params["ProvisionPermissionSetRequestId"]
    operation = _operation(call, OperationKind.PROVISIONING, request_id)
    return {"PermissionSetProvisioningStatus": _provisioning_status(operation)}


def list_creation_status(call: Call) -> Answer:
    """ListAccountAssignmentCreationStatus: three members per request, as in AWS."""
    found, more = _list_status(call, OperationKind.ASSIGNMENT_CREATION)
    return {"AccountAssignmentsCreationStatus": found, **more}


def list_deletion_status(call: Call) -> Answer:
    """ListAccountAssignmentDeletionStatus."""
    found, more = _list_status(call, OperationKind.ASSIGNMENT_DELETION)
    return {"AccountAssignmentsDeletionStatus": found, **more}


def list_provisioning_status(call: Call) -> Answer:
    """ListPermissionSetProvisioningStatus."""
    found, more = _list_status(call, OperationKind.PROVISIONING)
    return {"PermissionSetsProvisioningStatus": found, **more}


def list_assignments(call: Call) -> Answer:
    """ListAccountAssignments: the principals of one permission set in one account."""
    account_id = call.params["AccountId"]
    with call.services.database.read() as connection:
        permission_set = call.permission_set(connection)
        found, more = page(
            call.params,
            f"assignments of {permission_set.id} in {account_id}",
            ("", ""),
            lambda after, limit: store.list_principals(
                connection, account_id, permission_set.id, after, limit
            ),
            lambda item: (item.principal_kind, item.principal_id),
        )
    listed = [
        {
            "AccountId": item.account_id,
            "PermissionSetArn": permission_set.arn,
            "PrincipalType": item.principal_kind,
            "PrincipalId": item.principal_id,
        }
        for item in found
    ]
    return {"AccountAssignments": listed, **more}


def list_assignments_for_principal(call: Call) -> Answer:
    """ListAccountAssignmentsForPrincipal: for a user also what their groups give, naming the group."""
    call.check_instance()
    kind, principal_id = call.params["PrincipalType"], call.params["PrincipalId"]
    account_id = (call.params.get("Filter") or {}).get("AccountId")
    with call.services.database.read() as connection:
        _check_principal(call, connection)
        principals = [(kind, principal_id)]
        if kind == "USER":
            principals += [("GROUP", group_id) for group_id in group_ids_of(connection, principal_id)]
        found, more = page(
            call.params,
            f"assignments of {kind} {principal_id} in {account_id}",
            ("", "", "", ""),
            lambda after, limit: store.list_of_principals(connection, principals, account_id, after, limit),
            lambda item: (item.account_id, item.permission_set_id, item.principal_kind, item.principal_id),
        )
        arns = read_arns(connection, {item.permission_set_id for item in found})
    listed = [
        {
            "AccountId": item.account_id,
            "PermissionSetArn": arns[item.permission_set_id],
            "PrincipalType": item.principal_kind,
            "PrincipalId": item.principal_id,
        }
        for item in found
    ]
    return {"AccountAssignments": listed, **more}


def list_provisioned_accounts(call: Call) -> Answer:
    """ListAccountsForProvisionedPermissionSet, all or only up-to-date or stale ones."""
    with call.services.database.read() as connection:
        permission_set = call.permission_set(connection)
        current = _currency(call)
        found, more = page(
            call.params,
            f"accounts of {permission_set.id} {current}",
            ("",),
            lambda after, limit: store.list_provisioned_accounts(
                connection, permission_set.id, after[0], limit, current=current
            ),
            lambda account_id: (account_id,),
        )
    return {"AccountIds": found, **more}


def list_provisioned_sets(call: Call) -> Answer:
    """ListPermissionSetsProvisionedToAccount, all or only up-to-date or stale ones."""
    call.check_instance()
    account_id, current = call.params["AccountId"], _currency(call)
    with call.services.database.read() as connection:
        found, more = page(
            call.params,
            f"sets in {account_id} {current}",
            ("",),
            lambda after, limit: store.list_provisioned_sets(
                connection, account_id, after[0], limit, current=current
            ),
            lambda arn: (arn,),
        )
    return {"PermissionSets": found, **more}


def _take_on(
    call: Call,
    change: Change,
    kind: OperationKind,
    permission_set: StoredPermissionSet,
    account_id: str | None,
) -> Operation:
    operation = Operation(
        request_id=str(uuid4()),
        kind=kind,
        status=OperationStatus.IN_PROGRESS,
        permission_set_id=permission_set.id,
        permission_set_arn=permission_set.arn,
        account_id=account_id,
        principal_kind=call.params.get("PrincipalType"),
        principal_id=call.params.get("PrincipalId"),
        failure_reason=None,
        requested_by=call.actor,
        created_at=change.now,
    )
    insert_operation(change, operation)
    return operation


def _known_account(call: Call, account_id: str) -> str:
    if call.services.accounts.get(AccountId(account_id)) is None:
        not_found(f"Account {account_id} is not in this organization.")
    return account_id


def _check_principal(call: Call, connection: Connection) -> None:
    kind, principal_id = call.params["PrincipalType"], call.params["PrincipalId"]
    read = read_user if kind == "USER" else read_group
    if read(connection, principal_id) is None:
        not_found(f"{kind} with id {principal_id} not found.")


def _operation(call: Call, kind: OperationKind, request_id: str) -> Operation:
    call.check_instance()
    with call.services.database.read() as connection:
        operation = read_operation(connection, request_id)
    if operation is None or operation.kind != kind:
        not_found(f"Request {request_id} not found.")
    return operation


def _list_status(call: Call, kind: OperationKind) -> tuple[list[dict[str, Any]], dict[str, str]]:
    call.check_instance()
    status = (call.params.get("Filter") or {}).get("Status")
    with call.services.database.read() as connection:
        found, more = page(
            call.params,
            f"{kind} {status}",
            (0.0, ""),
            lambda after, limit: list_operations(connection, kind, status, after, limit),
            lambda operation: (operation.created_at, operation.request_id),
        )
    return [_brief(operation) for operation in found], more


def _brief(operation: Operation) -> dict[str, Any]:
    return {
        "Status": operation.status,
        "RequestId": operation.request_id,
        "CreatedDate": operation.created_at,
    }


def _assignment_status(operation: Operation) -> dict[str, Any]:
    members = _brief(operation) | {
        "FailureReason": operation.failure_reason,
        "TargetId": operation.account_id,
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": operation.permission_set_arn,
        "PrincipalType": operation.principal_kind,
        "PrincipalId": operation.principal_id,
    }
    return {name: value for name, value in members.items() if value is not None}


def _provisioning_status(operation: Operation) -> dict[str, Any]:
    members = _brief(operation) | {
        "AccountId": operation.account_id,
        "PermissionSetArn": operation.permission_set_arn,
        "FailureReason": operation.failure_reason,
    }
    return {name: value for name, value in members.items() if value is not None}


def _currency(call: Call) -> bool | None:
    wanted = call.params.get("ProvisioningStatus")
    return None if wanted is None else wanted == "LATEST_PERMISSION_SET_PROVISIONED"


OPERATIONS = {
    "CreateAccountAssignment": create_assignment,
    "DeleteAccountAssignment": delete_assignment,
    "DescribeAccountAssignmentCreationStatus": describe_creation_status,
    "DescribeAccountAssignmentDeletionStatus": describe_deletion_status,
    "DescribePermissionSetProvisioningStatus": describe_provisioning_status,
    "ListAccountAssignmentCreationStatus": list_creation_status,
    "ListAccountAssignmentDeletionStatus": list_deletion_status,
    "ListAccountAssignments": list_assignments,
    "ListAccountAssignmentsForPrincipal": list_assignments_for_principal,
    "ListAccountsForProvisionedPermissionSet": list_provisioned_accounts,
    "ListPermissionSetProvisioningStatus": list_provisioning_status,
    "ListPermissionSetsProvisionedToAccount": list_provisioned_sets,
    "ProvisionPermissionSet": provision_permission_set,
}
