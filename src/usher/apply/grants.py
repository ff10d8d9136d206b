"""Reading assignments: per principal, per pair, or both, whichever takes the fewest calls.

No call lists all assignments. What each strategy cannot see is told: asked by principal, AWS does not show
what was given to principals that no longer exist.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from usher.apply.cost import Strategy, choose, choose_again, pages
from usher.apply.ports import AccessReader, Grant
from usher.apply.side_by_side import each
from usher.core.assignments import Assignment
from usher.core.ids import AccountId, PermissionSetArn, PrincipalId
from usher.core.principals import Principal, PrincipalKind

_Who = tuple[PrincipalKind, PrincipalId]
_Pair = tuple[PermissionSetArn, AccountId]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose and which assignments are read.

    `decided` sets are read by the strategy, `doomed` ones always per pair: a set can be deleted only when
    nobody has it, not even a principal that no longer exists. `expected_pairs` is None when nothing tells
    how many pairs of the decided sets there are. `members` gives the users in each group, by its name, as
    far as they are known: AWS lists for a user what its groups were given, too.
    """

    decided: Sequence[PermissionSetArn]
    doomed: Sequence[PermissionSetArn]
    groups: Sequence[PrincipalId]
    users: Sequence[PrincipalId]
    members: Callable[[], Mapping[str, Sequence[PrincipalId]]]
    expected_pairs: int | None


@dataclass(slots=True)
class GrantPages:
    """How many calls each kind of list took; None where the strategy does not ask it.

    `every_pair` says that each pair was asked itself, so that nobody's access can be hidden.
    """

    strategy: Strategy
    groups: int | None = None
    users: int | None = None
    accounts: int | None = None
    pairs: int | None = None
    hybrid: int | None = None
    doomed: int = 0
    every_pair: bool = False


class GrantBook:
    """Assignments by name, as they arrive: each principal and each string is held once."""

    def __init__(self, set_names: Mapping[PermissionSetArn, str], names: Mapping[_Who, str]) -> None:
        self._set_names = set_names
        self._principals = {who: Principal(who[0], name) for who, name in names.items()}
        self.assignments: set[Assignment] = set()

    @property
    def principal_ids(self) -> dict[Principal, PrincipalId]:
        """The id of every principal, also of those that no longer exist and still have access."""
        return {principal: who[1] for who, principal in self._principals.items()}

    def add(self, grants: Iterable[Grant]) -> None:
        """Take in `grants`. One of a set made after the sets were listed is left to the next reading."""
        for grant in grants:
            name = self._set_names.get(grant.permission_set)
            if name is not None:
                who = self.principal(grant.kind, grant.principal_id)
                self.assignments.add(Assignment(who, name, AccountId(sys.intern(grant.account_id))))

    def principal(self, kind: PrincipalKind, principal_id: PrincipalId) -> Principal:
        """The principal with this id; one that no longer exists has its id for a name."""
        found = self._principals.get((kind, principal_id))
        if found is None:
            found = self._principals[(kind, principal_id)] = Principal(kind, principal_id)
        return found

    def unexplained(self, pairs: Iterable[_Pair]) -> list[_Pair]:
        """Those of `pairs` in which nobody is known to have access."""
        known = {(each.permission_set, each.account_id) for each in self.assignments}
        return [(arn, account) for arn, account in pairs if (self._set_names[arn], account) not in known]


def read_grants(
    reader: AccessReader, scope: Scope, book: GrantBook, forced: Strategy | None, pool: Executor
) -> GrantPages:
    """Read every assignment in `scope` into `book`; without `forced` the cheapest strategy is used."""
    asking = _Asking(reader, scope, book, pool)
    doomed_pairs, doomed = asking.accounts(scope.doomed)
    doomed += asking.pairs(doomed_pairs)
    if not scope.decided:
        return GrantPages(Strategy.PER_PAIR, doomed=doomed, every_pair=True)
    found = asking.decided(forced)
    found.doomed = doomed
    return found


class _Asking:
    def __init__(self, reader: AccessReader, scope: Scope, book: GrantBook, pool: Executor) -> None:
        self._reader = reader
        self._scope = scope
        self._book = book
        self._pool = pool

    def decided(self, forced: Strategy | None) -> GrantPages:
        scope = self._scope
        principals = len(scope.groups) + len(scope.users)
        begin = choose(principals=principals, sets=len(scope.decided), expected_pairs=scope.expected_pairs)
        if (forced or begin) is Strategy.PER_PRINCIPAL:
            return GrantPages(
                Strategy.PER_PRINCIPAL,
                groups=self._principals(PrincipalKind.GROUP, scope.groups),
                users=self._principals(PrincipalKind.USER, scope.users),
            )
        pairs, account_pages = self.accounts(scope.decided)
        if (forced or choose_again(principals=principals, pairs=len(pairs))) is Strategy.HYBRID:
            found = self._hybrid(pairs)
        else:
            found = GrantPages(Strategy.PER_PAIR, pairs=self.pairs(pairs), every_pair=True)
        found.accounts = account_pages
        return found

    def _hybrid(self, pairs: Sequence[_Pair]) -> GrantPages:
        """Groups first; then the cheaper of all pairs and all users with the pairs that nobody explains."""
        scope = self._scope
        groups = self._principals(PrincipalKind.GROUP, scope.groups)
        if len(pairs) <= _expected_user_pages(scope, self._book.assignments):
            rest = self.pairs(pairs)
            return GrantPages(
                Strategy.HYBRID, groups=groups, pairs=rest, hybrid=groups + rest, every_pair=True
            )
        users = self._principals(PrincipalKind.USER, scope.users)
        orphans = self.pairs(self._book.unexplained(pairs))
        return GrantPages(Strategy.HYBRID, groups=groups, users=users, hybrid=groups + users + orphans)

    def accounts(self, arns: Sequence[PermissionSetArn]) -> tuple[list[_Pair], int]:
        """Where each set is provisioned, and the calls it took."""
        pairs: list[_Pair] = []
        calls = 0
        for arn, found in each(self._pool, self._reader.list_accounts_of, arns):
            pairs.extend((arn, account) for account in found)
            calls += pages(len(found))
        return pairs, calls

    def pairs(self, pairs: Sequence[_Pair]) -> int:
        """Take in who has each pair; the calls it took."""
        calls = 0
        for _, found in each(self._pool, lambda pair: self._reader.list_grants_in(*pair), pairs):
            self._book.add(found)
            calls += pages(len(found))
        return calls

    def _principals(self, kind: PrincipalKind, ids: Sequence[PrincipalId]) -> int:
        """Take in what each principal was given; the calls it took."""
        calls = 0
        for asked, found in each(self._pool, lambda each_id: self._reader.list_grants_of(kind, each_id), ids):
            self._book.add(grant for grant in found if grant.principal_id == asked)
            calls += pages(len(found))
        return calls


def _expected_user_pages(scope: Scope, assignments: Iterable[Assignment]) -> int:
    """How many calls the users will take, as far as their groups' assignments tell: AWS lists those too."""
    held = Counter(each.principal.name for each in assignments if each.principal.kind is PrincipalKind.GROUP)
    inherited: Counter[PrincipalId] = Counter()
    for group, members in scope.members().items():
        for member in members:
            inherited[member] += held[group]
    return sum(pages(inherited[user]) for user in scope.users)
