"""Permission sets: the template of a role that Identity Center puts into accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from usher.core.durations import PERMISSION_SET_SESSION_MIN
from usher.core.policy_document import PolicyDocument

MAX_MANAGED_POLICIES = 20


@dataclass(frozen=True, slots=True, order=True)
class ManagedPolicy:
    """An AWS managed policy, by ARN (`arn:aws:iam::aws:policy/ReadOnlyAccess`)."""

    arn: str

    @property
    def name(self) -> str:
        """The policy's name without path, for example `ReadOnlyAccess`."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True, order=True)
class CustomerPolicy:
    """A customer managed policy, resolved by name and path in each target account."""

    name: str
    path: str = "/"


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """What a role made from this permission set may do, and for how long.

    `session_seconds` is the role session's length (3,600 to 43,200). `relay_state` is the console
    address opened first; empty means the console's home.
    """

    name: str
    description: str = ""
    session_seconds: int = PERMISSION_SET_SESSION_MIN
    relay_state: str = ""
    managed_policies: frozenset[ManagedPolicy] = frozenset()
    customer_policies: frozenset[CustomerPolicy] = frozenset()
    inline_policy: PolicyDocument | None = None
    boundary: ManagedPolicy | CustomerPolicy | None = None
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
