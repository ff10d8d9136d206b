"""The directory is killed with SIGKILL while a plan is applied; a restart and a re-run make it exactly so.

Two access files take turns, so that every round creates and removes assignments, roles and memberships.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest

from usher.sandbox.cloud import Cloud, start_cloud
from usher.sandbox.organization import SandboxOrganization, create_mkdev
from usher.server.audit.chain import first_broken_event
from usher.server.store.audit_events import read_events
from usher.server.store.database import open_sqlite

pytestmark = pytest.mark.scale

KILLS = 20
ACCOUNTS = "accounts: {management: {}, staging: {}, production: {}}\n"
PEOPLE = """\
version: 1
users:
  operator@mkdev.example: {name: Example Operator}
  developer@mkdev.example: {name: Example Developer}
groups:
  devops: {members: [operator@mkdev.example]}
  developers: {members: [MEMBERS]}
permission_sets:
  Admin: {managed_policies: [AdministratorAccess], session: 8h}
  Look: {managed_policies: [ReadOnlyAccess], session: LENGTH}
"""
ONE = (
    PEOPLE.replace("MEMBERS", "developer@mkdev.example").replace("LENGTH", "12h")
    + ACCOUNTS
    + """\
access:
  - {group: devops, permission_set: Admin, accounts: all}
  - {group: developers, permission_set: Look, accounts: [production]}
"""
)
OTHER = (
    PEOPLE.replace("MEMBERS", "developer@mkdev.example, operator@mkdev.example").replace("LENGTH", "2h")
    + ACCOUNTS
    + """\
access:
  - {group: devops, permission_set: Admin, accounts: [management]}
  - {group: developers, permission_set: Look, accounts: all}
  - {user: developer@mkdev.example, permission_set: Admin, accounts: [staging]}
"""
)
ROLES = {
    "one": {
        "management": {"Admin": 28_800},
        "staging": {"Admin": 28_800},
        "production": {"Admin": 28_800, "Look": 43_200},
    },
    "other": {
        "management": {"Admin": 28_800, "Look": 7_200},
        "staging": {"Admin": 28_800, "Look": 7_200},
        "production": {"Look": 7_200},
    },
}


def _usher(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "usher", *arguments]


@dataclass
class Stage:
    """A local AWS, a directory that can be killed, and the command that applies a file to it."""

    cloud: Cloud
    organization: SandboxOrganization
    folder: Path
    origin: str
    keys: dict[str, str] = field(default_factory=dict)
    directory: subprocess.Popen[bytes] | None = None

    def environment(self, endpoint: str, key: str, secret: str) -> dict[str, str]:
        return {
            **os.environ,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": self.organization.region,
            "USHER_HOME": str(self.folder / "home"),
        }

    def initialise(self) -> None:
        arguments = ("--data", str(self.folder / "data"), "--admin", "admin@mkdev.example", "--json")
        command = _usher("directory", "init", *arguments, "--region", self.organization.region)
        self.keys = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    def start(self) -> None:
        base = self.organization.directory_keys
        own = self.environment(self.cloud.url, base.access_key_id, base.secret_access_key.reveal())
        listen = self.origin.partition("//")[2]
        command = _usher("serve", "--data", str(self.folder / "data"), "--listen", listen)
        with (self.folder / "directory.log").open("ab") as log:
            self.directory = subprocess.Popen(command, env=own, stdout=log, stderr=log)

    def kill(self) -> None:
        if self.directory is not None:
            self.directory.send_signal(signal.SIGKILL)
            self.directory.wait()

    def apply(self, name: str) -> subprocess.Popen[bytes]:
        admin = self.environment(self.origin, self.keys["access_key_id"], self.keys["secret_access_key"])
        file = self.folder / f"{name}.yaml"
        command = _usher("access", "apply", "--yes", "--allow-removals", "20", str(file))
        with (self.folder / "apply.log").open("ab") as log:
            return subprocess.Popen(command, env=admin, stdout=log, stderr=log)

    def apply_until_done(self, name: str) -> None:
        for _ in range(20):
            if self.apply(name).wait(120) == 0:
                return
            time.sleep(0.3)
        pytest.fail((self.folder / "apply.log").read_text()[-3000:])

    def plan(self, name: str) -> dict[str, object]:
        admin = self.environment(self.origin, self.keys["access_key_id"], self.keys["secret_access_key"])
        command = _usher("access", "plan", "--json", str(self.folder / f"{name}.yaml"))
        document: dict[str, object] = json.loads(
            subprocess.run(command, env=admin, check=True, capture_output=True).stdout
        )
        return document

    def roles(self, account_id: str) -> dict[str, int]:
        """Session length by permission set of every role that the directory has in the account."""
        base = self.organization.directory_keys
        session = boto3.Session(
            base.access_key_id, base.secret_access_key.reveal(), region_name=self.organization.region
        )
        if account_id != self.organization.management_id:
            arn = f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole"
            sts = session.client("sts", endpoint_url=self.cloud.url)
            entered = sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
            session = boto3.Session(
                entered["AccessKeyId"],
                entered["SecretAccessKey"],
                entered["SessionToken"],
                region_name=self.organization.region,
            )
        iam = session.client("iam", endpoint_url=self.cloud.url)
        assert len(iam.list_saml_providers()["SAMLProviderList"]) == 1
        found = iam.list_roles(PathPrefix="/usher/")["Roles"]
        names = [role["RoleName"].split("_")[1] for role in found]
        assert len(names) == len(set(names)), f"a role stands twice: {found}"
        return {
            name: iam.get_role(RoleName=role["RoleName"])["Role"]["MaxSessionDuration"]
            for name, role in zip(names, found, strict=True)
        }


@pytest.fixture
def stage(tmp_path: Path, own_home: Path) -> Iterator[Stage]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        origin = f"http://127.0.0.1:{probe.getsockname()[1]}"
    (tmp_path / "one.yaml").write_text(ONE)
    (tmp_path / "other.yaml").write_text(OTHER)
    cloud = start_cloud()
    stage = Stage(cloud, create_mkdev(cloud), tmp_path, origin)
    stage.initialise()
    stage.start()
    yield stage
    stage.kill()
    cloud.stop()


@pytest.mark.timeout(600)
def test_twenty_kills_while_applying_leave_exactly_what_was_planned(stage: Stage) -> None:
    chance = random.Random(20_261_124)
    stage.apply_until_done("one")
    last = "one"
    for number in range(KILLS):
        last = "other" if number % 2 == 0 else "one"
        running = stage.apply(last)
        time.sleep(chance.uniform(0.3, 2.5))
        stage.kill()
        stage.start()
        running.wait(120)
    stage.apply_until_done(last)
    assert stage.plan(last)["changes"] == []
    for name, account_id in stage.organization.accounts.items():
        assert stage.roles(account_id) == ROLES[last][name], name
    stage.kill()
    file = stage.folder / "data" / "directory.db"
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        owed = connection.execute("SELECT count(*) FROM operations WHERE status = 'IN_PROGRESS'").fetchone()
    assert owed == (0,)
    database = open_sqlite(file, time.time)
    with database.read() as rows:
        assert first_broken_event(read_events(rows)) is None
    database.close()
