"""The work of one request in one account: name the role, make it match, note that it does.

Each step may be repeated: after a kill at any point the same request is worked on again from its
beginning and ends in the same state.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from usher.core.errors import UsherError
from usher.server.accounts import AccountList
from usher.server.config import ServerConfig
from usher.server.provisioning.role_maker import RoleMaker, WantedRole
from usher.server.provisioning.roles import ProvisioningError
from usher.server.store.assignments import StoredAssignment, insert_assignment, is_assigned_in
from usher.server.store.database import Change, Connection, Database
from usher.server.store.operations import Operation, finish_operation, is_deleted_since
from usher.server.store.permission_sets import (
    StoredPermissionSet,
    customer_policies_of,
    managed_policies_of,
    read_permission_set_by_id,
)
from usher.server.store.roles import (
    ProvisionedRole,
    delete_role,
    insert_role,
    read_role,
    set_role_revision,
)

# AWS's own words; Terraform and other clients show them to people.
ASSIGNMENT_NOT_FOUND = "Received a 404 status error: Assignment not found."
PERMISSION_SET_NOT_FOUND = "Received a 404 status error: PermissionSet not found."

_log = structlog.get_logger()


class Provisioner:
    """Carries requests out. Thread-safe between accounts; the caller gives one account one task at a time."""

    def __init__(
        self,
        config: ServerConfig,
        database: Database,
        accounts: AccountList,
        roles: RoleMaker,
        *,
        new_suffix: Callable[[], str],
    ) -> None:
        self._config = config
        self._database = database
        self._accounts = accounts
        self._roles = roles
        self._new_suffix = new_suffix

    def create_assignment(self, operation: Operation, account_id: str) -> None:
        """Make the role if it is missing or lags behind, then let the principal in, and end the request."""
        assignment = _assignment(operation, account_id)
        self._check_account(account_id)
        self._roles.enter(account_id)  # an account that cannot be entered leaves no trace
        with self._database.change(operation.requested_by) as change:
            wanted = self._wanted(change, operation.permission_set_id, account_id)
        self._roles.make_match(wanted)
        with self._database.change(operation.requested_by) as change:
            if is_deleted_since(change.connection, operation):
                # A removal is never undone by a request that came before it.
                raise ProvisioningError("the assignment was deleted while it was being created")
            insert_assignment(change, assignment)
            set_role_revision(change, wanted.role, wanted.permission_set.revision)
            finish_operation(change, operation.request_id, None)

    def abandon_creation(self, operation: Operation, account_id: str) -> None:
        """Take back a role that was begun for a request that failed, unless somebody is assigned to it."""
        try:
            self.remove_if_unassigned(operation.permission_set_id, account_id, operation.requested_by)
        except UsherError as error:
            # The name stays on record: the next request for this set and account completes or removes it.
            _log.warning(
                "role_left_behind",
                account_id=account_id,
                permission_set=operation.permission_set_arn,
                reason=error.message,
            )

    def delete_assignment(self, operation: Operation, account_id: str) -> None:
        """Remove the role when nobody is assigned to it any more, and end the request."""
        self.remove_if_unassigned(operation.permission_set_id, account_id, operation.requested_by)
        with self._database.change(operation.requested_by) as change:
            finish_operation(change, operation.request_id, None)

    def provision(self, operation: Operation, account_id: str) -> None:
        """Bring one account's role up to its permission set; a role left without people goes.

        Raises ProvisioningError when nobody is assigned.
        """
        self.remove_if_unassigned(operation.permission_set_id, account_id, operation.requested_by)
        with self._database.change(operation.requested_by) as change:
            if not is_assigned_in(change.connection, account_id, operation.permission_set_id):
                raise ProvisioningError(ASSIGNMENT_NOT_FOUND)
            wanted = self._wanted(change, operation.permission_set_id, account_id)
        self._roles.make_match(wanted)
        with self._database.change(operation.requested_by) as change:
            set_role_revision(change, wanted.role, wanted.permission_set.revision)

    def _check_account(self, account_id: str) -> None:
        account = self._accounts.get(account_id)
        if account is None:
            raise ProvisioningError(f"account {account_id} is not in the organization")
        if not account.active:
            raise ProvisioningError(f"account {account} is suspended or closed")

    def _wanted(self, change: Change, permission_set_id: str, account_id: str) -> WantedRole:
        connection = change.connection
        permission_set = read_permission_set_by_id(connection, permission_set_id)
        if permission_set is None:
            raise ProvisioningError(PERMISSION_SET_NOT_FOUND)
        role = read_role(connection, account_id, permission_set_id)
        if role is None:
            role = self._name_role(permission_set, account_id)
            insert_role(change, role)
        return WantedRole(
            permission_set,
            tuple(managed_policies_of(connection, permission_set_id)),
            tuple(customer_policies_of(connection, permission_set_id)),
            role,
        )

    def _name_role(self, permission_set: StoredPermissionSet, account_id: str) -> ProvisionedRole:
        name = f"{self._config.role_prefix}{permission_set.name}_{self._new_suffix()}"
        arn = f"arn:{self._config.partition.name}:iam::{account_id}:role{self._config.role_path}{name}"
        return ProvisionedRole(account_id, permission_set.id, name, arn, revision=0)

    def remove_if_unassigned(self, permission_set_id: str, account_id: str, actor: str) -> None:
        """Remove the set's role in the account when nobody is assigned to it, for `actor`."""
        with self._database.read() as connection:
            role = _role_without_people(connection, account_id, permission_set_id)
        if role is None:
            return
        # An account that left the organization cannot be entered, and its role opens to nobody.
        if self._accounts.get(account_id) is not None:
            self._roles.remove(role)
        with self._database.change(actor) as change:
            delete_role(change, role)


def _role_without_people(
    connection: Connection, account_id: str, permission_set_id: str
) -> ProvisionedRole | None:
    if is_assigned_in(connection, account_id, permission_set_id):
        return None
    return read_role(connection, account_id, permission_set_id)


def _assignment(operation: Operation, account_id: str) -> StoredAssignment:
    if operation.principal_kind is None or operation.principal_id is None:
        raise ProvisioningError(f"request {operation.request_id} names no principal")
    return StoredAssignment(
        account_id, operation.permission_set_id, operation.principal_kind, operation.principal_id
    )
