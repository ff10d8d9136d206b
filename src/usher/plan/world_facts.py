"""What a plan was made from, as small facts with a digest each, so that what changed since can be named."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Granted
from usher.core.ids import AccountId
from usher.core.organization import ActualAccess, DesiredAccess
from usher.plan.codec import encoded
from usher.plan.contents import own_tags
from usher.plan.diff import is_managed
from usher.plan.words import account_words


class FactKind(StrEnum):
    """What a fact is about."""

    PERMISSION_SET = "permission set"
    ASSIGNMENTS = "assignments"
    ROLE = "role"
    STALE = "stale"
    USER = "user"
    GROUP = "group"
    ACCOUNT = "account"


class Fact(NamedTuple):
    """One thing of the world that a plan was made from; `account_id` is empty where none is concerned."""

    kind: FactKind
    name: str
    account_id: str = ""


Facts = Mapping[Fact, str]


def world_facts(actual: ActualAccess, desired: DesiredAccess) -> dict[Fact, str]:
    """Everything of `actual` that a plan towards `desired` depends on, with a digest of each.

    That is what the file decides about: its permission sets, with those it once named, and who has them
    where; its owned roles; its groups with their members, and its users. Of users and groups of another
    directory it is their existence alone. Nothing else is in it, so nothing else spoils a plan.
    """
    return {fact: _digest(value) for fact, value in _facts(actual, desired)}


def world_fingerprint(actual: ActualAccess, desired: DesiredAccess) -> str:
    """One digest of `world_facts`: equal when nothing changed that a plan was made from."""
    return fingerprint_of(world_facts(actual, desired))


def fingerprint_of(facts: Facts) -> str:
    """One digest of `facts`."""
    return hashlib.sha256(json.dumps(sorted((*fact, facts[fact]) for fact in facts)).encode()).hexdigest()


def differences(before: Facts, now: Facts, accounts: Mapping[AccountId, Account]) -> Iterator[str]:
    """What is different now, one phrase each, sorted."""
    for fact in sorted(before.keys() | now.keys()):
        was, is_now = before.get(fact), now.get(fact)
        if was != is_now:
            what = "is new" if was is None else "is gone" if is_now is None else "changed"
            yield _words(fact, what, accounts)


def _facts(actual: ActualAccess, desired: DesiredAccess) -> Iterator[tuple[Fact, object]]:
    sets = desired.permission_sets.keys() & actual.permission_sets.keys()
    doomed = {name for name, each in actual.permission_sets.items() if is_managed(each)}
    doomed -= actual.unread.assignments_of
    decided = sets | doomed
    for name in decided:
        each = actual.permission_sets[name]
        yield Fact(FactKind.PERMISSION_SET, name), replace(each, tags=own_tags(each))
    for where, who in _held(actual, decided, desired.roles).items():
        yield where, frozenset(who)
    for name, account_id in actual.stale:
        if name in sets:
            yield Fact(FactKind.STALE, name, account_id), ""
    for name in (desired.users.keys() | desired.external_users) & actual.users.keys():
        yield Fact(FactKind.USER, name), actual.users[name] if name in desired.users else ""
    for name in (desired.groups.keys() | desired.external_groups) & actual.groups.keys():
        yield Fact(FactKind.GROUP, name), actual.groups[name] if name in desired.groups else ""
    for account in actual.accounts.values():
        if not account.active:
            yield Fact(FactKind.ACCOUNT, account.name, account.id), ""


def _held(actual: ActualAccess, sets: set[str], roles: frozenset[str]) -> Mapping[Fact, set[tuple[str, str]]]:
    found: dict[Fact, set[tuple[str, str]]] = defaultdict(set)
    granted: tuple[Granted, ...] = (*actual.assignments, *actual.entitlements)
    for each in granted:
        if isinstance(each, Assignment):
            fact = Fact(FactKind.ASSIGNMENTS, each.permission_set, each.account_id)
            decided = each.permission_set in sets
        else:
            fact = Fact(FactKind.ROLE, each.role_name, each.account_id)
            decided = each.role_name in roles
        if decided:
            found[fact].add((each.principal.kind.value, each.principal.name))
    return found


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(encoded(value), sort_keys=True).encode()).hexdigest()[:16]


def _words(fact: Fact, what: str, accounts: Mapping[AccountId, Account]) -> str:
    where = account_words(AccountId(fact.account_id), accounts) if fact.account_id else ""
    match fact.kind:
        case FactKind.ASSIGNMENTS | FactKind.ROLE:
            subject = f"the role {fact.name}" if fact.kind is FactKind.ROLE else fact.name
            gained_or_lost = {"is new": "somebody has", "is gone": "nobody has"}
            if what in gained_or_lost:
                return f"{gained_or_lost[what]} {subject} in {where} now"
            return f"others have {subject} in {where} now"
        case FactKind.STALE:
            lags = "lags behind now" if what == "is new" else "was brought up to date"
            return f"the role of {fact.name} in {where} {lags}"
        case FactKind.ACCOUNT:
            return f"account {where} is {'suspended now' if what == 'is new' else 'active again'}"
        case FactKind.PERMISSION_SET | FactKind.USER | FactKind.GROUP:
            return f"{fact.kind} {fact.name} {what}"
