"""The laws that no plan may break without a person saying so."""

from __future__ import annotations

from usher.core.errors import ExitCode, UsherError
from usher.plan.changes import Plan

REMOVABLE_PERCENT = 20


class TooManyRemovalsError(UsherError):
    """The plan takes away more assignments than a slip of the pen should be able to."""


def check_removals(plan: Plan, allowed: int | None = None) -> None:
    """Refuse to remove more than a fifth of the assignments, unless `allowed` covers them all.

    One removal is always possible. Assignments of deleted principals count like any other. Raises
    TooManyRemovalsError, which names the count, the share and the flag that allows it.
    """
    removals = len(plan.removals)
    limit = max(1, plan.managed_assignments * REMOVABLE_PERCENT // 100, allowed or 0)
    if removals <= limit:
        return
    dangling = sum(removal.dangling for removal in plan.removals)
    of_which = f" ({dangling} of them of users or groups that no longer exist)" if dangling else ""
    share = removals / plan.managed_assignments
    raise TooManyRemovalsError(
        f"the plan removes {removals} of {plan.managed_assignments} assignments, {share:.0%}{of_which}; "
        f"without your word it may remove {limit}",
        hint=f"look at the plan, and if that is meant, add --allow-removals {removals}",
        exit_code=ExitCode.FAILED,
    )
