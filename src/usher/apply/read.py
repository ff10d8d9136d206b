"""Reading what an Identity Center has, with the fewest calls that give an exact picture of what is decided.

Only what the access file decides about is read in full: of other permission sets the name and the tags, of
other groups not the members. Nothing is guessed: a call that fails ends the reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from usher.apply.cost import CostLine, Strategy, WorldSize, best, choose, pages, predict
from usher.apply.ports import AccessReader, Grant, Membership, PeopleReader
from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.ids import AccountId, PermissionSetArn, PrincipalId
from usher.core.organization import ActualAccess, DesiredAccess, Instance
from usher.core.permission_sets import PermissionSet
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.plan.diff import is_managed

_In = TypeVar("_In")
_Out = TypeVar("_Out")

# Enough to use AWS's twenty calls a second at 300 ms each; more would only wait for the pace.
_WORKERS = 6


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, how, and what that should have cost; `best_calls` is the cheapest strategy's cost."""

    actual: ActualAccess
    strategy: Strategy
    prediction: tuple[CostLine, ...]
    best_calls: int

    @property
    def may_hide_dangling(self) -> bool:
        """Whether assignments of deleted principals may exist unseen."""
        return self.strategy is Strategy.PER_PRINCIPAL


@dataclass(frozen=True, slots=True)
class _People:
    groups: Mapping[PrincipalId, Group]
    users: Mapping[PrincipalId, User]
    memberships: Mapping[PrincipalId, Sequence[Membership]]


@dataclass(frozen=True, slots=True)
class _Sets:
    by_arn: Mapping[PermissionSetArn, PermissionSet]
    declared: tuple[PermissionSetArn, ...]
    doomed: tuple[PermissionSetArn, ...]


@dataclass(frozen=True, slots=True)
class _Grants:
    found: frozenset[Grant]
    strategy: Strategy
    principal_pages: int


def read_access(
    reader: AccessReader,
    people_reader: PeopleReader,
    instance: Instance,
    accounts: Sequence[Account],
    desired: DesiredAccess,
    *,
    strategy: Strategy | None = None,
    tags_asked: int = 0,
) -> Reading:
    """Everything in `instance` that `desired` decides about; without `strategy` the cheaper one is used.

    `accounts` are the organization's; `tags_asked` of them were asked for their tags, which counts in the
    prediction. Raises UsherError when anything cannot be read.
    """
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="read") as pool:
        sets = _read_sets(reader, desired, pool)
        people = _read_people(people_reader, desired, pool)
        grants = _read_grants(reader, sets, people, desired, strategy, pool)
        held = {grant.permission_set for grant in grants.found}
        assigned = [arn for arn in sets.declared if arn in held]
        lagging = _each(pool, reader.list_stale_accounts_of, assigned)
    actual = _assemble(instance, accounts, sets, people, grants.found)
    stale = frozenset((sets.by_arn[arn].name, account) for arn, found in lagging.items() for account in found)
    size = _measure(accounts, tags_asked, sets, people, grants, len(assigned))
    return Reading(replace(actual, stale=stale), grants.strategy, predict(size, grants.strategy), best(size))


def _each(pool: Executor, read: Callable[[_In], _Out], items: Iterable[_In]) -> dict[_In, _Out]:
    """What `read` answers for each item, asked side by side."""
    chosen = list(items)
    return dict(zip(chosen, pool.map(read, chosen), strict=True))


def _read_sets(reader: AccessReader, desired: DesiredAccess, pool: Executor) -> _Sets:
    arns = reader.list_permission_sets()
    settings = _each(pool, reader.read_settings, arns)
    tags = _each(pool, reader.read_tags, arns)
    by_arn = {arn: replace(settings[arn], tags=tags[arn]) for arn in arns}
    declared = tuple(arn for arn in arns if by_arn[arn].name in desired.permission_sets)
    doomed = tuple(
        arn for arn in arns if by_arn[arn].name not in desired.permission_sets and is_managed(by_arn[arn])
    )
    full = _each(pool, lambda arn: reader.read_policies(by_arn[arn], arn), declared)
    return _Sets({**by_arn, **full}, declared, doomed)


def _read_people(reader: PeopleReader, desired: DesiredAccess, pool: Executor) -> _People:
    groups = reader.list_groups()
    users = reader.list_users()
    declared = [group_id for group_id, group in groups.items() if group.name in desired.groups]
    return _People(groups, users, _each(pool, reader.list_members, declared))


def _read_grants(
    reader: AccessReader,
    sets: _Sets,
    people: _People,
    desired: DesiredAccess,
    strategy: Strategy | None,
    pool: Executor,
) -> _Grants:
    # A set can be deleted only when nobody has it, not even a principal that no longer exists.
    found = set(_grants_of_sets(reader, sets.doomed, pool))
    principals = [(PrincipalKind.GROUP, group) for group in people.groups]
    principals += [(PrincipalKind.USER, user) for user in people.users]
    names = {sets.by_arn[arn].name for arn in sets.declared}
    expected = {(a.permission_set, a.account_id) for a in desired.assignments if a.permission_set in names}
    chosen = strategy or choose(
        principals=len(principals), sets=len(sets.declared), expected_pairs=len(expected)
    )
    if not sets.declared:
        return _Grants(frozenset(found), Strategy.PER_PAIR, len(principals))
    match chosen:
        case Strategy.PER_PAIR:
            found.update(_grants_of_sets(reader, sets.declared, pool))
        case Strategy.PER_PRINCIPAL:
            per_principal = _each(pool, lambda who: reader.list_grants_of(*who), principals)
            found.update(grant for grants in per_principal.values() for grant in grants)
    held = dict.fromkeys(principals, 0)
    for grant in found:
        who = (grant.kind, grant.principal_id)
        if who in held:
            held[who] += 1
    return _Grants(frozenset(found), chosen, sum(pages(count) for count in held.values()))


def _grants_of_sets(
    reader: AccessReader, arns: Sequence[PermissionSetArn], pool: Executor
) -> Iterable[Grant]:
    accounts = _each(pool, reader.list_accounts_of, arns)
    pairs = [(arn, account) for arn, found in accounts.items() for account in found]
    per_pair = _each(pool, lambda pair: reader.list_grants_in(*pair), pairs)
    return (grant for grants in per_pair.values() for grant in grants)


def _assemble(
    instance: Instance,
    accounts: Sequence[Account],
    sets: _Sets,
    people: _People,
    grants: frozenset[Grant],
) -> ActualAccess:
    user_names = {user_id: user.user_name for user_id, user in people.users.items()}
    groups: dict[str, Group] = {}
    membership_ids: dict[tuple[str, str], str] = {}
    for group_id, group in people.groups.items():
        members = {
            user_names.get(membership.user_id, membership.user_id): membership.id
            for membership in people.memberships.get(group_id, ())
        }
        groups[group.name] = replace(group, members=frozenset(members))
        membership_ids.update({(group.name, name): each for name, each in members.items()})
    names = {
        **{(PrincipalKind.USER, user_id): name for user_id, name in user_names.items()},
        **{(PrincipalKind.GROUP, group_id): group.name for group_id, group in people.groups.items()},
    }
    principal_ids = {Principal(kind, name): known_id for (kind, known_id), name in names.items()}
    assignments = set()
    for grant in grants:
        if grant.permission_set not in sets.by_arn:
            continue  # made after the permission sets were listed: the next plan sees it
        principal = Principal(grant.kind, names.get((grant.kind, grant.principal_id), grant.principal_id))
        principal_ids.setdefault(principal, grant.principal_id)
        assignments.add(Assignment(principal, sets.by_arn[grant.permission_set].name, grant.account_id))
    return ActualAccess(
        instance,
        {account.id: account for account in accounts},
        users={user.user_name: user for user in people.users.values()},
        groups=groups,
        permission_sets={each.name: each for each in sets.by_arn.values()},
        assignments=frozenset(assignments),
        principal_ids=principal_ids,
        permission_set_arns={each.name: arn for arn, each in sets.by_arn.items()},
        membership_ids=membership_ids,
    )


def _measure(
    accounts: Sequence[Account],
    tags_asked: int,
    sets: _Sets,
    people: _People,
    grants: _Grants,
    assigned_sets: int,
) -> WorldSize:
    pairs: set[tuple[PermissionSetArn, AccountId]] = {
        (grant.permission_set, grant.account_id) for grant in grants.found
    }
    declared, doomed = set(sets.declared), set(sets.doomed)
    return WorldSize(
        accounts=len(accounts),
        tags_asked=tags_asked,
        permission_sets=len(sets.by_arn),
        declared_sets=len(sets.declared),
        doomed_sets=len(sets.doomed),
        groups=len(people.groups),
        users=len(people.users),
        member_pages=sum(pages(len(found)) for found in people.memberships.values()),
        principal_pages=grants.principal_pages,
        pairs=sum(arn in declared for arn, _ in pairs),
        doomed_pairs=sum(arn in doomed for arn, _ in pairs),
        assigned_sets=assigned_sets,
    )
