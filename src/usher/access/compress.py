"""Thousands of grants as few rules: the shortest exact selectors, and products of principals and targets.

Grants with the same accounts belong together. Their accounts are covered by selections that a person
would have written (everything, a unit, a tag, a name's pattern, with exceptions) and the rest by name;
the principals and targets that share a selection become as few products as a greedy search finds.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Protocol, TypeVar

from usher.access.selections import Bits, Candidate, Candidates, Selection, merged
from usher.core.assignments import Assignment, Granted
from usher.core.ids import AccountId
from usher.core.principals import Principal, PrincipalKind


class _Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


_K = TypeVar("_K", bound=_Ordered)
_V = TypeVar("_V", bound=_Ordered)

# Past this many different sets on both sides, the two plain groupings are good enough.
_MAX_GREEDY = 300
# What another rule costs a reader, in account names.
_RULE_COST = 1
# An exception is one account in this many at the most: more of them, and the selector means something else.
_EXCEPTION_SHARE = 5


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """What is given: a permission set by name, or an owned role by path and name."""

    name: str
    is_role: bool = False


@dataclass(frozen=True, slots=True)
class FoundRule:
    """Each of these principals, all of one kind, gets each of these targets, all of one kind, in each
    account of the selection."""

    principals: tuple[Principal, ...]
    targets: tuple[Target, ...]
    selection: Selection


@dataclass(frozen=True, slots=True)
class Compressed:
    """The rules, and how many grants they stand for."""

    rules: tuple[FoundRule, ...]
    grants: int


def compress(grants: Iterable[Granted], candidates: Candidates) -> Compressed:
    """The rules that give exactly `grants`, every one in an account that `candidates` knows.

    Raises KeyError for a grant elsewhere: no rule can speak of it.
    """
    where: dict[tuple[Principal, Target], list[AccountId]] = {}
    count = 0
    for granted in grants:
        where.setdefault((granted.principal, _target(granted)), []).append(granted.account_id)
        count += 1
    alike: dict[Bits, list[tuple[Principal, Target]]] = {}
    for pair, ids in where.items():
        alike.setdefault(candidates.bits_of(ids), []).append(pair)
    chosen: dict[Selection, set[tuple[Principal, Target]]] = {}
    for bits, pairs in alike.items():
        for selection in merged(_cover(bits, candidates)):
            chosen.setdefault(selection, set()).update(pairs)
    rules = [
        FoundRule(principals, targets, selection)
        for selection, given in chosen.items()
        for kind in _kinds(given)
        for principals, targets in products(kind)
    ]
    return Compressed(tuple(sorted(rules, key=_reading_order)), count)


def products(pairs: Iterable[tuple[_K, _V]]) -> list[tuple[tuple[_K, ...], tuple[_V, ...]]]:
    """Products whose union is exactly `pairs`, few of them: sorted on both sides."""
    rights: dict[_K, set[_V]] = {}
    lefts: dict[_V, set[_K]] = {}
    for left, right in pairs:
        rights.setdefault(left, set()).add(right)
        lefts.setdefault(right, set()).add(left)
    by_left = [(frozenset(held), shared) for shared, held in _group(rights).items()]
    by_right = [(shared, frozenset(held)) for shared, held in _group(lefts).items()]
    found = min((by_left, by_right), key=len)
    if len(found) > 2 and len(by_left) + len(by_right) <= _MAX_GREEDY:
        greedy = _greedy_products(rights, lefts)
        found = greedy if len(greedy) < len(found) else found
    return [(_in_order(left), _in_order(right)) for left, right in found]


def _target(granted: Granted) -> Target:
    if isinstance(granted, Assignment):
        return Target(granted.permission_set)
    return Target(granted.role_name, is_role=True)


def _kinds(pairs: Iterable[tuple[Principal, Target]]) -> Iterator[Sequence[tuple[Principal, Target]]]:
    """One rule names groups or users, permission sets or roles."""
    kinds: dict[tuple[PrincipalKind, bool], list[tuple[Principal, Target]]] = {}
    for principal, target in pairs:
        kinds.setdefault((principal.kind, target.is_role), []).append((principal, target))
    yield from kinds.values()


def _cover(bits: Bits, candidates: Candidates) -> Iterator[Selection]:
    """Selections whose union is exactly `bits`."""
    rest = bits
    while rest:
        best = _exact(rest, candidates) or _best(rest, bits, candidates)
        if best is None:
            yield Selection(names=candidates.ids_in(rest))
            return
        yield replace(best.selection, exceptions=candidates.ids_in(best.bits & ~bits))
        rest &= ~best.bits


def _exact(rest: Bits, candidates: Candidates) -> Candidate | None:
    found = candidates.by_bits.get(rest)
    return found if found is not None and found.cost <= rest.bit_count() else None


def _best(rest: Bits, bits: Bits, candidates: Candidates) -> Candidate | None:
    """The candidate that saves the most names in `rest`; None when naming is as short."""
    best, best_gain = None, 0
    outside = ~bits
    for each in candidates.simple:
        new = (each.bits & rest).bit_count()
        if new - each.cost - _RULE_COST <= best_gain:
            continue
        exceptions = (each.bits & outside).bit_count()
        if exceptions * _EXCEPTION_SHARE > new:
            continue
        gain = new - each.cost - 2 * exceptions - (_RULE_COST if each.bits & bits != bits else 0)
        if gain > best_gain:
            best, best_gain = each, gain
    return best


def _group(held: Mapping[_K, set[_V]]) -> dict[frozenset[_V], list[_K]]:
    """The keys that hold the same, together."""
    groups: dict[frozenset[_V], list[_K]] = {}
    for key, values in held.items():
        groups.setdefault(frozenset(values), []).append(key)
    return groups


def _greedy_products(
    rights: Mapping[_K, set[_V]], lefts: Mapping[_V, set[_K]]
) -> list[tuple[frozenset[_K], frozenset[_V]]]:
    """The largest products first, among those that cannot be widened, until every pair is in one."""
    offered = {
        (frozenset(left for left, held in rights.items() if held >= shared), shared)
        for shared in _group(rights)
    }
    offered |= {
        (shared, frozenset(right for right, held in lefts.items() if held >= shared))
        for shared in _group(lefts)
    }
    open_pairs = {(left, right) for left, held in rights.items() for right in held}
    order = sorted(offered, key=lambda each: (_in_order(each[0]), _in_order(each[1])))
    found: list[tuple[frozenset[_K], frozenset[_V]]] = []
    # What a product still adds only shrinks, so one that stays first after counting again is the best.
    heap = [(-len(left) * len(right), place) for place, (left, right) in enumerate(order)]
    heapq.heapify(heap)
    while open_pairs:
        _, place = heapq.heappop(heap)
        added = sum(pair in open_pairs for pair in product(*order[place]))
        if heap and (-added, place) > heap[0]:
            heapq.heappush(heap, (-added, place))
            continue
        found.append(order[place])
        open_pairs.difference_update(product(*order[place]))
    return found


def _in_order(values: Iterable[_K]) -> tuple[_K, ...]:
    return tuple(sorted(values))


def _reading_order(rule: FoundRule) -> tuple[object, ...]:
    """The broad rules first, as a reader needs them."""
    selection = rule.selection
    kinds = (selection.every, bool(selection.units), bool(selection.tags), bool(selection.patterns), True)
    return kinds.index(True), selection, rule.targets, rule.principals
