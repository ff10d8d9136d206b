"""`usher access` as its own process against a running directory that provisions real roles in the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from usher.sandbox.client_settings import ADMIN_PROFILE
from usher.sandbox.demo import EXAMPLE, Demo, DemoSettings, free_port, open_demo

pytestmark = pytest.mark.once


@dataclass(frozen=True)
class Desk:
    """An administrator's desk: an access file and the keys of a running directory."""

    demo: Demo
    environ: dict[str, str]
    file: Path

    def start(self, verb: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "usher", "access", verb, str(self.file), "--profile", ADMIN_PROFILE]
        return subprocess.Popen(
            [*command, *arguments],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def usher(self, verb: str, *arguments: str) -> tuple[int, str, str]:
        process = self.start(verb, *arguments)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "USHER_"))}
    settings = DemoSettings(tmp_path_factory.mktemp("demo") / "data", free_port(), clean)
    with open_demo(settings, lambda *_: None) as running:
        yield running


@pytest.fixture
def desk(demo: Demo, tmp_path: Path) -> Iterator[Desk]:
    """mkdev as the example says; put back afterwards."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "USHER_"))}
    environ = {**clean, "AWS_CONFIG_FILE": str(demo.aws_config_file), "USHER_HOME": str(tmp_path / "usher")}
    file = tmp_path / "access.yaml"
    file.write_text(EXAMPLE.read_text())
    desk = Desk(demo, environ, file)
    yield desk
    file.write_text(EXAMPLE.read_text())
    code, _, words = desk.usher("apply", "--yes", "--allow-removals", "1000")
    assert code == 0, words


def test_the_applied_example_has_nothing_to_do_with_the_predicted_calls(desk: Desk) -> None:
    code, out, err = desk.usher("plan", "--json", "--exit-code")
    assert code == 0, err
    document = json.loads(out)
    assert document["changes"] == []
    assert document["calls"]["total"] == document["calls"]["best"]


def test_changed_contents_reach_the_roles_and_leave_nothing_stale(desk: Desk) -> None:
    desk.file.write_text(
        EXAMPLE.read_text().replace("session: 8h", "session: 2h\n    description: Everything, shortly")
    )
    code, _, err = desk.usher("apply", "--yes")
    assert code == 0, err
    assert "AdministratorAccess is brought up to date because its contents change" in err
    code, out, _ = desk.usher("plan", "--exit-code")
    assert code == 0, out


def test_an_apply_killed_at_any_moment_is_completed_by_the_next(desk: Desk) -> None:
    full = EXAMPLE.read_text()
    busy = full.replace("accounts: [staging]}", "accounts: all}").replace("session: 12h", "session: 3h")
    busy += "  - {user: operator@mkdev.example, permission_set: ReadOnlyAccess, accounts: all}\n"
    for number in range(6):
        desk.file.write_text(busy if number % 2 == 0 else full)
        process = desk.start("apply", "--yes", "--allow-removals", "100")
        time.sleep(0.5 + 0.25 * number)
        process.kill()
        process.communicate()
        code, _, err = desk.usher("apply", "--yes", "--allow-removals", "100")
        assert code == 0, err
        code, out, err = desk.usher("plan", "--exit-code", "--strategy", "per-pair")
        assert code == 0, out + err


def test_the_directory_passes_policies_on_and_a_later_test_needs_no_network(desk: Desk) -> None:
    tests = """
tests:
  - {group: developers, on: production, can: "s3:GetObject"}
  - {group: developers, on: production, cannot: "s3:DeleteObject", relies_on_scps: true}
  - {group: developers, on: production, cannot: "iam:Create*"}
"""
    desk.file.write_text(EXAMPLE.read_text() + tests)
    code, out, err = desk.usher("test", "--online", "--scps", "aws")
    assert (code, out.splitlines()[0]) == (0, "3 tests: 3 passed"), out + err
    code, _, err = desk.usher("apply", "--yes")
    assert code == 0, err
    snapshot = [sys.executable, "-m", "usher", "access", "snapshot", "--profile", ADMIN_PROFILE]
    subprocess.run(snapshot, env=desk.environ, check=True, capture_output=True, timeout=120)
    offline = {**desk.environ, "AWS_CONFIG_FILE": "/nonexistent"}
    desk.file.write_text(desk.file.read_text().replace(", relies_on_scps: true", ""))
    command = [sys.executable, "-m", "usher", "access", "test", str(desk.file)]
    run = subprocess.run(command, env=offline, capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stdout.splitlines()[0]) == (0, "3 tests: 3 passed"), run.stdout + run.stderr
