"""What changed between two readings: who gained and lost what, and which sets and accounts became different.

Only people whose own grants, groups or groups' grants changed are expanded, so that two readings of a large
organization compare in the time of reading them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TypeAlias

from usher.core.accounts import Account
from usher.core.assignments import Granted
from usher.core.durations import plain_duration
from usher.core.ids import AccountId
from usher.core.organization import ActualAccess, Unread
from usher.core.permission_sets import PermissionSet
from usher.core.policy_document import PolicyDocument
from usher.core.principals import Principal, PrincipalKind
from usher.report.holdings import Holdings, Target, target_of

Entry: TypeAlias = tuple[Target, AccountId]
"""What may be entered, and where."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What one person or group gained and lost, sorted. For a person: after group expansion."""

    principal: Principal
    gained: tuple[Entry, ...]
    lost: tuple[Entry, ...]
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetChange:
    """A permission set that came, went or changed; `words` are one line per field that differs."""

    name: str
    kind: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountChange:
    """An account that came, went, or changed its name, unit or state."""

    account: Account
    words: str


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that differs. `unread` says what one of the two readings did not see."""

    people: tuple[Difference, ...]
    groups: tuple[Difference, ...]
    permission_sets: tuple[SetChange, ...]
    accounts: tuple[AccountChange, ...]
    unread: tuple[Unread, Unread]

    @property
    def are_none(self) -> bool:
        """Whether the two readings are alike."""
        return not (self.people or self.groups or self.permission_sets or self.accounts)


def compare(before: ActualAccess, after: ActualAccess) -> Changes:
    """What is different in `after`."""
    old, new = Holdings(before), Holdings(after)
    changed = _changed_principals(old, new)
    return Changes(
        tuple(_people(old, new, changed)),
        tuple(_groups(old, new, changed)),
        tuple(_sets(before.permission_sets, after.permission_sets)),
        tuple(_accounts(before.accounts, after.accounts)),
        (before.unread, after.unread),
    )


def _changed_principals(old: Holdings, new: Holdings) -> frozenset[Principal]:
    before, after = set(old.granted), set(new.granted)
    return frozenset(granted.principal for granted in before ^ after)


def _people(old: Holdings, new: Holdings, changed: frozenset[Principal]) -> Iterator[Difference]:
    affected = {each.name for each in changed if each.kind is PrincipalKind.USER}
    groups = {each.name for each in changed if each.kind is PrincipalKind.GROUP}
    for holdings in (old, new):
        affected |= {name for name in holdings.access.users if not groups.isdisjoint(_of(holdings, name))}
    everybody = {*old.access.users, *new.access.users}
    affected |= {name for name in everybody if _of(old, name) != _of(new, name)}
    affected |= {name for name in everybody if (name in old.access.users) != (name in new.access.users)}
    for name in sorted(affected):
        before, after = _entries(old, name), _entries(new, name)
        if before != after or set(_of(old, name)) != set(_of(new, name)):
            yield _difference(
                Principal(PrincipalKind.USER, name),
                (before, after),
                (frozenset(_of(old, name)), frozenset(_of(new, name))),
            )


def _groups(old: Holdings, new: Holdings, changed: frozenset[Principal]) -> Iterator[Difference]:
    before, after = old.access.groups, new.access.groups
    names = {each.name for each in changed if each.kind is PrincipalKind.GROUP}
    for name in sorted({*names, *before, *after}):
        principal = Principal(PrincipalKind.GROUP, name)
        members = tuple(groups[name].members if name in groups else frozenset() for groups in (before, after))
        if name in names or members[0] != members[1]:
            entries = tuple(frozenset(_own(each, principal)) for each in (old, new))
            yield _difference(principal, (entries[0], entries[1]), (members[0], members[1]))


def _difference(
    principal: Principal,
    entries: tuple[frozenset[Entry], frozenset[Entry]],
    fellows: tuple[frozenset[str], frozenset[str]],
) -> Difference:
    return Difference(
        principal,
        gained=tuple(sorted(entries[1] - entries[0])),
        lost=tuple(sorted(entries[0] - entries[1])),
        joined=tuple(sorted(fellows[1] - fellows[0])),
        left=tuple(sorted(fellows[0] - fellows[1])),
    )


def _of(holdings: Holdings, person: str) -> tuple[str, ...]:
    return holdings.groups_of.get(person, ())


def _entries(holdings: Holdings, person: str) -> frozenset[Entry]:
    if person not in holdings.access.users:
        return frozenset()
    return frozenset(entry for each in holdings.principals_of(person) for entry in _own(holdings, each))


def _own(holdings: Holdings, principal: Principal) -> Iterator[Entry]:
    yield from (_entry(granted) for granted in holdings.of_principal.get(principal, ()))


def _entry(granted: Granted) -> Entry:
    return target_of(granted), granted.account_id


def _sets(before: Mapping[str, PermissionSet], after: Mapping[str, PermissionSet]) -> Iterator[SetChange]:
    for name in sorted({*before, *after}):
        if name not in before:
            yield SetChange(name, "new")
        elif name not in after:
            yield SetChange(name, "gone")
        elif before[name] != after[name] or before[name].tags != after[name].tags:
            yield SetChange(name, "changed", tuple(_field_words(before[name], after[name])))


def _field_words(before: PermissionSet, after: PermissionSet) -> Iterator[str]:
    for each in fields(PermissionSet):
        old, new = getattr(before, each.name), getattr(after, each.name)
        if old == new:
            continue
        match each.name:
            case "managed_policies" | "customer_policies":
                yield from (f"- policy {policy.name}" for policy in sorted(old - new))
                yield from (f"+ policy {policy.name}" for policy in sorted(new - old))
            case "session_seconds":
                yield f"sessions of {plain_duration(new)} instead of {plain_duration(old)}"
            case "inline_policy":
                yield _came_or_went("inline policy", old, new)
            case "boundary":
                yield _came_or_went("boundary", old and old.name, new and new.name)
            case "tags":
                yield from (f"- tag {key}" for key in sorted(old.keys() - new.keys()))
                yield from (f"+ tag {key}={value}" for key, value in sorted(new.items() - old.items()))
            case _:
                yield f"{each.name.replace('_', ' ')} '{new}' instead of '{old}'"


def _came_or_went(what: str, old: object, new: object) -> str:
    if old is None:
        return f"+ {what}" if isinstance(new, PolicyDocument) else f"+ {what} {new}"
    if new is None:
        return f"- {what}" if isinstance(old, PolicyDocument) else f"- {what} {old}"
    return f"another {what}" if isinstance(new, PolicyDocument) else f"{what} {new} instead of {old}"


def _accounts(
    before: Mapping[AccountId, Account], after: Mapping[AccountId, Account]
) -> Iterator[AccountChange]:
    for account_id in sorted({*before, *after}):
        old, new = before.get(account_id), after.get(account_id)
        if old is None and new is not None:
            yield AccountChange(new, "new")
        elif new is None and old is not None:
            yield AccountChange(old, "gone")
        elif old is not None and new is not None:
            words = ", ".join(_account_words(old, new))
            if words:
                yield AccountChange(new, words)


def _account_words(old: Account, new: Account) -> Iterator[str]:
    if old.name != new.name:
        yield f"was called {old.name}"
    if old.ou != new.ou:
        yield f"moved from {old.ou or 'the root'} to {new.ou or 'the root'}"
    if old.active != new.active:
        yield "active again" if new.active else "suspended"
