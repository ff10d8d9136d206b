"""Who gains and loses what when a plan is carried out: per person, after every group is expanded.

Only people whom the plan touches are looked at, and people of one group share one value for what the group
brings them, so that a plan for twenty thousand people costs little more than its changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.core.organization import ActualAccess, DesiredAccess, Unread
from usher.core.permission_sets import PermissionSet
from usher.core.principals import Principal, PrincipalKind
from usher.plan.changes import (
    CreateAssignment,
    CreatePermissionSet,
    DeleteAssignment,
    Plan,
    ProvisionPermissionSet,
)
from usher.plan.holdings import Holdings, Ways
from usher.plan.outcome import Target, contents_after, movement_of

_NOTHING: frozenset[Target] = frozenset()


class Share(NamedTuple):
    """A part of what somebody gains, loses or keeps, and the way it comes.

    `via` is the group it comes through, or the person themselves when it is given directly. `moves` says
    that the person joins or leaves that group, rather than that the group is given something.
    """

    via: Principal
    moves: bool
    targets: frozenset[Target]


@dataclass(frozen=True, slots=True)
class PersonImpact:
    """What a plan does to the access of `who`: a user, or whoever is in a group whose members are not known.

    Each target is in one share at most. `moved` is access that stays and comes another way afterwards;
    `kept` counts all targets that stay.
    """

    who: Principal
    gained: tuple[Share, ...]
    lost: tuple[Share, ...]
    moved: tuple[Share, ...]
    kept: int

    @property
    def gained_targets(self) -> frozenset[Target]:
        """What they could not enter before, and can afterwards."""
        return _NOTHING.union(*(share.targets for share in self.gained))

    @property
    def lost_targets(self) -> frozenset[Target]:
        """What they could enter before, and cannot afterwards."""
        return _NOTHING.union(*(share.targets for share in self.lost))

    @property
    def moved_targets(self) -> frozenset[Target]:
        """What stays, though by another way."""
        return _NOTHING.union(*(share.targets for share in self.moved))


@dataclass(frozen=True, slots=True)
class ContentImpact:
    """A permission set whose contents change for people who have it and keep it.

    `whoever` are groups with unknown members who have it as well; `accounts` those whose role stays.
    """

    before: PermissionSet
    after: PermissionSet
    people: frozenset[str]
    whoever: frozenset[str]
    accounts: tuple[AccountId, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """What a plan does to people.

    `people` holds those whose access changes, sorted by name. `idle` are groups without members that are
    given or lose something: it concerns who joins later. `contents` are the permission sets that exist and
    change, `created` the new ones. `roles_made` are the (permission set, account) pairs that get their first
    assignment, and so their role; `roles_gone` those that lose their last. `members` holds the members
    afterwards of the groups that the plan concerns. `dangling` counts removed assignments of principals that
    no longer exist, which concern nobody.
    """

    people: Mapping[Principal, PersonImpact] = field(hash=False)
    idle: tuple[PersonImpact, ...]
    contents: tuple[ContentImpact, ...]
    created: tuple[PermissionSet, ...]
    roles_made: tuple[tuple[str, AccountId], ...]
    roles_gone: tuple[tuple[str, AccountId], ...]
    members: Mapping[str, frozenset[str]] = field(hash=False)
    accounts: Mapping[AccountId, Account] = field(hash=False)
    dangling: int
    unread: Unread

    @property
    def gaining(self) -> int:
        """How many people and groups of unknown members gain something."""
        return sum(bool(each.gained) for each in self.people.values())

    @property
    def losing(self) -> int:
        """How many people and groups of unknown members lose something."""
        return sum(bool(each.lost) for each in self.people.values())


def impact_of(plan: Plan, desired: DesiredAccess, actual: ActualAccess) -> Impact:
    """What `plan`, made from `desired` and `actual`, does to everybody's access.

    What a drift mode leaves standing is no change, and so is not in it.
    """
    holdings = Holdings(movement_of(plan.changes), desired, actual)
    found = (_person(who, holdings) for who in holdings.touched())
    made, gone = _roles(plan, actual)
    altered = sorted(contents_after(plan.changes, actual).items())
    new = {change.name for change in plan.changes if isinstance(change, CreatePermissionSet)}
    return Impact(
        {each.who: each for each in found if each is not None},
        idle=tuple(_idle(holdings)),
        contents=tuple(
            _content(actual.permission_sets[name], after, plan, holdings)
            for name, after in altered
            if name in actual.permission_sets
        ),
        created=tuple(after for name, after in altered if name in new),
        roles_made=made,
        roles_gone=gone,
        members={
            group: holdings.members_after(group)
            for group in sorted(holdings.concerned_groups)
            if holdings.is_known(group)
        },
        accounts=plan.accounts,
        dangling=sum(removal.dangling for removal in plan.removals),
        unread=actual.unread,
    )


def _person(who: Principal, holdings: Holdings) -> PersonImpact | None:
    ways = holdings.ways_of(who)
    before = _NOTHING.union(*(holdings.before(way) for way in (*ways.left, *ways.stayed)))
    after = _NOTHING.union(*(holdings.after(way) for way in (*ways.joined, *ways.stayed)))
    kept = before & after
    gained = _gained(after - before, ways, holdings)
    lost = _lost(before - after, ways, holdings)
    moved = _gained(_rerouted(ways, holdings) & kept, ways, holdings)
    if not gained and not lost and not moved:
        return None
    return PersonImpact(who, gained, lost, moved, len(kept))


def _gained(targets: frozenset[Target], ways: Ways, holdings: Holdings) -> tuple[Share, ...]:
    if not targets:
        return ()
    by_way = [(way, True, holdings.after(way)) for way in ways.joined]
    by_way += [(way, False, holdings.after(way)) for way in ways.stayed]
    return tuple(_shares(targets, by_way, holdings))


def _lost(targets: frozenset[Target], ways: Ways, holdings: Holdings) -> tuple[Share, ...]:
    if not targets:
        return ()
    by_way = [(way, True, holdings.before(way)) for way in ways.left]
    by_way += [(way, False, holdings.before(way)) for way in ways.stayed]
    return tuple(_shares(targets, by_way, holdings))


def _shares(
    targets: frozenset[Target],
    by_way: Iterable[tuple[Principal, bool, frozenset[Target]]],
    holdings: Holdings,
) -> Iterator[Share]:
    """`targets` by the way they come; where several lead to one, through the largest group."""
    remaining = targets
    for way, moves, brought in sorted(by_way, key=lambda each: holdings.weight(each[0])):
        share = remaining & brought
        if share:
            yield Share(way, moves, holdings.shared(share, brought))
            remaining -= share


def _rerouted(ways: Ways, holdings: Holdings) -> frozenset[Target]:
    """What comes by another set of ways than before."""
    return _NOTHING.union(
        *(holdings.after(way) for way in ways.joined),
        *(holdings.before(way) for way in ways.left),
        *(holdings.before(way) ^ holdings.after(way) for way in ways.stayed if holdings.is_regranted(way)),
    )


def _idle(holdings: Holdings) -> Iterator[PersonImpact]:
    for name in sorted(holdings.concerned_groups):
        if not holdings.is_known(name):
            continue
        group = Principal(PrincipalKind.GROUP, name)
        before, after = holdings.before(group), holdings.after(group)
        gained = after - before if not holdings.members_after(name) else _NOTHING
        lost = before - after if not holdings.members_before(name) else _NOTHING
        if gained or lost:
            yield PersonImpact(
                group,
                (Share(group, False, gained),) if gained else (),
                (Share(group, False, lost),) if lost else (),
                (),
                len(before & after),
            )


def _content(before: PermissionSet, after: PermissionSet, plan: Plan, holdings: Holdings) -> ContentImpact:
    had, unknown_had = holdings.holders_before(before.name)
    have, unknown_have = holdings.holders_after(before.name)
    staying = [
        change.accounts
        for change in plan.changes
        if isinstance(change, ProvisionPermissionSet) and change.name == before.name
    ]
    return ContentImpact(before, after, had & have, unknown_had & unknown_have, staying[0] if staying else ())


_Pairs = tuple[tuple[str, AccountId], ...]


def _roles(plan: Plan, actual: ActualAccess) -> tuple[_Pairs, _Pairs]:
    """The pairs of permission set and account that get their first assignment, and that lose their last."""
    balance: Counter[tuple[str, AccountId]] = Counter()
    for change in plan.changes:
        match change:
            case CreateAssignment(assignment=each):
                balance[each.permission_set, each.account_id] += 1
            case DeleteAssignment(assignment=each):
                balance[each.permission_set, each.account_id] -= 1
            case _:
                pass
    before = Counter(
        pair for each in actual.assignments if (pair := (each.permission_set, each.account_id)) in balance
    )
    made = [pair for pair, more in balance.items() if not before[pair] and more > 0]
    gone = [pair for pair, more in balance.items() if before[pair] and before[pair] + more == 0]
    return tuple(sorted(made)), tuple(sorted(gone))
