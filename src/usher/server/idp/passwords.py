"""Passwords: how they are hashed, which ones are accepted, and one-time passwords.

Argon2id with OWASP's profile of 19 MiB, two passes, one lane; parameters travel in the hash, and an older
hash is renewed at the next sign-in. Rules follow NIST SP 800-63B-4: length, no composition rules, a list
of common ones.
"""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from usher.core.errors import BusyError
from usher.core.secrets import Secret
from usher.server.idp.limits import forgive_person
from usher.server.store.database import Change
from usher.server.store.oauth import end_portal_sessions_of
from usher.server.store.sign_in import StoredPassword, delete_browser_sessions_of, write_password

SHORTEST_PASSWORD = 15
LONGEST_PASSWORD = 256
ONE_TIME_SECONDS = 7 * 24 * 3600.0

_FEWEST_DIFFERENT_CHARACTERS = 5
_ONE_TIME_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_ONE_TIME_GROUPS = 4
_ONE_TIME_GROUP_LENGTH = 5
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_HASHES_AT_ONCE = 4
_LONGEST_WAIT_SECONDS = 3.0
_SLOTS = threading.BoundedSemaphore(_HASHES_AT_ONCE)
# A hash of a random value that nobody kept: unknown people cost as much time as known ones.
_NOBODYS_HASH = _HASHER.hash(secrets.token_urlsafe(32))
_COMMON = frozenset(
    {
        "passwordpassword",
        "password12345678",
        "password123456789",
        "password1234567890",
        "1234567890123456",
        "123456789012345",
        "12345678901234567890",
        "123456789abcdefg",
        "1q2w3e4r5t6y7u8i9o0p",
        "1qaz2wsx3edc4rfv",
        "1qaz2wsx3edc4rfv5tgb",
        "qwertyuiopasdfgh",
        "qwertyuiop12345",
        "qwertyuiop123456",
        "qwertyuiopasdfghjkl",
        "qwertyuiopasdfghjklzxcvbnm",
        "abcdefghijklmnop",
        "abcdefghijklmnopqrstuvwxyz",
        "letmeinletmeinletmein",
        "iloveyouiloveyou",
        "administrator123",
        "changemechangeme",
        "welcomewelcome1",
        "correcthorsebatterystaple",
        "correct horse battery staple",
    }
)


def hash_password(password: Secret) -> str:
    """The Argon2id hash of `password`. Raises BusyError when too many are being hashed."""
    with _slot():
        return _HASHER.hash(_normal(password))


def verify_password(stored_hash: str | None, password: Secret) -> bool:
    """Whether `password` is the one that was hashed. Without a hash it takes as long and is False.

    Raises BusyError when too many are being hashed.
    """
    with _slot():
        try:
            matches = _HASHER.verify(stored_hash or _NOBODYS_HASH, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
    return matches and stored_hash is not None


def needs_new_hash(stored_hash: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored_hash)


def fault_of_new_password(password: Secret, user_name: str) -> str | None:
    """What is wrong with a password that somebody chose, as a sentence for them; None when nothing is."""
    text = _normal(password)
    if len(text) < SHORTEST_PASSWORD:
        return f"Use at least {SHORTEST_PASSWORD} characters. A short sentence is easy to remember."
    if len(text) > LONGEST_PASSWORD:
        return f"Use at most {LONGEST_PASSWORD} characters."
    if text.casefold() == user_name.casefold():
        return "Use something other than your user name."
    if text.casefold() in _COMMON or len(set(text)) < _FEWEST_DIFFERENT_CHARACTERS:
        return "That password is one of the first that others would try. Choose another."
    return None


def set_one_time_password(change: Change, user_id: str) -> Secret:
    """Give a person a password that they must replace within a week; the old one ends.

    So does every session they have, in browsers and programs. Wrong tries of the old one are forgotten.
    """
    groups = [
        "".join(secrets.choice(_ONE_TIME_ALPHABET) for _ in range(_ONE_TIME_GROUP_LENGTH))
        for _ in range(_ONE_TIME_GROUPS)
    ]
    password = Secret("-".join(groups))
    write_password(
        change,
        StoredPassword(
            user_id=user_id,
            hash=hash_password(password),
            must_change=True,
            valid_until=change.now + ONE_TIME_SECONDS,
            changed_at=change.now,
        ),
    )
    end_all_sessions(change, user_id)
    forgive_person(change, user_id)
    change.record("sign-in:SetOneTimePassword", user_id)
    return password


def end_all_sessions(change: Change, user_id: str) -> None:
    """End a person's sessions in browsers and programs. The caller records why."""
    delete_browser_sessions_of(change.connection, user_id)
    end_portal_sessions_of(change.connection, user_id, change.now)


@contextmanager
def _slot() -> Iterator[None]:
    """Each hash takes 19 MiB: only a few at once, and nobody waits long."""
    if not _SLOTS.acquire(timeout=_LONGEST_WAIT_SECONDS):
        raise BusyError("too many people are signing in at this moment", hint="try again in a few seconds")
    try:
        yield
    finally:
        _SLOTS.release()


def _normal(password: Secret) -> str:
    return unicodedata.normalize("NFC", password.reveal())
