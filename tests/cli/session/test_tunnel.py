"""Signing in on a machine that is reached over SSH: a real sshd, and the tunnel exactly as usher prints it.

The machine at the far end has a network of its own: its 127.0.0.1 is not ours, and nothing of ours comes
to its sign-in but through the tunnel.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

SHORT = re.compile(r"http://127\.0\.0\.1:(\d+)/[0-9a-f]{32}\b")
TUNNEL = re.compile(r"^ +(ssh -N -L .+)$", re.MULTILINE)

SSHD = """ListenAddress {address}
HostKey {folder}/host
AuthorizedKeysFile {folder}/person.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
"""
SSH = """IdentityFile {folder}/person
IdentitiesOnly yes
UserKnownHostsFile {folder}/known
BatchMode yes
ExitOnForwardFailure yes
LogLevel ERROR
"""


@dataclass
class FarMachine:
    """A machine with an sshd on its port 22. `environ` finds an `ssh` that knows key and host, as a person's
    own does from ~/.ssh, which is not ours to write to."""

    address: str
    environ: dict

    def ssh(self, *arguments):
        return subprocess.Popen(
            ["ssh", *arguments],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )


def ip(*arguments):
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def far_network():
    """The name of a network of its own, and the address in it that we reach."""
    pid = os.getpid()
    name, ours = f"usher-far-{pid}", f"usher{pid}"
    number = f"198.18.{pid // 64 % 256}.{pid % 64 * 4}".rpartition(".")
    here, there = (f"{number[0]}.{int(number[2]) + each}" for each in (1, 2))
    try:
        ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this machine lets us make no network of its own: {error.stderr.strip()}")
    try:
        ip("link", "add", ours, "type", "veth", "peer", "name", "far", "netns", name)
        ip("address", "add", f"{here}/30", "dev", ours)
        ip("link", "set", ours, "up")
        ip("-n", name, "address", "add", f"{there}/30", "dev", "far")
        for each in ("lo", "far"):
            ip("-n", name, "link", "set", each, "up")
        yield name, there
    finally:
        for process in ip("netns", "pids", name).split():
            os.kill(int(process), signal.SIGKILL)
        ip("netns", "delete", name)


@pytest.fixture
def far_machine(far_network, find_client, tmp_path):
    name, address = far_network
    folder = tmp_path / "ssh"
    folder.mkdir(mode=0o700)
    for key in ("host", "person"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    (folder / "known").write_text(f"{address} {(folder / 'host.pub').read_text()}")
    (folder / "sshd_config").write_text(SSHD.format(address=address, folder=folder))
    (folder / "ssh_config").write_text(SSH.format(folder=folder))
    (folder / "bin").mkdir()
    own = folder / "bin" / "ssh"
    own.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/ssh_config "$@"\n')
    own.chmod(0o755)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    server = ["ip", "netns", "exec", name, find_client("sshd"), "-D", "-e", "-f", folder / "sshd_config"]
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(server, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        until_answered(address, 22, running)
        yield FarMachine(address, {"PATH": f"{folder}/bin:{os.environ['PATH']}"})
    finally:
        running.kill()
        running.wait()


def is_answered(address, port):
    with socket.socket() as trial:
        return trial.connect_ex((address, port)) == 0


def until_answered(address, port, process):
    deadline = time.monotonic() + 20
    while not is_answered(address, port):
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline, f"nobody listens at {address}:{port}"
        time.sleep(0.02)


@pytest.mark.once
@pytest.mark.client("sshd")
def test_the_printed_tunnel_brings_the_browser_back_through_a_real_ssh(home, portal, far_machine):
    where = ["--start-url", f"{portal.url}/start", "--region", "eu-central-1"]
    variables = [f"{name}={value}" for name, value in home.environ.items() if name != "BROWSER"]
    command = shlex.join(["env", *variables, *home.command, "login", "mkdev", *where])
    # The portal stands for the internet: both machines reach it, at one address.
    there = ["-R", f"{portal.server_port}:127.0.0.1:{portal.server_port}"]
    login = far_machine.ssh(*there, f"root@{far_machine.address}", command)
    said = ""
    while not SHORT.search(said):
        line = login.stderr.readline()
        assert line, said
        said += line
    short, port = SHORT.search(said)[0], int(SHORT.search(said)[1])
    line = TUNNEL.search(said)[1]
    assert line == f"ssh -N -L {port}:127.0.0.1:{port} root@{far_machine.address}"
    assert not is_answered("127.0.0.1", port), "the far machine's loopback is ours"

    tunnel = subprocess.Popen(
        ["sh", "-c", f"exec {line}"], env=far_machine.environ, stderr=subprocess.PIPE, text=True
    )
    try:
        until_answered("127.0.0.1", port, tunnel)
        assert b"Back to your terminal" in urllib.request.urlopen(short).read()
        said += login.communicate(timeout=30)[1]
    finally:
        tunnel.kill()
        tunnel.communicate()
    assert login.returncode == 0, said
    assert "Signed in to mkdev" in said
    assert portal.count("authorize") == 1
    assert home.run("status", "mkdev").returncode == 0
