"""Files, locks and command lines as this system has them; and the client where the system is another one."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from usher.core import machine

WINDOWS = """
import builtins, importlib, os, pkgutil, signal, socket, sys, types
import usher.core, usher.session, usher.profiles, usher.console, usher.shell, usher.fastpath, usher.cli

for module in {modules!r}:
    importlib.import_module(module)
for name in [name for name in sys.modules if name.partition(".")[0] == "usher" and name != "usher"]:
    del sys.modules[name]
sys.platform = "win32"
os.O_NOINHERIT, os.O_BINARY = 0x80, 0x8000
for name in (
    *("O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_DIRECTORY", "getuid", "geteuid", "fchmod", "fork"),
    *("setsid", "pread", "pwrite"),
):
    delattr(os, name)
for name in ("SIGKILL", "SIGHUP", "SIGPIPE", "SIGXFSZ"):
    delattr(signal, name)
del socket.AF_UNIX
sys.modules["msvcrt"] = types.SimpleNamespace(LK_NBLCK=2, LK_UNLCK=0, locking=lambda *_: None)
for name in ("fcntl", "termios", "resource", "pwd", "grp"):
    sys.modules[name] = None
bad = []
for room in ("core", "session", "profiles", "console", "shell", "fastpath"):
    package = importlib.import_module("usher." + room)
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(found.name)
for command in {commands!r}:
    importlib.import_module("usher.cli.commands." + command)
from usher.core import machine
from pathlib import Path
print(machine.user_id(), machine.join_command([r"C:\\Program Files\\usher.exe", "credentials", "a b"]))
print(machine.split_command('"C:\\\\Program Files\\\\usher.exe" credentials "a b"'))
"""
COMMANDS = "login logout status vault profiles use exec env credentials console trust prompt pick migrate"
# Imported before the system changes: they ask for the platform themselves, and are not ours.
OTHERS = [
    "asyncio",
    "subprocess",
    "multiprocessing",
    "keyring",
    "cryptography.hazmat.primitives.ciphers.aead",
    "prompt_toolkit",
    "pyrage",
    "segno",
    "yaml",
    "concurrent.futures",
    "http.server",
    "socketserver",
    "tempfile",
    "shutil",
    "webbrowser",
    "getpass",
    "ssl",
    "uuid",
    "secrets",
    "selectors",
    "ctypes",
    "logging",
    "botocore.session",
    "difflib",
    "tomllib",
    "argparse",
    "importlib.metadata",
    "urllib.request",
]


def test_the_clients_rooms_can_be_imported_where_posix_is_not() -> None:
    code = WINDOWS.format(modules=OTHERS, commands=COMMANDS.split())
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = done.stdout.splitlines()
    assert first == r'0 "C:\Program Files\usher.exe" credentials "a b"'
    assert second == repr([r"C:\Program Files\usher.exe", "credentials", "a b"])


def test_a_lock_is_held_by_one_or_shared_by_many(tmp_path: Path) -> None:
    paths = [os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT, 0o600) for _ in range(4)]
    one, other, third, waiting = paths
    assert machine.try_lock(one, shared=True)
    assert machine.try_lock(other, shared=True)
    assert not machine.try_lock(third)
    os.close(one)
    os.close(other)
    assert machine.try_lock(third)
    assert not machine.try_lock(waiting)
    os.close(third)
    machine.wait_for_lock(waiting)
    machine.unlock(waiting)
    assert machine.try_lock(waiting)
    os.close(waiting)


def test_the_beginning_of_a_file_is_read_and_replaced(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT, 0o600)
    assert machine.read_beginning(descriptor, 4) == b""
    machine.write_beginning(descriptor, b"first")
    machine.write_beginning(descriptor, b"F")
    assert machine.read_beginning(descriptor, 9) == b"First"
    os.close(descriptor)


def test_modes_are_set_whatever_the_umask_and_seen(tmp_path: Path) -> None:
    path = tmp_path / "file"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    assert not machine.others_may(os.fstat(descriptor), 0o077)
    machine.set_mode(descriptor, 0o644)
    assert machine.others_may(os.fstat(descriptor), 0o044)
    assert not machine.others_may(os.fstat(descriptor), 0o022)
    assert os.fstat(descriptor).st_uid == machine.user_id()
    os.close(descriptor)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("new")
    (tmp_path / "old").write_text("old")
    machine.replace(tmp_path / "new", tmp_path / "old")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize("words", [["/a b/usher", "credentials", 'it\'s "x"'], ["usher"], ["a", ""]])
def test_a_command_line_gives_its_words_back(words: list[str]) -> None:
    assert (
        machine.split_command(machine.join_command(words))
        == words
        == shlex.split(machine.join_command(words))
    )
