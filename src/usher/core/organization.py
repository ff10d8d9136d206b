"""The whole picture of access: what the access file asks for and what an Identity Center has.

`DesiredAccess` comes out of the access file; `ActualAccess` is read through the AWS APIs. `plan`
compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, PermissionSetArn, PrincipalId
from usher.core.permission_sets import PermissionSet
from usher.core.principals import Group, Principal, User

MANAGED_BY_TAG = "usher:managed-by"
MANAGED_BY_ACCESS_FILE = "access-file"


@dataclass(frozen=True, slots=True)
class Instance:
    """An Identity Center instance and its identity store."""

    arn: InstanceArn
    identity_store_id: IdentityStoreId


@dataclass(frozen=True, slots=True)
class DesiredAccess:
    """What the access file says, with every selector resolved to accounts.

    `users`, `groups` and `permission_sets` are keyed by name.
    """

    accounts: Mapping[AccountId, Account]
    users: Mapping[str, User]
    groups: Mapping[str, Group]
    permission_sets: Mapping[str, PermissionSet]
    assignments: frozenset[Assignment]


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
