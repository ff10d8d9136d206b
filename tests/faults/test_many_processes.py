"""64 processes, 1,000 reads and refreshes each while tokens expire (G12): one refresh a time, no torn file.

Real processes over one vault and one portal. Time is theirs in common and moves when the test says so: each
time a whole hour, so that everybody finds token and keys expired at once.
"""

from __future__ import annotations

import importlib.util
import mmap
import os
import struct
import sys
import threading
import time
import traceback
from pathlib import Path

import pytest

from usher.core.ids import AccountId
from usher.session.agent.client import AgentClient, AgentVault
from usher.session.agent.life import Agent, LifePolicy
from usher.session.agent.place import agent_socket
from usher.session.http import HttpClient
from usher.session.keeper import SessionKeeper
from usher.session.login import LoginDesk, login_with_device
from usher.session.oidc import OidcClient
from usher.session.organizations import PortalOrganization
from usher.session.portal import PortalClient
from usher.session.roles import role_credentials
from usher.session.vault.sealed import SealedVault

_PORTAL = Path(__file__).parents[1] / "session" / "portal_server.py"
_SPEC = importlib.util.spec_from_file_location("portal_server", _PORTAL)
portal_server = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(portal_server)

PROCESSES = 64
EXPIRIES = 5
HOUR = 3600
STAGING = (AccountId("222222222222"), "ReadOnlyAccess")


class SharedNumbers:
    """Numbers that processes share: how far time has moved, and how far each process is."""

    def __init__(self, count):
        self._memory = mmap.mmap(-1, 8 * count)

    def __getitem__(self, index):
        return struct.unpack_from("=q", self._memory, 8 * index)[0]

    def __setitem__(self, index, value):
        struct.pack_into("=q", self._memory, 8 * index, value)


@pytest.fixture
def portal():
    """Bound, but served only after the processes were made: a fork must not copy its threads."""
    server = portal_server.PortalServer()
    server.interval = 0.01
    yield server
    server.shutdown()
    server.server_close()


def serve(portal):
    threading.Thread(target=portal.serve_forever, args=(0.02,), daemon=True).start()


class Crew:
    """The processes, what they share, and the keeper each of them makes for itself."""

    def __init__(self, portal, folder, make_vault):
        self.portal, self.folder, self.make_vault = portal, folder, make_vault
        self.organization = PortalOrganization("mkdev", portal.url + "/start", "eu-central-1", portal.url)
        self.moved, self.progress = SharedNumbers(1), SharedNumbers(PROCESSES)
        self.go, self._release = os.pipe()

    def clock(self):
        return time.time() + self.moved[0]

    def keeper(self):
        http = HttpClient({}, self.clock)
        oidc = OidcClient(http, self.organization.oidc_url, self.clock)
        client = PortalClient(http, self.organization.portal_url)
        locks = self.folder / "locks"
        return SessionKeeper(self.organization, oidc, client, self.make_vault(), locks, self.clock)

    def sign_in(self):
        keeper = self.keeper()
        desk = LoginDesk(keeper.oidc, keeper.vault, keeper.locks, lambda: None, self.clock, time.sleep)
        login_with_device(desk, self.organization, lambda _: None)

    def start(self, turns):
        return [self._process(number, turns) for number in range(PROCESSES)]

    def release(self):
        os.close(self.go)
        os.close(self._release)

    def _process(self, number, turns):
        process = os.fork()
        if process:
            return process
        try:
            sys.settrace(None)  # what they run is measured elsewhere; here it would be most of the time
            self.portal.socket.close()
            os.close(self._release)
            os.read(self.go, 1)  # until the parent lets go
            self._work(self.keeper(), number, turns)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    def _work(self, keeper, number, turns):
        for turn in range(turns):
            if turn % 2:
                keeper.access_token()
            else:
                keys = role_credentials(keeper, *STAGING)
                if not keys.session_token.reveal().startswith("session-"):
                    raise ValueError("these are not the portal's keys")
            self.progress[number] = turn + 1

    def done(self):
        return sum(self.progress[number] for number in range(PROCESSES))


def run_through_expiries(portal, crew, processes, turns):
    """Let everybody work; time jumps an hour whenever another part of the work is done."""
    crew.release()
    for expiry in range(1, EXPIRIES + 1):
        while crew.done() < PROCESSES * turns * expiry // (EXPIRIES + 1):
            time.sleep(0.005)
        portal.role_seconds += HOUR
        crew.moved[0] += HOUR
        while portal.count("refresh") < expiry or portal.count("credentials") < expiry + 1:
            time.sleep(0.005)
    return [os.waitpid(process, 0)[1] for process in processes]


@pytest.mark.once
def test_a_thousand_reads_each_and_one_refresh_per_expiry(portal, tmp_path):
    key = os.urandom(32)
    crew = Crew(portal, tmp_path, lambda: SealedVault(tmp_path / "vault", lambda: key))
    processes = crew.start(1_000)
    serve(portal)
    crew.sign_in()
    assert run_through_expiries(portal, crew, processes, 1_000) == [0] * PROCESSES
    assert portal.count("refresh") == EXPIRIES
    assert portal.count("credentials") == EXPIRIES + 1
    vault = crew.make_vault()
    assert all(vault.read(name) for name in vault.names())
    assert [file for file in (tmp_path / "vault").iterdir() if file.suffix == ".new"] == []


@pytest.mark.once
def test_the_agents_memory_serves_as_many_with_one_refresh_per_expiry(portal, tmp_path):
    (tmp_path / "run").mkdir(mode=0o700)
    place = agent_socket({"XDG_RUNTIME_DIR": str(tmp_path / "run")}, tmp_path, os.getuid())
    crew = Crew(portal, tmp_path, lambda: AgentVault(AgentClient(place), lambda: None))
    processes = crew.start(60)
    agent = Agent(place, LifePolicy(), time.time)
    is_ready = threading.Event()
    thread = threading.Thread(target=agent.run, args=(is_ready.set,), daemon=True)
    thread.start()
    assert is_ready.wait(10)
    serve(portal)
    crew.sign_in()
    assert run_through_expiries(portal, crew, processes, 60) == [0] * PROCESSES
    assert portal.count("refresh") == EXPIRIES
    assert portal.count("credentials") == EXPIRIES + 1
    agent.stop()
    thread.join(10)
