"""A way in: one account and permission set that the person may enter, with all that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from usher.core.ids import AccountId


@dataclass(frozen=True, slots=True)
class WayIn:
    """One account and permission set. Unknown parts are empty.

    `unit` is the organizational unit's path; `alias` the person's own name for the account; `region`
    and `keys` are for this profile alone (`keys` are further lines of the AWS config file).
    """

    account_id: AccountId
    account_name: str
    permission_set: str
    email: str = ""
    unit: str = ""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    alias: str = ""
    region: str = ""
    description: str = ""
    keys: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{self.permission_set} in {self.account_name} ({self.account_id})"
