"""The access file as values: what it says, not yet matched with an organization.

Names that can only be checked against the organization or the partition keep their positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from usher.access.diagnostics import Diagnostic
from usher.access.locate import START, Located, Position
from usher.access.organization import QUOTAS, OrganizationRef
from usher.core.ids import AccountId
from usher.core.permission_sets import CustomerPolicy, PermissionSet
from usher.core.principals import Group, Principal, User
from usher.core.rules import DriftMode, RuleNote


@dataclass(frozen=True, slots=True)
class DeclaredAccount:
    """An account as the file names it; without `id`, the organization knows it."""

    name: str
    at: Position
    id: Located[AccountId] | None = None
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class EveryAccount:
    """`accounts: all`: every active account in scope, the management account too."""

    at: Position


@dataclass(frozen=True, slots=True)
class MemberAccounts:
    """`accounts: members`: every active account in scope but the management account."""

    at: Position


@dataclass(frozen=True, slots=True)
class NamedAccounts:
    """`accounts: [staging, "333333333333", "prod-*"]`: by name, id or pattern."""

    names: tuple[Located[str], ...]

    @property
    def at(self) -> Position:
        """Where the first name stands."""
        return self.names[0].at if self.names else START


@dataclass(frozen=True, slots=True)
class MatchingAccounts:
    """`accounts: {tags: …, ou: …, names: …, except: …}`: active accounts for which all of it is true.

    `tags` gives each key the values that will do. `units` are organizational units whose accounts are meant
    with those of all units below, `direct_units` those of which only their own are; paths or ids. The
    management account is among them only when `management` is true or when it is named.
    """

    at: Position
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    units: tuple[Located[str], ...] = ()
    direct_units: tuple[Located[str], ...] = ()
    names: tuple[Located[str], ...] = ()
    excluded: AccountSelector | None = None
    management: bool = False


AccountSelector: TypeAlias = EveryAccount | MemberAccounts | NamedAccounts | MatchingAccounts


@dataclass(frozen=True, slots=True)
class Variant:
    """A permission set that takes its base's place in some accounts."""

    name: Located[str]
    accounts: AccountSelector


@dataclass(frozen=True, slots=True)
class DeclaredPermissionSet:
    """A permission set whose AWS managed policies are still names or ARNs of no certain partition.

    `settings` holds everything else; its `managed_policies` is empty, and so is its `boundary`.
    """

    settings: PermissionSet
    managed_policies: tuple[Located[str], ...] = ()
    boundary: Located[str] | CustomerPolicy | None = None
    variants: tuple[Variant, ...] = ()
    at: Position = field(default=START, compare=False)


@dataclass(frozen=True, slots=True)
class DeclaredRole:
    """An IAM role that the organization owns: what rules call it, and its name and path in each account."""

    key: str
    name: str
    path: str
    at: Position

    @property
    def path_and_name(self) -> str:
        """For example `teams/web/Deployer`, as it stands in ARNs after `role/`."""
        return f"{self.path}{self.name}".removeprefix("/")


@dataclass(frozen=True, slots=True)
class Rule:
    """One `access` rule: each of these principals gets each of these sets or roles in each selected account.

    `roles` are keys of the file's `roles` section; one of `permission_sets` and `roles` is empty.
    """

    principals: tuple[Principal, ...]
    permission_sets: tuple[str, ...]
    accounts: AccountSelector
    note: RuleNote
    at: Position
    roles: tuple[str, ...] = ()
    within: AccountSelector | None = None
    """The accounts that the file with this rule may touch; None for any."""


@dataclass(frozen=True, slots=True)
class DeclaredTest:
    """One entry of `tests`; `entering` is a permission set, or a key of the `roles` section."""

    principal: Principal
    accounts: AccountSelector
    expected: bool
    at: Position
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ("*",)
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    entering: str = ""
    relies_on_scps: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredDuty:
    """One side of a separation. `accounts` None means anywhere; `roles` are keys."""

    groups: tuple[str, ...] = ()
    permission_sets: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    accounts: AccountSelector | None = None


@dataclass(frozen=True, slots=True)
class DeclaredSeparation:
    """One entry of `separation`: nobody may have more than one of these duties."""

    name: str
    duties: tuple[DeclaredDuty, ...]
    at: Position
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AccessFile:
    """A checked access file, or a folder of them, called `name` in messages. Mappings are keyed by name.

    With `discovers`, every account of the organization is in scope, and `accounts` only adds to them.
    `warnings` are what is allowed but should be known.
    """

    name: str
    accounts: Mapping[str, DeclaredAccount] = field(hash=False)
    users: Mapping[str, User] = field(hash=False)
    groups: Mapping[str, Group] = field(hash=False)
    permission_sets: Mapping[str, DeclaredPermissionSet] = field(hash=False)
    rules: tuple[Rule, ...]
    external_users: frozenset[str] = frozenset()
    external_groups: frozenset[str] = frozenset()
    roles: Mapping[str, DeclaredRole] = field(default_factory=dict, hash=False)
    tests: tuple[DeclaredTest, ...] = ()
    separations: tuple[DeclaredSeparation, ...] = ()
    organization: OrganizationRef | None = None
    discovers: bool = False
    quotas: Mapping[str, int] = field(default_factory=lambda: dict(QUOTAS), hash=False)
    drift: DriftMode = DriftMode.ENFORCE
    warnings: tuple[Diagnostic, ...] = ()
