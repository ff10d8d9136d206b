"""How long the agent lives: one at a time, until it is told, replaced, forgotten or empty."""

import time

import pytest

from usher.core.errors import UnavailableError
from usher.session.agent import life, server
from usher.session.agent.client import AgentClient, lock_of
from usher.session.agent.life import Agent, LifePolicy
from usher.session.agent.place import NoAgentError, listen


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(server, "TICK_SECONDS", 0.02)


def ends(running):
    running.thread.join(5)
    return not running.thread.is_alive()


def goes_on(running):
    running.thread.join(0.15)
    return running.thread.is_alive()


def test_it_says_what_it_is_and_holds(start, clock):
    running = start(clock=clock)
    running.agent.tell("serving", lambda: {"grants": 2})
    running.client.put_key("vault", b"k")
    about = running.client.call("status")
    assert about["pid"] > 0
    assert about["since"] <= clock()
    assert about["holds"] == {"records": 0, "keys": 1}
    assert about["serving"] == {"grants": 2}


def test_further_operations_can_be_added(running):
    running.agent.operations.also({"double": lambda request, _peer: {"twice": request["text"] * 2}})
    assert running.client.call("double", text="a")["twice"] == "aa"


def test_only_one_runs_at_a_place(running):
    with pytest.raises(UnavailableError, match="running already"):
        Agent(running.place, LifePolicy(), time.time).run(lambda: pytest.fail("two of them"))
    assert running.client.is_running()


def test_one_that_is_leaving_is_waited_for(place, start, monkeypatch):
    monkeypatch.setattr(life, "LAST_ONE_LEAVES_SECONDS", 0.01)
    with life.exclusive(lock_of(place)), pytest.raises(UnavailableError, match="running already"):
        Agent(place, LifePolicy(), time.time).run(lambda: pytest.fail("two of them"))
    start()


def test_stop_ends_it_and_takes_the_socket_away_but_not_the_lock(running):
    running.client.call("stop")
    assert ends(running)
    assert not running.place.exists()
    assert lock_of(running.place).exists()
    with pytest.raises(NoAgentError):
        running.client.call("ping")


def test_it_may_be_told_to_stop_before_it_serves(place):
    Agent(place, LifePolicy(), time.time).stop()


def test_one_whose_socket_was_replaced_ends_and_leaves_the_new_one_alone(start, place):
    running = start()
    listener = listen(place)
    assert ends(running)
    assert place.exists()
    listener.close()
    place.unlink()


def test_it_ends_when_nobody_asked_for_long(start, clock):
    running = start(LifePolicy(idle_seconds=3600), clock)
    clock.offset += 3000
    running.client.call("records.names")
    clock.offset += 3000
    running.client.call("status")
    assert goes_on(running)
    clock.offset += 700
    assert ends(running)


def test_grants_keep_it_alive(start, clock):
    held = [1]
    running = start(LifePolicy(idle_seconds=3600), clock, held=lambda: held[0])
    clock.offset += 5000
    assert goes_on(running)
    held[0] = 0
    assert ends(running)


def test_one_started_in_passing_ends_soon_after_it_holds_nothing(start, clock):
    running = start(LifePolicy(on_demand=True), clock)
    running.client.put_key("vault", b"k")
    clock.offset += 1000
    assert goes_on(running)
    running.client.forget_key("vault")
    assert goes_on(running)
    clock.offset += 301
    assert ends(running)


def test_each_second_the_rest_is_looked_after(start):
    seen = []
    running = start(each_second=lambda: seen.append(1))
    assert goes_on(running)
    assert seen


def test_a_client_finds_no_agent_where_none_listens(place):
    assert not AgentClient(place).is_running()
