"""Who holds what: the grants of an organization, expanded to people, filtered and streamed.

Works over what was read and over what the access file says. Indexes are built when first needed; nothing here
multiplies people with accounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias, TypeVar

from usher.core.assignments import Assignment, Granted
from usher.core.ids import AccountId
from usher.core.organization import ActualAccess, DesiredAccess
from usher.core.principals import Principal, PrincipalKind

Access: TypeAlias = ActualAccess | DesiredAccess
"""What was read, or what the access file says."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Caveat(StrEnum):
    """Why a grant may not be what it looks like."""

    DELETED_PRINCIPAL = "no longer exists"
    DELETED_MEMBER = "the member no longer exists"
    SUSPENDED_ACCOUNT = "the account is suspended"
    UNKNOWN_ACCOUNT = "the account is not in the organization"
    MEMBERS_UNREAD = "its members were not read"
    MEMBERS_ELSEWHERE = "its members are kept in another directory"
    NO_MEMBERS = "it has no members"


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """What is entered: a permission set by name, or an owned IAM role by path and name."""

    name: str
    is_role: bool = False

    def __str__(self) -> str:
        return f"role {self.name}" if self.is_role else self.name


@dataclass(frozen=True, slots=True)
class Holding:
    """One way in: this person has the grant, directly or through the group it is given to.

    `person` is empty where the grant reaches nobody that is known: a deleted principal, or a group whose
    members are none or not known; a caveat says which.
    """

    person: str
    granted: Granted
    caveats: tuple[Caveat, ...] = ()

    @property
    def group(self) -> str:
        """The group that it comes through; empty for a grant to the user."""
        principal = self.granted.principal
        return principal.name if principal.kind is PrincipalKind.GROUP else ""

    @property
    def target(self) -> Target:
        """What is entered."""
        return target_of(self.granted)


@dataclass(frozen=True, slots=True)
class Question:
    """Which holdings are asked for; None does not restrict. Names and ids are exact.

    `permission_sets` and `roles` are the two kinds of one thing: when one of them is given, the other kind
    counts only as far as it is given too.
    """

    accounts: frozenset[AccountId] | None = None
    people: frozenset[str] | None = None
    groups: frozenset[str] | None = None
    permission_sets: frozenset[str] | None = None
    roles: frozenset[str] | None = None


def target_of(granted: Granted) -> Target:
    """The permission set or role of a grant."""
    if isinstance(granted, Assignment):
        return Target(granted.permission_set)
    return Target(granted.role_name, is_role=True)


class Holdings:
    """The grants of one organization with the indexes that questions need."""

    def __init__(self, access: Access) -> None:
        self.access = access

    @cached_property
    def granted(self) -> tuple[Granted, ...]:
        """All grants, in no order."""
        return (*self.access.assignments, *self.access.entitlements)

    @cached_property
    def of_principal(self) -> Mapping[Principal, tuple[Granted, ...]]:
        """What each principal was given itself."""
        return _indexed((granted.principal, granted) for granted in self.granted)

    @cached_property
    def in_account(self) -> Mapping[AccountId, tuple[Granted, ...]]:
        """The grants in each account."""
        return _indexed((granted.account_id, granted) for granted in self.granted)

    @cached_property
    def of_target(self) -> Mapping[Target, tuple[Granted, ...]]:
        """The grants of each permission set and role."""
        return _indexed((target_of(granted), granted) for granted in self.granted)

    @cached_property
    def groups_of(self) -> Mapping[str, tuple[str, ...]]:
        """The groups that each person is a member of, sorted."""
        groups = sorted(self.access.groups.values(), key=lambda group: group.name)
        return _indexed((member, group.name) for group in groups for member in group.members)

    def principals_of(self, person: str) -> tuple[Principal, ...]:
        """The person and their groups, as grants name them."""
        groups = self.groups_of.get(person, ())
        return (
            Principal(PrincipalKind.USER, person),
            *(Principal(PrincipalKind.GROUP, group) for group in groups),
        )

    def grants(self, question: Question) -> Iterator[Granted]:
        """The grants that the question is about, sorted by account, target and principal."""
        chosen = (granted for granted in self._candidates(question) if self._fits(granted, question))
        yield from sorted(chosen, key=self._order)

    def holdings(self, question: Question) -> Iterator[Holding]:
        """The holdings that the question is about, in the order of their grants, then by person."""
        for granted in self.grants(question):
            for holding in self.expand(granted):
                if question.people is None or holding.person in question.people:
                    yield holding

    def is_known(self, principal: Principal) -> bool:
        """Whether the principal exists, as far as the reading or the file knows."""
        access = self.access
        if principal.kind is PrincipalKind.GROUP:
            return principal.name in access.groups or principal.name in self._external_groups
        return principal.name in access.users or principal.name in self._external_users

    def caveats_of(self, granted: Granted) -> tuple[Caveat, ...]:
        """What a reader has to know about a grant, apart from its group's members."""
        found = [] if self.is_known(granted.principal) else [Caveat.DELETED_PRINCIPAL]
        account = self.access.accounts.get(granted.account_id)
        if account is None:
            found.append(Caveat.UNKNOWN_ACCOUNT)
        elif not account.active:
            found.append(Caveat.SUSPENDED_ACCOUNT)
        return tuple(found)

    @cached_property
    def _external_groups(self) -> frozenset[str]:
        return self.access.external_groups if isinstance(self.access, DesiredAccess) else frozenset()

    @cached_property
    def _external_users(self) -> frozenset[str]:
        return self.access.external_users if isinstance(self.access, DesiredAccess) else frozenset()

    def _candidates(self, question: Question) -> Iterable[Granted]:
        """The smallest index that holds every grant the question can be about."""
        if question.people is not None:
            principals = {each for person in question.people for each in self.principals_of(person)}
            return (granted for each in principals for granted in self.of_principal.get(each, ()))
        if question.groups is not None:
            named = (Principal(PrincipalKind.GROUP, group) for group in question.groups)
            return (granted for each in named for granted in self.of_principal.get(each, ()))
        if question.accounts is not None:
            return (granted for each in question.accounts for granted in self.in_account.get(each, ()))
        return self.granted

    def _fits(self, granted: Granted, question: Question) -> bool:
        principal = granted.principal
        if question.accounts is not None and granted.account_id not in question.accounts:
            return False
        if question.groups is not None and (
            principal.kind is not PrincipalKind.GROUP or principal.name not in question.groups
        ):
            return False
        if question.permission_sets is None and question.roles is None:
            return True
        if isinstance(granted, Assignment):
            return granted.permission_set in (question.permission_sets or ())
        return granted.role_name in (question.roles or ())

    def _order(self, granted: Granted) -> tuple[str, str, Target, Principal]:
        account = self.access.accounts.get(granted.account_id)
        name = account.name if account else granted.account_id
        return name, granted.account_id, target_of(granted), granted.principal

    def expand(self, granted: Granted) -> Iterator[Holding]:
        """The grant as holdings, one for each person that it reaches, by name."""
        caveats = self.caveats_of(granted)
        principal = granted.principal
        if principal.kind is PrincipalKind.USER:
            person = "" if Caveat.DELETED_PRINCIPAL in caveats else principal.name
            yield Holding(person, granted, caveats)
            return
        group = self.access.groups.get(principal.name)
        if group is None or not group.members:
            reason = self.why_nobody(principal.name)
            yield Holding("", granted, (*caveats, reason) if reason else caveats)
            return
        for member in sorted(group.members):
            if member in self.access.users or member in self._external_users:
                yield Holding(member, granted, caveats)
            else:
                yield Holding(member, granted, (*caveats, Caveat.DELETED_MEMBER))

    def why_nobody(self, group: str) -> Caveat | None:
        """Why a group without known members has none; None for a group that no longer exists."""
        if group in self._external_groups:
            return Caveat.MEMBERS_ELSEWHERE
        if isinstance(self.access, ActualAccess) and group in self.access.unread.members_of:
            return Caveat.MEMBERS_UNREAD
        return Caveat.NO_MEMBERS if group in self.access.groups else None


def _indexed(pairs: Iterable[tuple[_Key, _Value]]) -> Mapping[_Key, tuple[_Value, ...]]:
    found: dict[_Key, list[_Value]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}
