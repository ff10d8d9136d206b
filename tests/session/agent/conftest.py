"""An agent in this very process, at a place of its own."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from usher.session.agent.client import AgentClient
from usher.session.agent.life import Agent, LifePolicy
from usher.session.agent.place import agent_socket


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
