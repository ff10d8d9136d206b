"""The port behind which accounts stand: where a role is really made, or only said to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from usher.server.store.permission_sets import StoredPermissionSet
from usher.server.store.roles import ProvisionedRole


@dataclass(frozen=True, slots=True)
class WantedRole:
    """A permission set as it was when the work began, and the role that stands for it in the account."""

    permission_set: StoredPermissionSet
    managed_policies: tuple[str, ...]
    customer_policies: tuple[tuple[str, str], ...]
    role: ProvisionedRole


class RoleMaker(Protocol):
    """Makes and removes roles in accounts. Everything raises UsherError, and may be done again."""

    def enter(self, account_id: str) -> None:
        """Make sure that the account can be entered."""
        ...

    def make_match(self, wanted: WantedRole) -> None:
        """Make the role, or what differs of it."""
        ...

    def remove(self, role: ProvisionedRole) -> None:
        """Remove the role; one that is gone is removed."""
        ...


class RolesInTheBooks:
    """For accounts that nobody enters: the directory's own record is all there is of a role."""

    def enter(self, account_id: str) -> None:
        """Nothing is in the way."""

    def make_match(self, wanted: WantedRole) -> None:
        """The record is made by the caller."""

    def remove(self, role: ProvisionedRole) -> None:
        """The record is removed by the caller."""
