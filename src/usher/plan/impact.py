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
from usher.plan.holdings import Holdings
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

    Each target is in one share at most. `moved` is access that stays and comes by other ways afterwards.
    """

    who: Principal
    gained: tuple[Share, ...]
    lost: tuple[Share, ...]
    moved: tuple[Share, ...]

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
    afterwards of the groups that the plan concerns. `still_held` says, for each account in which somebody
    loses something or contents change, what somebody has there afterwards. `dangling` counts removed
    assignments of principals that no longer exist, which concern nobody.
    """

    people: Mapping[Principal, PersonImpact] = field(hash=False)
    idle: tuple[PersonImpact, ...]
    contents: tuple[ContentImpact, ...]
    created: tuple[PermissionSet, ...]
    roles_made: tuple[tuple[str, AccountId], ...]
    roles_gone: tuple[tuple[str, AccountId], ...]
    members: Mapping[str, frozenset[str]] = field(hash=False)
    still_held: Mapping[AccountId, frozenset[Target]] = field(hash=False)
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
    found = [each for who in holdings.touched() if (each := _person(who, holdings)) is not None]
    made, gone = _roles(plan, actual)
    altered = sorted(contents_after(plan.changes, actual).items())
    new = {change.name for change in plan.changes if isinstance(change, CreatePermissionSet)}
    contents = tuple(
        _content(actual.permission_sets[name], after, plan, holdings)
        for name, after in altered
        if name in actual.permission_sets
    )
    return Impact(
        {each.who: each for each in found},
        idle=tuple(_idle(holdings)),
        contents=contents,
        created=tuple(after for name, after in altered if name in new),
        roles_made=made,
        roles_gone=gone,
        members={
            group: holdings.members_after(group)
            for group in sorted(holdings.concerned_groups)
            if holdings.is_known(group)
        },
        still_held=_still_held(found, contents, holdings),
        accounts=plan.accounts,
        dangling=sum(removal.dangling for removal in plan.removals),
        unread=actual.unread,
    )


def _person(who: Principal, holdings: Holdings) -> PersonImpact | None:
    ways = holdings.ways_of(who)
    regranted = [way for way in ways.stayed if holdings.is_regranted(way)]
    coming = [(way, True, holdings.after(way)) for way in ways.joined]
    coming += [(way, False, holdings.added(way)) for way in regranted]
    going = [(way, True, holdings.before(way)) for way in ways.left]
    going += [(way, False, holdings.removed(way)) for way in regranted]
    gained, lost = _all_of(coming), _all_of(going)
    rerouted = gained | lost
    for way in (*ways.left, *ways.stayed):
        gained -= holdings.before(way)
    for way in (*ways.joined, *ways.stayed):
        lost -= holdings.after(way)
    moved = rerouted - gained - lost
    if not rerouted:
        return None
    new_ways = [*coming, *((way, False, holdings.after(way)) for way in ways.stayed)] if moved else []
    return PersonImpact(
        who,
        tuple(_shares(gained, coming, holdings)),
        tuple(_shares(lost, going, holdings)),
        tuple(_shares(moved, new_ways, holdings)),
    )


_Coming = tuple[Principal, bool, frozenset[Target]]


def _all_of(parts: Iterable[_Coming]) -> frozenset[Target]:
    return _NOTHING.union(*(targets for _, _, targets in parts))


def _shares(targets: frozenset[Target], parts: list[_Coming], holdings: Holdings) -> Iterator[Share]:
    """`targets` by the way they come; where several lead to one, through the largest group."""
    if not targets:
        return
    remaining = targets
    for way, moves, brought in sorted(parts, key=lambda each: holdings.weight(each[0])):
        share = remaining & brought
        if share:
            yield Share(way, moves, holdings.shared(share, brought))
            remaining -= share


def _idle(holdings: Holdings) -> Iterator[PersonImpact]:
    for name in sorted(holdings.concerned_groups):
        if not holdings.is_known(name):
            continue
        group = Principal(PrincipalKind.GROUP, name)
        gained = holdings.added(group) if not holdings.members_after(name) else _NOTHING
        lost = holdings.removed(group) if not holdings.members_before(name) else _NOTHING
        if gained or lost:
            yield PersonImpact(
                group,
                (Share(group, False, gained),) if gained else (),
                (Share(group, False, lost),) if lost else (),
                (),
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


def _still_held(
    people: Iterable[PersonImpact], contents: Iterable[ContentImpact], holdings: Holdings
) -> Mapping[AccountId, frozenset[Target]]:
    lost = {id(share.targets): share.targets for each in people for share in each.lost}
    concerned = {target.account_id for targets in lost.values() for target in targets}
    concerned.update(account for content in contents for account in content.accounts)
    held: dict[AccountId, set[Target]] = {account: set() for account in concerned}
    if held:
        for target in holdings.held_after():
            if target.account_id in held:
                held[target.account_id].add(target)
    return {account: frozenset(targets) for account, targets in held.items()}


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
