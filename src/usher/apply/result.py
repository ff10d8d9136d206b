"""What came of a run: one outcome per change, with AWS's reason and the likely cause where one failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.core.permission_sets import MAX_MANAGED_POLICIES, PermissionSet
from usher.plan.changes import (
    Change,
    CreateAssignment,
    CreateEntitlement,
    DeleteAssignment,
    ProvisionPermissionSet,
)

_IAM_POLICIES_PER_ROLE = 10  # IAM's default quota, below what a permission set may hold


class Outcome(Enum):
    """How a change ended, or that it has begun."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Item:
    """One change and how it went. `reason` is AWS's, `cause` what probably is behind it."""

    change: Change
    outcome: Outcome
    reason: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class RunResult:
    """The outcome of every change, in the order in which they ended."""

    items: tuple[Item, ...]

    @property
    def done(self) -> tuple[Item, ...]:
        """The changes that were made."""
        return tuple(item for item in self.items if item.outcome is Outcome.DONE)

    @property
    def not_done(self) -> tuple[Item, ...]:
        """The changes that failed, and those skipped because they depend on one that did."""
        return tuple(item for item in self.items if item.outcome is not Outcome.DONE)


def likely_cause(
    change: Change, accounts: Mapping[AccountId, Account], sets: Mapping[str, PermissionSet]
) -> str:
    """What most often is behind the failure of `change`, from what is known of its account and set."""
    concerned: tuple[AccountId, ...]
    match change:
        case CreateAssignment(assignment=assignment) | DeleteAssignment(assignment=assignment):
            concerned, name = (assignment.account_id,), assignment.permission_set
        case ProvisionPermissionSet(name=name, accounts=where):
            concerned = where
        case CreateEntitlement(entitlement=entitlement):
            return _account_cause(accounts, entitlement.account_id) or (
                f"the account may lack the role {entitlement.role_name}, "
                "or the role does not trust Account Access Manager"
            )
        case _:
            return ""
    for account_id in concerned:
        cause = _account_cause(accounts, account_id)
        if cause:
            return cause
    permission_set = sets.get(name)
    if permission_set is not None and permission_set.customer_policies:
        policies = ", ".join(f"{each.path}{each.name}" for each in sorted(permission_set.customer_policies))
        return f"the account may lack the customer managed policy {policies}"
    if permission_set is not None and len(permission_set.managed_policies) > _IAM_POLICIES_PER_ROLE:
        return (
            f"a permission set may hold {MAX_MANAGED_POLICIES} policies, but a role only "
            f"{_IAM_POLICIES_PER_ROLE} unless the account's IAM quota was raised"
        )
    if any(accounts[account_id].is_management for account_id in concerned):
        return "only the management account's own administrators may change access to it"
    return ""


def _account_cause(accounts: Mapping[AccountId, Account], account_id: AccountId) -> str:
    """Why nothing can be changed in the account, if that is so."""
    account = accounts.get(account_id)
    if account is None:
        return f"account {account_id} is not in the organization"
    return "" if account.active else f"account {account} is suspended or closed"
