"""What many people gain or lose alike, as one line: the same people, by the same way, the same access."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from usher.core.ids import AccountId
from usher.core.principals import Principal, PrincipalKind
from usher.plan.impact import Impact, PersonImpact, Share


class Direction(StrEnum):
    """What happens to access. MOVED: it stays, and comes another way."""

    GAINED = "gained"
    LOST = "lost"
    MOVED = "moved"


class Bundle(NamedTuple):
    """These people gain (lose, keep) this permission set or owned role in these accounts.

    `via` is the group it comes through, None when it is given to each directly; `moves`: they join or leave
    that group. `people` are users, or the group itself when its members are not known; none for a group that
    has no members yet.
    """

    direction: Direction
    via: Principal | None
    moves: bool
    people: tuple[Principal, ...]
    name: str
    is_role: bool
    accounts: tuple[AccountId, ...]


def bundles_of(impact: Impact) -> tuple[Bundle, ...]:
    """All that people gain, lose and keep by another way, each target of each person in one bundle.

    Sorted: what is gained first, then by the number of people and accounts, the largest first.
    """
    found = [
        *_bundles(Direction.GAINED, ((each, each.gained) for each in impact.people.values())),
        *_bundles(Direction.LOST, ((each, each.lost) for each in impact.people.values())),
        *_bundles(Direction.MOVED, ((each, each.moved) for each in impact.people.values())),
        *(bundle for each in impact.idle for bundle in _idle(each)),
    ]
    return tuple(sorted(found, key=_order))


def _bundles(
    direction: Direction, shares: Iterable[tuple[PersonImpact, tuple[Share, ...]]]
) -> Iterator[Bundle]:
    alike: dict[tuple[Principal | None, bool, frozenset[object]], list[Principal]] = defaultdict(list)
    parts: dict[frozenset[object], Share] = {}
    for impact, found in shares:
        for share in found:
            direct = share.via == impact.who and impact.who.kind is PrincipalKind.USER
            key = (None if direct else share.via, share.moves, share.targets)
            alike[key].append(impact.who)
            parts.setdefault(share.targets, share)
    places: dict[tuple[Principal | None, bool, str, bool, tuple[AccountId, ...]], list[Principal]]
    places = defaultdict(list)
    split = {targets: tuple(_by_name(share)) for targets, share in parts.items()}
    for (via, moves, targets), people in alike.items():
        for name, is_role, accounts in split[targets]:
            places[via, moves, name, is_role, accounts].extend(people)
    for (via, moves, name, is_role, accounts), people in places.items():
        yield Bundle(direction, via, moves, tuple(sorted(people)), name, is_role, accounts)


def _idle(impact: PersonImpact) -> Iterator[Bundle]:
    for direction, shares in ((Direction.GAINED, impact.gained), (Direction.LOST, impact.lost)):
        for share in shares:
            for name, is_role, accounts in _by_name(share):
                yield Bundle(direction, impact.who, False, (), name, is_role, accounts)


def _by_name(share: Share) -> Iterator[tuple[str, bool, tuple[AccountId, ...]]]:
    found: dict[tuple[str, bool], list[AccountId]] = defaultdict(list)
    for target in share.targets:
        found[target.name, target.is_role].append(target.account_id)
    for (name, is_role), accounts in sorted(found.items()):
        yield name, is_role, tuple(sorted(accounts))


def _order(bundle: Bundle) -> tuple[object, ...]:
    via = bundle.via.name if bundle.via else ""
    return (
        list(Direction).index(bundle.direction),
        -len(bundle.people),
        via or bundle.people[0].name,
        bundle.moves,
        -len(bundle.accounts),
        bundle.name,
        bundle.accounts,
        bundle.people,
    )
