"""The picker's state: what is there, what is typed, what is found, and where the pointer stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from usher.cli.picker.actions import Action, Picked
from usher.cli.picker.cells import widest
from usher.cli.picker.match import Candidate, Matcher, words_of
from usher.core.looks import PLAIN, Look
from usher.profiles.index import IndexEntry
from usher.profiles.recent import Use


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around the entries: their look, how they were used, until when keys are there.

    `widest_label` is how much room labels need; `colours` is whether the terminal shall show any.
    """

    now: float
    recent: Mapping[str, Use] = field(default_factory=dict)
    look_of: Callable[[IndexEntry], Look] = lambda _: PLAIN
    keys_until: Callable[[str], float | None] = lambda _: None
    widest_label: int = 0
    colours: bool = True


@dataclass(slots=True)
class Picking:
    """One picking. `entries` are in the order that an empty query shows: most used first."""

    entries: Sequence[IndexEntry]
    habits: Sequence[float]
    surroundings: Surroundings
    actions: Sequence[Action]
    many: bool = False
    query: str = ""
    found: list[int] = field(default_factory=list)
    pointer: int = 0
    top: int = 0
    marked: dict[int, None] = field(default_factory=dict)
    _matcher: Matcher | None = None
    _widest: dict[str, int] = field(default_factory=dict)

    def search(self, query: str) -> None:
        """Find what `query` means; the pointer goes to the best."""
        self.query = query
        self.pointer = self.top = 0
        if words_of(query):
            self.found = self._ready_matcher().find(query)
        else:
            self.found = list(range(len(self.entries)))

    def prepare(self) -> None:
        """Do now what the first key would have to wait for."""
        self._ready_matcher().prepare()

    def move(self, rows: int) -> None:
        """Move the pointer, and stop at the ends."""
        self.pointer = max(0, min(len(self.found) - 1, self.pointer + rows))

    def scroll(self, rows: int) -> range:
        """The found ones that are in sight when there is room for `rows`, with the pointer among them."""
        rows = max(1, rows)
        self.top = min(self.top, self.pointer, max(0, len(self.found) - rows))
        self.top = max(self.top, self.pointer - rows + 1)
        return range(self.top, min(len(self.found), self.top + rows))

    def mark(self) -> None:
        """Mark the entry at the pointer, or unmark it, and go on to the next."""
        if self.many and self.found:
            number = self.found[self.pointer]
            if number in self.marked:
                del self.marked[number]
            else:
                self.marked[number] = None
            self.move(1)

    def here(self) -> IndexEntry | None:
        """The entry at the pointer; None when nothing is found."""
        return self.entries[self.found[self.pointer]] if self.found else None

    def picked(self, action: Action) -> Picked | None:
        """What is picked: the marked ones, else the one at the pointer."""
        here = self.here()
        if self.marked and action is self.actions[0]:
            return Picked(tuple(self.entries[number].profile for number in self.marked), action)
        return Picked((here.profile,), action) if here else None

    def widest(self, part: str) -> int:
        """The columns that the widest value of a part of the entries fills: columns stand still meanwhile."""
        if part not in self._widest:
            self._widest[part] = widest([getattr(entry, part) for entry in self.entries])
        return self._widest[part]

    def _ready_matcher(self) -> Matcher:
        if self._matcher is None:
            candidates = [
                Candidate(entry.profile, findable(entry), habit)
                for entry, habit in zip(self.entries, self.habits, strict=True)
            ]
            self._matcher = Matcher(candidates)
        return self._matcher


def findable(entry: IndexEntry) -> tuple[str, ...]:
    """What an entry is found by, beside its name."""
    return (
        entry.account_name,
        entry.account_id,
        entry.permission_set,
        entry.email,
        entry.description,
        entry.unit,
        entry.organization,
        *entry.tags.values(),
    )


def in_order(
    entries: Sequence[IndexEntry], habits: Mapping[str, float]
) -> tuple[list[IndexEntry], list[float]]:
    """The entries with the used ones first, most used first, and how much each is a habit."""
    used = sorted((entry for entry in entries if entry.profile in habits), key=lambda e: -habits[e.profile])
    others = [entry for entry in entries if entry.profile not in habits] if used else list(entries)
    return [*used, *others], [habits[entry.profile] for entry in used] + [0.0] * len(others)
