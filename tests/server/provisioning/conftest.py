"""A directory without its shell: database, accounts of the sandbox's cloud, and jobs that really run."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from usher.aws.clients import AwsKeys, AwsSettings, make_client
from usher.aws.organizations import read_accounts
from usher.core.secrets import Secret
from usher.sandbox.cloud import Cloud, start_cloud
from usher.sandbox.organization import ENTRY_ROLE, SandboxOrganization, create_mkdev
from usher.server.accounts import AccountList
from usher.server.config import ServerConfig
from usher.server.idp.saml.keys import SigningKeys
from usher.server.provisioning.jobs import ProvisioningJobs
from usher.server.provisioning.provider import provider_arn
from usher.server.sealing import create_sealing_key
from usher.server.store.assignments import StoredAssignment, delete_assignment, has_assignment
from usher.server.store.database import Database, open_sqlite
from usher.server.store.instance import Instance, insert_instance
from usher.server.store.operations import (
    Operation,
    OperationKind,
    OperationStatus,
    insert_operation,
    read_operation,
)
from usher.server.store.permission_sets import (
    StoredPermissionSet,
    attach_customer_policy,
    attach_managed_policy,
    insert_permission_set,
    read_permission_set_by_id,
)
from usher.server.store.roles import ProvisionedRole, read_role

WAIT_SECONDS = 30.0
ADMIN = "admin@mkdev.example"


@dataclass
class Directory:
    """What a test says to the directory, in the field's words, and what it can see in the accounts."""

    config: ServerConfig
    instance: Instance
    database: Database
    accounts: AccountList
    signing_keys: SigningKeys
    mkdev: SandboxOrganization
    aws: AwsSettings
    jobs: ProvisioningJobs
    _iam: dict[str, Any] = field(default_factory=dict)

    def permission_set(
        self,
        name: str,
        *,
        managed: tuple[str, ...] = ("ReadOnlyAccess",),
        customer: tuple[str, ...] = (),
        **members: Any,
    ) -> StoredPermissionSet:
        """Store a permission set."""
        mark = uuid4().hex[:16]
        made = StoredPermissionSet(
            **(
                {
                    "id": f"ps-{mark}",
                    "arn": f"arn:aws:sso:::permissionSet/{self.instance.id}/ps-{mark}",
                    "name": name,
                    "description": f"made for {name}",
                    "session_duration": "PT1H",
                    "relay_state": None,
                    "inline_policy": None,
                    "boundary": None,
                    "revision": 1,
                    "created_at": 0.0,
                }
                | members
            )
        )
        with self.database.change(ADMIN) as change:
            insert_permission_set(change, made)
            for policy in managed:
                attach_managed_policy(change, made, f"arn:aws:iam::aws:policy/{policy}")
            for policy in customer:
                attach_customer_policy(change, made, policy, "/")
            stored = read_permission_set_by_id(change.connection, made.id)
        return stored or made

    def request(
        self,
        kind: OperationKind,
        permission_set: StoredPermissionSet,
        account: str | None,
        user_id: str | None = "user-1",
    ) -> str:
        """Take a request on as the control plane does, without submitting it."""
        request_id = str(uuid4())
        account_id = None if account is None else self.mkdev.accounts.get(account, account)
        user = None if kind is OperationKind.PROVISIONING else user_id
        operation = Operation(
            request_id,
            kind,
            OperationStatus.IN_PROGRESS,
            permission_set.id,
            permission_set.arn,
            account_id,
            "USER" if user else None,
            user,
            None,
            ADMIN,
            time.time(),
        )
        with self.database.change(ADMIN) as change:
            if kind is OperationKind.ASSIGNMENT_DELETION and account_id and user:
                delete_assignment(change, StoredAssignment(account_id, permission_set.id, "USER", user))
            insert_operation(change, operation)
        return request_id

    def wait(self, request_id: str) -> Operation:
        """The request, once it has ended."""
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            with self.database.read() as connection:
                operation = read_operation(connection, request_id)
            if operation is not None and operation.status is not OperationStatus.IN_PROGRESS:
                return operation
            time.sleep(0.01)
        pytest.fail(f"request {request_id} did not end")

    def run(self, *arguments: Any, **options: Any) -> Operation:
        """Take a request on, submit it and wait for its end."""
        request_id = self.request(*arguments, **options)
        self.jobs.submit(request_id)
        return self.wait(request_id)

    def assign(self, permission_set: StoredPermissionSet, account: str, user_id: str = "user-1") -> Operation:
        return self.run(OperationKind.ASSIGNMENT_CREATION, permission_set, account, user_id)

    def unassign(
        self, permission_set: StoredPermissionSet, account: str, user_id: str = "user-1"
    ) -> Operation:
        return self.run(OperationKind.ASSIGNMENT_DELETION, permission_set, account, user_id)

    def provision(self, permission_set: StoredPermissionSet, account: str | None) -> Operation:
        return self.run(OperationKind.PROVISIONING, permission_set, account)

    def is_assigned(self, permission_set: StoredPermissionSet, account: str, user_id: str = "user-1") -> bool:
        with self.database.read() as connection:
            return has_assignment(
                connection,
                StoredAssignment(self.mkdev.accounts[account], permission_set.id, "USER", user_id),
            )

    def recorded(self, permission_set: StoredPermissionSet, account: str) -> ProvisionedRole | None:
        """The role that the database knows of."""
        with self.database.read() as connection:
            return read_role(connection, self.mkdev.accounts[account], permission_set.id)

    def role_name(self, permission_set: StoredPermissionSet, account: str) -> str:
        role = self.recorded(permission_set, account)
        if role is None:
            pytest.fail(f"{permission_set.name} has no role in {account}")
        return role.role_name

    def provider(self, account: str) -> str:
        return provider_arn(self.config, self.instance, self.mkdev.accounts[account])

    def iam(self, account: str) -> Any:
        """An administrator's IAM client in the account."""
        if account not in self._iam:
            settings = self.aws
            if account != "management":
                role = f"arn:aws:iam::{self.mkdev.accounts[account]}:role/{ENTRY_ROLE}"
                answer = make_client("sts", settings).assume_role(RoleArn=role, RoleSessionName="tests")
                keys = answer["Credentials"]
                settings = AwsSettings(
                    settings.region,
                    endpoint_url=settings.endpoint_url,
                    keys=AwsKeys(
                        keys["AccessKeyId"],
                        Secret(keys["SecretAccessKey"]),
                        Secret(keys["SessionToken"]),
                    ),
                )
            self._iam[account] = make_client("iam", settings)
        return self._iam[account]

    def roles_in(self, account: str, permission_set: StoredPermissionSet) -> list[str]:
        """The names of the roles in the account that stand for the set."""
        roles = self.iam(account).list_roles(PathPrefix="/usher/")["Roles"]
        start = f"UsherSSO_{permission_set.name}_"
        return [role["RoleName"] for role in roles if role["RoleName"].startswith(start)]

    def customer_policy(self, account: str, name: str) -> str:
        """Create a customer managed policy in the account."""
        statement = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        made = self.iam(account).create_policy(PolicyName=name, PolicyDocument=document)
        return str(made["Policy"]["Arn"])


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    running = start_cloud()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def mkdev(cloud: Cloud) -> SandboxOrganization:
    return create_mkdev(cloud)


@pytest.fixture
def make_directory(
    tmp_path: Path, cloud: Cloud, mkdev: SandboxOrganization, migrated_database: Path
) -> Iterator[Callable[..., Directory]]:
    """`make_directory()` opens the directory in the test's folder; a second one is it after a restart."""
    made: list[Directory] = []

    def make(**options: Any) -> Directory:
        config = ServerConfig(tmp_path, "https://sso.mkdev.example", mkdev.region)
        is_new = not config.database_file.exists()
        if is_new:
            shutil.copy(migrated_database, config.database_file)
        database = open_sqlite(config.database_file, time.time)
        sealer = made[0].signing_keys._sealer if made else create_sealing_key(config.sealing_key_file)
        mark = uuid4().hex[:16]
        if is_new:
            instance = Instance(
                f"arn:aws:sso:::instance/ssoins-{mark}", "d-0123456789", "usher", mkdev.region, 43_200, 0.0
            )
            with database.change("test") as change:
                insert_instance(change, instance)
        else:
            instance = made[0].instance
        aws = options.pop("aws", AwsSettings(mkdev.region, endpoint_url=cloud.url, keys=mkdev.directory_keys))
        accounts = AccountList(lambda: read_accounts(aws, with_tags=False), time.time)
        keys = SigningKeys(database, sealer)
        jobs = ProvisioningJobs(config, instance, database, accounts, keys, aws, **options)
        directory = Directory(config, instance, database, accounts, keys, mkdev, aws, jobs)
        made.append(directory)
        return directory

    yield make
    for directory in made:
        directory.jobs.stop()
        directory.database.close()


@pytest.fixture
def directory(make_directory: Callable[..., Directory]) -> Directory:
    """A directory at work."""
    made = make_directory()
    made.jobs.start()
    return made
