"""The vault that a person has: the first rung that holds, chosen once and kept until it is moved.

    a vault.key.age that was made on purpose, or asked for by the settings    store "file"
    else the operating system's store, if there is a real one                 store "os"
    else the agent's memory, which touches no disk                            store "agent"

The choice is made at the first write and noted beside the records; reading an empty vault decides
nothing, asks nobody and starts nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from usher.core.errors import UsageError
from usher.session.vault.contract import Vault
from usher.session.vault.files import file_name, make_private_folder
from usher.session.vault.keys import KeyHolder, VaultLockedError, is_key_of, key_id, new_key
from usher.session.vault.memory import MemoryVault
from usher.session.vault.place import Generation, Store, VaultPlace
from usher.session.vault.sealed import SealedVault


class AgentMemory(Protocol):
    """The agent as the vault uses it: records and the unlocked key, in memory alone."""

    def runs(self) -> bool:
        """Whether an agent runs now."""

    def records(self) -> Vault:
        """The records in its memory; it is started if it does not run."""

    def key(self, name: str) -> bytes | None:
        """An unlocked key, None when it was not put there or no agent runs."""

    def put_key(self, name: str, key: bytes) -> None:
        """Keep an unlocked key; nothing happens when no agent runs."""

    def forget_key(self, name: str) -> None:
        """Lose an unlocked key."""


class LadderVault:
    """The vault contract over whichever store counts.

    `wanted` is what the settings ask for, None for the ladder's own choice. `has_os_store` says whether
    this machine has a real OS store.
    """

    def __init__(
        self,
        place: VaultPlace,
        wanted: Store | None,
        holders: Mapping[Store, KeyHolder],
        has_os_store: Callable[[], bool],
        agent: AgentMemory,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.place = place
        self.holders = holders
        self.agent = agent
        self.random = random
        self.begun: Generation | None = None
        """The generation that this process began, for one announcement."""
        self._wanted = wanted
        self._has_os_store = has_os_store
        self._keys: dict[str, bytes] = {}

    def generation(self) -> Generation | None:
        """The generation that counts, None before the first. Raises UsageError when another is asked for."""
        current = self.place.current()
        if current is not None and self._wanted not in {None, current.store}:
            raise UsageError(
                f"the vault's store is '{current.store}', and the settings ask for '{self._wanted}'",
                hint=f"run 'usher vault move --to {self._wanted}', or take the setting back",
            )
        return current

    def read(self, name: str) -> bytes | None:
        """The record's bytes, or None. Raises UnreadableRecordError, VaultLockedError, VaultKeyGoneError."""
        file_name(name)  # a name that cannot be is refused in an empty vault too
        if self.generation() is None:
            return None
        with self.place.using():
            return self._records().read(name)

    def write(self, name: str, content: bytes) -> None:
        """Create or replace the record; the first one begins the vault."""
        while True:
            generation = self.generation() or self.begin()
            if generation.store is not Store.AGENT:
                self.key(generation)  # may ask a person: not while others are kept waiting
            with self.place.using():
                if self.place.current() == generation:
                    self.records_of(generation).write(name, content)
                    return

    def delete(self, name: str) -> None:
        """Remove the record if it is there."""
        file_name(name)
        if self.generation() is not None:
            with self.place.using():
                self._records().delete(name)

    def names(self) -> list[str]:
        """The names of all records, sorted."""
        if self.generation() is None:
            return []
        with self.place.using():
            return self._records().names()

    def begin(self, store: Store | None = None) -> Generation:
        """The vault's first generation, made in `store`, else where the settings or the ladder say."""
        with self.place.changing():
            current = self.place.current()
            if current is not None:
                return current
            self.begun = self.new_generation(store or self._wanted or self._rung())
            self.place.switch(self.begun)
            return self.begun

    def new_generation(self, store: Store) -> Generation:
        """A new generation with its key kept, which does not count yet."""
        if store is Store.AGENT:
            self.agent.records().names()  # it must answer before it is relied on
            return Generation(store)
        make_private_folder(self.place.folder)
        key = new_key(self.random)
        if store is Store.OS:  # the folder first, so that `tidy` finds a key that was left behind
            make_private_folder(self.place.folder / key_id(key))
        generation = self.holders[store].keep(key)
        self._keys[generation.key_id] = key
        return generation

    def tidy(self, kept: Generation) -> None:
        """Remove all generations but `kept`, with their keys. Only while `place.changing()` is held."""
        for folder in self.place.left_behind(kept):
            self.agent.forget_key(folder.name)
            if self._forget_key(folder.name):
                shutil.rmtree(folder, ignore_errors=True)
        if kept.store is not Store.AGENT and self.agent.runs():
            records = self.agent.records()
            for name in records.names():
                records.delete(name)

    def _forget_key(self, key_id: str) -> bool:
        """Whether no OS store holds the key any more; one that does not open is asked again next time."""
        try:
            if Store.OS in self.holders and self._has_os_store():
                self.holders[Store.OS].forget(Generation(Store.OS, key_id))
        except VaultLockedError:
            return False
        return True

    def records_of(self, generation: Generation) -> Vault:
        """The records of any generation, whether it counts or not."""
        if generation.store is Store.AGENT:
            return self.agent.records()
        return SealedVault(self.place.folder_of(generation), lambda: self.key(generation), self.random)

    def key(self, generation: Generation) -> bytes:
        """The generation's key: from this process, the agent's memory, or what keeps it at rest."""
        known = self._keys.get(generation.key_id) or self._cached(generation)
        if known is None:
            known = self.holders[generation.store].fetch(generation)
            self.agent.put_key(generation.key_id, known)
        self._keys[generation.key_id] = known
        return known

    def is_unlocked(self, generation: Generation) -> bool:
        """Whether the records open now without asking anybody or anything for the key."""
        return generation.store is Store.AGENT or self._cached(generation) is not None

    def lock(self) -> None:
        """Forget the unlocked key, here and in the agent."""
        self._keys.clear()
        generation = self.place.current()
        if generation is not None:
            self.agent.forget_key(generation.key_id)

    def folder(self) -> Path:
        """Where the vault's files are."""
        return self.place.folder

    def _records(self) -> Vault:
        generation = self.generation()
        return MemoryVault() if generation is None else self.records_of(generation)

    def _cached(self, generation: Generation) -> bytes | None:
        key = self.agent.key(generation.key_id)
        return key if key is not None and is_key_of(generation, key) else None

    def _rung(self) -> Store:
        return Store.OS if self._has_os_store() else Store.AGENT
