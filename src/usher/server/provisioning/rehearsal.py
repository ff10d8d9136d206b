"""Requests carried out in the books alone: the rehearsal of an organization that nobody enters."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import assert_never

from usher.core.errors import NoAccessError, UsherError
from usher.core.ids import AccountId
from usher.server.accounts import AccountList
from usher.server.config import ServerConfig
from usher.server.provisioning.role_maker import RolesInTheBooks
from usher.server.provisioning.work import Provisioner
from usher.server.services import RoleCredentials
from usher.server.store.database import Database
from usher.server.store.operations import (
    Operation,
    OperationKind,
    OperationStatus,
    finish_operation,
    owed_requests,
    read_operation,
)
from usher.server.store.roles import accounts_with_role


class RehearsalJobs:
    """Does each request at once, one after another: in the books there is nothing to wait for."""

    def __init__(
        self,
        config: ServerConfig,
        database: Database,
        accounts: AccountList,
        *,
        new_suffix: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._database = database
        self._work = Provisioner(config, database, accounts, RolesInTheBooks(), new_suffix=new_suffix)
        self._one_at_a_time = threading.Lock()

    def start(self) -> None:
        """Do what was left owed."""
        with self._database.read() as connection:
            owed = owed_requests(connection)
        for operation in owed:
            self.submit(operation.request_id)

    def stop(self) -> None:
        """Nothing runs on."""

    def submit(self, request_id: str) -> None:
        """Carry the request out, and end it."""
        with self._one_at_a_time:
            with self._database.read() as connection:
                operation = read_operation(connection, request_id)
            if operation is None or operation.status is not OperationStatus.IN_PROGRESS:
                return
            try:
                self._carry_out(operation)
            except UsherError as error:
                with self._database.change(operation.requested_by) as change:
                    finish_operation(change, request_id, error.message)

    def _carry_out(self, operation: Operation) -> None:
        match operation.kind:
            case OperationKind.ASSIGNMENT_CREATION:
                self._work.create_assignment(operation, operation.account_id or "")
            case OperationKind.ASSIGNMENT_DELETION:
                self._work.delete_assignment(operation, operation.account_id or "")
            case OperationKind.PROVISIONING:
                self._provision(operation)
            case _:
                assert_never(operation.kind)

    def _provision(self, operation: Operation) -> None:
        if operation.account_id is None:
            with self._database.read() as connection:
                accounts = accounts_with_role(connection, operation.permission_set_id)
        else:
            accounts = [operation.account_id]
        for account_id in accounts:
            self._work.provision(operation, account_id)
        with self._database.change(operation.requested_by) as change:
            finish_operation(change, operation.request_id, None)


class NoRoleCredentials:
    """Nobody enters an account that is rehearsed."""

    def issue(self, user_id: str, account_id: AccountId, permission_set_name: str) -> RoleCredentials:
        """Raises NoAccessError, always."""
        raise NoAccessError(
            f"this directory rehearses an organization: there is no {permission_set_name} to enter in "
            f"account {account_id}",
            hint="start the directory without --rehearsal to enter accounts",
        )
