"""A picture of access as plain facts of a few words each, and back: what a snapshot keeps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, PermissionSetArn, PrincipalId, RoleArn
from usher.core.organization import ActualAccess, Instance, Unread
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument
from usher.core.principals import Group, Principal, PrincipalKind, User


class FactKind(IntEnum):
    """What a fact is about. The numbers are kept in files: a new kind gets a new one."""

    INSTANCE = 1
    ACCOUNT = 2
    USER = 3
    GROUP = 4
    MEMBER = 5
    PERMISSION_SET = 6
    PRINCIPAL = 7
    ASSIGNMENT = 8
    STALE = 9
    ENTITLEMENT = 10


Fact = tuple[FactKind, str, str, str, str]


def facts_of(actual: ActualAccess) -> Iterator[Fact]:
    """Everything in `actual`, each fact once."""
    instance = actual.instance
    enabled = "enabled" if instance.permission_sets_enabled else ""
    yield FactKind.INSTANCE, instance.arn, instance.identity_store_id, enabled, _unread_text(actual.unread)
    for account in actual.accounts.values():
        yield FactKind.ACCOUNT, account.id, _account_text(account), "", ""
    for user in actual.users.values():
        names = [user.display_name, user.given_name, user.family_name, user.email]
        yield FactKind.USER, user.user_name, _text(names), "", ""
    for group in actual.groups.values():
        yield FactKind.GROUP, group.name, group.description, "", ""
        for member in group.members:
            membership = actual.membership_ids.get((group.name, member), "")
            yield FactKind.MEMBER, group.name, member, membership, ""
    for each in actual.permission_sets.values():
        arn = actual.permission_set_arns.get(each.name, "")
        yield FactKind.PERMISSION_SET, each.name, arn, _set_text(each), ""
    for principal, principal_id in actual.principal_ids.items():
        yield FactKind.PRINCIPAL, principal.kind, principal.name, principal_id, ""
    for assignment in actual.assignments:
        who = assignment.principal
        yield FactKind.ASSIGNMENT, who.kind, who.name, assignment.permission_set, assignment.account_id
    for name, account_id in actual.stale:
        yield FactKind.STALE, name, account_id, "", ""
    for entitlement in actual.entitlements:
        who = entitlement.principal
        entitlement_id = actual.entitlement_ids.get(entitlement, "")
        yield FactKind.ENTITLEMENT, who.kind, who.name, entitlement.role, entitlement_id


def from_facts(facts: Iterable[Fact]) -> ActualAccess:
    """The picture that `facts` make. Raises ValueError when they make none."""
    picture = _Picture()
    for fact in facts:
        picture.take(fact)
    return picture.finish()


@dataclass(slots=True)
class _Picture:
    instance: Instance | None = None
    unread: Unread = field(default_factory=Unread)
    accounts: dict[AccountId, Account] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    membership_ids: dict[tuple[str, str], str] = field(default_factory=dict)
    sets: dict[str, PermissionSet] = field(default_factory=dict)
    arns: dict[str, PermissionSetArn] = field(default_factory=dict)
    principals: dict[tuple[str, str], Principal] = field(default_factory=dict)
    principal_ids: dict[Principal, PrincipalId] = field(default_factory=dict)
    assignments: set[Assignment] = field(default_factory=set)
    stale: set[tuple[str, AccountId]] = field(default_factory=set)
    entitlements: dict[Entitlement, str] = field(default_factory=dict)

    def take(self, fact: Fact) -> None:
        kind, a, b, c, d = fact
        match kind:
            case FactKind.ASSIGNMENT:
                self.assignments.add(Assignment(self._who(a, b), c, AccountId(d)))
            case FactKind.MEMBER:
                self.members.setdefault(a, []).append(b)
                if c:
                    self.membership_ids[(a, b)] = c
            case FactKind.PRINCIPAL:
                self.principal_ids[self._who(a, b)] = PrincipalId(c)
            case FactKind.STALE:
                self.stale.add((a, AccountId(b)))
            case FactKind.ENTITLEMENT:
                self.entitlements[Entitlement(self._who(a, b), RoleArn(c))] = d
            case _:
                self._take_object(kind, a, b, c, d)

    def _take_object(self, kind: FactKind, a: str, b: str, c: str, d: str) -> None:
        match kind:
            case FactKind.INSTANCE:
                self.instance = Instance(InstanceArn(a), IdentityStoreId(b), bool(c))
                self.unread = _unread_of(d)
            case FactKind.ACCOUNT:
                self.accounts[AccountId(a)] = _account_of(AccountId(a), b)
            case FactKind.USER:
                self.users[a] = User(a, *json.loads(b))
            case FactKind.GROUP:
                self.groups[a] = b
            case FactKind.PERMISSION_SET:
                self.sets[a] = _set_of(a, c)
                if b:
                    self.arns[a] = PermissionSetArn(b)
            case _:
                raise ValueError(f"unknown kind of fact: {kind!r}")

    def _who(self, kind: str, name: str) -> Principal:
        found = self.principals.get((kind, name))
        if found is None:
            found = self.principals[(kind, name)] = Principal(PrincipalKind(kind), name)
        return found

    def finish(self) -> ActualAccess:
        if self.instance is None:
            raise ValueError("no instance")
        return ActualAccess(
            self.instance,
            self.accounts,
            users=self.users,
            groups={
                name: Group(name, description, frozenset(self.members.get(name, ())))
                for name, description in self.groups.items()
            },
            permission_sets=self.sets,
            assignments=frozenset(self.assignments),
            principal_ids=self.principal_ids,
            permission_set_arns=self.arns,
            membership_ids=self.membership_ids,
            stale=frozenset(self.stale),
            entitlements=frozenset(self.entitlements),
            entitlement_ids={each: known for each, known in self.entitlements.items() if known},
            unread=self.unread,
        )


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _account_text(account: Account) -> str:
    flags = [account.active, account.is_management]
    tags = dict(sorted(account.tags.items()))
    return _text([account.name, account.email, tags, *flags, account.ou_names, account.ou_ids])


def _account_of(account_id: AccountId, text: str) -> Account:
    name, email, tags, active, is_management, ou_names, ou_ids = json.loads(text)
    return Account(account_id, name, email, tags, active, is_management, tuple(ou_names), tuple(ou_ids))


def _set_text(each: PermissionSet) -> str:
    return _text(
        [
            each.description,
            each.session_seconds,
            each.relay_state,
            sorted(policy.arn for policy in each.managed_policies),
            sorted([policy.name, policy.path] for policy in each.customer_policies),
            each.inline_policy.json if each.inline_policy else None,
            _boundary_value(each.boundary),
            dict(sorted(each.tags.items())),
        ]
    )


def _set_of(name: str, text: str) -> PermissionSet:
    description, session, relay_state, managed, customer, inline, boundary, tags = json.loads(text)
    return PermissionSet(
        name,
        description,
        session,
        relay_state,
        frozenset(ManagedPolicy(arn) for arn in managed),
        frozenset(CustomerPolicy(*policy) for policy in customer),
        None if inline is None else PolicyDocument(inline),
        _boundary_of(boundary),
        tags,
    )


def _boundary_value(boundary: ManagedPolicy | CustomerPolicy | None) -> object:
    match boundary:
        case None:
            return None
        case ManagedPolicy(arn=arn):
            return arn
        case CustomerPolicy(name=name, path=path):
            return [name, path]


def _boundary_of(value: Any) -> ManagedPolicy | CustomerPolicy | None:
    if value is None:
        return None
    return ManagedPolicy(value) if isinstance(value, str) else CustomerPolicy(*value)


def _unread_text(unread: Unread) -> str:
    names = [sorted(each) for each in (unread.policies_of, unread.members_of, unread.assignments_of)]
    return _text([*names, unread.dangling, unread.user_grants, unread.entitlements])


def _unread_of(text: str) -> Unread:
    policies, members, assignments, *flags = json.loads(text)
    return Unread(frozenset(policies), frozenset(members), frozenset(assignments), *flags)
