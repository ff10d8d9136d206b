"""Reading what an Identity Center has, with the fewest calls that give an exact picture of what is decided.

For a file, only what it decides about is read in full, with the sets that it would delete: of other
permission sets the name and the tags, of groups without a part in it not the members. Without a file,
everything is. What was left out is said in `unread`. Nothing is guessed: a call that fails ends the reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from usher.apply.cost import CostLine, Strategy, best, predict
from usher.apply.entitlements import NOT_ASKED, FoundEntitlements, read_entitlements
from usher.apply.grants import GrantBook, Scope, read_grants
from usher.apply.measure import desired_pairs, forecast, measure
from usher.apply.picture import Findings, People, Sets, assemble
from usher.apply.ports import AccessReader, EntitlementReader, Membership, PeopleReader
from usher.apply.side_by_side import WORKERS, each
from usher.core.accounts import Account
from usher.core.ids import PermissionSetArn, PrincipalId
from usher.core.organization import ActualAccess, DesiredAccess, Instance
from usher.core.principals import PrincipalKind
from usher.plan.diff import is_managed

_Members = Mapping[PrincipalId, Sequence[Membership]]


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
        return self.actual.unread.dangling


@dataclass(frozen=True, slots=True)
class _Pools:
    """Workers for each service, which has a pace of its own, and threads that keep them busy."""

    sso: Executor
    people: Executor
    roles: Executor
    beside: Executor


def read_access(
    reader: AccessReader,
    people_reader: PeopleReader,
    entitlement_reader: EntitlementReader,
    instance: Instance,
    accounts: Sequence[Account],
    desired: DesiredAccess | None,
    *,
    strategy: Strategy | None = None,
    tags_asked: int = 0,
    unit_calls: int = 0,
    expect: Callable[[tuple[CostLine, ...]], None] = lambda _lines: None,
) -> Reading:
    """What is in `instance`: all that `desired` decides about, or everything when it is None.

    `accounts` are the organization's; `tags_asked` of them were asked for their tags and their units took
    `unit_calls`, which counts in the prediction. Without `strategy` the cheapest one is used. `expect` is
    told the expected cost as soon as the counts are known, before the long part begins. Raises UsherError
    when anything cannot be read.
    """
    with _pools() as pools:
        listed = pools.beside.submit(lambda: People(people_reader.list_groups(), people_reader.list_users()))
        arns = reader.list_permission_sets() if instance.permission_sets_enabled else ()
        people = listed.result()
        expect(
            forecast(
                accounts=accounts,
                tags_asked=tags_asked,
                unit_calls=unit_calls,
                sets=len(arns),
                people=people,
                desired=desired,
                strategy=strategy,
            )
        )
        members = pools.beside.submit(
            _read_members, people_reader, _groups_to_read(people, desired), pools.people
        )
        roles = pools.beside.submit(
            _read_entitlements, entitlement_reader, accounts, people, desired, pools.roles
        )
        sets = _read_sets(reader, arns, desired, pools.sso)
        book = GrantBook(sets.names, people.names)
        pages = read_grants(reader, _scope(sets, people, members, desired), book, strategy, pools.sso)
        held = {each.permission_set for each in book.assignments}
        assigned = [arn for arn in sets.decided if sets.by_arn[arn].name in held]
        lagging = dict(each(pools.sso, reader.list_stale_accounts_of, assigned))
        holders = _groups_with_access(people, book, members.result())
        more = _read_members(people_reader, holders, pools.people)
        everybody = {**members.result(), **more}
        found = Findings(instance, accounts, people, sets, book, pages, everybody, lagging, roles.result())
    size = measure(found, tags_asked, unit_calls)
    return Reading(assemble(found), pages.strategy, predict(size, pages.strategy), best(size))


@contextmanager
def _pools() -> Iterator[_Pools]:
    """Pools that end with the reading; on an error what has not been asked by then is not."""
    with ExitStack() as stack:

        def pool(name: str) -> Executor:
            made = ThreadPoolExecutor(WORKERS, thread_name_prefix=name)
            stack.callback(made.shutdown, cancel_futures=True)
            return made

        # The last ends first: without the workers, those who keep them busy end as well.
        beside = pool("read")
        yield _Pools(pool("read-sso"), pool("read-people"), pool("read-roles"), beside)


def _read_sets(
    reader: AccessReader, arns: Sequence[PermissionSetArn], desired: DesiredAccess | None, pool: Executor
) -> Sets:
    settings = dict(each(pool, reader.read_settings, arns))
    tags = dict(each(pool, reader.read_tags, arns))
    by_arn = {arn: replace(settings[arn], tags=tags[arn]) for arn in arns}
    decided = [arn for arn in arns if desired is None or by_arn[arn].name in desired.permission_sets]
    others = by_arn.keys() - set(decided)
    doomed = [arn for arn in arns if arn in others and is_managed(by_arn[arn])]
    full = dict(each(pool, lambda arn: reader.read_policies(by_arn[arn], arn), [*decided, *doomed]))
    return Sets({**by_arn, **full}, tuple(decided), tuple(doomed))


def _groups_to_read(people: People, desired: DesiredAccess | None) -> list[PrincipalId]:
    """The groups whose members are needed in any case: those that the file names, or all."""
    if desired is None:
        return list(people.groups)
    named = desired.groups.keys() | desired.external_groups
    return [group_id for group_id, group in people.groups.items() if group.name in named]


def _groups_with_access(people: People, book: GrantBook, read: _Members) -> list[PrincipalId]:
    """Other groups that have access: who gains and loses by a change is told for their members, too."""
    holders = {each.principal.name for each in book.assignments if each.principal.kind is PrincipalKind.GROUP}
    return [
        group_id
        for group_id, group in people.groups.items()
        if group.name in holders and group_id not in read
    ]


def _read_members(reader: PeopleReader, groups: Iterable[PrincipalId], pool: Executor) -> _Members:
    return dict(each(pool, reader.list_members, groups))


def _read_entitlements(
    reader: EntitlementReader,
    accounts: Sequence[Account],
    people: People,
    desired: DesiredAccess | None,
    pool: Executor,
) -> FoundEntitlements:
    if desired is not None and not desired.roles:
        return NOT_ASKED
    ids = [account.id for account in accounts]
    return read_entitlements(reader, ids, people.principals, pool, must=desired is not None)


def _scope(sets: Sets, people: People, members: Future[_Members], desired: DesiredAccess | None) -> Scope:
    names = {sets.by_arn[arn].name for arn in sets.decided}
    expected = None if desired is None else sum(name in names for name, _ in desired_pairs(desired))

    def members_by_group() -> Mapping[str, Sequence[PrincipalId]]:
        return {
            people.groups[group_id].name: [each.user_id for each in found]
            for group_id, found in members.result().items()
        }

    return Scope(
        sets.decided, sets.doomed, list(people.groups), list(people.users), members_by_group, expected
    )
