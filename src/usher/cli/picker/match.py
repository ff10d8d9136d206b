"""Which profiles a query means, best first. Pure, and quick enough for each key press on thousands.

A query is words. Every word must be found: as it stands in any field, as the first letters of the name's
words (`pda` for `prod/DatabaseAdmin`), or as letters of the name in their order, near each other (`prdadm`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

# How much a find counts. Sums of words are multiplied by how often and how lately a profile was used.
WHOLE, BEGINNING, ELSEWHERE_BEGINNING, INITIALS, INSIDE, ELSEWHERE = 120, 100, 80, 75, 60, 40
_SCATTERED = 30
_WIDEST_SCATTER = 3  # times the word's length; letters further apart were hardly meant
_HABIT = 0.6
# A letter or digit after none, and a capital that begins a word: `dA` of `dbAdmin`, `DA` of `DBAdmin`.
_INITIAL = r"(?<![^\W_])[^\W_]|(?<=[a-z0-9])[A-Z]|(?<=[A-Z])[A-Z](?=[a-z])"


def folded(text: str) -> str:
    """`text` in lower case, character by character, so that positions stay what they are."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


def words_of(query: str) -> tuple[str, ...]:
    """The words that a query looks for."""
    return tuple(folded(query).split())


class Candidate(NamedTuple):
    """What can be found: a name, other fields, and `habit`, from 0 (never used) to 1 (used all the time)."""

    name: str
    fields: tuple[str, ...] = ()
    habit: float = 0.0


class _Haystack(NamedTuple):
    name: str
    rest: str
    initials: str
    weight: float


@dataclass(slots=True)
class Matcher:
    """Finds candidates. Longer queries are looked for only among what their beginnings found."""

    candidates: Sequence[Candidate]
    _haystacks: list[_Haystack] = field(default_factory=list)
    _possible: dict[tuple[str, ...], list[int]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Fold every candidate now, before the first key, rather than at it."""
        if not self._haystacks:
            self._haystacks = [_haystack(candidate) for candidate in self.candidates]

    def find(self, query: str) -> list[int]:
        """The numbers of the candidates that match, best first; equals keep the order they were given in."""
        words = words_of(query)
        if not words:
            return list(range(len(self.candidates)))
        self.prepare()
        among = self._narrowest(words)
        scored: list[tuple[float, int]] = []
        possible: list[int] = []
        for number in among:
            haystack = self._haystacks[number]
            quality = _quality(haystack, words)
            if quality is not None:
                possible.append(number)
                if quality > 0:
                    scored.append((-quality * haystack.weight, number))
        scored.sort()
        self._possible[words] = possible
        return [number for _, number in scored]

    def _narrowest(self, words: tuple[str, ...]) -> Sequence[int]:
        """What was possible for a shorter form of this query: nothing else can match."""
        for length in range(len(words[-1]), -1, -1):
            shorter = (*words[:-1], words[-1][:length]) if length else words[:-1]
            if shorter in self._possible:
                return self._possible[shorter]
        return range(len(self.candidates))


def positions(name: str, words: Sequence[str], *, scattered: bool = True) -> frozenset[int]:
    """Where the words are found in `name`, letter by letter; `scattered` letters only where asked for."""
    low = folded(name)
    found: set[int] = set()
    for word in words:
        start = low.find(word)
        if start >= 0:
            found.update(range(start, start + len(word)))
        elif scattered:
            found.update(_initials_at(name, word) or _letters(low, word))
    return frozenset(found)


def _haystack(candidate: Candidate) -> _Haystack:
    rest = folded("\n".join(candidate.fields))
    initials = folded("".join(re.findall(_INITIAL, candidate.name)))
    return _Haystack(folded(candidate.name), rest, initials, 1 + _HABIT * candidate.habit)


def _quality(haystack: _Haystack, words: Sequence[str]) -> float | None:
    """The words' quality together; None when no longer query can match, 0 when only a longer one may."""
    total, lost = 0.0, False
    for word in words:
        quality = _quality_of_word(haystack, word)
        if quality is None:
            return None
        total += quality
        lost = lost or quality == 0
    return 0.0 if lost else total


def _quality_of_word(haystack: _Haystack, word: str) -> float | None:
    name = haystack.name
    start = name.find(word)
    in_name = _quality_in_place(name, word, start) if start >= 0 else 0
    if in_name > ELSEWHERE_BEGINNING:
        return in_name
    start = haystack.rest.find(word)
    if start >= 0:
        begins = start == 0 or not haystack.rest[start - 1].isalnum()
        return max(in_name, ELSEWHERE_BEGINNING if begins else ELSEWHERE)
    if in_name:
        return in_name
    if word in haystack.initials:
        return INITIALS
    letters = _letters(name, word)
    if not letters:
        return None
    stretch = letters[-1] - letters[0] + 1
    return _SCATTERED * len(word) / stretch if stretch <= _WIDEST_SCATTER * len(word) else 0.0


def _quality_in_place(name: str, word: str, start: int) -> int:
    """The best that the word's places in the name are worth."""
    best = INSIDE
    while start >= 0:
        if start == 0 or not name[start - 1].isalnum():
            end = start + len(word)
            if end == len(name) or not name[end].isalnum():
                return WHOLE
            best = BEGINNING
        start = name.find(word, start + 1)
    return best


def _letters(low: str, word: str) -> list[int]:
    """The word's letters in their order, in the shortest stretch that ends where the first one does."""
    end = -1
    for letter in word:
        end = low.find(letter, end + 1)
        if end < 0:
            return []
    found = [end]
    for letter in reversed(word[:-1]):
        found.append(low.rfind(letter, 0, found[-1]))
    return found[::-1]


def _initials_at(name: str, word: str) -> list[int]:
    places = [match.start() for match in re.finditer(_INITIAL, name)]
    start = folded("".join([name[place] for place in places])).find(word)
    return places[start : start + len(word)] if start >= 0 else []
