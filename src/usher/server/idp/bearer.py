"""Bearer values: whoever shows one is believed, so only their hashes are stored.

They have 256 random bits; a plain SHA-256 is enough, for there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import secrets

from usher.core.secrets import Secret

_BYTES = 32


def new_bearer() -> Secret:
    """A new unguessable value, safe in URLs, cookies and argument lists (it never begins with a dash)."""
    return Secret(secrets.token_hex(_BYTES))


def hash_bearer(text: str) -> str:
    """What is stored of a bearer value: its SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
