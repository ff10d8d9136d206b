"""The `groups` section: groups of people, groups of groups flattened, and groups that others manage."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from usher.access.diagnostics import Findings
from usher.access.fields import read_fields, read_if_present, read_names, read_section
from usher.access.locate import Located, Node, Position, is_nothing, line_words
from usher.access.principals import check_declared, check_group_name, is_external, read_name
from usher.core.principals import Group

_GROUP_KEYS = ("description", "members", "groups", "external")


@dataclass(frozen=True, slots=True)
class _Written:
    """A group as it is written: its own members, and the groups inside it."""

    at: Position
    description: str = ""
    members: frozenset[str] = frozenset()
    groups: tuple[Located[str], ...] = ()


def read_groups(
    nodes: Sequence[Node], users: Collection[str], findings: Findings
) -> tuple[dict[str, Group], frozenset[str]]:
    """The declared groups by name, and the names of the external ones. Each member must be one of `users`.

    Identity Center has no groups in groups, so a group gets the members of the groups that it lists; that
    is a warning, because who joins one of them later joins both.
    """
    written: dict[str, _Written] = {}
    external: set[str] = set()
    known = dict.fromkeys(users)
    for entry in read_section(nodes, "group", findings):
        name, at = entry.key.text, entry.key.at
        check_group_name(name, at, findings)
        if is_external(entry.node, f"group '{name}'", findings):
            external.add(name)
        else:
            written[name] = _read_group(name, at, entry.node, known, findings)
    _check_nested(written, external, findings)
    members = _flatten(written)
    groups = {name: Group(name, each.description, members[name]) for name, each in written.items()}
    return groups, frozenset(external)


def _read_group(
    name: str, at: Position, node: Node, users: Mapping[str, object], findings: Findings
) -> _Written:
    what = f"group '{name}'"
    if is_nothing(node):
        return _Written(at)
    fields = read_fields(node, what, _GROUP_KEYS, findings)
    description = read_if_present(
        fields, "description", partial(read_name, what=f"description of {what}", findings=findings)
    )
    members = read_names(fields["members"], f"members of {what}", findings) if "members" in fields else ()
    groups = read_names(fields["groups"], f"groups of {what}", findings) if "groups" in fields else ()
    if groups:
        findings.warn(
            fields["groups"].at,
            f"{what} holds other groups: their members become its own",
            "Identity Center has no groups in groups",
        )
    people = [member.value for member in members if check_declared("user", member, users, findings)]
    return _Written(at, description, frozenset(people), groups)


def _check_nested(written: Mapping[str, _Written], external: Collection[str], findings: Findings) -> None:
    known = {**written, **dict.fromkeys(external)}
    for name, group in written.items():
        for inner in group.groups:
            if inner.value in external:
                findings.add(
                    inner.at,
                    f"group '{name}' cannot hold '{inner.value}', which is external",
                    "its members are not known here: name it in the rules beside this group",
                )
            elif check_declared("group", inner, known, findings) and _reaches(inner.value, name, written):
                findings.add(
                    inner.at,
                    f"group '{name}' would hold itself through '{inner.value}'",
                    f"'{inner.value}' is declared on {line_words(written[inner.value].at, inner.at)}",
                )


def _reaches(start: str, goal: str, written: Mapping[str, _Written]) -> bool:
    """Whether `goal` is `start` or among the groups inside it, at any depth."""
    seen: set[str] = set()
    open_names = [start]
    while open_names:
        name = open_names.pop()
        if name == goal:
            return True
        if name in written and name not in seen:
            seen.add(name)
            open_names += [inner.value for inner in written[name].groups]
    return False


def _flatten(written: Mapping[str, _Written]) -> dict[str, frozenset[str]]:
    """Each group's members with those of the groups inside it."""
    flat = {name: group.members for name, group in written.items() if not group.groups}
    for name in written.keys() - flat.keys():
        members: set[str] = set()
        seen: set[str] = set()
        open_names = [name]
        while open_names:
            inner = open_names.pop()
            if inner in written and inner not in seen:
                seen.add(inner)
                members |= written[inner].members
                open_names += [each.value for each in written[inner].groups]
        flat[name] = frozenset(members)
    return flat
