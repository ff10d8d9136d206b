"""The `tests` and `separation` sections: what the file asserts about itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from usher.access.diagnostics import Findings
from usher.access.fields import one_of, read_fields, read_flag, read_items, read_names, read_text
from usher.access.locate import Fields, Items, Located, Node, Scalar, describe, is_nothing, line_words
from usher.access.model import DeclaredDuty, DeclaredSeparation, DeclaredTest
from usher.access.notes import read_words
from usher.access.principals import check_declared
from usher.access.rules import Declared, read_references
from usher.core.principals import Principal, PrincipalKind

TEST_KEYS = ("group", "user", "on", "can", "cannot", "resource", "resources", "with", "relies_on_scps")
SEPARATION_KEYS = ("name", "reason", "never_both")
DUTY_KEYS = ("groups", "permission_sets", "roles", "accounts")
ENTER = "enter"

# The name may hold wildcards: the test is then about every known action that it matches.
_ACTION = re.compile(r"[A-Za-z0-9-]{1,64}:[A-Za-z0-9*?]{1,128}")
_ONLY_FOR_ACTIONS = ("resource", "resources", "with")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a test asks about: actions, or entering with something or with anything."""

    actions: tuple[str, ...] = ()
    entering: str = ""


def read_tests(node: Node, declared: Declared, findings: Findings) -> list[DeclaredTest]:
    """One file's tests in its order."""
    tests = []
    for number, item in enumerate(read_items(node, "tests", findings), 1):
        test = _read_test(item, f"test {number}", declared, findings)
        if test is not None:
            tests.append(test)
    return tests


def _read_test(node: Node, what: str, declared: Declared, findings: Findings) -> DeclaredTest | None:
    before = len(findings)
    fields = read_fields(node, what, TEST_KEYS, findings)
    if not isinstance(node, Fields):
        return None
    principal = _read_principal(fields, node, what, declared, findings)
    accounts = None
    if "on" in fields:
        accounts = declared.selectors.read(fields["on"], f"on of {what}")
    else:
        findings.add(node.at, f"{what} needs on", "the accounts it is about: on: production")
    verb = one_of(fields, node.at, what, ("can", "cannot"), findings)
    asked = _read_asked(verb[1], f"{verb[0]} of {what}", declared, findings) if verb else _Asked()
    if verb is not None and not asked.actions:
        for key in _ONLY_FOR_ACTIONS:
            if key in fields:
                findings.add(fields[key].at, f"{what} is about entering and has {key}", "name an action")
    test_resources = _read_resources(fields, node, what, findings)
    context = _read_context(fields["with"], f"with of {what}", findings) if "with" in fields else {}
    relies = read_flag(fields.get("relies_on_scps"), f"relies_on_scps of {what}", findings)
    if principal is None or accounts is None or verb is None or len(findings) > before:
        return None
    return DeclaredTest(
        principal,
        accounts,
        verb[0] == "can",
        node.at,
        actions=asked.actions,
        resources=test_resources,
        context=context,
        entering=asked.entering,
        relies_on_scps=relies,
    )


def _read_principal(
    fields: Mapping[str, Node], node: Fields, what: str, declared: Declared, findings: Findings
) -> Principal | None:
    chosen = one_of(fields, node.at, what, ("group", "user"), findings)
    if chosen is not None and isinstance(chosen[1], Items):
        findings.add(chosen[1].at, f"{what} is about one {chosen[0]}", "write a test for each")
        return None
    names = read_references(chosen, chosen[0], declared, findings) if chosen else ()
    if chosen is None or not names:
        return None
    return Principal(PrincipalKind(chosen[0].upper()), names[0].value)


def _read_asked(node: Node, what: str, declared: Declared, findings: Findings) -> _Asked:
    if isinstance(node, Fields):
        fields = read_fields(node, what, (ENTER,), findings)
        if ENTER not in fields:
            if not node.entries:
                findings.add(node.at, f"{what} is empty", "write an action, enter or {enter: PERMISSION_SET}")
            return _Asked()
        return _Asked(entering=_read_entering(fields[ENTER], what, declared, findings))
    if isinstance(node, Scalar):
        text = read_text(node, what, findings)
        if text is None or text == ENTER:
            return _Asked()
        actions: Sequence[Located[str]] = (Located(text, node.at),)
    else:
        actions = read_names(node, what, findings)
        if not actions:
            findings.add(node.at, f"{what} is empty", "write an action such as s3:DeleteObject")
    for action in actions:
        _check_action(action, what, findings)
    return _Asked(actions=tuple(action.value for action in actions))


def _read_entering(node: Node, what: str, declared: Declared, findings: Findings) -> str:
    text = read_text(node, f"enter of {what}", findings)
    if text is None:
        return ""
    sets, roles = declared.names["permission set"], declared.names["role"]
    if text in sets and text in roles:
        findings.add(node.at, f"'{text}' is a permission set and a role", "give one of them another name")
    elif text not in sets and text not in roles:
        hint = findings.did_you_mean(text, [*sets, *roles])
        findings.add(node.at, f"there is no permission set or role '{text}' in this file", hint)
    return text


def _check_action(action: Located[str], what: str, findings: Findings) -> None:
    if _ACTION.fullmatch(action.value):
        return
    hint = "a service and an action, such as s3:DeleteObject or s3:Delete*"
    findings.add(action.at, f"{what}: '{action.value}' is not an action", hint)


def _read_resources(
    fields: Mapping[str, Node], node: Fields, what: str, findings: Findings
) -> tuple[str, ...]:
    keys = ("resource", "resources")
    chosen = one_of(fields, node.at, what, keys, findings) if fields.keys() & set(keys) else None
    if chosen is None:
        return ("*",)
    found = _texts(chosen[1], f"{chosen[0]} of {what}", findings)
    for resource in found:
        if resource.value != "*" and not resource.value.startswith("arn:"):
            findings.add(
                resource.at, f"'{resource.value}' is not the ARN of a resource", 'write an ARN, or "*"'
            )
    return tuple(resource.value for resource in found)


def _read_context(node: Node, what: str, findings: Findings) -> dict[str, tuple[str, ...]]:
    if not isinstance(node, Fields):
        hint = 'write {"aws:MultiFactorAuthPresent": "true"}'
        findings.add(node.at, f"{what} must be a mapping, not {describe(node)}", hint)
        return {}
    context: dict[str, tuple[str, ...]] = {}
    for entry in node.entries:
        key = read_text(entry.key, f"a key of {what}", findings)
        if key is None:
            continue
        if ":" not in key:
            findings.add(entry.key.at, f"'{key}' is not a condition key", "such as aws:SourceIp")
        empty = isinstance(entry.node, Items) and not entry.node.nodes
        found = () if empty else _texts(entry.node, f"{key} of {what}", findings)
        context[key] = tuple(value.value for value in found)
    return context


def _texts(node: Node, what: str, findings: Findings) -> tuple[Located[str], ...]:
    """One text, or a list of at least one."""
    if isinstance(node, Items):
        if not node.nodes:
            findings.add(node.at, f"{what} is empty", "name at least one")
        return read_names(node, what, findings)
    text = read_text(node, what, findings)
    return () if text is None else (Located(text, node.at),)


def read_separations(
    nodes: Sequence[Node], declared: Declared, findings: Findings
) -> tuple[DeclaredSeparation, ...]:
    """The separations of duties; their names differ."""
    found: dict[str, DeclaredSeparation] = {}
    for node in nodes:
        for number, item in enumerate(read_items(node, "separation", findings), 1):
            separation = _read_separation(item, f"separation {number}", declared, findings)
            if separation is None:
                continue
            first = found.setdefault(separation.name, separation)
            if first is not separation:
                words = f"first on {line_words(first.at, separation.at)}"
                findings.add(separation.at, f"separation '{separation.name}' is declared twice", words)
    return tuple(found.values())


def _read_separation(
    node: Node, what: str, declared: Declared, findings: Findings
) -> DeclaredSeparation | None:
    fields = read_fields(node, what, SEPARATION_KEYS, findings)
    if not isinstance(node, Fields):
        return None
    for key in ("name", "never_both"):
        if key not in fields:
            findings.add(node.at, f"{what} needs {key}")
    name = read_words(fields.get("name"), f"name of {what}", findings)
    reason = read_words(fields.get("reason"), f"reason of {what}", findings)
    if not name or "never_both" not in fields:
        return None
    items = read_items(fields["never_both"], f"never_both of {what}", findings)
    if isinstance(fields["never_both"], Items) and len(items) < 2:
        findings.add(fields["never_both"].at, f"never_both of {what} needs two duties or more")
    duties = [
        _read_duty(item, f"duty {number} of {what}", declared, findings)
        for number, item in enumerate(items, 1)
    ]
    return DeclaredSeparation(name, tuple(duties), node.at, reason)


def _read_duty(node: Node, what: str, declared: Declared, findings: Findings) -> DeclaredDuty:
    fields = read_fields(node, what, DUTY_KEYS, findings)
    names: dict[str, tuple[str, ...]] = {}
    for key, kind in (("groups", "group"), ("permission_sets", "permission set"), ("roles", "role")):
        found = read_names(fields[key], f"{key} of {what}", findings) if key in fields else ()
        known = declared.names[kind]
        names[key] = tuple(name.value for name in found if check_declared(kind, name, known, findings))
        if key in fields and not found and (isinstance(fields[key], Items) or is_nothing(fields[key])):
            findings.add(fields[key].at, f"{key} of {what} is empty", "name at least one")
    entering = "permission_sets" in fields or "roles" in fields
    if isinstance(node, Fields) and not entering and "groups" not in fields:
        findings.add(node.at, f"{what} needs groups, permission_sets or roles")
    accounts = None
    if "accounts" in fields:
        accounts = declared.selectors.read(fields["accounts"], f"accounts of {what}")
        if not entering:
            findings.add(
                fields["accounts"].at,
                f"{what} has accounts without permission_sets or roles",
                "being in a group is the same in every account",
            )
    return DeclaredDuty(names["groups"], names["permission_sets"], names["roles"], accounts)
