"""Which ways in become profiles: selectors by name, account, permission set, organizational unit and tag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from usher.core.errors import UsageError
from usher.profiles.ways import WayIn

_WHAT = ("profile", "account", "id", "set", "unit", "tag")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: `what` is one of profile, account, id, set, unit, tag, or empty for any name."""

    what: str
    pattern: str

    def matches(self, name: str, way: WayIn) -> bool:
        """Whether the way in, called `name`, is meant."""
        pattern = self.pattern.lower()
        if self.what == "tag":
            return _tag_matches(pattern, way.tags)
        values: Mapping[str, tuple[str, ...]] = {
            "profile": (name,),
            "account": (way.account_name, way.alias),
            "id": (way.account_id,),
            "set": (way.permission_set,),
            "unit": _unit_and_above(way.unit),
            "": (name, way.account_name, way.alias, way.account_id, way.permission_set),
        }
        return any(fnmatchcase(value.lower(), pattern) for value in values[self.what] if value)


@dataclass(frozen=True, slots=True)
class Selector:
    """Conditions that must all hold."""

    terms: tuple[Term, ...]

    def matches(self, name: str, way: WayIn) -> bool:
        """Whether the way in, called `name`, is meant."""
        return all(term.matches(name, way) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is wanted: what any of `include` means (everything, when there is none) and none of `exclude`."""

    include: tuple[Selector, ...] = ()
    exclude: tuple[Selector, ...] = ()

    def wants(self, name: str, way: WayIn) -> bool:
        """Whether the way in, called `name`, is wanted."""
        if self.include and not any(selector.matches(name, way) for selector in self.include):
            return False
        return not any(selector.matches(name, way) for selector in self.exclude)


def parse_selector(text: str) -> Selector:
    """A selector as people write it: `prod*`, `unit:Workloads & set:ReadOnly*`. Raises UsageError."""
    return Selector(tuple(_term(part.strip(), text) for part in text.split("&")))


def _term(part: str, whole: str) -> Term:
    what, colon, pattern = part.partition(":")
    if not colon:
        what, pattern = "", part
    elif what not in _WHAT:
        raise UsageError(
            f"the selector '{whole}' asks for '{what}'",
            hint=f"known: {' '.join(f'{each}:' for each in _WHAT)} or a bare pattern for any name",
        )
    if not pattern.strip():
        raise UsageError(f"the selector '{whole}' is empty in a place", hint="for example: account:prod*")
    return Term(what, pattern.strip())


def _tag_matches(pattern: str, tags: Mapping[str, str]) -> bool:
    key, _, value = pattern.partition("=")
    return any(fnmatchcase(k.lower(), key) and fnmatchcase(v.lower(), value or "*") for k, v in tags.items())


def _unit_and_above(unit: str) -> tuple[str, ...]:
    """The unit's path and those of the units that hold it: a unit's selector covers what is below."""
    parts = unit.strip("/").split("/")
    return tuple("/".join(parts[:length]) for length in range(len(parts), 0, -1))
