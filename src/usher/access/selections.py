"""Which accounts a rule that is found, not written, chooses: candidates, and which accounts each one gives.

Sets of accounts are whole numbers, one bit to an account: with two thousand accounts and as many
candidates, nothing else is as fast. A candidate must be borne out by several accounts: one that fits by
chance would give access to accounts that nobody had in mind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeAlias

from usher.core.accounts import Account
from usher.core.ids import AccountId

Bits: TypeAlias = int

_SEPARATORS = re.compile(r"[-_ ./]")
_MAX_TAGS_IN_PAIRS = 12

# How many accounts must bear a candidate out, and what it costs a reader, in account names.
_OU, _TAG, _PATTERN, _PAIR = (2, 2), (2, 3), (3, 4), (4, 5)


@dataclass(frozen=True, slots=True, order=True)
class Selection:
    """What stands under `accounts:` of a rule: accounts for which all of it is true, but `exceptions`.

    `units` are paths of organizational units, meant with all units below them unless `direct`. `tags` gives
    keys the values that will do. An account is meant by name when one of `patterns` fits it, or when it is
    among `names`, which are ids. The management account is among them only with `management`, or by id.
    """

    every: bool = False
    units: tuple[str, ...] = ()
    direct: bool = False
    tags: tuple[tuple[str, tuple[str, ...]], ...] = ()
    patterns: tuple[str, ...] = ()
    names: tuple[AccountId, ...] = ()
    exceptions: tuple[AccountId, ...] = ()
    management: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A selection without exceptions, the accounts it gives, and what reading it costs."""

    selection: Selection
    bits: Bits
    cost: int


class Candidates:
    """Every selection that could stand in a rule, and the way from bits to ids and back.

    Only active accounts are known: others take no assignments.
    """

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._accounts: Sequence[Account] = sorted(
            (account for account in accounts if account.active), key=lambda each: each.id
        )
        self._bit: Mapping[AccountId, Bits] = {
            account.id: 1 << place for place, account in enumerate(self._accounts)
        }
        self._management = self.bits_of(each.id for each in self._accounts if each.is_management)
        self.simple: Sequence[Candidate] = ()
        self.by_bits: Mapping[Bits, Candidate] = {}

    @classmethod
    def of(cls, accounts: Iterable[Account]) -> Candidates:
        """The candidates in a whole organization, whose units and tags were read."""
        self = cls(accounts)
        simple = [*self._every(), *self._units(), *self._tags(), *self._patterns()]
        self.simple = tuple(_cheapest(simple).values())
        self.by_bits = _cheapest([*self.simple, *self._pairs()])
        return self

    @classmethod
    def names_only(cls, accounts: Iterable[Account]) -> Candidates:
        """None but the accounts themselves: of an organization that is not known."""
        return cls(accounts)

    def bits_of(self, ids: Iterable[AccountId]) -> Bits:
        """The set of these accounts. Raises KeyError for an account that takes no assignments."""
        found = 0
        for each in ids:
            found |= self._bit[each]
        return found

    def ids_in(self, bits: Bits) -> tuple[AccountId, ...]:
        """The accounts of a set, in the order of their names."""
        chosen: list[Account] = []
        while bits:
            lowest = bits & -bits
            chosen.append(self._accounts[lowest.bit_length() - 1])
            bits ^= lowest
        return tuple(account.id for account in sorted(chosen, key=lambda each: (each.name, each.id)))

    def _every(self) -> Iterator[Candidate]:
        everywhere = self.bits_of(account.id for account in self._accounts)
        yield from self._variants(Selection(every=True), everywhere, (2, 1))

    def _units(self) -> Iterator[Candidate]:
        nested: dict[str, Bits] = {}
        direct: dict[str, Bits] = {}
        for account in self._accounts:
            bit = self._bit[account.id]
            for path in _paths_above(account):
                nested[path] = nested.get(path, 0) | bit
            if account.ou_names:
                direct[account.ou] = direct.get(account.ou, 0) | bit
        unclear = {path for account in self._accounts for path in _unclear_paths(account)}
        for path in nested.keys() - unclear:
            yield from self._variants(Selection(units=(path,)), nested[path], _OU)
            if direct.get(path, nested[path]) != nested[path]:
                yield from self._variants(Selection(units=(path,), direct=True), direct[path], _OU)

    def _tags(self) -> Iterator[Candidate]:
        for tag, bits in self._bits_by_tag().items():
            yield from self._variants(Selection(tags=_as_choices(tag)), bits, _TAG)

    def _bits_by_tag(self) -> Mapping[tuple[str, str], Bits]:
        found: dict[tuple[str, str], Bits] = {}
        for account in self._accounts:
            for tag in account.tags.items():
                if not tag[0].startswith("aws:"):
                    found[tag] = found.get(tag, 0) | self._bit[account.id]
        return found

    def _patterns(self) -> Iterator[Candidate]:
        found: dict[str, Bits] = {}
        for account in self._accounts:
            for pattern in _patterns_of(account.name):
                found[pattern] = found.get(pattern, 0) | self._bit[account.id]
        for pattern, bits in found.items():
            yield from self._variants(Selection(patterns=(pattern,)), bits, _PATTERN)

    def _pairs(self) -> Iterator[Candidate]:
        """Two tags, or a tag within a unit; only those that somebody has are looked at."""
        by_tag = self._bits_by_tag()
        common = {tag for tag, bits in by_tag.items() if bits.bit_count() >= _PAIR[0]}
        pairs: set[tuple[tuple[str, str], ...]] = set()
        for account in self._accounts:
            tags = sorted(tag for tag in account.tags.items() if tag in common)[:_MAX_TAGS_IN_PAIRS]
            pairs.update(combinations(tags, 2))
        for first, second in pairs:
            yield from self._variants(
                Selection(tags=_as_choices(first, second)), by_tag[first] & by_tag[second], _PAIR
            )
        for unit in [each for each in self._units() if not each.selection.direct]:
            for tag in common:
                bits = unit.bits & by_tag[tag]
                if bits not in (unit.bits, by_tag[tag]):
                    both = Selection(units=unit.selection.units, tags=_as_choices(tag))
                    yield from self._variants(both, bits, _PAIR)

    def _variants(self, selection: Selection, bits: Bits, weight: tuple[int, int]) -> Iterator[Candidate]:
        """`selection` without the management account, and with it where that makes a difference."""
        witnesses, cost = weight
        without = bits & ~self._management
        if without.bit_count() >= witnesses:
            yield Candidate(selection, without, cost)
            if bits != without and not selection.patterns:  # no pattern means the management account
                meant = replace(selection, management=True)
                yield Candidate(meant, bits, cost + 1)


def _cheapest(candidates: Iterable[Candidate]) -> dict[Bits, Candidate]:
    best: dict[Bits, Candidate] = {}
    for each in candidates:
        known = best.get(each.bits)
        if known is None or (each.cost, each.selection) < (known.cost, known.selection):
            best[each.bits] = each
    return best


def merged(selections: Iterable[Selection]) -> Iterator[Selection]:
    """The same accounts in fewer selections: units, values of one tag, and names and patterns are lists."""
    lists: dict[object, list[Selection]] = {}
    for place, each in enumerate(selections):
        lists.setdefault(_list_that_takes(each) or place, []).append(each)
    for same in lists.values():
        first = same[0]
        if len(same) > 1:
            values = [value for each in same for _, several in each.tags for value in several]
            first = replace(
                first,
                units=tuple(sorted({path for each in same for path in each.units})),
                tags=((first.tags[0][0], tuple(sorted(set(values)))),) if values else (),
                patterns=tuple(sorted({pattern for each in same for pattern in each.patterns})),
                names=tuple(name for each in same for name in each.names),
            )
        yield first


def _list_that_takes(selection: Selection) -> object:
    """What selections have in common that can be one list; None for one that must stand alone."""
    if selection.every or selection.exceptions or len(selection.tags) + bool(selection.units) > 1:
        return None
    if selection.units:
        return "units", selection.direct, selection.management
    if selection.tags:
        return "tags", selection.tags[0][0], selection.management
    return "names", selection.management if selection.patterns else False


def _as_choices(*tags: tuple[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((key, (value,)) for key, value in tags)


def _paths_above(account: Account) -> Iterator[str]:
    for depth in range(1, len(account.ou_names) + 1):
        yield "/".join(account.ou_names[:depth])


def _unclear_paths(account: Account) -> Iterator[str]:
    """Paths that could mean another unit too, because a unit's own name holds the path's separator."""
    for depth, path in enumerate(_paths_above(account), 1):
        if path.count("/") != depth - 1:
            yield path


def _patterns_of(name: str) -> Iterator[str]:
    """`web-*` and `*-production` for `web-eu-production`, cut where words end."""
    if any(letter in name for letter in "*?[]!"):
        return
    for cut in _SEPARATORS.finditer(name):
        if cut.start() > 0:
            yield name[: cut.end()] + "*"
        if cut.end() < len(name):
            yield "*" + name[cut.start() :]
