"""Moving a rule from a permission set to an IAM role, or back, in its text: nothing else in it changes.

Comments, order and layout stay as the author wrote them. The result is loaded again and must differ from
what was there in this one rule alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from usher.access.diagnostics import Findings
from usher.access.load import load_access_files
from usher.access.locate import Fields, Items, Node, Position, Scalar
from usher.access.model import AccessFile, Rule
from usher.access.parse import parse_yaml
from usher.access.sections import role_lines
from usher.access.yaml_text import scalar
from usher.core.errors import NotFoundError, UsageError

_KINDS = {"permission_set": "permission set", "role": "role"}
_APPLICATION = re.compile(r"arn:[a-z0-9-]+:account-access:[a-z0-9-]+:([0-9]{12}):application/.+")


@dataclass(frozen=True, slots=True)
class Moved:
    """The files' new texts, and the rule in a few words before and after. `added` says that the role was
    not declared yet."""

    files: Mapping[str, str]
    before: str
    after: str
    added: bool = False


@dataclass(frozen=True, slots=True)
class _Edit:
    """A piece of one file's text to replace, as offsets."""

    start: int
    end: int
    text: str


def move_rule(files: Mapping[str, str], file: str, line: int, kind: str, name: str) -> Moved:
    """`files` with the rule that stands at `line` of `file` giving the `kind` called `name` instead.

    `kind` is `permission_set` or `role`; a role may be named with its path, and is declared if it is not.
    Raises NotFoundError where no rule stands, UsageError for one that cannot be moved, and AccessFileError
    when the files have mistakes before or after.
    """
    before = load_access_files(files)
    number, fields = _find(files[file], file, line)
    rule = before.rules[_number_in_all(before, file, number)]
    key, value = _target(fields, kind, f"{file}:{line}")
    known = _known(before, kind, name)
    edits = list(_edits(files[file], key, value, kind, known))
    text = _apply(files[file], edits)
    added = kind == "role" and known not in before.roles
    if added:
        text = _declare_role(text, file, known, name)
    after = {**files, file: text}
    _check(before, load_access_files(after), rule, kind, known)
    words = _KINDS["role" if kind == "permission_set" else "permission_set"]
    return Moved(after, f"{words} {value.text}", f"{_KINDS[kind]} {known}", added)


def trust_policy(application_arn: str) -> dict[str, object]:
    """What a role has to trust so that AWS Account Access Manager can give it.

    As AWS documents it ("Prepare your IAM roles"), with `sts:TagSession`, without which roles that rely on
    attributes get no credentials. Raises ValueError for what is not an application's ARN.
    """
    match = re.fullmatch(
        r"arn:[a-z0-9-]+:account-access:[a-z0-9-]+:([0-9]{12}):application/.+", application_arn
    )
    if match is None:
        raise ValueError(
            f"'{application_arn}' is not the ARN of an application of AWS Account Access Manager"
        )
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "account-access.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:SetContext", "sts:TagSession"],
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": match[1], "aws:SourceArn": application_arn}
                },
            }
        ],
    }


def _find(text: str, file: str, line: int) -> tuple[int, Fields]:
    """The rule whose text holds `line`, and its number in the file from 0."""
    found = list(_rules(text, file))
    starts = [rule.at.line for rule in found]
    for number, rule in enumerate(found):
        if rule.at.line <= line <= _last_line(rule):
            return number, rule
    places = (
        f"its rules begin on the lines {', '.join(map(str, starts[:12]))}" if starts else "it has no rules"
    )
    raise NotFoundError(f"no rule stands at {file}:{line}", hint=places)


def _rules(text: str, file: str) -> Iterator[Fields]:
    root = parse_yaml(text, file, Findings(file))
    for entry in root.entries if isinstance(root, Fields) else ():
        if entry.key.text == "access" and isinstance(entry.node, Items):
            yield from (rule for rule in entry.node.nodes if isinstance(rule, Fields))


def _last_line(node: Node) -> int:
    match node:
        case Fields(at=at, entries=entries):
            return max([at.line, *(_last_line(entry.node) for entry in entries)])
        case Items(at=at, nodes=nodes):
            return max([at.line, *map(_last_line, nodes)])
        case Scalar(at=at):
            return at.line


def _number_in_all(file: AccessFile, name: str, number: int) -> int:
    here = [place for place, rule in enumerate(file.rules) if rule.note.at.file == name]
    return here[number]


def _target(fields: Fields, kind: str, place: str) -> tuple[Scalar, Scalar]:
    """The key that says what the rule gives, and the one name under it."""
    for entry in fields.entries:
        if entry.key.text.removesuffix("s") not in _KINDS:
            continue
        names = entry.node.nodes if isinstance(entry.node, Items) else [entry.node]
        if entry.key.text.removesuffix("s") == kind:
            raise UsageError(f"the rule at {place} gives a {_KINDS[kind]} already; nothing was changed")
        if len(names) != 1 or not isinstance(names[0], Scalar):
            raise UsageError(
                f"the rule at {place} gives {len(names)} of them; nothing was changed",
                hint="make a rule of its own for the one that moves",
            )
        return entry.key, names[0]
    raise UsageError(f"the rule at {place} gives nothing")


def _known(file: AccessFile, kind: str, name: str) -> str:
    """What rules call the permission set or role."""
    if kind == "permission_set":
        if name not in file.permission_sets:
            raise NotFoundError(
                f"there is no permission set '{name}' in these files", hint="declare it under permission_sets"
            )
        return name
    by_path = {role.path_and_name: key for key, role in file.roles.items()}
    return name if name in file.roles else by_path.get(name, name.rpartition("/")[2])


def _edits(text: str, key: Scalar, value: Scalar, kind: str, name: str) -> Iterator[_Edit]:
    plural = "s" if key.text.endswith("s") else ""
    yield _replacement(text, key, f"{kind}{plural}")
    yield _replacement(text, value, scalar(name))


def _replacement(text: str, written: Scalar, new: str) -> _Edit:
    """`new` in the place where `written` stands: plain, or in quotes of either kind."""
    start = _offset(text, written.at)
    mark = text[start]
    if mark not in "'\"":
        end = start + len(written.text)
        if text[start:end] != written.text:
            raise UsageError(
                f"'{written.text}' is an alias or spans lines; nothing was changed",
                hint="write the name itself into the rule",
            )
        return _Edit(start, end, new)
    quoted = re.compile(r'"(?:[^"\\]|\\.)*"' if mark == '"' else r"'(?:[^']|'')*'", re.DOTALL)
    match = quoted.match(text, start)
    end = match.end() if match else start
    return _Edit(start, end, new)


def _offset(text: str, at: Position) -> int:
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: at.line - 1]) + at.column - 1


def _apply(text: str, edits: Sequence[_Edit]) -> str:
    for edit in sorted(edits, key=lambda each: -each.start):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _declare_role(text: str, file: str, key: str, name: str) -> str:
    """`text` with the role in its `roles` section, or in a new one before its rules."""
    root = parse_yaml(text, file, Findings(file))
    lines = text.split("\n")
    new = role_lines(key, name)
    sections = {entry.key.text: entry for entry in root.entries} if isinstance(root, Fields) else {}
    roles = sections.get("roles")
    if roles is None:
        place = sections["access"].key.at.line - 1
        while place > 0 and lines[place - 1].startswith("#"):
            place -= 1
        return "\n".join([*lines[:place], "roles:", *new, "", *lines[place:]])
    if isinstance(roles.node, Fields) and roles.node.at.line == roles.key.at.line:
        raise UsageError(
            f"the roles of {file} stand on one line; nothing was changed", hint=f"declare {key} there first"
        )
    indent = roles.node.at.column - 1 if isinstance(roles.node, Fields) else 2
    line = roles.key.at.line
    return "\n".join([*lines[:line], *(" " * indent + each.lstrip(" ") for each in new), *lines[line:]])


def _check(before: AccessFile, after: AccessFile, moved: Rule, kind: str, name: str) -> None:
    """Refuse an edit that did anything but move the one rule."""
    wanted = replace(
        moved,
        permission_sets=(name,) if kind == "permission_set" else (),
        roles=(name,) if kind == "role" else (),
    )
    expected = [wanted if rule is moved else rule for rule in before.rules]
    if [_meaning(rule) for rule in expected] != [_meaning(rule) for rule in after.rules]:
        raise UsageError(
            "the rule shares text with other rules (an anchor or alias); nothing was changed",
            hint="write the rule out, then move it",
        )


def _meaning(rule: Rule) -> tuple[object, ...]:
    kind = type(rule.accounts).__name__
    note = (
        rule.note.owner,
        rule.note.reason,
        rule.note.ticket,
        rule.note.starts,
        rule.note.expires,
        rule.note.review,
    )
    return rule.principals, rule.permission_sets, rule.roles, kind, note
