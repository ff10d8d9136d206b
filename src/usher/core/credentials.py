"""Keys for AWS, wherever they came from: a portal, an assumed role, an IAM user, another program."""

from __future__ import annotations

from dataclasses import dataclass

from usher.core.ids import AccountId
from usher.core.secrets import Secret


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys that sign AWS calls.

    `expires_at` is in seconds since the epoch, None for keys that do not end (an IAM user's own).
    `account_id` is None where the source does not tell it.
    """

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None
    expires_at: float | None = None
    account_id: AccountId | None = None
