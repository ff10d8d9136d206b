"""AWS accounts as AWS Organizations knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from usher.core.ids import AccountId


@dataclass(frozen=True, slots=True)
class Account:
    """One AWS account.

    `is_management` marks the organization's management account; `active` is False for suspended
    and closed accounts, which take no assignments.
    """

    id: AccountId
    name: str
    email: str = ""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    active: bool = True
    is_management: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"
