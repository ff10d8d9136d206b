"""`usher access apply` as a process that is killed, and what a person does then: run it again, or undo it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.once

EXAMPLE = (Path(__file__).parents[2] / "src" / "usher" / "sandbox" / "mkdev.yaml").read_text()


def killed_after(begun: int, directory: Any, home: Path) -> int:
    """Apply in a process of its own and kill it once `begun` changes have begun; its exit code."""
    process = subprocess.Popen(
        [sys.executable, "-m", "usher", "access", "apply", "--yes", "--endpoint-url", directory.origin],
        env={**os.environ, "AWS_REGION": "eu-central-1"},
        cwd=directory.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None:
        text = "".join(path.read_text() for path in home.rglob("journals/*.jsonl"))
        if text.count('"event": "begun"') >= begun:
            process.kill()
        time.sleep(0.005)
    return process.returncode


@pytest.mark.parametrize("begun", [1, 7, 11, 13])
def test_a_killed_apply_is_completed_by_the_next(
    access_directory: Any, own_home: Path, capsys: pytest.CaptureFixture[str], begun: int
) -> None:
    access_directory.write(EXAMPLE)
    assert killed_after(begun, access_directory, own_home) == -9
    assert access_directory.usher("apply", "--yes") == 0
    assert access_directory.usher("plan", "--exit-code") == 0


@pytest.mark.parametrize("begun", [4, 12])
def test_a_killed_apply_is_undone_and_nothing_of_it_stays(
    access_directory: Any, own_home: Path, capsys: pytest.CaptureFixture[str], begun: int
) -> None:
    access_directory.write(EXAMPLE)
    assert killed_after(begun, access_directory, own_home) == -9
    capsys.readouterr()
    allowed = ("--allow-removals", "5", "--allow-set-deletions", "2")
    assert access_directory.usher("undo", "last", "--yes", "--json", *allowed) == 0
    assert json.loads(capsys.readouterr().out)["left"] == []
    assert access_directory.usher("plan", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["changes"]) == 15
