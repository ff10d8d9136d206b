"""A vault that lives as long as its process: for agents, and wherever nothing may touch a disk."""

from __future__ import annotations

from usher.session.vault.files import file_name


class MemoryVault:
    """Records in a dict. Same contract, same limits on names as the sealed files."""

    def __init__(self) -> None:
        self._records: dict[str, bytes] = {}

    def read(self, name: str) -> bytes | None:
        """The record's bytes, or None."""
        file_name(name)
        return self._records.get(name)

    def write(self, name: str, content: bytes) -> None:
        """Create or replace the record."""
        file_name(name)
        self._records[name] = content

    def delete(self, name: str) -> None:
        """Remove the record if it is there."""
        file_name(name)
        self._records.pop(name, None)

    def names(self) -> list[str]:
        """The names of all records, sorted."""
        return sorted(self._records)
