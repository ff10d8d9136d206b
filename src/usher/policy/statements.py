"""Policy documents compiled for asking: each statement with its actions by service and its patterns parsed.

Compiled once per document and kept, as the same documents are asked thousands of times.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from usher.core.policy_document import PolicyDocument
from usher.policy.conditions import Condition, Context, Presence, compile_conditions
from usher.policy.match import EVERYTHING, glob_union, has_wildcards, relate_resources
from usher.policy.truth import Truth, any_of, truth, unknown
from usher.policy.variables import Pattern, parse_pattern, resolve

THE_RESOURCE = "the resource"
_VERSION_WITH_VARIABLES = "2012-10-17"


@dataclass(frozen=True, slots=True)
class ActionSet:
    """The patterns of Action or NotAction, in lower case, sorted by how they are matched.

    `prefixes` are those with one `*` at their end, by service; `others` those with wildcards elsewhere.
    """

    everything: bool
    exact: frozenset[str]
    prefixes: Mapping[str, tuple[str, ...]]
    others: re.Pattern[str] | None
    services: frozenset[str]

    def matches(self, action: str) -> bool:
        """Whether one pattern matches `action`, which is in lower case."""
        if self.everything or action in self.exact:
            return True
        if action.startswith(self.prefixes.get(action.partition(":")[0], ())):
            return True
        return self.others is not None and bool(self.others.fullmatch(action))

    def reaches(self, service: str) -> bool:
        """Whether one pattern may match an action of `service`."""
        return self.everything or self.others is not None or service in self.services


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `name` is its Sid, or its number as `statement 2`; `at` counts from 1.

    `actions_as_written` and `resources_as_written` keep the document's spelling.
    """

    name: str
    at: int
    allows: bool
    actions: ActionSet
    not_action: bool
    actions_as_written: tuple[str, ...]
    resources: tuple[Pattern, ...]
    not_resource: bool
    resources_as_written: tuple[str, ...]
    conditions: tuple[Condition | Presence, ...]

    @property
    def every_resource(self) -> bool:
        """Whether it is on every resource."""
        return not self.not_resource and EVERYTHING in self.resources

    def is_about(self, action: str) -> bool:
        """Whether it speaks of `action`, which is in lower case."""
        return self.actions.matches(action) is not self.not_action

    def reaches(self, service: str) -> bool:
        """Whether it may speak of an action of `service`."""
        return self.not_action or self.actions.reaches(service)

    def is_on(self, resource: str, context: Context) -> Truth:
        """Whether it speaks of `resource`; unknown where it does of some that the wildcards stand for."""
        found = any_of(_relate(pattern, resource, context) for pattern in self.resources)
        return ~found if self.not_resource else found


@lru_cache(maxsize=16_384)
def compile_document(document: PolicyDocument) -> tuple[Statement, ...]:
    """The statements of `document`, in its order."""
    policy = json.loads(document.json)
    variables = policy.get("Version") == _VERSION_WITH_VARIABLES
    return tuple(
        _compile(statement, number, variables=variables)
        for number, statement in enumerate(_listed(policy["Statement"]), 1)
    )


def version_of(document: PolicyDocument) -> str:
    """The document's Version; the old one where it has none."""
    return str(json.loads(document.json).get("Version", "2008-10-17"))


def _compile(statement: dict[str, object], number: int, *, variables: bool) -> Statement:
    not_action, not_resource = "NotAction" in statement, "NotResource" in statement
    actions = _texts(statement["NotAction" if not_action else "Action"])
    resources = _texts(statement["NotResource" if not_resource else "Resource"])
    return Statement(
        name=str(statement.get("Sid") or f"statement {number}"),
        at=number,
        allows=statement["Effect"] == "Allow",
        actions=_action_set(actions),
        not_action=not_action,
        actions_as_written=actions,
        resources=tuple(parse_pattern(resource, variables=variables) for resource in resources),
        not_resource=not_resource,
        resources_as_written=resources,
        conditions=compile_conditions(statement.get("Condition"), variables=variables),
    )


def _action_set(actions: Iterable[str]) -> ActionSet:
    exact: set[str] = set()
    prefixes: dict[str, tuple[str, ...]] = {}
    others: list[str] = []
    for pattern in (action.lower() for action in actions):
        service, colon, name = pattern.partition(":")
        if not has_wildcards(pattern):
            exact.add(pattern)
        elif colon and not has_wildcards(service) and name.endswith("*") and not has_wildcards(name[:-1]):
            prefixes[service] = (*prefixes.get(service, ()), pattern[:-1])
        else:
            others.append(pattern)
    return ActionSet(
        everything=not {"*", "*:*"}.isdisjoint(others),
        exact=frozenset(exact),
        prefixes=prefixes,
        others=glob_union(others) if others else None,
        services=frozenset(pattern.partition(":")[0] for pattern in exact) | prefixes.keys(),
    )


def _relate(pattern: Pattern, resource: str, context: Context) -> Truth:
    resolved = resolve(pattern, context)
    if resolved.glob is None:
        return truth(False)
    related = relate_resources(resolved.glob, resource)
    if related is None:
        return unknown(THE_RESOURCE, *resolved.open)
    return unknown(*resolved.open) if related and resolved.open else truth(related)


def _listed(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else [value]  # type: ignore[list-item]


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in (value if isinstance(value, list) else [value]))
