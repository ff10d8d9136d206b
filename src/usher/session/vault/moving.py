"""Moving a vault to another store, and giving its key file another passphrase.

A move seals every record anew, with a new key, in a generation of its own, and then names that one in a
single step. Killed before that step, the old vault is whole; killed after it, the new one is.
"""

from __future__ import annotations

from usher.core.errors import UsageError
from usher.session.vault.contract import UnreadableRecordError
from usher.session.vault.key_file import KeyFile, Sealing
from usher.session.vault.ladder import LadderVault
from usher.session.vault.place import Generation, Store


def move_vault(vault: LadderVault, store: Store) -> tuple[Generation, int]:
    """Move everything to `store`; also from a store to itself, with a new key. Returns how many records."""
    with vault.place.changing():
        before = vault.place.current()
        after = vault.new_generation(store)
        moved = 0 if before is None or before == after else _copy(vault, before, after)
        vault.place.switch(after)
        vault.tidy(after)
    return after, moved


def begin_anew(vault: LadderVault, store: Store) -> Generation:
    """An empty vault in `store`, in place of one that no longer opens."""
    with vault.place.changing():
        after = vault.new_generation(store)
        vault.place.switch(after)
        vault.tidy(after)
    return after


def change_sealing(vault: LadderVault, sealing: Sealing) -> Generation:
    """Seal the same key for another passphrase or other recipients. Raises UsageError without a key file."""
    with vault.place.changing():
        current = vault.place.current()
        holder = vault.holders[Store.FILE]
        if current is None or current.store is not Store.FILE or not isinstance(holder, KeyFile):
            raise UsageError("the vault has no key file", hint="run 'usher vault move --to file'")
        changed = holder.seal(vault.key(current), sealing)
        vault.place.switch(changed)
    return changed


def _copy(vault: LadderVault, before: Generation, after: Generation) -> int:
    """Every record that opens. One that does not is left behind: it would not open there either."""
    source, target = vault.records_of(before), vault.records_of(after)
    moved = 0
    for name in source.names():
        try:
            content = source.read(name)
        except UnreadableRecordError:
            continue
        if content is not None:
            target.write(name, content)
            moved += 1
    return moved
