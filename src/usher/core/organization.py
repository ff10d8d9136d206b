"""The whole picture of access: what the access file asks for and what an Identity Center has.

`DesiredAccess` comes out of the access file; `ActualAccess` is read through the AWS APIs. `plan`
compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from usher.core.access_tests import AccessTest, Separation
from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement, Granted
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, PermissionSetArn, PrincipalId
from usher.core.permission_sets import PermissionSet
from usher.core.principals import Group, Principal, User
from usher.core.rules import DriftMode, RuleNote

MANAGED_BY_TAG = "usher:managed-by"
MANAGED_BY_ACCESS_FILE = "access-file"


@dataclass(frozen=True, slots=True)
class Instance:
    """An Identity Center instance and its identity store.

    `permission_sets_enabled` is False for one that gives access to owned roles only.
    """

    arn: InstanceArn
    identity_store_id: IdentityStoreId
    permission_sets_enabled: bool = True


@dataclass(frozen=True, slots=True)
class DesiredAccess:
    """What the access file says, with every selector resolved to accounts.

    `users`, `groups` and `permission_sets` are keyed by name; `external_users` and `external_groups` come
    from a directory elsewhere, are referred to and never changed. `roles` are the owned IAM roles that the
    file decides about, as path and name without the leading slash: it is exact for their entitlements in
    every account.

    `rules` are the rules in force, `expired` those that no longer are, `upcoming`
    those that are not yet; `origins` gives each grant the
    indices of the rules that give it. `drift` holds the mode of each (permission set or role, account)
    that has another than `drift_default`.
    """

    accounts: Mapping[AccountId, Account]
    users: Mapping[str, User]
    groups: Mapping[str, Group]
    permission_sets: Mapping[str, PermissionSet]
    assignments: frozenset[Assignment]
    entitlements: frozenset[Entitlement] = frozenset()
    external_users: frozenset[str] = frozenset()
    external_groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    rules: tuple[RuleNote, ...] = ()
    expired: tuple[RuleNote, ...] = ()
    upcoming: tuple[RuleNote, ...] = ()
    origins: Mapping[Granted, tuple[int, ...]] = field(default_factory=dict)
    drift: Mapping[tuple[str, AccountId], DriftMode] = field(default_factory=dict)
    drift_default: DriftMode = DriftMode.ENFORCE
    tests: tuple[AccessTest, ...] = ()
    separations: tuple[Separation, ...] = ()

    def drift_of(self, granted: Granted) -> DriftMode:
        """What becomes of `granted` where it is and the file does not give it."""
        name = granted.permission_set if isinstance(granted, Assignment) else granted.role_name
        return self.drift.get((name, granted.account_id), self.drift_default)


@dataclass(frozen=True, slots=True)
class Unread:
    """What a reading left out, so that nobody takes silence for absence. Names.

    `dangling` says that assignments of deleted principals may exist unseen; `user_grants` that
    assignments to single users may; `entitlements` that access to owned roles may.
    """

    policies_of: frozenset[str] = frozenset()
    members_of: frozenset[str] = frozenset()
    assignments_of: frozenset[str] = frozenset()
    dangling: bool = False
    user_grants: bool = False
    entitlements: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether the reading is complete."""
        return self == Unread()


@dataclass(frozen=True, slots=True)
class ActualAccess:
    """What an instance has. Ids are beside the values so that the values compare with the file's.

    `stale` names (permission set, account) pairs whose role lags behind its permission set
    (`LATEST_PERMISSION_SET_NOT_PROVISIONED`). `membership_ids` is keyed by (group name, user name).
    An assignment whose principal no longer exists carries the principal's id as its name.
    """

    instance: Instance
    accounts: Mapping[AccountId, Account]
    users: Mapping[str, User]
    groups: Mapping[str, Group]
    permission_sets: Mapping[str, PermissionSet]
    assignments: frozenset[Assignment]
    principal_ids: Mapping[Principal, PrincipalId] = field(default_factory=dict)
    permission_set_arns: Mapping[str, PermissionSetArn] = field(default_factory=dict)
    membership_ids: Mapping[tuple[str, str], str] = field(default_factory=dict)
    stale: frozenset[tuple[str, AccountId]] = frozenset()
    entitlements: frozenset[Entitlement] = frozenset()
    entitlement_ids: Mapping[Entitlement, str] = field(default_factory=dict)
    unread: Unread = Unread()
