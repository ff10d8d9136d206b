"""The operating system's store: which ones count, and those that are locked, forgetful or silent."""

import sys
import threading

import pytest

from usher.core.errors import ExitCode
from usher.session.vault.os_store import KeyRingError, OsStore, find_os_key_ring

KEY = bytes(range(32))


class MemoryRing:
    def __init__(self):
        self.entries = {}

    def get_password(self, service, username):
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self.entries[service, username] = password

    def delete_password(self, service, username):
        del self.entries[service, username]


@pytest.fixture
def set_key_ring():
    import keyring

    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def backend(name, methods):
    from keyring.backend import KeyringBackend

    return type(name, (*methods, KeyringBackend), {"priority": 5})()


def test_the_entry_is_small_enough_for_windows_and_gone_after_forget():
    ring = MemoryRing()
    store = OsStore(lambda: ring)
    generation = store.keep(KEY)
    ((entry, text),) = ring.entries.items()
    assert entry == ("usher", f"vault {generation.key_id}")
    assert len(text) == 44
    assert store.fetch(generation) == KEY
    store.forget(generation)
    store.forget(generation)
    assert ring.entries == {}
    OsStore(lambda: None).forget(generation)


@pytest.mark.parametrize("name", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
def test_key_rings_that_keep_nothing_do_not_count(set_key_ring, name):
    import keyring.core

    set_key_ring(keyring.core.load_keyring(name))
    assert find_os_key_ring() is None
    assert not OsStore(find_os_key_ring).is_here()


def test_key_rings_of_plain_text_do_not_count(set_key_ring):
    set_key_ring(backend("PlaintextKeyring", (MemoryRing,)))
    assert find_os_key_ring() is None


def test_a_real_key_ring_is_found_and_used(set_key_ring):
    set_key_ring(backend("Real", (MemoryRing,)))
    store = OsStore(find_os_key_ring)
    assert store.is_here()
    assert store.fetch(store.keep(KEY)) == KEY


def test_a_locked_key_ring_is_an_error_that_says_what_to_do():
    from keyring.errors import KeyringLocked

    class Locked(MemoryRing):
        def set_password(self, service, username, password):
            raise KeyringLocked

    store = OsStore(Locked)
    with pytest.raises(KeyRingError, match="does not open: KeyringLocked") as caught:
        store.keep(KEY)
    assert caught.value.exit_code is ExitCode.SIGN_IN_NEEDED
    assert "unlock it" in caught.value.hint
    assert "usher vault init --passphrase" in caught.value.hint
    assert store.is_here()


def test_a_key_ring_that_does_not_answer_is_given_up():
    never = threading.Event()

    class Silent(MemoryRing):
        def set_password(self, service, username, password):
            never.wait(30)

    store = OsStore(Silent, patience=0.05)
    with pytest.raises(KeyRingError, match="gave no answer") as caught:
        store.keep(KEY)
    never.set()
    assert "waiting for somebody to unlock it" in caught.value.message


def test_a_key_ring_that_forgets_is_not_relied_on():
    class Forgetful(MemoryRing):
        def set_password(self, service, username, password):
            pass

    with pytest.raises(KeyRingError, match="does not keep"):
        OsStore(Forgetful).keep(KEY)


def test_a_mistake_of_ours_is_not_called_a_locked_key_ring():
    class Broken(MemoryRing):
        def get_password(self, service, username):
            raise TypeError("a bug")

    with pytest.raises(TypeError, match="a bug"):
        OsStore(Broken).keep(KEY)


def test_where_there_is_no_secret_service_its_errors_are_not_looked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "secretstorage.exceptions", None)

    class Failing(MemoryRing):
        def set_password(self, service, username, password):
            raise OSError("the Keychain said no")

    with pytest.raises(KeyRingError, match="does not open: OSError"):
        OsStore(Failing).keep(KEY)
