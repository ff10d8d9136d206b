"""The first layer of a plan: its operations, many alike in one line."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from usher.core.ids import AccountId
from usher.core.policy_document import PolicyDocument
from usher.plan.changes import (
    AddMember,
    Change,
    CreateAssignment,
    CreateEntitlement,
    CreateGroup,
    CreateUser,
    DeleteAssignment,
    DeleteEntitlement,
    DeleteGroup,
    DeleteInlinePolicy,
    DeleteUser,
    Plan,
    ProvisionPermissionSet,
    PutInlinePolicy,
    RemoveMember,
    UpdateGroup,
    UpdateUser,
)
from usher.plan.places import Places, counted, names_in_words
from usher.plan.words import Sign, sign_of, words_of

_MANY = 4

_Grant = CreateAssignment | DeleteAssignment | CreateEntitlement | DeleteEntitlement


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of a plan: one change, or several alike. `difference` are the lines of a policy's."""

    sign: Sign
    words: str
    difference: tuple[str, ...] = ()


def operation_groups(plan: Plan, *, together: bool) -> Iterator[tuple[str, list[Operation]]]:
    """The plan's operations under what they are about; with `together`, changes alike are one line."""
    titles = ("People", "Permission sets", "Access")
    sorted_in: dict[str, list[Change]] = {title: [] for title in titles}
    for change in plan.changes:
        sorted_in[_title(change)].append(change)
    places = Places(plan.accounts)
    for title, changes in sorted_in.items():
        if changes:
            yield title, list(_together(changes, plan, places) if together else _apart(changes, plan))


def _title(change: Change) -> str:
    match change:
        case (
            CreateUser()
            | UpdateUser()
            | CreateGroup()
            | UpdateGroup()
            | AddMember()
            | RemoveMember()
            | DeleteGroup()
            | DeleteUser()
        ):
            return "People"
        case CreateAssignment() | DeleteAssignment() | CreateEntitlement() | DeleteEntitlement():
            return "Access"
        case _:
            return "Permission sets"


def _apart(changes: Iterable[Change], plan: Plan) -> Iterator[Operation]:
    for change in changes:
        yield Operation(sign_of(change), words_of(change, plan.accounts), tuple(_policy_difference(change)))


def _together(changes: list[Change], plan: Plan, places: Places) -> Iterator[Operation]:
    """Changes alike as one, where the first of them stands."""
    alike: dict[tuple[object, ...], list[Change]] = defaultdict(list)
    for number, change in enumerate(changes):
        alike[_likeness(change) or (number,)].append(change)
    for found in sorted(alike.values(), key=_weight):
        words = _words_together(found, places)
        if words:
            yield Operation(sign_of(found[0]), words)
        else:
            yield from _apart(found, plan)


def _weight(changes: list[Change]) -> tuple[bool, int]:
    """What takes access comes first, then what gives most: a screen may not hold all."""
    if isinstance(changes[0], _Grant):
        return isinstance(changes[0], CreateAssignment | CreateEntitlement), -len(changes)
    return True, 0


def _likeness(change: Change) -> tuple[object, ...] | None:
    """What is equal for changes that one line can tell."""
    match change:
        case CreateUser() | CreateGroup() | DeleteUser() | DeleteGroup():
            return (type(change),)
        case AddMember(group=group) | RemoveMember(group=group):
            return type(change), group
        case CreateAssignment(assignment=each) | DeleteAssignment(assignment=each, dangling=False):
            return type(change), each.principal, each.permission_set
        case CreateEntitlement(entitlement=role) | DeleteEntitlement(entitlement=role, dangling=False):
            return type(change), role.principal, role.role_name
        case DeleteAssignment(assignment=each):
            return type(change), "dangling", each.permission_set
        case _:
            return None


def _words_together(changes: list[Change], places: Places) -> str:
    """One sentence for all of `changes`; empty where each has its own."""
    first, count = changes[0], len(changes)
    match first:
        case CreateAssignment() | DeleteAssignment() | CreateEntitlement() | DeleteEntitlement() if count > 1:
            return _grants_together(first, [each for each in changes if isinstance(each, _Grant)], places)
        case AddMember(group=group) if count >= _MANY:
            return f"{counted(count, 'person', 'people')} join {group}: {_people(changes)}"
        case RemoveMember(group=group) if count >= _MANY:
            return f"{counted(count, 'person', 'people')} leave {group}: {_people(changes)}"
        case CreateUser() if count >= _MANY:
            return f"{count:,} users are added: {_people(changes)}"
        case CreateGroup() if count >= _MANY:
            return f"{count:,} groups are added: {_people(changes)}"
        case ProvisionPermissionSet(name=name, reason=reason, accounts=accounts):
            return f"{name} is brought up to date because {reason}, in {places.words(accounts)}"
        case _:
            return ""


def _grants_together(first: _Grant, changes: list[_Grant], places: Places) -> str:
    where = places.words(_account(change) for change in changes)
    verb = "gains" if isinstance(first, CreateAssignment | CreateEntitlement) else "loses"
    match first:
        case DeleteAssignment(assignment=each, dangling=True):
            gone = counted(len({_principal(change) for change in changes}), "principal")
            return f"{gone} that no longer exist lose {each.permission_set} in {where}"
        case CreateAssignment(assignment=each) | DeleteAssignment(assignment=each):
            return f"{each.principal.name} {verb} {each.permission_set} in {where}"
        case CreateEntitlement(entitlement=role) | DeleteEntitlement(entitlement=role):
            return f"{role.principal.name} {verb} the role {role.role_name} in {where}"


def _account(change: _Grant) -> AccountId:
    if isinstance(change, CreateAssignment | DeleteAssignment):
        return change.assignment.account_id
    return change.entitlement.account_id


def _principal(change: _Grant) -> str:
    if isinstance(change, CreateAssignment | DeleteAssignment):
        return change.assignment.principal.name
    return change.entitlement.principal.name


def _people(changes: Iterable[Change]) -> str:
    names: list[str] = []
    for change in changes:
        match change:
            case AddMember(user_name=name) | RemoveMember(user_name=name) | CreateGroup(group=name):
                names.append(name)
            case CreateUser(user=user):
                names.append(user.user_name)
            case _:
                pass
    return names_in_words(names)


def _policy_difference(change: Change) -> list[str]:
    """The difference of inline policies, line by line."""
    match change:
        case PutInlinePolicy(policy=policy, before=before):
            return _difference(before, policy)
        case DeleteInlinePolicy(before=before):
            return _difference(before, None)
        case _:
            return []


def _difference(before: PolicyDocument | None, after: PolicyDocument | None) -> list[str]:
    old, new = (_pretty(policy) for policy in (before, after))
    return list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]


def _pretty(policy: PolicyDocument | None) -> list[str]:
    if policy is None:
        return []
    try:
        return policy.pretty.splitlines()
    except ValueError:  # somebody stored what is not JSON
        return policy.json.splitlines()
