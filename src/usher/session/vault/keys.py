"""The vault's key: in the operating system's key ring if there is a real one, else in a private file.

The file is weaker and says so: whoever can read this user's files can open the records. Once a key
file exists it is used on, so that the (slow) key ring is not asked in vain on every call.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from usher.core.errors import UsherError
from usher.session.locks import exclusive
from usher.session.vault.files import read_private, write_private

KEY_BYTES = 32
_SERVICE = "usher"
_NO_REAL_KEY_RING = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")


class KeyPlace(StrEnum):
    """Where the key is kept."""

    KEY_RING = "os key ring"
    KEY_FILE = "key file"
    NONE_YET = "no key yet"


class KeyRing(Protocol):
    """The part of an operating system's key ring that is used (the `keyring` library's backend)."""

    def get_password(self, service: str, username: str) -> str | None:
        """The stored text, or None."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store the text."""


class KeyRingError(UsherError):
    """The key ring is locked or broken."""


class KeyKeeper:
    """Finds the vault's key, or makes it the first time.

    `find_key_ring` returns None when the machine has no real key ring. `random` gives random bytes.
    `made_key_file` becomes True when this keeper had to make a key file, for one announcement.
    """

    def __init__(
        self,
        folder: Path,
        find_key_ring: Callable[[], KeyRing | None],
        random: Callable[[int], bytes],
    ) -> None:
        self._file = folder / "vault.key"
        self._lock = folder / "locks" / "vault-key.lock"
        self._user = f"vault:{folder}"
        self._find_key_ring = find_key_ring
        self._random = random
        self._key: bytes | None = None
        self.place = KeyPlace.NONE_YET
        self.made_key_file = False

    def key(self) -> bytes:
        """The key's 32 bytes. Raises KeyRingError when the key ring does not open."""
        if self._key is None:
            self._key = self._from_file()
        if self._key is None:
            with exclusive(self._lock):
                self._key = self._from_file() or self._from_key_ring() or self._new_file()
        return self._key

    def _from_file(self) -> bytes | None:
        content = read_private(self._file)
        if content is None:
            return None
        self.place = KeyPlace.KEY_FILE
        return _decode(content.decode("ascii", "replace"), str(self._file))

    def _from_key_ring(self) -> bytes | None:
        ring = self._find_key_ring()
        if ring is None:
            return None
        text = ring.get_password(_SERVICE, self._user)
        if text is None:
            text = base64.b64encode(self._random(KEY_BYTES)).decode()
            ring.set_password(_SERVICE, self._user, text)
        self.place = KeyPlace.KEY_RING
        return _decode(text, "the key ring's entry")

    def _new_file(self) -> bytes:
        key = self._random(KEY_BYTES)
        write_private(self._file, base64.b64encode(key) + b"\n")
        self.place, self.made_key_file = KeyPlace.KEY_FILE, True
        return key


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise UsherError(f"{where} does not hold a vault key", hint="remove it, then run 'usher login' again")
    return key


class _TranslatedKeyRing:
    """The `keyring` library's backend with its exceptions as ours."""

    def __init__(self, backend: KeyRing) -> None:
        self._backend = backend

    def get_password(self, service: str, username: str) -> str | None:
        from keyring.errors import KeyringError

        try:
            return self._backend.get_password(service, username)
        except KeyringError as error:
            raise _locked(error) from None

    def set_password(self, service: str, username: str, password: str) -> None:
        from keyring.errors import KeyringError

        try:
            self._backend.set_password(service, username, password)
        except KeyringError as error:
            raise _locked(error) from None


def _locked(error: Exception) -> KeyRingError:
    return KeyRingError(
        f"the operating system's key ring does not open: {type(error).__name__}",
        hint="unlock it, or set PYTHON_KEYRING_BACKEND=keyring.backends.fail.Keyring to use a key file",
    )


def find_os_key_ring() -> KeyRing | None:
    """The operating system's key ring, None if `keyring` finds only ones that keep nothing or plain text."""
    import keyring

    backend = keyring.get_keyring()
    candidates = [*getattr(backend, "backends", ()), backend]
    for candidate in candidates:
        module = type(candidate).__module__
        if not module.startswith((*_NO_REAL_KEY_RING, "keyring.backends.chainer")):
            return _TranslatedKeyRing(candidate)
    return None
