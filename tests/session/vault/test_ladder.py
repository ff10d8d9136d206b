"""Which store a vault gets, that it stays there, and what its key is asked of."""

import json
import stat

import pytest

from usher.core.errors import ExitCode, UsageError, UsherError
from usher.session.vault.files import write_private
from usher.session.vault.keys import VaultKeyGoneError, VaultLockedError, key_id
from usher.session.vault.os_store import KeyRingError
from usher.session.vault.place import Generation, Store


def test_with_a_key_ring_the_key_is_there_and_only_sealed_records_are_on_the_disk(surroundings):
    vault = surroundings.open()
    vault.write("session/mkdev", b"secret")
    assert vault.begun.store is Store.OS
    assert list(surroundings.ring.entries) == [f"usher/vault {vault.begun.key_id}"]
    files = [path.name for path in (surroundings.folder / "vault").rglob("*") if path.is_file()]
    assert sorted(files) == ["current", "session%2Fmkdev.sealed"]


def test_without_a_key_ring_the_records_are_in_the_agents_memory_alone(surroundings):
    surroundings.ring = None
    vault = surroundings.open()
    vault.write("session/mkdev", b"secret")
    assert vault.begun == Generation(Store.AGENT)
    assert surroundings.agent.memory.read("session/mkdev") == b"secret"
    assert [path.name for path in (surroundings.folder / "vault").rglob("*")] == ["current"]


def test_the_first_choice_stays_when_another_store_turns_up(surroundings):
    ring, surroundings.ring = surroundings.ring, None
    surroundings.open().write("a", b"x")
    surroundings.ring = ring
    again = surroundings.open()
    assert again.generation().store is Store.AGENT
    assert again.read("a") == b"x"
    assert again.begun is None


def test_a_setting_that_asks_for_another_store_is_refused_with_the_command_that_moves(surroundings):
    surroundings.open(Store.OS).write("a", b"x")
    with pytest.raises(UsageError, match="the vault's store is 'os'") as caught:
        surroundings.open(Store.FILE).read("a")
    assert "usher vault move --to file" in caught.value.hint


def test_an_empty_vault_is_read_without_deciding_or_making_anything(surroundings):
    vault = surroundings.open()
    assert vault.read("a") is None
    assert vault.names() == []
    vault.delete("a")
    assert not vault.folder().exists()
    assert not (surroundings.folder / "locks").exists()


def test_the_note_that_names_the_store_is_private_and_without_secrets(surroundings):
    vault = surroundings.open(Store.FILE)
    vault.write("a", b"x")
    note = vault.folder() / "current"
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert json.loads(note.read_text()) == {
        "version": 1,
        "store": "file",
        "key": vault.begun.key_id,
        "identity": str(surroundings.identity),
    }


def test_the_keys_id_is_its_hash_and_not_a_part_of_it(surroundings):
    vault = surroundings.open(Store.OS)
    key = vault.key(vault.begin())
    assert len(key) == 32
    assert vault.generation().key_id == key_id(key)
    assert vault.generation().key_id not in key.hex()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b'{"version": 2, "store": "os", "key": "0123456789abcdef", "identity": ""}',
        b'{"version": 1, "store": "paper", "key": "0123456789abcdef", "identity": ""}',
        b'{"version": 1, "store": "os", "key": "../../elsewhere", "identity": ""}',
    ],
)
def test_a_damaged_note_is_an_error_and_not_a_new_vault(surroundings, content):
    vault = surroundings.open()
    vault.write("a", b"x")
    write_private(vault.folder() / "current", content)
    for act in (lambda: vault.read("a"), lambda: vault.write("a", b"y")):
        with pytest.raises(UsherError, match="damaged"):
            act()


def test_the_unlocked_key_is_asked_of_the_agent_first_and_kept_there(surroundings):
    surroundings.open(Store.FILE).write("a", b"x")
    surroundings.open().read("a")
    assert len(surroundings.agent.keys) == 1
    surroundings.identity.unlink()
    assert surroundings.open().read("a") == b"x"


def test_another_vaults_key_in_the_agent_is_not_used(surroundings):
    vault = surroundings.open(Store.FILE)
    vault.write("a", b"x")
    surroundings.agent.keys[vault.begun.key_id] = b"o" * 32
    assert surroundings.open().read("a") == b"x"


def test_locking_takes_the_key_from_the_agent(surroundings):
    vault = surroundings.open(Store.FILE)
    vault.write("a", b"x")
    surroundings.open().read("a")
    again = surroundings.open()
    assert again.is_unlocked(again.generation())
    again.lock()
    assert not again.is_unlocked(again.generation())
    surroundings.identity.unlink()
    with pytest.raises(VaultLockedError):
        again.read("a")


def test_locking_before_there_is_a_vault_is_fine(surroundings):
    surroundings.open().lock()


def test_the_agents_records_are_always_unlocked(surroundings):
    vault = surroundings.open(Store.AGENT)
    vault.write("a", b"x")
    assert vault.is_unlocked(vault.generation())


def test_a_key_that_the_key_ring_has_lost_is_said_and_nothing_is_overwritten(surroundings):
    surroundings.open(Store.OS).write("a", b"x")
    surroundings.ring.path.unlink()
    with pytest.raises(VaultKeyGoneError, match="no longer holds") as caught:
        surroundings.open().write("a", b"y")
    assert caught.value.exit_code is ExitCode.SIGN_IN_NEEDED
    assert "usher vault init --empty" in caught.value.hint


def test_another_text_in_the_key_ring_is_not_taken_for_the_key(surroundings):
    vault = surroundings.open(Store.OS)
    vault.write("a", b"x")
    surroundings.ring.set_password("usher", f"vault {vault.begun.key_id}", "not base64!")
    with pytest.raises(VaultKeyGoneError, match="something else"):
        surroundings.open().read("a")


def test_a_key_ring_that_cannot_be_reached_any_more_is_no_new_vault(surroundings):
    surroundings.open().write("a", b"x")
    surroundings.ring = None
    with pytest.raises(KeyRingError, match="cannot be reached"):
        surroundings.open().read("a")


def test_a_writer_follows_a_move_that_happened_while_it_waited(surroundings):
    surroundings.open(Store.OS).begin()
    vault = surroundings.open()
    first = vault.generation()
    other = surroundings.open()
    seen = []

    def moved_meanwhile(generation):
        if not seen:
            seen.append(generation)
            with other.place.changing():
                other.place.switch(other.new_generation(Store.FILE))
        return other.key(generation) if generation.store is Store.FILE else original(generation)

    original, vault.key = vault.key, moved_meanwhile
    vault.write("a", b"x")
    assert seen == [first]
    assert surroundings.open().read("a") == b"x"
    assert surroundings.open().generation().store is Store.FILE


def test_two_beginnings_at_once_are_one(surroundings):
    vault, other = surroundings.open(), surroundings.open()
    first = vault.begin()
    assert other.begin() == first
    assert other.begun is None
