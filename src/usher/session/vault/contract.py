"""What every vault promises: named records of bytes, secret at rest, replaced as a whole or not at all."""

from __future__ import annotations

from typing import Protocol

from usher.core.errors import SignInNeededError, UsherError

LONGEST_NAME_BYTES = 240


class UnreadableRecordError(SignInNeededError):
    """A record is there but cannot be opened: damaged, moved, or sealed with another key."""


class UnsafePlaceError(UsherError):
    """A folder or file is not private to this user; nothing is read from or written to it."""


class Vault(Protocol):
    """Secrets at rest, by name. Names are any non-empty text of at most 240 bytes once percent-encoded."""

    def read(self, name: str) -> bytes | None:
        """The record's bytes, or None when there is none. Raises UnreadableRecordError."""

    def write(self, name: str, content: bytes) -> None:
        """Create or replace the record; a reader sees the old bytes or the new ones, never a mixture."""

    def delete(self, name: str) -> None:
        """Remove the record; removing one that is not there is fine."""

    def names(self) -> list[str]:
        """The names of all records, sorted."""
