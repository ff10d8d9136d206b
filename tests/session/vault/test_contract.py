"""What every vault must do; each implementation passes the same tests."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from usher.core.errors import UsageError
from usher.session.vault.memory import MemoryVault
from usher.session.vault.place import Store
from usher.session.vault.sealed import SealedVault


@pytest.fixture(params=["memory", "sealed", "os", "file", "agent"])
def vault(request, tmp_path, surroundings):
    key = os.urandom(32)
    match request.param:
        case "memory":
            return MemoryVault()
        case "sealed":
            return SealedVault(tmp_path / "vault", lambda: key)
        case store:
            return surroundings.open(Store(store))


def test_a_record_that_was_never_written_is_none(vault):
    assert vault.read("session/mkdev") is None
    assert vault.names() == []


def test_what_was_written_is_read(vault):
    vault.write("session/mkdev", b"\0content")
    assert vault.read("session/mkdev") == b"\0content"


def test_writing_again_replaces(vault):
    vault.write("a", b"old and longer")
    vault.write("a", b"new")
    assert vault.read("a") == b"new"


def test_a_deleted_record_is_gone_and_deleting_again_is_fine(vault):
    vault.write("a", b"x")
    vault.delete("a")
    vault.delete("a")
    assert vault.read("a") is None


def test_names_are_listed_sorted_and_exactly(vault):
    names = ["role/mkdev/1/Admin=x,y@z", "..", "a b", "ü", "session/mkdev", "a/b", "a%2Fb"]
    for name in names:
        vault.write(name, name.encode())
    assert vault.names() == sorted(names)
    assert all(vault.read(name) == name.encode() for name in names)


@pytest.mark.parametrize("name", ["", "x" * 241, "/" * 81, "caf\udce9"])
def test_names_that_are_empty_too_long_or_not_utf8_are_refused(vault, name):
    for act in (vault.read, vault.delete, lambda n: vault.write(n, b"")):
        with pytest.raises(UsageError):
            act(name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(name=st.text(min_size=1, max_size=20), content=st.binary(max_size=300))
def test_any_name_and_content_survive(vault, name, content):
    try:
        name.encode()
    except UnicodeEncodeError:
        return
    vault.write(name, content)
    assert vault.read(name) == content
    assert name in vault.names()
    vault.delete(name)
