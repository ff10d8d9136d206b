"""`usher vault` as a person and as a script use it; every process is a real one."""

import contextlib
import json
import os
import pty
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyrage
import pytest

pytestmark = pytest.mark.once  # the processes that are started do not inherit -O

STAGING = "mkdev-staging/ReadOnlyAccess"
WORDS = "correct horse battery staple"


def login(home, portal, **environ):
    address = ["--start-url", portal.url + "/start", "--region", "eu-central-1"]
    home.ok("login", "mkdev", *address, "--device", **environ)
    home.ok("profiles", "sync", **environ)


def with_descriptor(home, text, *arguments):
    """Run usher with `text` to be read from a descriptor."""
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    try:
        return subprocess.run(
            [*home.usher, *arguments, "--passphrase-fd", str(reading)],
            env=home.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            pass_fds=[reading],
        )
    finally:
        os.close(reading)


def at_a_terminal(home, answers, *arguments):
    """Run usher at a terminal and type `answers` as it asks; returns exit code and what was on the screen."""
    child, screen = pty.fork()
    if child == 0:
        os.execvpe(sys.executable, [*home.usher, *arguments], home.environ)
    seen, waiting = b"", list(answers)
    while True:
        try:
            chunk = os.read(screen, 4096)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
        if waiting and seen.rstrip(b" ").endswith((b":", b"[y/N]")):
            time.sleep(0.05)  # getpass switches the echo off after it has written its question
            os.write(screen, waiting.pop(0).encode() + b"\n")
            seen += b"\n"
    os.close(screen)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen.decode()


@pytest.mark.once
def test_a_passphrase_is_typed_twice_never_shown_and_then_asked_once_a_day(bare, portal):
    code, screen = at_a_terminal(bare, [WORDS, WORDS], "vault", "init", "--passphrase")
    assert code == 0, screen
    assert WORDS not in screen
    done = bare.run("vault", "status")
    assert "opened by a passphrase" in done.stdout
    locked = bare.run("login", "mkdev", "--start-url", portal.url, "--region", "eu-central-1", "--device")
    assert locked.returncode == 3
    assert "usher vault unlock" in locked.stderr
    code, screen = at_a_terminal(bare, ["not it", WORDS], "vault", "unlock")
    assert code == 0, screen
    assert "That does not open it" in screen
    assert WORDS not in screen
    login(bare, portal)
    assert json.loads(bare.ok("vault", "status", "--json"))["unlocked"] is True
    assert json.loads(bare.ok("credentials", STAGING))["Version"] == 1
    bare.ok("vault", "lock")
    assert bare.run("status").returncode == 3


def test_two_different_passphrases_change_nothing(bare):
    code, screen = at_a_terminal(bare, ["one thing", "another"], "vault", "init", "--passphrase")
    assert code == 2
    assert "differ" in screen
    assert "no vault yet" in bare.ok("vault", "status")


def test_an_empty_passphrase_is_refused(bare):
    code, screen = at_a_terminal(bare, ["   "], "vault", "init", "--passphrase")
    assert code == 2
    assert "protects nothing" in screen
    assert with_descriptor(bare, "\n", "vault", "init").returncode == 2
    assert bare.ok("vault", "status").startswith("There is no vault yet")


def test_without_a_terminal_a_new_vault_says_how_to_make_one(bare):
    done = bare.run("vault", "init", "--passphrase")
    assert done.returncode == 3
    assert "--passphrase-fd" in done.stderr


def test_without_key_ring_and_key_file_secrets_are_in_the_agents_memory_alone(bare, portal):
    login(bare, portal)
    assert json.loads(bare.ok("credentials", STAGING))["Version"] == 1
    assert json.loads(bare.ok("status", "--json"))["secrets"]["store"] == "agent"
    secrets = [secret.encode() for secret in portal.issued]
    for path in bare.files():
        content = path.read_bytes()
        assert not any(secret in content for secret in secrets), path
    assert list(bare.folder.rglob("*.sealed")) == []
    bare.ok("agent", "stop")
    gone = bare.run("credentials", "mkdev-production/ReadOnlyAccess")
    assert gone.returncode == 3
    assert "usher login" in gone.stderr


def test_a_vault_moves_to_a_file_and_back_to_memory_with_its_sessions(bare, portal, tmp_path):
    login(bare, portal)
    identity = tmp_path / "identity.txt"
    done = bare.run("vault", "move", "--to", "file", "--identity", str(identity))
    assert done.returncode == 0, done.stderr
    assert "records moved" in done.stderr
    assert json.loads(bare.ok("status", "--json"))["organizations"][0]["signed_in"] is True
    assert json.loads(bare.ok("agent", "status", "--json"))["holds"]["records"] == 0
    bare.ok("vault", "move", "--to", "agent")
    assert json.loads(bare.ok("status", "--json"))["organizations"][0]["signed_in"] is True
    assert list(bare.folder.rglob("*.sealed")) == list(bare.folder.rglob("*.age")) == []


def test_a_command_of_the_settings_gives_the_passphrase(bare, portal, tmp_path):
    told = tmp_path / "told"
    told.write_text(WORDS + "\nuser: me\n")
    settings = bare.folder / ".config/usher/settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'[vault]\nstore = "file"\npassphrase_command = ["cat", "{told}"]\n')
    settings.chmod(0o600)
    bare.ok("vault", "init")
    assert with_descriptor(bare, WORDS, "vault", "unlock").returncode == 0
    bare.ok("agent", "stop")
    told.unlink()
    done = bare.run("vault", "unlock")
    assert done.returncode == 3
    assert "passphrase_command 'cat' ended with exit code 1" in done.stderr
    settings.chmod(0o620)
    done = bare.run("vault", "status")
    assert done.returncode == 2
    assert "can be written by others" in done.stderr


def test_the_settings_are_checked(bare):
    done = bare.run("vault", "status", USHER_VAULT="paper")
    assert done.returncode == 2
    assert "auto, os, file, agent" in done.stderr


def test_something_else_at_the_agents_place_stops_nobody_who_has_the_key(home, portal):
    login(home, portal)
    home.ok("agent", "start")
    (place,) = Path(home.environ["XDG_RUNTIME_DIR"]).glob("usher-agent/*.sock")
    home.ok("agent", "stop")
    with socket.socket(socket.AF_UNIX) as stranger:
        with contextlib.chdir(place.parent):  # a socket's address holds 107 bytes
            stranger.bind(place.name)
        stranger.listen()
        answer = threading.Thread(target=lambda: stranger.accept()[0].sendall(b"what?\n"))
        answer.start()
        assert json.loads(home.ok("credentials", STAGING))["Version"] == 1
        answer.join()
    place.unlink()
    place.parent.chmod(0o755)
    assert json.loads(home.ok("credentials", "mkdev-staging/AdministratorAccess"))["Version"] == 1


def test_a_recipient_needs_no_secret_to_begin(bare, tmp_path):
    identity = pyrage.x25519.Identity.generate()
    bare.ok("vault", "init", "--recipient", str(identity.to_public()))
    (tmp_path / "mine").write_text(str(identity))
    done = bare.run("vault", "unlock")
    assert done.returncode == 3
    assert "USHER_VAULT_IDENTITY" in done.stderr
    bare.ok("vault", "unlock", USHER_VAULT_IDENTITY=str(tmp_path / "mine"))


def test_what_opens_a_key_file_is_changed_by_init_again(home, portal, tmp_path):
    login(home, portal)
    other = tmp_path / "other.txt"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    done = home.run("vault", "init", "--identity", str(other))
    assert done.returncode == 2
    assert "--yes" in done.stderr
    home.ok("vault", "init", "--identity", str(other), "--yes")
    assert home.ok("status", USHER_VAULT_IDENTITY=str(other))
    assert home.run("status").returncode == 3
    code, screen = at_a_terminal(home, ["n"], "vault", "init", "--empty")
    assert code == 3
    assert "no clear yes" in screen
    home.ok("vault", "init", "--empty", "--yes")
    assert json.loads(home.ok("vault", "status", "--json"))["records"] == 0


def test_what_makes_no_sense_is_refused(home, bare, tmp_path):
    assert home.run("vault", "unlock").returncode == 2
    bare.ok("vault", "init")
    assert "Nothing to unlock" in bare.run("vault", "unlock").stderr
    assert bare.run("vault", "init").returncode == 2
    assert bare.run("vault", "move", "--to", "agent", "--passphrase").returncode == 2
    both = ["--passphrase", "--identity", str(tmp_path / "identity.txt")]
    assert bare.run("vault", "move", "--to", "file", *both).returncode == 2
    assert "Nothing to lock" in bare.run("vault", "lock").stderr
    assert bare.run("vault", "move", "--to", "agent", USHER_VAULT="file").returncode == 2
