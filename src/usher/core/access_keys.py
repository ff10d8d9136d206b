"""The access keys of an IAM user as AWS tells them."""

from __future__ import annotations

from dataclasses import dataclass

from usher.core.errors import UsherError
from usher.core.secrets import Secret

MOST_KEYS = 2
"""AWS lets a user have two."""


@dataclass(frozen=True, slots=True)
class AccessKey:
    """One key without its secret. Times are seconds since the epoch; `used_at` is None for one never used."""

    id: str
    active: bool
    created_at: float
    used_at: float | None = None


@dataclass(frozen=True, slots=True)
class NewAccessKey:
    """A key that was just made: AWS tells its secret this once."""

    id: str
    secret: Secret


class KeyLimitError(UsherError):
    """The user has as many keys as AWS allows."""
