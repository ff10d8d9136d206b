"""The access file as values: what it says, not yet matched with an organization.

Names that can only be checked against the organization or the partition keep their positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from usher.access.locate import Located, Position
from usher.core.ids import AccountId
from usher.core.permission_sets import CustomerPolicy, PermissionSet
from usher.core.principals import Group, Principal, User


@dataclass(frozen=True, slots=True)
class DeclaredAccount:
    """An account as the file names it; without `id`, the organization knows it."""

    name: str
    at: Position
    id: Located[AccountId] | None = None
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class DeclaredPermissionSet:
    """A permission set whose AWS managed policies are still names or ARNs of no certain partition.

    `settings` holds everything else; its `managed_policies` is empty, and so is its `boundary`.
    """

    settings: PermissionSet
    managed_policies: tuple[Located[str], ...] = ()
    boundary: Located[str] | CustomerPolicy | None = None


@dataclass(frozen=True, slots=True)
class EveryAccount:
    """`accounts: all`: every active account that the file declares."""

    at: Position


@dataclass(frozen=True, slots=True)
class NamedAccounts:
    """`accounts: [staging, "333333333333"]`: by name or id."""

    names: tuple[Located[str], ...]


@dataclass(frozen=True, slots=True)
class TaggedAccounts:
    """`accounts: {tags: {env: production}}`: active declared accounts that carry all these tags."""

    at: Position
    tags: Mapping[str, str] = field(hash=False)


AccountSelector: TypeAlias = EveryAccount | NamedAccounts | TaggedAccounts


@dataclass(frozen=True, slots=True)
class Rule:
    """One `access` rule: each of these principals gets each of these sets in each selected account."""

    principals: tuple[Principal, ...]
    permission_sets: tuple[str, ...]
    accounts: AccountSelector


@dataclass(frozen=True, slots=True)
class AccessFile:
    """A checked access file. Mappings are keyed by name; `name` is the file's name in messages."""

    name: str
    accounts: Mapping[str, DeclaredAccount] = field(hash=False)
    users: Mapping[str, User] = field(hash=False)
    groups: Mapping[str, Group] = field(hash=False)
    permission_sets: Mapping[str, DeclaredPermissionSet] = field(hash=False)
    rules: tuple[Rule, ...]
