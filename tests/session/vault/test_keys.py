"""The vault's key: the key ring when there is a real one, else a file that is announced."""

import base64
import os
import stat

import pytest

from usher.core.errors import UsherError
from usher.session.vault.files import write_private
from usher.session.vault.keys import KeyKeeper, KeyPlace, KeyRingError, find_os_key_ring


class Ring:
    """A key ring in memory."""

    def __init__(self):
        self.entries = {}

    def get_password(self, service, username):
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self.entries[service, username] = password


def keeper(folder, ring=None):
    return KeyKeeper(folder, lambda: ring, os.urandom)


def test_without_a_key_ring_the_key_is_a_private_file_and_says_so(tmp_path):
    keys = keeper(tmp_path)
    assert keys.place is KeyPlace.NONE_YET
    key = keys.key()
    assert len(key) == 32
    assert keys.made_key_file
    assert keys.place is KeyPlace.KEY_FILE
    assert stat.S_IMODE((tmp_path / "vault.key").stat().st_mode) == 0o600
    assert keys.key() is key


def test_the_key_file_is_used_again_and_not_announced_again(tmp_path):
    key = keeper(tmp_path).key()
    again = keeper(tmp_path, Ring())
    assert again.key() == key
    assert not again.made_key_file
    assert again.place is KeyPlace.KEY_FILE


def test_a_key_ring_keeps_the_key_and_nothing_is_written(tmp_path):
    ring = Ring()
    keys = keeper(tmp_path, ring)
    key = keys.key()
    assert keys.place is KeyPlace.KEY_RING
    assert not keys.made_key_file
    assert not (tmp_path / "vault.key").exists()
    assert keeper(tmp_path, ring).key() == key


def test_two_homes_have_two_keys_in_one_key_ring(tmp_path):
    ring = Ring()
    assert keeper(tmp_path / "a", ring).key() != keeper(tmp_path / "b", ring).key()


@pytest.mark.parametrize("content", [b"", b"short", b"!" * 44, base64.b64encode(b"x" * 31)])
def test_a_damaged_key_file_is_an_error_and_not_replaced(tmp_path, content):
    write_private(tmp_path / "vault.key", content)
    with pytest.raises(UsherError, match="does not hold a vault key"):
        keeper(tmp_path).key()
    assert (tmp_path / "vault.key").read_bytes() == content


@pytest.mark.parametrize("backend", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
def test_key_rings_that_keep_nothing_do_not_count(set_key_ring, backend):
    import keyring.core

    set_key_ring(keyring.core.load_keyring(backend))
    assert find_os_key_ring() is None


def test_a_locked_key_ring_is_an_error_that_says_what_to_do(set_key_ring):
    from keyring.backend import KeyringBackend
    from keyring.errors import KeyringLocked

    class Locked(KeyringBackend):
        priority = 5

        def get_password(self, service, username):
            raise KeyringLocked

        def set_password(self, service, username, password):
            raise KeyringLocked

    set_key_ring(Locked())
    ring = find_os_key_ring()
    with pytest.raises(KeyRingError, match="KeyringLocked") as caught:
        ring.get_password("a", "b")
    assert "unlock" in caught.value.hint
    with pytest.raises(KeyRingError):
        ring.set_password("a", "b", "c")


def test_a_real_key_ring_is_found_and_used(set_key_ring):
    from keyring.backend import KeyringBackend

    class Real(Ring, KeyringBackend):
        priority = 5

    set_key_ring(Real())
    ring = find_os_key_ring()
    ring.set_password("a", "b", "c")
    assert ring.get_password("a", "b") == "c"


@pytest.fixture
def set_key_ring():
    import keyring

    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)
