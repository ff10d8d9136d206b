"""How an account looks and whether entering it asks first, so that production looks different everywhere.

The rules are a person's own, in `settings.toml`; terminal, prompt, picker and browser all show what
these rules say. The colours are the eight that Firefox has for containers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase

from usher.core.ids import ACCOUNT_ID, AccountId


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
    """What is shown: a colour, a short label (`PRODUCTION`), and what is asked before entering.

    `doubt` says what is not known of the account, where that keeps a rule from being decided.
    """

    colour: Colour | None = None
    label: str = ""
    confirm: Confirm = Confirm.NEVER
    doubt: str = ""


PLAIN = Look()


@dataclass(frozen=True, slots=True)
class Seen:
    """What rules look at. Unknown parts are empty: a rule that names them cannot be decided then.

    An account without a unit and without tags counts as one whose unit and tags are not known.
    """

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
        """Whether this rule is surely for `seen`; a rule that says nothing matches nothing."""
        verdicts = list(self._verdicts(seen))
        return bool(verdicts) and all(verdict is True for verdict in verdicts)

    def doubt(self, seen: Seen) -> str:
        """What would have to be known to decide; empty when this rule surely is, or is not, for `seen`."""
        verdicts = list(self._verdicts(seen))
        if any(verdict is False for verdict in verdicts):
            return ""
        return next((verdict for verdict in verdicts if isinstance(verdict, str)), "")

    def _verdicts(self, seen: Seen) -> Iterator[bool | str]:
        """For each part that is given: whether it matches, or what is not known."""
        if self.profiles:
            yield _any_matches(self.profiles, (seen.profile,)) or _unless_known(seen.profile, "profile")
        if self.accounts:
            yield self._account_verdict(seen)
        if self.permission_sets:
            set_there = _any_matches(self.permission_sets, (seen.permission_set,))
            yield set_there or _unless_known(seen.permission_set, "permission set")
        if self.organizations:
            known = seen.organization or (seen.account_id and "none")
            yield _any_matches(self.organizations, (seen.organization,)) or _unless_known(known, "account")
        if self.units:
            detailed = seen.unit or seen.tags
            yield _any_matches(self.units, _unit_and_above(seen.unit)) or _unless_known(detailed, "unit")
        for name, pattern in self.tags.items():
            fits = name in seen.tags and fnmatchcase(seen.tags[name], pattern)
            yield fits or _unless_known(seen.unit or seen.tags, "tags")

    def _account_verdict(self, seen: Seen) -> bool | str:
        if _any_matches(self.accounts, (seen.account_name, seen.account_id or "")):
            return True
        if all(ACCOUNT_ID.fullmatch(pattern) for pattern in self.accounts):
            return _unless_known(seen.account_id, "account")
        return _unless_known(seen.account_name, "name")


def look_of(rules: Iterable[LookRule], seen: Seen) -> Look:
    """The look of the first rule that matches; else the colour that is suggested, or the plain look.

    A rule that asks before entering and cannot be decided asks as well: what protects an account must
    not depend on a cache being there.
    """
    for rule in rules:
        if rule.matches(seen):
            return rule.look
        doubt = rule.doubt(seen)
        if doubt and rule.look.confirm:
            label = f"{rule.look.label}?" if rule.look.label else ""
            return replace(rule.look, label=label, doubt=doubt)
    return Look(Colour(seen.colour)) if seen.colour in set(Colour) else PLAIN


def _unit_and_above(unit: str) -> tuple[str, ...]:
    parts = unit.strip("/").split("/")
    return tuple("/".join(parts[:length]) for length in range(len(parts), 0, -1))


def _unless_known(known: object, what: str) -> bool | str:
    return False if known else what


def _any_matches(patterns: Iterable[str], values: Iterable[str]) -> bool:
    known = [value for value in values if value]
    return any(fnmatchcase(value, pattern) for pattern in patterns for value in known)
