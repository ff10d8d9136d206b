"""Sealing of values that must be read back: AES-256-GCM under a key kept beside the database.

A sealed value is a version byte (1), a 12-byte nonce, then ciphertext and tag. The context (table and
row) is authenticated, so that a sealed value cannot be moved to another row.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from usher.core.errors import UsageError, UsherError

_VERSION = b"\x01"
_NONCE_BYTES = 12
_KEY_BYTES = 32


class Sealer:
    """Seals and unseals with one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, data: bytes, context: str) -> bytes:
        """`data` sealed for `context`."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, data, context.encode())

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """What was sealed for `context`. Raises UsherError when it was not, or under another key."""
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if sealed[:1] != _VERSION:
                raise InvalidTag
            return self._cipher.decrypt(nonce, body, context.encode())
        except (InvalidTag, ValueError):
            raise UsherError(
                f"the sealed value of {context} does not open",
                hint="sealing.key and the database must come from the same back-up",
            ) from None


def create_sealing_key(path: Path) -> Sealer:
    """A new key in a new file at `path`, readable by its owner only."""
    key = AESGCM.generate_key(bit_length=256)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(key)
        file.flush()
        os.fsync(descriptor)
    return Sealer(key)


def open_sealing_key(path: Path) -> Sealer:
    """The key in the file at `path`. Raises UsageError when it is missing, open to others or damaged."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise UsageError(
            f"the sealing key {path} cannot be read: {error.strerror}",
            hint="restore it from the back-up of this data folder",
        ) from None
    with os.fdopen(descriptor, "rb") as file:
        if os.fstat(descriptor).st_mode & 0o077:
            raise UsageError(f"the sealing key {path} is open to other users", hint=f"chmod 600 {path}")
        key = file.read(_KEY_BYTES + 1)
    if len(key) != _KEY_BYTES:
        raise UsageError(f"the sealing key {path} is damaged", hint="restore it from a back-up")
    return Sealer(key)
