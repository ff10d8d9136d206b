"""An agent in this very process, at a place of its own."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from usher.core.credentials import Credentials
from usher.core.secrets import Secret
from usher.session.agent.audit import Audit
from usher.session.agent.client import AgentClient
from usher.session.agent.desk import Desk, Surroundings
from usher.session.agent.holdings import Holdings
from usher.session.agent.life import Agent, LifePolicy
from usher.session.agent.operations import Operations
from usher.session.agent.peers import Peer
from usher.session.agent.place import agent_socket
from usher.session.agent.supply import CredentialSupply, Supplied


@pytest.fixture
def place(tmp_path):
    (tmp_path / "run").mkdir(mode=0o700)
    return agent_socket({"XDG_RUNTIME_DIR": str(tmp_path / "run")}, tmp_path / "cache", 0)


@dataclass
class Running:
    """A running agent: ask it, end it."""

    agent: Agent
    thread: threading.Thread
    place: Path

    @property
    def client(self):
        return AgentClient(self.place)

    def end(self):
        self.agent.stop()
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def start(place):
    """Starts an agent; what still runs is ended afterwards."""
    started = []

    def start(policy=None, clock=time.time, **options):
        agent = Agent(place, policy or LifePolicy(), clock, **options)
        is_ready = threading.Event()
        thread = threading.Thread(target=agent.run, args=(is_ready.set,), daemon=True)
        thread.start()
        assert is_ready.wait(10)
        started.append(Running(agent, thread, place))
        return started[-1]

    yield start
    for each in started:
        each.end()


@pytest.fixture
def running(start):
    return start()


class Source:
    """Where keys come from in these tests: counts, may fail, and lead elsewhere on demand."""

    def __init__(self, clock):
        self.clock = clock
        self.seconds = 3600.0
        self.identity = "mkdev/222222222222/ReadOnlyAccess"
        self.role_arn = None
        self.error = None
        self.away = None
        self.tries = 0
        self.made = []
        self.current = {}

    def open(self, wanted, margin):
        if self.error is not None:
            raise self.error
        kept = self.current.get(wanted)
        if kept is None or (kept.expires_at is not None and kept.expires_at <= self.clock() + margin):
            self.tries += self.away is not None
            if self.away is not None:
                raise self.away
            number = len(self.made) + 1
            expires_at = None if self.seconds is None else self.clock() + self.seconds
            kept = Credentials(
                f"ASIA{number:04}", Secret(f"key{number}"), Secret(f"tok{number}"), expires_at, "222222222222"
            )
            self.made.append(wanted)
            self.current[wanted] = kept
        return Supplied(
            kept, self.identity, "eu-central-1", "222222222222", "ReadOnlyAccess", None, self.role_arn
        )


class Clock:
    """A clock that can be moved."""

    def __init__(self):
        self.offset = 0.0

    def __call__(self):
        return time.time() + self.offset


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def source(clock):
    return Source(clock)


@pytest.fixture
def token_folder(tmp_path):
    folder = tmp_path / "tokens"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def desk(source, clock, token_folder):
    """A desk that hands out the source's keys; its requests are asked directly."""
    around = Surroundings(clock, os.getuid(), token_folder)
    found = Desk(CredentialSupply(source.open, clock), around, Audit(clock))
    yield found
    found.stop()


@pytest.fixture
def ask(desk):
    """Asks one of the desk's operations as this very process."""
    operations = Operations(Holdings(), dict)
    operations.also(desk.operations())

    def ask(op, peer=None, **fields):
        return operations.answer({"op": op, **fields}, peer or Peer(os.getuid(), os.getpid()))

    return ask
