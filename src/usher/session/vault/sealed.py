"""A vault of sealed files, one per record.

File format, version 1 (all of a file):

    16 bytes  the magic `usher-sealed-1\\n\\0`
    12 bytes  nonce, random for every write
    rest      AES-256-GCM ciphertext and its 16-byte tag

The associated data is the magic followed by the record's name in UTF-8: a file that is moved to
another record's name does not open. The key is 32 random bytes and lives elsewhere (see `keys`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from usher.session.vault.contract import UnreadableRecordError
from usher.session.vault.files import file_name, read_private, record_name, write_private

MAGIC = b"usher-sealed-1\n\0"
_NONCE_BYTES = 12


class SealedVault:
    """Records as sealed files in one folder.

    `key` is asked for only when a record is really opened or written, because finding the key may
    mean asking the operating system's key ring. `random` gives that many random bytes.
    """

    def __init__(
        self, folder: Path, key: Callable[[], bytes], random: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._folder = folder
        self._key = key
        self._random = random

    def read(self, name: str) -> bytes | None:
        """The record's bytes, or None. Raises UnreadableRecordError when it does not open."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        sealed = read_private(self._folder / file_name(name))
        if sealed is None:
            return None
        start = len(MAGIC) + _NONCE_BYTES
        try:
            if not sealed.startswith(MAGIC) or len(sealed) < start + 16:
                raise InvalidTag
            return AESGCM(self._key()).decrypt(sealed[len(MAGIC) : start], sealed[start:], _bound_to(name))
        except InvalidTag:
            raise UnreadableRecordError(
                f"the stored record '{name}' cannot be opened: it is damaged or sealed with another key",
                hint="run 'usher login' to make a new one",
            ) from None

    def write(self, name: str, content: bytes) -> None:
        """Seal and replace the record."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        place, nonce = self._folder / file_name(name), self._random(_NONCE_BYTES)
        sealed = AESGCM(self._key()).encrypt(nonce, content, _bound_to(name))
        write_private(place, MAGIC + nonce + sealed)

    def delete(self, name: str) -> None:
        """Remove the record's file if it is there."""
        (self._folder / file_name(name)).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """The names of all records, sorted."""
        if not self._folder.is_dir():
            return []
        found = (record_name(file.name) for file in self._folder.iterdir())
        return sorted(name for name in found if name is not None)


def _bound_to(name: str) -> bytes:
    return MAGIC + name.encode()
