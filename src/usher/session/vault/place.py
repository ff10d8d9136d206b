"""Where a vault lives and which one counts: generations side by side, and one small file that names one.

    vault/current             which store keeps the key, and the key's id; no secrets
    vault/<key id>/*.sealed   the records, all sealed with that one key
    vault/<key id>/vault.key.age

A generation is complete before `current` names it and stays whole until after another one is named, so
whoever is killed at whatever moment leaves a vault that opens. Who writes holds the shared lock, who
switches the exclusive one, so that no record lands in a generation that has just been left.
"""

from __future__ import annotations

import json
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from usher.core.errors import UsherError
from usher.session.locks import exclusive, shared
from usher.session.vault.files import read_private, write_private

VERSION = 1
KEY_ID = re.compile(r"[0-9a-f]{16}")


class Store(StrEnum):
    """What keeps the vault's key: the OS store, an age file, or nothing but the agent's memory."""

    OS = "os"
    FILE = "file"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Generation:
    """One vault. `key_id` is empty for the agent's; `identity` is the path of an age identity file."""

    store: Store
    key_id: str = ""
    identity: str = ""


class VaultPlace:
    """The vault's folder. `locks` is the private folder for lock files."""

    def __init__(self, folder: Path, locks: Path) -> None:
        self.folder = folder
        self._lock = locks / "vault.lock"

    def current(self) -> Generation | None:
        """The generation that counts; None before the first. Raises UsherError when it is damaged."""
        content = read_private(self._current)
        if content is None:
            return None
        try:
            document = json.loads(content)
            if document["version"] != VERSION:
                raise ValueError(document["version"])
            found = Generation(Store(document["store"]), str(document["key"]), str(document["identity"]))
            if found.store is not Store.AGENT and not KEY_ID.fullmatch(found.key_id):
                raise ValueError(found.key_id)
        except (ValueError, TypeError, KeyError):
            raise UsherError(
                f"{self._current} is damaged, so the vault cannot be found",
                hint="remove it, then sign in again",
            ) from None
        return found

    def switch(self, generation: Generation) -> None:
        """Make `generation` the one that counts, in one step."""
        document = {
            "version": VERSION,
            "store": generation.store,
            "key": generation.key_id,
            "identity": generation.identity,
        }
        write_private(self._current, json.dumps(document).encode() + b"\n")

    def folder_of(self, generation: Generation) -> Path:
        """Where the generation's records are."""
        return self.folder / generation.key_id

    def left_behind(self, kept: Generation) -> list[Path]:
        """The folders of all other generations, which switches and broken-off moves have left."""
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        return [path for path in found if KEY_ID.fullmatch(path.name) and path.name != kept.key_id]

    def using(self) -> AbstractContextManager[None]:
        """While records are read or written; any number of processes at once."""
        return shared(self._lock)

    def changing(self) -> AbstractContextManager[None]:
        """While another generation is made; alone."""
        return exclusive(self._lock)

    @property
    def _current(self) -> Path:
        return self.folder / "current"
