"""What the agent holds in memory: records and unlocked keys. Gone with the process."""

from __future__ import annotations

import threading
from collections.abc import Callable

from usher.session.vault.memory import MemoryVault


class Holdings:
    """Records and keys by name. Several threads may use it at once.

    `on_forget` is called when a key was let go: whoever else has it in mind must lose it too.
    """

    def __init__(self) -> None:
        self.on_forget: Callable[[], None] = lambda: None
        self.records = MemoryVault()
        self._keys: dict[str, bytes] = {}
        self._guard = threading.Lock()

    def key(self, name: str) -> bytes | None:
        """The unlocked key `name`, or None."""
        return self._keys.get(name)

    def put_key(self, name: str, key: bytes) -> None:
        """Hold a key."""
        with self._guard:
            self._keys[name] = key

    def forget_key(self, name: str) -> None:
        """Let a key go; one that is not there is fine."""
        with self._guard:
            self._keys.pop(name, None)
        self.on_forget()

    def names_of_records(self) -> list[str]:
        """The records' names, sorted."""
        with self._guard:
            return self.records.names()

    def write_record(self, name: str, content: bytes) -> None:
        """Create or replace a record."""
        with self._guard:
            self.records.write(name, content)

    def delete_record(self, name: str) -> None:
        """Remove a record if it is there."""
        with self._guard:
            self.records.delete(name)

    def count(self) -> dict[str, int]:
        """How much is held, for people."""
        with self._guard:
            return {"records": len(self.records.names()), "keys": len(self._keys)}
