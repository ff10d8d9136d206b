"""From the names a plan uses to the ids the API wants: what was read, and what the run has made since."""

from __future__ import annotations

from usher.apply.ports import Grant
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import PermissionSetArn, PrincipalId
from usher.core.organization import ActualAccess
from usher.core.principals import Principal, PrincipalKind


class Identifiers:
    """The ids of one run; it grows as things are made."""

    def __init__(self, actual: ActualAccess) -> None:
        self._principals = dict(actual.principal_ids)
        self._permission_sets = dict(actual.permission_set_arns)
        self._memberships = dict(actual.membership_ids)
        self._entitlements = dict(actual.entitlement_ids)

    def learn_user(self, name: str, user_id: PrincipalId) -> None:
        """Note the id of a user that was made."""
        self._principals[Principal(PrincipalKind.USER, name)] = user_id

    def learn_group(self, name: str, group_id: PrincipalId) -> None:
        """Note the id of a group that was made."""
        self._principals[Principal(PrincipalKind.GROUP, name)] = group_id

    def learn_permission_set(self, name: str, arn: PermissionSetArn) -> None:
        """Note the ARN of a permission set that was made."""
        self._permission_sets[name] = arn

    def user(self, name: str) -> PrincipalId:
        """A user's id."""
        return self._principals[Principal(PrincipalKind.USER, name)]

    def group(self, name: str) -> PrincipalId:
        """A group's id."""
        return self._principals[Principal(PrincipalKind.GROUP, name)]

    def permission_set(self, name: str) -> PermissionSetArn:
        """A permission set's ARN."""
        return self._permission_sets[name]

    def membership(self, group: str, user_name: str) -> str:
        """The id of a membership that was read."""
        return self._memberships[group, user_name]

    def principal(self, principal: Principal) -> PrincipalId:
        """A user's or group's id."""
        return self._principals[principal]

    def entitlement(self, entitlement: Entitlement) -> str:
        """The id of an entitlement that was read."""
        return self._entitlements[entitlement]

    def grant(self, assignment: Assignment) -> Grant:
        """An assignment by ids."""
        principal = assignment.principal
        return Grant(
            principal.kind,
            self._principals[principal],
            self._permission_sets[assignment.permission_set],
            assignment.account_id,
        )
