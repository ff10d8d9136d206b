"""`usher demo`, run as a person runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

OPERATOR, DEVELOPER = "operator@mkdev.example", "developer@mkdev.example"
SECONDS = 120


def usher(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "usher", "demo", *map(str, arguments)]


@pytest.fixture
def temporary(own_home: Path) -> Path:
    """The folder for temporary files: what a demonstration leaves behind would be here."""
    folder = own_home / "tmp"
    folder.mkdir()
    return folder


def test_unattended_everybody_enters_exactly_what_the_access_file_says(own_home: Path, temporary: Path):
    done = subprocess.run(
        usher("--once", "--json"),
        env={**os.environ, "TMPDIR": str(temporary), "AWS_PROFILE": "no-such-profile"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    document = json.loads(done.stdout)
    entered = {
        name: [(door["account"], door["permission_set"]) for door in doors]
        for name, doors in document["users"].items()
    }
    assert entered == {
        DEVELOPER: [("production", "ReadOnlyAccess"), ("staging", "AdministratorAccess")],
        OPERATOR: [(name, "AdministratorAccess") for name in ("management", "production", "staging")],
    }
    for name, doors in document["users"].items():
        for door in doors:
            prefix = f"arn:aws:sts::{door['account_id']}:assumed-role/UsherSSO_{door['permission_set']}_"
            assert door["arn"].startswith(prefix)
            assert door["arn"].endswith(f"/{name}")
            assert door["buckets"] == [f"mkdev-{door['account']}-{door['account_id']}"]
    assert document["timings_s"]["total"] > 0
    assert list(temporary.iterdir()) == []
    assert not (own_home / ".aws").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stays_up_until_it_is_told_to_end_and_leaves_only_its_data_folder(
    own_home: Path, tmp_path: Path, temporary: Path, number: signal.Signals
):
    data, log = tmp_path / "data", tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            usher("--data", data),
            env={**os.environ, "TMPDIR": str(temporary)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + SECONDS
    while b"Ctrl-C" not in log.read_bytes():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    facts = json.loads((data / "demo.json").read_text())
    process.send_signal(number)
    assert process.wait(30) == 0

    words = log.read_text()
    for needed in (facts["start_url"], *facts["users"].values(), f"AWS_CONFIG_FILE={data}", "usher login"):
        assert needed in words
    assert facts["profiles"] == ["mkdev-mgmt", "mkdev-production", "mkdev-staging"]
    assert (data / "demo.json").stat().st_mode & 0o077 == 0
    with pytest.raises(OSError, match="refused"):
        _connect(facts["directory_url"])
    assert list(temporary.iterdir()) == []
    assert not (own_home / ".aws").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--listen", "0.0.0.0:8080"], "cannot listen on '0.0.0.0:8080'"),
        (["--listen", "127.0.0.1:http"], "cannot listen on"),
        (["--json"], "--json needs --once"),
    ],
)
def test_wrong_arguments_change_nothing(own_home: Path, arguments: list[str], words: str):
    done = subprocess.run(usher(*arguments), capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_folder_that_is_not_empty_is_refused(own_home: Path, tmp_path: Path):
    (tmp_path / "mine").write_text("precious")
    done = subprocess.run(usher("--data", tmp_path), capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 2
    assert "is not empty" in done.stderr
    assert (tmp_path / "mine").read_text() == "precious"


def _connect(url: str) -> None:

    host, _, port = url.partition("//")[2].partition(":")
    socket.create_connection((host, int(port)), timeout=5).close()
