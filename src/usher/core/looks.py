"""How an account looks and whether entering it asks first, so that production looks different everywhere.

The rules are a person's own, in `settings.toml`; terminal, prompt, picker and browser all show what
these rules say. The colours are the eight that Firefox has for containers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from usher.core.ids import AccountId


class Colour(StrEnum):
    """A colour that every place can show."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    TURQUOISE = "turquoise"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"


class Confirm(StrEnum):
    """What a person must do before entering: nothing (the empty, false value), say yes, or type a name."""

    NEVER = ""
    ASK = "ask"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Look:
    """What is shown: a colour, a short label (`PRODUCTION`), and what is asked before entering."""

    colour: Colour | None = None
    label: str = ""
    confirm: Confirm = Confirm.NEVER


PLAIN = Look()


@dataclass(frozen=True, slots=True)
class Seen:
    """What rules look at. Unknown parts are empty: a rule that names them then does not match."""

    profile: str = ""
    account_id: AccountId | None = None
    account_name: str = ""
    permission_set: str = ""
    organization: str = ""
    unit: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    colour: str = ""


@dataclass(frozen=True, slots=True)
class LookRule:
    """A look and what it is for: every part that is given must match, any of its patterns.

    Patterns are shell patterns (`prod*`), case sensitive. `units` are organizational unit paths
    (`Workloads/Production`); a unit's rule also covers the units below it.
    """

    look: Look
    profiles: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    permission_sets: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def matches(self, seen: Seen) -> bool:
        """Whether this rule is for `seen`; a rule that says nothing matches nothing."""
        wanted = [
            (self.profiles, (seen.profile,)),
            (self.accounts, (seen.account_name, seen.account_id or "")),
            (self.permission_sets, (seen.permission_set,)),
            (self.organizations, (seen.organization,)),
            (self.units, _unit_and_above(seen.unit)),
        ]
        given = [(patterns, values) for patterns, values in wanted if patterns]
        if not given and not self.tags:
            return False
        return all(_any_matches(patterns, values) for patterns, values in given) and all(
            name in seen.tags and fnmatchcase(seen.tags[name], pattern) for name, pattern in self.tags.items()
        )


def look_of(rules: Iterable[LookRule], seen: Seen) -> Look:
    """The look of the first rule that matches; else the colour that is suggested, or the plain look."""
    suggested = Look(Colour(seen.colour)) if seen.colour in set(Colour) else PLAIN
    return next((rule.look for rule in rules if rule.matches(seen)), suggested)


def _unit_and_above(unit: str) -> tuple[str, ...]:
    parts = unit.strip("/").split("/")
    return tuple("/".join(parts[:length]) for length in range(len(parts), 0, -1))


def _any_matches(patterns: Iterable[str], values: Iterable[str]) -> bool:
    known = [value for value in values if value]
    return any(fnmatchcase(value, pattern) for pattern in patterns for value in known)
