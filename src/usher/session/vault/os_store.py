"""The vault's key in the operating system's store: Secret Service, KWallet, Keychain, Credential Manager.

Only the key is kept there, 44 characters, far below the 2.5 kB that Windows takes. A store may wait for a
person to unlock it in a window that nobody sees, so that every call has a time limit.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from usher.session.vault.keys import VaultKeyGoneError, VaultLockedError, is_key_of, key_id
from usher.session.vault.place import Generation, Store

PATIENCE_SECONDS = 60.0
_SERVICE = "usher"
_NO_REAL_KEY_RING = (
    "keyring.backends.fail",
    "keyring.backends.null",
    "keyring.backends.chainer",
    "keyrings.alt",
)

T = TypeVar("T")


class KeyRing(Protocol):
    """The part of an operating system's key ring that is used (the `keyring` library's backend)."""

    def get_password(self, service: str, username: str) -> str | None:
        """The stored text, or None."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store the text."""

    def delete_password(self, service: str, username: str) -> None:
        """Remove the text."""


class KeyRingError(VaultLockedError):
    """The OS store is locked, broken, or does not answer."""


class OsStore:
    """Keys in the OS store. `find_key_ring` returns None when the machine has no real one."""

    def __init__(
        self, find_key_ring: Callable[[], KeyRing | None], patience: float = PATIENCE_SECONDS
    ) -> None:
        self._find_key_ring = find_key_ring
        self._patience = patience

    def is_here(self) -> bool:
        """Whether this machine has a real OS store. Raises KeyRingError when it does not answer."""
        return self._within(self._find_key_ring, _NEW) is not None

    def keep(self, key: bytes) -> Generation:
        """Store the key and read it back: a store that loses it must not become the vault's."""
        generation, text = Generation(Store.OS, key_id(key)), base64.b64encode(key).decode()
        self._within(lambda: self._ring(_NEW).set_password(_SERVICE, _entry(generation), text), _NEW)
        if self._within(lambda: self._ring(_NEW).get_password(_SERVICE, _entry(generation)), _NEW) != text:
            raise KeyRingError("the operating system's key ring does not keep what it is given", hint=_NEW)
        return generation

    def fetch(self, generation: Generation) -> bytes:
        """The key. Raises VaultKeyGoneError or KeyRingError."""
        text = self._within(lambda: self._ring(_KEPT).get_password(_SERVICE, _entry(generation)), _KEPT)
        key = _decoded(text or "")
        if not is_key_of(generation, key):
            what = "no longer holds" if text is None else "holds something else than"
            raise VaultKeyGoneError(
                f"the operating system's key ring {what} the vault's key ({_SERVICE}, {_entry(generation)})",
                hint="run 'usher vault init --empty' to begin anew, then sign in again",
            )
        return key

    def forget(self, generation: Generation) -> None:
        """Remove the key if it is there."""

        def remove() -> None:
            ring = self._find_key_ring()
            if ring is not None and ring.get_password(_SERVICE, _entry(generation)) is not None:
                ring.delete_password(_SERVICE, _entry(generation))

        self._within(remove, _KEPT)

    def _ring(self, hint: str) -> KeyRing:
        ring = self._find_key_ring()
        if ring is None:
            raise KeyRingError("this machine's key ring cannot be reached from here", hint=hint)
        return ring

    def _within(self, call: Callable[[], T], hint: str) -> T:
        """`call`'s result; KeyRingError when it takes too long or the store does not open."""
        outcome: _Outcome[T] = _Outcome()

        def work() -> None:
            with outcome:
                outcome.results.append(call())

        thread = threading.Thread(target=work, name="usher-key-ring", daemon=True)
        thread.start()
        thread.join(self._patience)
        if outcome.results:
            return outcome.results[0]
        if outcome.trouble is None:
            raise KeyRingError(
                f"the operating system's key ring gave no answer in {self._patience:.0f} s: "
                "it may be waiting for somebody to unlock it in a window",
                hint=hint,
            )
        if isinstance(outcome.trouble, _key_ring_troubles()):
            raise KeyRingError(
                f"the operating system's key ring does not open: {type(outcome.trouble).__name__}", hint=hint
            ) from None
        raise outcome.trouble


class _Outcome(Generic[T]):
    """What happened in the other thread, for the one that waits."""

    def __init__(self) -> None:
        self.results: list[T] = []
        self.trouble: BaseException | None = None

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, trouble: BaseException | None, _trace: object) -> bool:
        self.trouble = trouble
        return True


_UNLOCK = "unlock it (signing in to the desktop does)"
_NEW = (
    f"{_UNLOCK}, or keep your secrets elsewhere: 'usher vault init --passphrase', "
    "or USHER_VAULT=agent for the agent's memory"
)
_KEPT = f"{_UNLOCK}; 'usher vault init --empty --passphrase' begins anew without it"


def _key_ring_troubles() -> tuple[type[Exception], ...]:
    """What key rings raise: keyring's own errors, and those of the D-Bus library below it."""
    from keyring.errors import KeyringError

    return (KeyringError, OSError, RuntimeError, ValueError, *_secret_service_troubles())


def _secret_service_troubles() -> tuple[type[Exception], ...]:
    try:
        from jeepney.wrappers import DBusErrorResponse
        from secretstorage.exceptions import SecretStorageException
    except ImportError:
        return ()
    return (SecretStorageException, DBusErrorResponse)


def _entry(generation: Generation) -> str:
    return f"vault {generation.key_id}"


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        return b""


def find_os_key_ring() -> KeyRing | None:
    """The operating system's key ring, None if `keyring` finds only ones that keep nothing or plain text."""
    import keyring

    backend = keyring.get_keyring()
    candidates: list[KeyRing] = [*getattr(backend, "backends", ()), backend]
    for candidate in candidates:
        kind = type(candidate)
        if not kind.__module__.startswith(_NO_REAL_KEY_RING) and "plain" not in kind.__name__.lower():
            return candidate
    return None
