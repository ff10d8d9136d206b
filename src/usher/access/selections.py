"""Which accounts a rule that is found, not written, chooses: candidates, and which accounts each one gives.

Sets of accounts are whole numbers, one bit to an account: with two thousand accounts and as many
candidates, nothing else is as fast. A candidate must be borne out by several accounts: one that fits by
chance would give access to accounts that nobody had in mind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    """What stands under `accounts:` of a rule. Exactly one of the first fields says what is chosen,
    apart from `ou` and `tags`, which may stand together; `names` are ids.

    `ou` is the path of an organizational unit, with all units below it unless `direct`. `management`
    says that the management account, if it is among them, is meant too.
    """

    every: bool = False
    ou: tuple[str, ...] = ()
    direct: bool = False
    tags: tuple[tuple[str, str], ...] = ()
    pattern: str = ""
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
    """Every selection that could stand in a rule about `accounts`, and the way from bits to ids and back."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._accounts: Sequence[Account] = sorted(
            (account for account in accounts if account.active), key=lambda each: each.id
        )
        self._bit: Mapping[AccountId, Bits] = {
            account.id: 1 << place for place, account in enumerate(self._accounts)
        }
        self._management = self.bits_of(each.id for each in self._accounts if each.is_management)
        simple = [*self._every(), *self._units(), *self._tags(), *self._patterns()]
        self.simple: Sequence[Candidate] = tuple(_cheapest(simple).values())
        self.by_bits: Mapping[Bits, Candidate] = _cheapest([*self.simple, *self._pairs()])

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
        nested: dict[tuple[str, ...], Bits] = {}
        direct: dict[tuple[str, ...], Bits] = {}
        for account in self._accounts:
            bit = self._bit[account.id]
            for depth in range(1, len(account.ou_names) + 1):
                path = account.ou_names[:depth]
                nested[path] = nested.get(path, 0) | bit
            if account.ou_names:
                direct[account.ou_names] = direct.get(account.ou_names, 0) | bit
        ambiguous = _paths_of_several_units(self._accounts)
        for path, bits in nested.items():
            if path not in ambiguous:
                yield from self._variants(Selection(ou=path), bits, _OU)
        for path, bits in direct.items():
            if path not in ambiguous and bits != nested[path]:
                yield from self._variants(Selection(ou=path, direct=True), bits, _OU)

    def _tags(self) -> Iterator[Candidate]:
        for tag, bits in self._bits_by_tag().items():
            yield from self._variants(Selection(tags=(tag,)), bits, _TAG)

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
            yield from self._variants(Selection(pattern=pattern), bits, _PATTERN)

    def _pairs(self) -> Iterator[Candidate]:
        """Two tags, or a tag within a unit; only those that somebody has are looked at."""
        by_tag = self._bits_by_tag()
        common = {tag for tag, bits in by_tag.items() if bits.bit_count() >= _PAIR[0]}
        pairs: set[tuple[tuple[str, str], ...]] = set()
        for account in self._accounts:
            tags = sorted(tag for tag in account.tags.items() if tag in common)[:_MAX_TAGS_IN_PAIRS]
            pairs.update(combinations(tags, 2))
        for first, second in pairs:
            yield from self._variants(Selection(tags=(first, second)), by_tag[first] & by_tag[second], _PAIR)
        units = [each for each in self._units() if each.selection.ou and not each.selection.direct]
        for unit in units:
            for tag in common:
                bits = unit.bits & by_tag[tag]
                if bits not in (unit.bits, by_tag[tag]):
                    yield from self._variants(Selection(ou=unit.selection.ou, tags=(tag,)), bits, _PAIR)

    def _variants(self, selection: Selection, bits: Bits, weight: tuple[int, int]) -> Iterator[Candidate]:
        """`selection` without the management account, and with it where that makes a difference."""
        witnesses, cost = weight
        without = bits & ~self._management
        if without.bit_count() >= witnesses:
            yield Candidate(selection, without, cost)
            if bits != without:
                meant = Selection(
                    selection.every,
                    selection.ou,
                    selection.direct,
                    selection.tags,
                    selection.pattern,
                    management=True,
                )
                yield Candidate(meant, bits, cost + 1)


def _cheapest(candidates: Iterable[Candidate]) -> dict[Bits, Candidate]:
    best: dict[Bits, Candidate] = {}
    for each in candidates:
        known = best.get(each.bits)
        if known is None or (each.cost, each.selection) < (known.cost, known.selection):
            best[each.bits] = each
    return best


def _paths_of_several_units(accounts: Iterable[Account]) -> set[tuple[str, ...]]:
    """Paths that a file could not tell apart: names that hold the path's own separator."""
    spelled: dict[str, set[tuple[str, ...]]] = {}
    for account in accounts:
        for depth in range(1, len(account.ou_names) + 1):
            path = account.ou_names[:depth]
            spelled.setdefault("/".join(path), set()).add(path)
    return {path for paths in spelled.values() for path in paths if any("/" in name for name in path)}


def _patterns_of(name: str) -> Iterator[str]:
    """`web-*` and `*-production` for `web-eu-production`, cut where words end."""
    if any(letter in name for letter in "*?[]!"):
        return
    for cut in _SEPARATORS.finditer(name):
        if cut.start() > 0:
            yield name[: cut.end()] + "*"
        if cut.end() < len(name):
            yield "*" + name[cut.start() :]
