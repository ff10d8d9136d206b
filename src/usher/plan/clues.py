"""What an audit log would hold about a difference: the names of the events that make it, and what they
mention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from usher.core.assignments import Assignment, Entitlement, Granted
from usher.core.audit_events import AuditEvent
from usher.core.organization import ActualAccess
from usher.core.principals import Principal, PrincipalKind
from usher.plan.changes import (
    AddMember,
    AttachCustomerPolicy,
    AttachManagedPolicy,
    ContentChange,
    CreateAssignment,
    CreateEntitlement,
    DeleteAssignment,
    DeleteBoundary,
    DeleteEntitlement,
    DeleteInlinePolicy,
    DetachCustomerPolicy,
    DetachManagedPolicy,
    Difference,
    PutBoundary,
    PutInlinePolicy,
    RemoveMember,
    TagPermissionSet,
    UntagPermissionSet,
    UpdateGroup,
    UpdatePermissionSet,
    UpdateUser,
    granted_by,
)
from usher.plan.drift import Drifted, DriftKind

# The API's names, and those that the console's own calls have in CloudTrail (source sso-directory).
_JOINED = ("CreateGroupMembership", "AddMemberToGroup")
_LEFT = ("DeleteGroupMembership", "RemoveMemberFromGroup")
_INLINE = ("PutInlinePolicyToPermissionSet", "DeleteInlinePolicyFromPermissionSet")
_BOUNDARY = ("PutPermissionsBoundaryToPermissionSet", "DeletePermissionsBoundaryFromPermissionSet")
_TAGS = ("TagResource", "UntagResource")


@dataclass(frozen=True, slots=True)
class Clue:
    """An event called one of `names` that mentions all of `mentions` made the difference."""

    names: tuple[str, ...]
    mentions: frozenset[str]

    def fits(self, event: AuditEvent) -> bool:
        """Whether `event` made the difference."""
        return event.name in self.names and self.mentions <= event.mentions


def clue_of(drifted: Drifted, actual: ActualAccess) -> Clue | None:
    """How to find who made the difference; None when its objects are gone, and their ids with them."""
    what = drifted.what
    match what:
        case Difference(granted=granted):
            return _access_clue(granted, drifted.kind, actual)
        case CreateAssignment() | DeleteAssignment() | CreateEntitlement() | DeleteEntitlement():
            return _access_clue(granted_by(what), drifted.kind, actual)
        case AddMember(group=group, user_name=user_name):
            return _membership_clue(_LEFT, group, user_name, actual)
        case RemoveMember(group=group, user_name=user_name):
            return _membership_clue(_JOINED, group, user_name, actual)
        case UpdateUser(after=user):
            return _clue(("UpdateUser",), actual.principal_ids.get(_user(user.user_name)))
        case UpdateGroup(group=group):
            return _clue(("UpdateGroup",), actual.principal_ids.get(_group(group)))
        case TagPermissionSet(name=name) | UntagPermissionSet(name=name):
            return _clue(_TAGS, actual.permission_set_arns.get(name))
        case _ if isinstance(what, ContentChange):
            return _content_clue(what, actual)
        case _:
            return None


def who_made(event: AuditEvent, actual: ActualAccess) -> str:
    """The name of who made `event`; where the log has an id alone, the store's name for it."""
    if event.by_user_id is None:
        return event.by
    for principal, known in actual.principal_ids.items():
        if known == event.by_user_id and principal.kind is PrincipalKind.USER:
            return principal.name
    return event.by or f"the user {event.by_user_id}, who no longer exists"


def names_to_look_for(clues: Mapping[Drifted, Clue]) -> Sequence[str]:
    """The event names to ask for, each once, in the order of first need."""
    return list(dict.fromkeys(name for clue in clues.values() for name in clue.names))


def _access_clue(granted: Granted, kind: DriftKind, actual: ActualAccess) -> Clue | None:
    verb = "Create" if kind is DriftKind.GIVEN else "Delete"
    principal = actual.principal_ids.get(granted.principal)
    match granted:
        case Assignment(permission_set=name, account_id=account):
            arn = actual.permission_set_arns.get(name)
            return _clue((f"{verb}AccountAssignment",), principal, arn, account)
        case Entitlement(role=role):
            if kind is DriftKind.MISSING:
                return None  # the request to delete names the entitlement by an id that is gone with it
            return _clue((f"{verb}Entitlement",), principal, role)


def _membership_clue(names: tuple[str, ...], group: str, user_name: str, actual: ActualAccess) -> Clue | None:
    ids = actual.principal_ids
    return _clue(names, ids.get(_group(group)), ids.get(_user(user_name)))


def _content_clue(change: ContentChange, actual: ActualAccess) -> Clue | None:
    arn = actual.permission_set_arns.get(change.name)
    match change:
        case UpdatePermissionSet():
            return _clue(("UpdatePermissionSet",), arn)
        case AttachManagedPolicy(policy=policy):
            return _clue(("DetachManagedPolicyFromPermissionSet",), arn, policy.arn)
        case DetachManagedPolicy(policy=policy):
            return _clue(("AttachManagedPolicyToPermissionSet",), arn, policy.arn)
        case AttachCustomerPolicy(policy=customer):
            name = "DetachCustomerManagedPolicyReferenceFromPermissionSet"
            return _clue((name,), arn, customer.name)
        case DetachCustomerPolicy(policy=customer):
            return _clue(("AttachCustomerManagedPolicyReferenceToPermissionSet",), arn, customer.name)
        case PutInlinePolicy() | DeleteInlinePolicy():
            return _clue(_INLINE, arn)
        case PutBoundary() | DeleteBoundary():
            return _clue(_BOUNDARY, arn)


def _clue(names: tuple[str, ...], *mentions: str | None) -> Clue | None:
    known = [each for each in mentions if each is not None]
    return Clue(names, frozenset(known)) if len(known) == len(mentions) else None


def _user(name: str) -> Principal:
    return Principal(PrincipalKind.USER, name)


def _group(name: str) -> Principal:
    return Principal(PrincipalKind.GROUP, name)
