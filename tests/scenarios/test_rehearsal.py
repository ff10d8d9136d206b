"""A rehearsal as somebody plays it: the directory as its own process, and the real command against it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

USHER = [sys.executable, "-m", "usher"]
REGION = "eu-central-1"
ORGANIZATION = {
    "organization": "o-exampleorgid",
    "accounts": [
        {"id": "111111111111", "name": "management", "management": True},
        {"id": "222222222222", "name": "staging", "ou": "Workloads", "tags": {"env": "staging"}},
        {"id": "333333333333", "name": "shop", "ou": "Workloads/Production", "tags": {"env": "production"}},
        {"id": "444444444444", "name": "pay", "ou": "Workloads/Production", "tags": {"env": "production"}},
    ],
}
ACCESS = """\
version: 1
organization: {accounts: discovered}
groups: {devops: {members: [operator@mkdev.example]}}
users: {operator@mkdev.example: {name: Example Operator}}
permission_sets:
  Admin: {managed_policies: [AdministratorAccess]}
  Read: {managed_policies: [ReadOnlyAccess]}
access:
  - {group: devops, permission_set: Admin, accounts: {ou: Workloads}}
  - {group: devops, permission_set: Read, accounts: {tags: {env: production}}}
"""
QUICK = "calls_per_second = 400\nfastest_seconds = 0.1\nslowest_seconds = 0.3\nseed = 3\n"


@dataclass
class Desk:
    """Somebody who rehearses: a folder, the keys, and a running directory."""

    folder: Path
    environ: dict[str, str]
    log: Path

    def usher(self, *arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [*USHER, *arguments],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def rehearse(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """`rehearse(*options)` starts the directory with them."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> Desk:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "USHER_"))}
        desk = Desk(tmp_path, clean, tmp_path / "serve.log")
        init = ("directory", "init", "--data", "data", "--admin", "admin@mkdev.example", "--region", REGION)
        code, out, words = desk.usher(*init, "--json")
        assert code == 0, words
        keys, listen = json.loads(out), f"127.0.0.1:{free_port()}"
        with desk.log.open("w") as log:
            command = [*USHER, "serve", "--data", "data", "--listen", listen, *options]
            processes.append(subprocess.Popen(command, cwd=tmp_path, env=clean, stdout=log, stderr=log))
        for _ in range(200):
            with suppress(OSError), urllib.request.urlopen(f"http://{listen}/healthz"):
                break
            assert processes[-1].poll() is None, desk.log.read_text()
            time.sleep(0.05)
        desk.environ = {
            **clean,
            "AWS_ACCESS_KEY_ID": keys["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": f"http://{listen}",
            "USHER_HOME": str(tmp_path / "home"),
        }
        return desk

    (tmp_path / "organization.json").write_text(json.dumps(ORGANIZATION))
    (tmp_path / "limits.toml").write_text(QUICK)
    (tmp_path / "access.yaml").write_text(ACCESS)
    yield start
    for process in processes:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def test_an_organization_is_rehearsed_at_aws_s_limits_and_says_so(rehearse: Callable[..., Desk]) -> None:
    desk = rehearse("--rehearsal", "organization.json", "--aws-limits", "limits.toml")
    said = desk.log.read_text()
    assert "rehearsing 4 accounts: roles are kept in the books, nobody enters them" in said
    assert "as at AWS: 400 calls/s, 15 assignments and 3 provisionings at a time" in said
    code, _, words = desk.usher("access", "apply", "access.yaml", "--yes")
    assert code == 0, words
    code, out, words = desk.usher("access", "plan", "access.yaml", "--exit-code", "--json")
    assert code == 0, words
    assert json.loads(out)["changes"] == []


def test_a_rehearsal_without_limits_does_everything_at_once(rehearse: Callable[..., Desk]) -> None:
    desk = rehearse("--rehearsal", "organization.json")
    assert "as at AWS" not in desk.log.read_text()
    code, out, words = desk.usher("access", "apply", "access.yaml", "--yes", "--json")
    assert code == 0, words
    code, out, words = desk.usher("access", "plan", "access.yaml", "--exit-code")
    assert code == 0, out + words


def test_a_file_that_is_no_organization_stops_before_anything_listens(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "USHER_"))}
    desk = Desk(tmp_path, clean, tmp_path / "none")
    (tmp_path / "organization.json").write_text("[]")
    code, _, words = desk.usher("serve", "--data", "data", "--rehearsal", "organization.json")
    assert (code, "organization.json lists no accounts" in words) == (2, True)
