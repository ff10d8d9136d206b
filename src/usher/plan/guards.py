"""The laws that no plan may break without a person saying so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from usher.core.assignments import Assignment
from usher.core.callers import Caller
from usher.core.errors import UsherError
from usher.core.organization import ActualAccess, DesiredAccess
from usher.core.principals import Principal, PrincipalKind
from usher.plan.changes import (
    AddMember,
    CreateAssignment,
    CreateEntitlement,
    DeleteAssignment,
    DeletePermissionSet,
    DeleteUser,
    DetachManagedPolicy,
    Plan,
    RemoveMember,
    granted_by,
)

REMOVABLE_PERCENT = 20
_ADMINISTRATOR = "AdministratorAccess"


class RefusedPlanError(UsherError):
    """The plan breaks a law, and nobody has said that it may."""


class TooManyRemovalsError(RefusedPlanError):
    """The plan takes away more access than a slip of the pen should be able to."""


class TooManySetDeletionsError(RefusedPlanError):
    """The plan deletes more permission sets than a slip of the pen should be able to."""


class SelfRemovalError(RefusedPlanError):
    """The plan takes away the access of whoever runs it."""


class ExpiredGrantError(RefusedPlanError):
    """The plan grants what its rule no longer allows."""


@dataclass(frozen=True, slots=True)
class Allowances:
    """What a person has said a plan may do."""

    removals: int | None = None
    set_deletions: int | None = None
    self_removal: bool = False


def check_plan(
    plan: Plan,
    actual: ActualAccess,
    desired: DesiredAccess | None,
    caller: Callable[[], Caller | None],
    now: datetime,
    allowances: Allowances,
) -> None:
    """All laws. `caller` is asked only when the plan could concern them. Raises RefusedPlanError."""
    for refusal in refusals(plan, actual, desired, caller, now, allowances):
        raise refusal


def refusals(
    plan: Plan,
    actual: ActualAccess,
    desired: DesiredAccess | None,
    caller: Callable[[], Caller | None],
    now: datetime,
    allowances: Allowances,
) -> Iterator[RefusedPlanError]:
    """Every law that `plan` breaks. `desired` is None where no file is behind it."""
    laws: tuple[Callable[[], None], ...] = (
        lambda: check_removals(plan, allowances.removals),
        lambda: check_set_deletions(plan, allowances.set_deletions),
        lambda: None if allowances.self_removal else check_own_access(plan, actual, caller),
        lambda: None if desired is None else check_not_expired(plan, desired, now),
    )
    for law in laws:
        try:
            law()
        except RefusedPlanError as refusal:
            yield refusal


def check_removals(plan: Plan, allowed: int | None = None) -> None:
    """Refuse to remove more than a fifth of the assignments, unless `allowed` covers them all.

    One removal is always possible. Assignments of deleted principals count like any other, and so does
    access that stays with a group whose last member leaves: nobody has it any more. Raises
    TooManyRemovalsError, which names the count, the share and the flag that allows it.
    """
    removals = len(plan.removals) + len(plan.emptied)
    limit = max(1, plan.managed_assignments * REMOVABLE_PERCENT // 100, allowed or 0)
    if removals <= limit:
        return
    dangling = sum(removal.dangling for removal in plan.removals)
    of_which = f" ({dangling} of them of users or groups that no longer exist)" if dangling else ""
    if plan.emptied:
        of_which += f" ({len(plan.emptied)} of them by taking the last member out of a group)"
    share = removals / plan.managed_assignments
    raise TooManyRemovalsError(
        f"the plan removes {removals} of {plan.managed_assignments} assignments, {share:.0%}{of_which}; "
        f"without your word it may remove {limit}",
        hint=f"look at the plan, and if that is meant, add --allow-removals {removals}",
    )


def check_set_deletions(plan: Plan, allowed: int | None = None) -> None:
    """Refuse to delete more than a fifth of the file's permission sets, unless `allowed` covers them all.

    One deletion is always possible. Raises TooManySetDeletionsError.
    """
    doomed = [change.name for change in plan.changes if isinstance(change, DeletePermissionSet)]
    limit = max(1, plan.managed_sets * REMOVABLE_PERCENT // 100, allowed or 0)
    if len(doomed) <= limit:
        return
    raise TooManySetDeletionsError(
        f"the plan deletes {len(doomed)} of the file's {plan.managed_sets} permission sets; "
        f"without your word it may delete {limit}",
        hint="is a part of the file missing? If they are meant to go, add "
        f"--allow-set-deletions {len(doomed)}",
    )


def check_own_access(plan: Plan, actual: ActualAccess, caller: Callable[[], Caller | None]) -> None:
    """Refuse to take away the access that the plan is run with.

    That is the last way of `caller` into their account with their permission set, or the administrator's
    policy of that set. Where a group's members were not read, they count as in it. Raises SelfRemovalError.
    """
    if not any(isinstance(change, _TAKING) for change in plan.changes):
        return
    who = caller()
    if who is None:
        return
    ways = _Ways(who, actual)
    if ways.found and not ways.left_by(plan):
        what = f"the plan takes away the access that you run it with: {who} would be gone"
    elif any(_takes_administration(change, who) for change in plan.changes):
        what = f"the plan takes {_ADMINISTRATOR} from {who.permission_set}, with which you run it"
    else:
        return
    raise SelfRemovalError(
        what, hint="let somebody else apply it; if you can spare that access, add --allow-self-removal"
    )


def check_not_expired(plan: Plan, desired: DesiredAccess, now: datetime) -> None:
    """Refuse to grant by a rule that has expired since the plan was made. `now` is in UTC.

    Raises ExpiredGrantError.
    """
    for change in plan.changes:
        if not isinstance(change, CreateAssignment | CreateEntitlement):
            continue
        rules = [desired.rules[index] for index in desired.origins.get(granted_by(change), ())]
        ended = [rule.expires for rule in rules if rule.expires is not None and rule.expires <= now]
        if rules and len(ended) == len(rules):
            raise ExpiredGrantError(
                f"the plan grants access by the rule at {rules[0].at}, which has expired at "
                f"{max(ended):%Y-%m-%d %H:%M} UTC",
                hint="make a new plan",
            )


_TAKING = (DeleteAssignment, RemoveMember, DeleteUser, DetachManagedPolicy)


def _takes_administration(change: object, who: Caller) -> bool:
    return (
        isinstance(change, DetachManagedPolicy)
        and change.name == who.permission_set
        and change.policy.name == _ADMINISTRATOR
    )


class _Ways:
    """The grants through which a person has one permission set in one account."""

    def __init__(self, who: Caller, actual: ActualAccess) -> None:
        name = who.user_name.casefold()
        self._user = next((each for each in actual.users if each.casefold() == name), who.user_name)
        self._target = (who.permission_set, who.account_id)
        self._me = Principal(PrincipalKind.USER, self._user)
        self._groups = {
            each
            for each, group in actual.groups.items()
            if self._user in group.members or each in actual.unread.members_of
        }
        self.found = {each for each in actual.assignments if self._leads_there(each, self._groups)}

    def left_by(self, plan: Plan) -> bool:
        """Whether a way is there after `plan`."""
        groups, ways = set(self._groups), set(self.found)
        for change in plan.changes:
            match change:
                case DeleteUser(user=user) if user.user_name == self._user:
                    return False
                case AddMember(group=group, user_name=self._user):
                    groups.add(group)
                case RemoveMember(group=group, user_name=self._user):
                    groups.discard(group)
                case DeleteAssignment(assignment=assignment):
                    ways.discard(assignment)
                case CreateAssignment(assignment=assignment):
                    ways.add(assignment)
                case _:
                    pass
        return any(self._leads_there(each, groups) for each in ways)

    def _leads_there(self, assignment: Assignment, groups: set[str]) -> bool:
        if (assignment.permission_set, assignment.account_id) != self._target:
            return False
        who = assignment.principal
        return who == self._me or (who.kind is PrincipalKind.GROUP and who.name in groups)
