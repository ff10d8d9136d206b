"""What the agent holds: records and keys, in memory, for as long as it lives."""

import pytest

from usher.core.errors import SignInNeededError, UsageError
from usher.session.agent.client import AgentClient, AgentGoneError, AgentVault
from usher.session.vault.contract import UnreadableRecordError


def refuse():
    pytest.fail("nothing here may start an agent")


@pytest.fixture
def vault(running):
    return AgentVault(running.client, refuse)


def test_records_are_kept_as_any_vault_keeps_them(vault):
    assert vault.read("session/mkdev") is None
    vault.write("session/mkdev", b"\0 one")
    vault.write("session/mkdev", b"two \xff")
    vault.write("role/mkdev/1/Admin", b"")
    assert vault.read("session/mkdev") == b"two \xff"
    assert vault.read("role/mkdev/1/Admin") == b""
    assert vault.names() == ["role/mkdev/1/Admin", "session/mkdev"]
    vault.delete("session/mkdev")
    vault.delete("session/mkdev")
    assert vault.names() == ["role/mkdev/1/Admin"]


@pytest.mark.parametrize("name", ["", "x" * 300])
def test_names_have_the_limits_of_every_vault(vault, name):
    for attempt in (lambda: vault.read(name), lambda: vault.write(name, b""), lambda: vault.delete(name)):
        with pytest.raises(UsageError):
            attempt()


def test_keys_are_held_until_they_are_let_go(running):
    client = running.client
    assert client.key("vault") is None
    client.put_key("vault", b"k" * 32)
    assert client.key("vault") == b"k" * 32
    assert client.call("status")["holds"] == {"records": 0, "keys": 1}
    client.forget_key("vault")
    client.forget_key("vault")
    assert client.key("vault") is None


def test_without_an_agent_there_is_nothing_to_read_and_nothing_starts_one(place):
    vault, client = AgentVault(AgentClient(place), refuse), AgentClient(place)
    assert (vault.read("session/mkdev"), vault.names(), client.key("vault")) == (None, [], None)
    vault.delete("session/mkdev")
    client.forget_key("vault")
    assert not client.is_running()


def test_what_an_ended_agent_kept_is_lost_and_people_are_told_to_sign_in_again(running, vault):
    vault.write("session/mkdev", b"token")
    running.end()
    with pytest.raises(AgentGoneError) as raised:
        vault.read("session/mkdev")
    assert isinstance(raised.value, (SignInNeededError, UnreadableRecordError))
    assert "usher login" in raised.value.hint
    assert vault.names() == []


def test_the_first_record_starts_an_agent(place, start):
    vault = AgentVault(AgentClient(place), start)
    vault.write("session/mkdev", b"token")
    assert vault.read("session/mkdev") == b"token"
