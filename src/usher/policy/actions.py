"""The catalogue of AWS's actions: which there are, how deep they reach, and which resources they take.

Made from the service authorization reference by `scripts/action_catalogue.py`; the table is data of this
package. A service is read when it is first asked about.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

from usher.policy.match import as_glob, glob_regex


class Level(StrEnum):
    """What an action does, as the service authorization reference classes it."""

    LIST = "L"
    READ = "R"
    TAGGING = "T"
    WRITE = "W"
    PERMISSIONS = "P"

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self not in (Level.LIST, Level.READ)


@dataclass(frozen=True, slots=True)
class Action:
    """One action as AWS spells it. `resources` are the ARN patterns it can be limited to; empty: `*` only."""

    name: str
    level: Level
    resources: tuple[str, ...]


def find_action(action: str) -> Action | None:
    """The action of that name in any case, for example `s3:DeleteObject`; None when it is not known."""
    service, _, name = action.lower().partition(":")
    return _service(service).get(name)


def actions_of(service: str) -> tuple[Action, ...]:
    """Every action of the service prefix `service`; none when it is not known."""
    return tuple(_service(service.lower()).values())


def services() -> frozenset[str]:
    """The service prefixes."""
    return frozenset(_blocks())


@lru_cache(maxsize=1_024)
def actions_matching(pattern: str) -> tuple[Action, ...]:
    """Every known action that the pattern, for example `s3:Delete*`, matches."""
    return tuple(_matching(pattern.lower()))


def takes_no_resource(action: str) -> bool:
    """Whether `action` is known, and known to be asked on `*` alone."""
    known = find_action(action)
    return known is not None and not known.resources


def _matching(pattern: str) -> Iterator[Action]:
    everything = pattern == "*"
    prefix, _, _ = pattern.partition(":")
    regex = glob_regex(as_glob(pattern))
    service_regex = glob_regex(as_glob(prefix))
    for service in sorted(_blocks()):
        if everything or service_regex.fullmatch(service):
            for name, action in _service(service).items():
                if everything or regex.fullmatch(f"{service}:{name}"):
                    yield action


@cache
def _service(service: str) -> Mapping[str, Action]:
    resources: dict[str, str] = {}
    actions: dict[str, Action] = {}
    for line in _blocks().get(service, "").splitlines():
        if line.startswith("="):
            kind, _, arn = line[1:].partition(" ")
            resources[kind] = arn
            continue
        name, level, kinds = line.split(" ")
        patterns = tuple(resources.get(kind, "*") for kind in kinds.split(",") if kind != "-")
        actions[name.lower()] = Action(f"{service}:{name}", Level(level), patterns)
    return actions


@cache
def _blocks() -> Mapping[str, str]:
    packed = files("usher.policy").joinpath("actions.txt.gz").read_bytes()
    _, *blocks = gzip.decompress(packed).decode().split("\n@")
    return {service: lines for service, _, lines in (block.partition("\n") for block in blocks)}
