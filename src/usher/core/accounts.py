"""AWS accounts as AWS Organizations knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from usher.core.ids import AccountId


@dataclass(frozen=True, slots=True)
class Account:
    """One AWS account.

    `is_management` marks the organization's management account; `active` is False for suspended
    and closed accounts, which take no assignments. `ou_names` and `ou_ids` lead from the root to the
    organizational unit that holds the account; both are empty for an account directly in the root, and
    where the units were not read.
    """

    id: AccountId
    name: str
    email: str = ""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    active: bool = True
    is_management: bool = False
    ou_names: tuple[str, ...] = ()
    ou_ids: tuple[str, ...] = ()

    @property
    def ou(self) -> str:
        """The path of the organizational unit, for example `Workloads/Production`; empty in the root."""
        return "/".join(self.ou_names)

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"
