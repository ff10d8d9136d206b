"""Moving a vault between stores; killed anywhere, it leaves a vault that opens."""

import os
import signal
import sys

import pyrage
import pytest

from usher.core.errors import UsageError
from usher.core.secrets import Secret
from usher.session.vault.files import write_private
from usher.session.vault.key_file import Passphrase, recipients_of
from usher.session.vault.keys import VaultKeyGoneError, VaultLockedError
from usher.session.vault.moving import begin_anew, change_sealing, move_vault
from usher.session.vault.place import Store

RECORDS = {"session/mkdev": b"one", "role/mkdev/1/Admin": b"two" * 1000}


def filled(surroundings, store):
    vault = surroundings.open(store)
    for name, content in RECORDS.items():
        vault.write(name, content)
    return vault


def contents(vault):
    return {name: vault.read(name) for name in vault.names()}


@pytest.mark.parametrize("target", list(Store))
@pytest.mark.parametrize("source", list(Store))
def test_everything_is_moved_and_nothing_is_left(surroundings, source, target):
    before = filled(surroundings, source).generation()
    moved, count = move_vault(surroundings.open(), target)
    assert moved.store is target
    assert contents(surroundings.open()) == RECORDS
    if (source, target) == (Store.AGENT, Store.AGENT):
        return
    assert count == len(RECORDS)
    assert surroundings.generations == [moved.key_id] * (target is not Store.AGENT)
    assert list(surroundings.ring.entries) == [f"usher/vault {moved.key_id}"] * (target is Store.OS)
    assert (surroundings.agent.memory.names() == []) is (target is not Store.AGENT)
    assert before.key_id not in surroundings.agent.keys
    assert not before.key_id or before.key_id != moved.key_id


def test_an_empty_home_can_be_moved_too(surroundings):
    moved, count = move_vault(surroundings.open(), Store.FILE)
    assert (moved.store, count) == (Store.FILE, 0)
    assert surroundings.open().names() == []


def test_a_record_that_does_not_open_stays_behind_and_stops_nothing(surroundings):
    vault = filled(surroundings, Store.OS)
    folder = vault.place.folder_of(vault.generation())
    write_private(folder / "broken.sealed", b"no record")
    assert move_vault(surroundings.open(), Store.FILE)[1] == len(RECORDS)
    assert contents(surroundings.open()) == RECORDS


def test_a_record_that_goes_while_it_is_moved_is_no_trouble(surroundings):
    surroundings.ring = None
    filled(surroundings, Store.AGENT)
    surroundings.agent.memory.read = lambda name: None
    assert move_vault(surroundings.open(), Store.FILE)[1] == 0


def test_a_store_that_does_not_open_changes_nothing(surroundings):
    filled(surroundings, Store.FILE)
    surroundings.ring = None
    with pytest.raises(VaultLockedError):
        move_vault(surroundings.open(), Store.OS)
    assert contents(surroundings.open()) == RECORDS


def test_a_machine_without_key_ring_moves_between_key_files(surroundings):
    filled(surroundings, Store.FILE)
    surroundings.ring = None
    surroundings.agent.running = False
    moved, _ = move_vault(surroundings.open(), Store.FILE)
    assert surroundings.generations == [moved.key_id]
    assert contents(surroundings.open()) == RECORDS


def test_what_a_locked_key_ring_kept_is_removed_by_the_next_move(surroundings):
    old = filled(surroundings, Store.OS).generation()
    vault = surroundings.open()
    holder = vault.holders[Store.OS]

    def locked(_generation):
        raise VaultLockedError("locked")

    forget, holder.forget = holder.forget, locked
    move_vault(vault, Store.FILE)
    assert f"usher/vault {old.key_id}" in surroundings.ring.entries
    assert old.key_id in surroundings.generations
    holder.forget = forget
    moved, _ = move_vault(vault, Store.FILE)
    assert surroundings.ring.entries == {}
    assert surroundings.generations == [moved.key_id]


@pytest.mark.once  # scrypt is meant to be slow
def test_a_passphrase_in_place_of_an_identity_opens_the_same_records(surroundings):
    filled(surroundings, Store.FILE)
    changed = change_sealing(surroundings.open(), Passphrase(Secret("several random words")))
    assert changed.identity == ""
    surroundings.agent.keys.clear()
    surroundings.passphrases = ["several random words"]
    assert contents(surroundings.open()) == RECORDS


def test_another_identity_opens_the_same_records_and_the_old_one_no_longer(surroundings):
    filled(surroundings, Store.FILE)
    another = surroundings.folder / "another.txt"
    another.write_text(str(pyrage.x25519.Identity.generate()))
    change_sealing(surroundings.open(), recipients_of(another))
    surroundings.agent.keys.clear()
    assert contents(surroundings.open()) == RECORDS
    surroundings.agent.keys.clear()
    another.write_bytes(surroundings.identity.read_bytes())
    with pytest.raises(VaultLockedError, match="does not open"):
        contents(surroundings.open())


@pytest.mark.parametrize("store", [None, Store.OS])
def test_only_a_key_file_has_something_to_reseal(surroundings, store):
    if store:
        filled(surroundings, store)
    with pytest.raises(UsageError, match="no key file"):
        change_sealing(surroundings.open(), Passphrase(Secret("the second passphrase")))


def test_a_vault_whose_key_is_gone_can_be_left_behind(surroundings):
    filled(surroundings, Store.OS)
    surroundings.ring.path.unlink()
    with pytest.raises(VaultKeyGoneError):
        contents(surroundings.open())
    begin_anew(surroundings.open(), Store.OS)
    assert contents(surroundings.open()) == {}
    surroundings.open().write("a", b"x")
    assert contents(surroundings.open()) == {"a": b"x"}
    assert len(surroundings.generations) == 1


def killed_at(step, act):
    """Run `act` in a process that is killed with SIGKILL at its `step`-th event; whether it was."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(event, _arguments):
            nonlocal seen
            if event in {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.scandir"}:
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            act()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.once
@pytest.mark.parametrize(("source", "target"), [(Store.OS, Store.FILE), (Store.FILE, Store.OS)])
def test_a_move_that_is_killed_at_any_step_leaves_everything_readable(surroundings, source, target):
    filled(surroundings, source)
    step, stores = 0, set()
    while True:
        step += 1
        was_killed = killed_at(step, lambda: move_vault(surroundings.open(), target))
        vault = surroundings.open()
        assert contents(vault) == RECORDS, step
        store = vault.generation().store
        stores.add(store)
        if not was_killed:
            break
        if store is target:  # it was past the switch: begin the next try from the start again
            move_vault(surroundings.open(), source)
    assert step > 20
    assert stores == {source, target}
    last, _ = move_vault(surroundings.open(), target)
    assert surroundings.generations == [last.key_id]
    assert len(surroundings.ring.entries) == (target is Store.OS)
