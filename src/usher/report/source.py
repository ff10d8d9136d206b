"""What an answer rests on, in words: from when it is, and what was not read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from usher.core.organization import Unread
from usher.core.printable import printable

_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class Source:
    """`instance` is what was read, or the access file's name; `taken_at` None means that a file says so."""

    instance: str
    taken_at: datetime | None
    unread: Unread = field(default_factory=Unread)

    @property
    def words(self) -> str:
        """One line for people, for example `ssoins-…, as read on 2026-11-25 at 04:30 UTC`."""
        name = printable(self.instance)
        if self.taken_at is None:
            return f"as {name} says; nothing was read"
        return f"{name}, as read on {self.taken_at:%Y-%m-%d} at {self.taken_at:%H:%M} UTC"


def unread_words(unread: Unread) -> Iterator[str]:
    """One sentence for each part that a reading left out."""
    parts = (
        ("the policies of {} were not read", unread.policies_of),
        ("the members of {} were not read", unread.members_of),
        ("the assignments of {} were not read", unread.assignments_of),
    )
    for words, names in parts:
        if names:
            yield words.format(_listed(sorted(names)))
    if unread.dangling:
        yield "assignments of deleted users and groups may exist unseen"
    if unread.user_grants:
        yield "assignments to single users may exist unseen"
    if unread.entitlements:
        yield "access to owned roles may exist unseen"


def _listed(names: list[str]) -> str:
    shown = ", ".join(printable(name) for name in names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown
