"""Asynchronous requests, carried out: taken from their rows, run in lanes, ended with their status.

The `operations` table is the queue (docs/decisions/0001-durable-jobs.md): a row IN_PROGRESS is work owed,
and is picked up again when the directory starts.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import assert_never

import structlog

from usher.aws.clients import AwsSettings
from usher.core.errors import UsherError
from usher.server.accounts import AccountList
from usher.server.config import ServerConfig
from usher.server.idp.saml.keys import SigningKeys
from usher.server.provisioning.doors import AccountDoors
from usher.server.provisioning.iam_roles import IamRoles
from usher.server.provisioning.lanes import RETRY_DELAYS, AccountLanes, Task
from usher.server.provisioning.work import Provisioner
from usher.server.store.assignments import is_assigned_in
from usher.server.store.database import Database
from usher.server.store.instance import Instance
from usher.server.store.operations import (
    Operation,
    OperationKind,
    OperationStatus,
    finish_operation,
    owed_requests,
    read_operation,
)
from usher.server.store.roles import accounts_with_role, roles_without_people

_ACTOR = "directory"
_INTERNAL = "an internal error; the directory's log has the details"

_log = structlog.get_logger()


class ProvisioningJobs:
    """The directory's background work. `submit` before `start` or after `stop` does nothing: rows wait."""

    def __init__(
        self,
        config: ServerConfig,
        instance: Instance,
        database: Database,
        accounts: AccountList,
        signing_keys: SigningKeys,
        aws: AwsSettings,
        *,
        new_suffix: Callable[[], str] = lambda: secrets.token_hex(8),
        retry_delays: Sequence[float] = RETRY_DELAYS,
    ) -> None:
        self._database = database
        self._retry_delays = retry_delays
        doors = AccountDoors(config, aws, database.now)
        roles = IamRoles(config, instance, accounts, signing_keys, doors)
        self._work = Provisioner(config, database, accounts, roles, new_suffix=new_suffix)
        self._lock = threading.Lock()
        self._lanes: AccountLanes | None = None
        self._taken: set[str] = set()

    def start(self) -> None:
        """Begin to work, with what was left owed first."""
        with self._lock:
            if self._lanes is not None:
                return
            self._lanes = AccountLanes(retry_delays=self._retry_delays)
        with self._database.read() as connection:
            owed = owed_requests(connection)
        for operation in owed:
            self.submit(operation.request_id)
        self._remove_abandoned_roles()

    def submit(self, request_id: str) -> None:
        """Work on that request soon: at once when a worker and the account are free."""
        with self._database.read() as connection:
            operation = read_operation(connection, request_id)
        with self._lock:
            lanes = self._lanes
            if lanes is None or request_id in self._taken:
                return
            if operation is None or operation.status is not OperationStatus.IN_PROGRESS:
                return
            self._taken.add(request_id)
        if operation.account_id is None:
            self._fan_out(lanes, operation)
        else:
            lanes.add(operation.account_id, self._task(operation, operation.account_id))

    def stop(self) -> None:
        """Let running work come to its end; what has not begun stays owed."""
        with self._lock:
            lanes, self._lanes = self._lanes, None
        if lanes is not None:
            lanes.stop()
        with self._lock:
            self._taken.clear()

    def _task(self, operation: Operation, account_id: str) -> Task:
        match operation.kind:
            case OperationKind.ASSIGNMENT_CREATION:
                run = self._work.create_assignment
            case OperationKind.ASSIGNMENT_DELETION:
                run = self._work.delete_assignment
            case OperationKind.PROVISIONING:
                run = self._provision_one
            case _:
                assert_never(operation.kind)

        def work() -> None:
            run(operation, account_id)
            self._forget(operation)

        def give_up(error: BaseException) -> None:
            try:
                if operation.kind is OperationKind.ASSIGNMENT_CREATION:
                    self._work.abandon_creation(operation, account_id)
            finally:
                self._finish(operation, _reason(operation, error))

        return Task(work, give_up)

    def _provision_one(self, operation: Operation, account_id: str) -> None:
        self._work.provision(operation, account_id)
        self._finish(operation, None)

    def _fan_out(self, lanes: AccountLanes, operation: Operation) -> None:
        with self._database.read() as connection:
            accounts = accounts_with_role(connection, operation.permission_set_id)
        if not accounts:
            self._finish(operation, None)
            return
        gathered = _Gathered(left=len(accounts), end=partial(self._finish, operation))
        for account_id in accounts:

            def work(account_id: str = account_id) -> None:
                if self._is_assigned(operation, account_id):
                    self._work.provision(operation, account_id)
                else:  # nothing to update, but a role that an earlier removal could not take away
                    self._work.remove_if_unassigned(
                        operation.permission_set_id, account_id, operation.requested_by
                    )
                gathered.note(account_id, None)

            def give_up(error: BaseException, account_id: str = account_id) -> None:
                gathered.note(account_id, _reason(operation, error))

            lanes.add(account_id, Task(work, give_up))

    def _remove_abandoned_roles(self) -> None:
        """Take away roles that a failed removal or creation left, after the work that is still owed."""
        with self._lock:
            lanes = self._lanes
        if lanes is None:
            return
        with self._database.read() as connection:
            abandoned = roles_without_people(connection)
        for account_id, permission_set_id in abandoned:

            def work(account_id: str = account_id, permission_set_id: str = permission_set_id) -> None:
                self._work.remove_if_unassigned(permission_set_id, account_id, _ACTOR)

            def give_up(error: BaseException, account_id: str = account_id) -> None:
                _log.warning("role_left_behind", account_id=account_id, reason=str(error))

            lanes.add(account_id, Task(work, give_up))

    def _is_assigned(self, operation: Operation, account_id: str) -> bool:
        with self._database.read() as connection:
            return is_assigned_in(connection, account_id, operation.permission_set_id)

    def _finish(self, operation: Operation, failure_reason: str | None) -> None:
        with self._database.change(operation.requested_by) as change:
            finish_operation(change, operation.request_id, failure_reason)
        self._forget(operation)

    def _forget(self, operation: Operation) -> None:
        with self._lock:
            self._taken.discard(operation.request_id)


@dataclass(slots=True)
class _Gathered:
    """The outcomes of one request in many accounts: the last one ends the request."""

    left: int
    end: Callable[[str | None], None]
    reasons: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, account_id: str, reason: str | None) -> None:
        """Take in one account's outcome."""
        with self.lock:
            self.left -= 1
            if reason is not None:
                self.reasons[account_id] = reason
            if self.left:
                return
        self.end("; ".join(f"{account}: {why}" for account, why in sorted(self.reasons.items())) or None)


def _reason(operation: Operation, error: BaseException) -> str:
    if isinstance(error, UsherError):
        _log.info("request_failed", request_id=operation.request_id, reason=error.message)
        return error.message
    _log.error("request_crashed", request_id=operation.request_id, exc_info=error)
    return _INTERNAL
