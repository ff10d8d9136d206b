"""`usher directory` and the bad starts of `usher serve`, as their user sees them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from usher.cli.main import run

Usher = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_usher(own_home: Path, capsys: pytest.CaptureFixture[str]) -> Usher:
    """Run a command: in this process, or in one of its own when it would serve."""

    def usher(*arguments: str) -> subprocess.CompletedProcess[str]:
        if arguments[0] == "serve":
            command = [sys.executable, "-m", "usher", *arguments]
            return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        capsys.readouterr()
        code = run(arguments)
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return usher


def test_a_new_directory_shows_its_administrators_keys_once(run_usher: Usher, tmp_path: Path) -> None:
    data = tmp_path / "data"
    made = run_usher("directory", "init", "--data", str(data), "--admin", "admin@mkdev.example", "--json")
    assert made.returncode == 0, made.stderr
    keys = json.loads(made.stdout)
    assert set(keys) == {
        "access_key_id",
        "secret_access_key",
        "region",
        "instance_arn",
        "identity_store_id",
        "start_url",
        "user_name",
        "one_time_password",
    }
    secrets = (keys["secret_access_key"], keys["one_time_password"])
    stored = b"".join(file.read_bytes() for file in data.iterdir())
    assert [secret for secret in secrets if secret.encode() in stored] == []
    assert {oct(file.stat().st_mode & 0o777) for file in data.iterdir()} == {"0o600"}
    assert data.stat().st_mode & 0o777 == 0o700


def test_a_directory_is_never_overwritten(run_usher: Usher, tmp_path: Path) -> None:
    arguments = ("directory", "init", "--data", str(tmp_path / "data"), "--admin", "admin@mkdev.example")
    assert run_usher(*arguments).returncode == 0
    before = (tmp_path / "data" / "sealing.key").read_bytes()
    again = run_usher(*arguments)
    assert again.returncode == 2
    assert "holds a directory already" in again.stderr
    assert (tmp_path / "data" / "sealing.key").read_bytes() == before


def test_an_interrupted_init_is_made_anew(run_usher: Usher, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "directory.db.new").write_bytes(b"half a database")
    (data / "sealing.key").write_bytes(b"half a key")
    made = run_usher("directory", "init", "--data", str(data), "--admin", "admin@mkdev.example")
    assert made.returncode == 0, made.stderr
    assert run_usher("directory", "user", "list", "--data", str(data)).stdout.startswith(
        "admin@mkdev.example"
    )


def test_a_password_is_reset_by_who_holds_the_data_folder(run_usher: Usher, tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    run_usher("directory", "init", *data, "--admin", "admin@mkdev.example")
    reset = run_usher("directory", "user", "reset-password", *data, "ADMIN@mkdev.example", "--json")
    assert json.loads(reset.stdout)["user_name"] == "admin@mkdev.example"
    unknown = run_usher("directory", "user", "reset-password", *data, "nobody@mkdev.example")
    assert unknown.returncode == 5
    assert "nobody@mkdev.example" in unknown.stderr
    plain = run_usher("directory", "user", "reset-password", *data, "admin@mkdev.example")
    assert len(plain.stdout.strip()) >= 20
    listed = run_usher("directory", "user", "list", *data, "--json")
    assert json.loads(listed.stdout)["active"] is True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("directory", "init", "--data", "{tmp}/x", "--admin", "a b"), "is not a user name"),
        (("directory", "init", "--data", "/proc/usher", "--admin", "a@b"), "cannot be written"),
        (
            (
                "directory",
                "init",
                "--data",
                "{tmp}/x",
                "--admin",
                "a@b",
                "--public-url",
                "http://sso.example",
            ),
            "unencrypted",
        ),
        (
            ("directory", "init", "--data", "{tmp}/x", "--admin", "a@b", "--public-url", "https://x/path"),
            "is not an origin",
        ),
        (("directory", "user", "list", "--data", "{tmp}/x"), "holds no directory"),
        (("serve", "--data", "{tmp}/x"), "holds no directory"),
        (("serve", "--data", "{tmp}/x", "--listen", "8700"), "is not HOST:PORT"),
        (("serve", "--data", "{tmp}/x", "--listen", "127.0.0.1:99999"), "is not HOST:PORT"),
        (("serve",), "--data"),
    ],
)
def test_a_bad_start_says_why_and_changes_nothing(
    run_usher: Usher, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = run_usher(*(argument.format(tmp=tmp_path) for argument in arguments))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x").exists()


def test_serve_refuses_a_port_in_use_an_open_key_and_a_missing_one(run_usher: Usher, tmp_path: Path) -> None:
    data = tmp_path / "data"
    run_usher("directory", "init", "--data", str(data), "--admin", "admin@mkdev.example")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        busy = run_usher("serve", "--data", str(data), "--listen", listen)
    assert (busy.returncode, listen in busy.stderr) == (2, True)
    key = data / "sealing.key"
    key.chmod(0o644)
    opened = run_usher("serve", "--data", str(data), "--listen", listen)
    assert (opened.returncode, "chmod 600" in opened.stderr) == (2, True)
    key.unlink()
    missing = run_usher("serve", "--data", str(data), "--listen", listen)
    assert (missing.returncode, "sealing.key" in missing.stderr) == (2, True)


def test_administration_keys_are_made_listed_and_switched_off(run_usher: Usher, tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    run_usher("directory", "init", *data, "--admin", "admin@mkdev.example")
    made = json.loads(run_usher("directory", "key", "create", *data, "admin@mkdev.example", "--json").stdout)
    assert run_usher("directory", "key", "create", *data, "nobody").returncode == 5
    plain = run_usher("directory", "key", "create", *data, "admin@mkdev.example")
    assert plain.stdout.startswith("UDIR")
    switched = run_usher("directory", "key", "disable", *data, made["access_key_id"], "--json")
    assert json.loads(switched.stdout) == {"access_key_id": made["access_key_id"], "active": False}
    assert run_usher("directory", "key", "disable", *data, made["access_key_id"]).returncode == 5
    assert run_usher("directory", "key", "disable", *data, plain.stdout.split()[0]).returncode == 0
    listed = [
        json.loads(line)
        for line in run_usher("directory", "key", "list", *data, "--json").stdout.splitlines()
    ]
    assert [key["active"] for key in listed] == [True, False, False]
    words = run_usher("directory", "key", "list", *data).stdout
    assert "(disabled)" in words
    assert made["secret_access_key"] not in words


def test_a_sealing_key_without_its_database_is_never_overwritten(run_usher: Usher, tmp_path: Path) -> None:
    data = tmp_path / "data"
    run_usher("directory", "init", "--data", str(data), "--admin", "admin@mkdev.example")
    (data / "directory.db").rename(tmp_path / "moved.db")
    before = (data / "sealing.key").read_bytes()
    again = run_usher("directory", "init", "--data", str(data), "--admin", "admin@mkdev.example")
    assert (again.returncode, "restore directory.db" in again.stderr) == (2, True)
    assert (data / "sealing.key").read_bytes() == before


def test_a_data_folder_may_be_called_anything(run_usher: Usher, tmp_path: Path) -> None:
    data = tmp_path / "what?mode=ro&x=#1"
    made = run_usher("directory", "init", "--data", str(data), "--admin", "admin@mkdev.example")
    assert made.returncode == 0, made.stderr
    assert {file.name for file in data.iterdir()} == {"directory.db", "sealing.key"}


@pytest.mark.parametrize(
    ("arguments", "hidden", "extra"),
    [
        (("serve", "--data", "x"), "structlog", "usher-aws[directory]"),
        (("directory", "user", "list", "--data", "x"), "sqlalchemy", "usher-aws[directory]"),
    ],
)
def test_a_command_whose_libraries_are_missing_says_what_to_install(
    own_home: Path, arguments: tuple[str, ...], hidden: str, extra: str
) -> None:
    hide = f"import sys; sys.modules['{hidden}'] = None; sys.argv = ['usher', *{arguments!r}]"
    code = f"{hide}; from usher._entry import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert extra in done.stderr
    assert "Traceback" not in done.stderr
