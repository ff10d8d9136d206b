"""Starting the agent from any command: one for all who ask at once, and a reason when it does not start."""

import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from usher.core.errors import UnavailableError
from usher.session.agent import client as clients
from usher.session.agent.client import AgentClient, start_agent
from usher.session.agent.detach import Detached
from usher.session.agent.wire import WireError

AGENT = """
import os, sys, time
from pathlib import Path
from usher.session.agent.detach import Detached
from usher.session.agent.life import Agent, LifePolicy
Path(sys.argv[2]).open("a").write("started\\n")
detached = Detached()
if detached.is_parent:
    sys.exit(not detached.child_is_ready())
print("words that nobody reads", file=sys.stderr)
agent = Agent(Path(sys.argv[1]), LifePolicy(), time.time)
agent.tell("environment", lambda: sorted(os.environ))
agent.run(detached.report_ready)
"""


@pytest.fixture
def run(place, tmp_path):
    """A command that becomes an agent, as `usher agent run --detach` does."""
    program = tmp_path / "agent.py"
    program.write_text(AGENT)
    yield [sys.executable, str(program), str(place), str(tmp_path / "starts")]
    if AgentClient(place).is_running():
        AgentClient(place).call("stop")


@pytest.fixture
def environ():
    return {**os.environ, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_CONFIG_FILE": "/a"}


def test_a_hundred_who_ask_at_once_get_one_agent(place, run, environ, tmp_path):
    threads = [threading.Thread(target=start_agent, args=(place, run, environ)) for _ in range(100)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert (tmp_path / "starts").read_text() == "started\n"
    assert AgentClient(place).is_running()
    start_agent(place, ["/there/is/none"], environ)


def test_the_shells_keys_do_not_stay_in_the_agents_environment(place, run, environ):
    start_agent(place, run, environ)
    names = AgentClient(place).call("status")["environment"]
    assert "AWS_SECRET_ACCESS_KEY" not in names
    assert {"AWS_CONFIG_FILE", "PATH"} <= set(names)


def test_on_disk_is_nothing_but_the_socket_and_empty_locks(place, run, environ):
    start_agent(place, run, environ)
    AgentClient(place).call("records.write", name="session/mkdev", content="c2VjcmV0")
    files = sorted(place.parent.iterdir())
    assert {file.suffix for file in files} == {".sock", ".lock", ".start"}
    assert all(stat.S_ISSOCK(file.lstat().st_mode) or file.stat().st_size == 0 for file in files)


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (["/there/is/none"], "No such file"),
        ([sys.executable, "-c", "import sys; sys.exit('my reason')"], "my reason"),
        ([sys.executable, "-c", ""], "no reason"),
        ([sys.executable, "-c", "import time; time.sleep(60)"], "timed out"),
    ],
)
def test_when_it_does_not_start_people_are_told_why(place, environ, run, reason, monkeypatch):
    monkeypatch.setattr(clients, "START_SECONDS", 1.0)
    with pytest.raises(UnavailableError, match=reason):
        start_agent(place, run, environ)


def test_a_child_that_fails_says_so_through_its_parent(place, run, environ):
    with pytest.raises(UnavailableError, match="cannot create the folder"):
        start_agent(place, [*run[:2], "/proc/there/is/none.sock", run[3]], environ)


def test_the_child_lets_go_of_the_terminal_before_it_says_that_it_is_ready():
    detached = Detached()
    if not detached.is_parent:
        try:
            detached.report_ready()
            os.write(1, b"nobody reads this")
        finally:
            os._exit(os.getpid() != os.getsid(0))
    assert detached.child_is_ready()
    assert os.wait()[1] == 0


def test_a_call_that_is_broken_off_is_told(place):
    from usher.session.agent.place import listen

    listener = listen(place)

    def hang_up():
        connection, _ = listener.accept()
        connection.recv(1_000)
        connection.close()

    threading.Thread(target=hang_up, daemon=True).start()
    with pytest.raises(WireError, match="broke off"):
        AgentClient(place).call("ping")
    listener.close()
    assert Path(place).exists()
