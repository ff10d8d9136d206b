"""Authorization code with PKCE (RFC 7636): the verifier, its challenge and the state. `callback` listens."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from usher.core.secrets import Secret


def new_verifier(random: Callable[[int], bytes]) -> Secret:
    """A code verifier of 64 characters (384 random bits)."""
    return Secret(_unpadded(random(48)))


def challenge_of(verifier: Secret) -> str:
    """The S256 code challenge (RFC 7636, section 4.2)."""
    return _unpadded(hashlib.sha256(verifier.reveal().encode()).digest())


def new_state(random: Callable[[int], bytes]) -> Secret:
    """A state of 256 random bits."""
    return Secret(_unpadded(random(32)))


def new_path(random: Callable[[int], bytes]) -> str:
    """A path of 128 random bits that no terminal cuts short and no shell reads as its own."""
    return "/" + random(16).hex()


def _unpadded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
