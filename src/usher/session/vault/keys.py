"""The vault's key: 32 random bytes, known by an id that gives nothing away, and what can hold it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

from usher.core.errors import SignInNeededError
from usher.session.vault.place import Generation

KEY_BYTES = 32


class VaultLockedError(SignInNeededError):
    """The key is there but cannot be had now: somebody has to unlock it."""


class VaultKeyGoneError(SignInNeededError):
    """Nothing holds the key any more, so the records never open again."""


class KeyHolder(Protocol):
    """A place that keeps keys at rest, protected."""

    def keep(self, key: bytes) -> Generation:
        """Keep a new key; the answer is the generation that it opens."""

    def fetch(self, generation: Generation) -> bytes:
        """The key. Raises VaultLockedError or VaultKeyGoneError."""

    def forget(self, generation: Generation) -> None:
        """Remove the key; one that is not there is fine."""


def new_key(random: Callable[[int], bytes]) -> bytes:
    """A key of its own for every generation."""
    return random(KEY_BYTES)


def key_id(key: bytes) -> str:
    """A name for `key`: the key is 256 random bits, so its hash tells nothing about it."""
    return hashlib.sha256(b"usher vault key\0" + key).hexdigest()[:16]


def is_key_of(generation: Generation, key: bytes) -> bool:
    """Whether `key` is the one that `generation` is sealed with, and not another or a damaged one."""
    return len(key) == KEY_BYTES and key_id(key) == generation.key_id
