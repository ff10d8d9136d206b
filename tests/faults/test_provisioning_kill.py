"""The directory killed again and again while it provisions: nothing is doubled, nothing is lost."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from usher.aws.clients import AwsKeys, AwsSettings, make_client
from usher.core.secrets import Secret
from usher.sandbox.cloud import Cloud, start_cloud
from usher.sandbox.organization import ENTRY_ROLE, SandboxOrganization, create_mkdev
from usher.server.audit.chain import first_broken_event
from usher.server.sealing import create_sealing_key
from usher.server.store.assignments import StoredAssignment, delete_assignment
from usher.server.store.audit_events import read_events
from usher.server.store.database import Database, open_sqlite
from usher.server.store.instance import Instance, insert_instance
from usher.server.store.operations import (
    Operation,
    OperationKind,
    OperationStatus,
    insert_operation,
    owed_requests,
)
from usher.server.store.permission_sets import (
    StoredPermissionSet,
    attach_managed_policy,
    insert_permission_set,
    update_permission_set,
)
from usher.server.store.schema import migrate
from usher.server.store.tables import assignments, operations, permission_sets, provisioned_roles

pytestmark = pytest.mark.scale

KILLS = 24
LONGEST_LIFE_SECONDS = 0.6
POLICIES = ("ReadOnlyAccess", "SecurityAudit", "IAMReadOnlyAccess")
SETS = 4
USERS = ("user-1", "user-2")
INLINE = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}
)


@dataclass
class Nursery:
    """Starts workers that can be killed, fast."""

    process: subprocess.Popen[str]

    def start(self) -> int:
        """A new worker's process id."""
        self._say("go")
        return int(self._hear())

    def wait(self) -> int:
        """How the worker ended."""
        return int(self._hear())

    def _say(self, line: str) -> None:
        if self.process.stdin is None:
            pytest.fail("the nursery has no standard input")
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _hear(self) -> str:
        if self.process.stdout is None:
            pytest.fail("the nursery has no standard output")
        return self.process.stdout.readline()


@dataclass
class Stage:
    """The directory's state, and the assignments that should come of it: (account, set, user)."""

    database: Database
    mkdev: SandboxOrganization
    cloud: Cloud
    instance: Instance
    permission_sets: list[StoredPermissionSet]
    wanted: set[tuple[str, str, str]] = field(default_factory=set)

    def ask(
        self, kind: OperationKind, set_id: str, account_id: str | None, user_id: str | None = None
    ) -> None:
        """Take a request on, as the control plane does."""
        arn = next(item.arn for item in self.permission_sets if item.id == set_id)
        operation = Operation(
            str(uuid4()),
            kind,
            OperationStatus.IN_PROGRESS,
            set_id,
            arn,
            account_id,
            "USER" if user_id else None,
            user_id,
            None,
            "admin",
            time.time(),
        )
        with self.database.change("admin") as change:
            if kind is OperationKind.ASSIGNMENT_DELETION and account_id and user_id:
                delete_assignment(change, StoredAssignment(account_id, set_id, "USER", user_id))
            insert_operation(change, operation)

    def assign_or_remove(self, chance: random.Random) -> None:
        """Turn one random assignment round."""
        account_id = chance.choice(sorted(self.mkdev.accounts.values()))
        set_id = chance.choice(self.permission_sets).id
        triple = (account_id, set_id, chance.choice(USERS))
        kind = OperationKind.ASSIGNMENT_CREATION
        if triple in self.wanted:
            kind = OperationKind.ASSIGNMENT_DELETION
        self.wanted ^= {triple}
        self.ask(kind, set_id, account_id, triple[2])

    def change_and_provision(self, chance: random.Random) -> None:
        """Give one random permission set new content, and ask for it everywhere."""
        chosen = chance.choice(self.permission_sets)
        with self.database.change("admin") as change:
            current = change.connection.execute(
                select(permission_sets).where(permission_sets.c.id == chosen.id)
            ).one()
            renewed = StoredPermissionSet(
                **(
                    current._asdict()
                    | {
                        "description": f"version {current.revision}",
                        "inline_policy": None if current.inline_policy else INLINE,
                    }
                )
            )
            update_permission_set(change, renewed, "UpdatePermissionSet")
        self.ask(OperationKind.PROVISIONING, chosen.id, None)

    def iam(self, account_id: str, founder: AwsSettings) -> Any:
        """IAM of an account, as its administrator sees it."""
        if account_id == self.mkdev.management_id:
            return make_client("iam", founder)
        role = f"arn:aws:iam::{account_id}:role/{ENTRY_ROLE}"
        keys = make_client("sts", founder).assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
        inside = AwsKeys(keys["AccessKeyId"], Secret(keys["SecretAccessKey"]), Secret(keys["SessionToken"]))
        return make_client("iam", AwsSettings(founder.region, endpoint_url=self.cloud.url, keys=inside))


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    running = start_cloud()
    yield running
    running.stop()


@pytest.fixture
def stage(tmp_path: Path, cloud: Cloud) -> Iterator[Stage]:
    mkdev = create_mkdev(cloud)
    create_sealing_key(tmp_path / "sealing.key")
    database = open_sqlite(tmp_path / "directory.db", time.time)
    migrate(database)
    arn = "arn:aws:sso:::instance/ssoins-fedcba9876543210"
    instance = Instance(arn, "d-0123456789", "usher", mkdev.region, 43_200, 0.0)
    sets = [
        StoredPermissionSet(
            f"ps-{number:016d}",
            f"arn:aws:sso:::permissionSet/{instance.id}/ps-{number:016d}",
            f"Set{number}",
            "version 0",
            "PT1H",
            None,
            None,
            None,
            1,
            0.0,
        )
        for number in range(SETS)
    ]
    with database.change("admin") as change:
        insert_instance(change, instance)
        for item in sets:
            insert_permission_set(change, item)
            for policy in POLICIES:
                attach_managed_policy(change, item, f"arn:aws:iam::aws:policy/{policy}")
    yield Stage(database, mkdev, cloud, instance, sets)
    database.close()


@pytest.fixture
def nursery(tmp_path: Path, stage: Stage) -> Iterator[Nursery]:
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("provisioning_worker.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    found = Nursery(process)
    keys = stage.mkdev.directory_keys
    found._say(
        json.dumps(
            {
                "folder": str(tmp_path),
                "region": stage.mkdev.region,
                "endpoint_url": stage.cloud.url,
                "access_key_id": keys.access_key_id,
                "secret_access_key": keys.secret_access_key.reveal(),
            }
        )
    )
    yield found
    if process.stdin:
        process.stdin.close()
    process.wait(10)
    if process.stdout:
        process.stdout.close()


def test_killed_at_random_points_the_accounts_end_exactly_as_planned(stage: Stage, nursery: Nursery) -> None:
    chance = random.Random(20_261_124)
    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        for _ in range(3):
            stage.assign_or_remove(chance)
        if rounds % 3 == 0:
            stage.change_and_provision(chance)
        worker = nursery.start()
        time.sleep(chance.uniform(0.0, LONGEST_LIFE_SECONDS))
        with contextlib.suppress(ProcessLookupError):  # it had done everything already
            os.kill(worker, signal.SIGKILL)
        nursery.wait()
        with stage.database.read() as connection:
            kills += bool(owed_requests(connection))  # only a kill in the middle of work counts
    nursery.start()
    assert nursery.wait() == 0
    check_database(stage)
    check_accounts(stage)


def check_database(stage: Stage) -> None:
    """Every request has ended well, and what is stored is what was asked for."""
    with stage.database.read() as connection:
        ended = connection.execute(select(operations.c.status, operations.c.failure_reason)).all()
        stored = connection.execute(
            select(assignments.c.account_id, assignments.c.permission_set_id, assignments.c.principal_id)
        ).all()
        roles = connection.execute(
            select(provisioned_roles.c.account_id, provisioned_roles.c.permission_set_id)
        ).all()
        stale = connection.execute(
            select(provisioned_roles.c.role_name)
            .join(permission_sets, permission_sets.c.id == provisioned_roles.c.permission_set_id)
            .where(provisioned_roles.c.revision != permission_sets.c.revision)
        ).all()
        broken = first_broken_event(read_events(connection))
    # A creation that was still owed when its removal was asked for gives way to it.
    failures = {row.failure_reason for row in ended if row.status == "FAILED"}
    assert failures <= {"the assignment was deleted while it was being created"}
    assert {row.status for row in ended} <= {"SUCCEEDED", "FAILED"}
    assert {tuple(row) for row in stored} == stage.wanted
    assert sorted(tuple(row) for row in roles) == sorted(
        {(account, set_) for account, set_, _ in stage.wanted}
    )
    assert stale == []
    assert broken is None


def check_accounts(stage: Stage) -> None:
    """Each account holds one provider and exactly the roles that the database knows, whole."""
    founder = AwsSettings(stage.mkdev.region, endpoint_url=stage.cloud.url, keys=stage.mkdev.directory_keys)
    with stage.database.read() as connection:
        recorded = connection.execute(
            select(provisioned_roles.c.account_id, provisioned_roles.c.role_name, permission_sets).join(
                permission_sets, permission_sets.c.id == provisioned_roles.c.permission_set_id
            )
        ).all()
    for account_id in stage.mkdev.accounts.values():
        iam = stage.iam(account_id, founder)
        here = {row.role_name: row for row in recorded if row.account_id == account_id}
        roles = {role["RoleName"] for role in iam.list_roles(PathPrefix="/usher/")["Roles"]}
        assert roles == set(here)
        assert len(iam.list_saml_providers()["SAMLProviderList"]) == 1
        for name, row in here.items():
            attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
            assert sorted(policy["PolicyName"] for policy in attached) == sorted(POLICIES)
            inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
            assert inline == (["UsherInlinePolicy"] if row.inline_policy else [])
            assert iam.get_role(RoleName=name)["Role"]["Description"] == row.description
