"""The `permission_sets` section, within the limits of IAM Identity Center.

Limits and patterns: the `sso-admin` service model and the Identity Center quotas page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from usher.access.diagnostics import Findings
from usher.access.fields import (
    MAX_TAGS,
    has_length,
    read_fields,
    read_if_present,
    read_items,
    read_located_text,
    read_names,
    read_section,
    read_tags,
    read_text,
)
from usher.access.locate import Fields, Items, Located, Node, Position, Scalar, describe, is_nothing
from usher.access.managed_policies import check_managed_policy
from usher.access.model import DeclaredPermissionSet
from usher.core.durations import (
    PERMISSION_SET_SESSION_MAX,
    PERMISSION_SET_SESSION_MIN,
    parse_duration,
    plain_duration,
)
from usher.core.ids import PERMISSION_SET_NAME, POLICY_NAME, POLICY_PATH
from usher.core.permission_sets import MAX_MANAGED_POLICIES, CustomerPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument, parse_policy_document, policy_document

_KEYS = (
    "description",
    "managed_policies",
    "customer_policies",
    "inline_policy",
    "boundary",
    "session",
    "relay_state",
    "tags",
)
_DESCRIPTION = re.compile(r"[\t\n\r\x20-\x7e\xa1-\xff]*")
_RELAY_STATE = re.compile(r"""[a-zA-Z0-9&$@#\\/%?=~\-_'"|!:,.;*+\[\] (){}]+""")


def read_permission_sets(node: Node | None, findings: Findings) -> dict[str, DeclaredPermissionSet]:
    """The declared permission sets by name."""
    sets: dict[str, DeclaredPermissionSet] = {}
    for entry in read_section(node, "permission set", findings):
        _check_name(entry.key.text, entry.key.at, findings)
        sets[entry.key.text] = _read_permission_set(entry.key.text, entry.node, findings)
    return sets


def _check_name(name: str, at: Position, findings: Findings) -> None:
    if not has_length(name, at, "the permission set's name", 1, 32, findings):
        return
    if not PERMISSION_SET_NAME.fullmatch(name):
        findings.add(at, f"'{name}' is not a permission set name", "letters, digits and _+=,.@-")


def _read_permission_set(name: str, node: Node, findings: Findings) -> DeclaredPermissionSet:
    what = f"permission set '{name}'"
    if is_nothing(node):
        return DeclaredPermissionSet(PermissionSet(name))
    fields = read_fields(node, what, _KEYS, findings)
    managed = _read_managed_policies(fields.get("managed_policies"), what, findings)
    customer = _read_customer_policies(fields.get("customer_policies"), what, findings)
    if len(managed) + len(customer) > MAX_MANAGED_POLICIES:
        at = (fields.get("customer_policies") or fields["managed_policies"]).at
        count = f"{len(managed) + len(customer)} policies"
        findings.add(at, f"{what} has {count}; the limit of both kinds together is {MAX_MANAGED_POLICIES}")
    settings = PermissionSet(
        name,
        description=read_if_present(
            fields, "description", partial(_read_description, what=what, findings=findings)
        ),
        session_seconds=_read_session(fields.get("session"), what, findings),
        relay_state=read_if_present(
            fields, "relay_state", partial(_read_relay_state, what=what, findings=findings)
        ),
        customer_policies=frozenset(customer),
        inline_policy=_read_inline_policy(fields.get("inline_policy"), what, findings),
        # One place is kept for the tag that marks the set as managed by the access file.
        tags=read_tags(fields["tags"], what, findings, most=MAX_TAGS - 1) if "tags" in fields else {},
    )
    return DeclaredPermissionSet(settings, managed, _read_boundary(fields.get("boundary"), what, findings))


def _read_description(node: Node, what: str, findings: Findings) -> str | None:
    text = read_text(node, f"description of {what}", findings)
    if text is None or not has_length(text, node.at, f"description of {what}", 1, 700, findings):
        return None
    if _DESCRIPTION.fullmatch(text):
        return text
    wrong = next(letter for letter in text if not _DESCRIPTION.fullmatch(letter))
    findings.add(
        node.at,
        f"description of {what} has the character U+{ord(wrong):04X}",
        "AWS allows Latin-1 only: no long dashes or curly quotes",
    )
    return None


def _read_session(node: Node | None, what: str, findings: Findings) -> int:
    if node is None:
        return PERMISSION_SET_SESSION_MIN
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        findings.add(
            node.at, f"session of {what} must be a duration, not {describe(node)}", "write 8h, 90m or PT8H"
        )
        return PERMISSION_SET_SESSION_MIN
    try:
        seconds = parse_duration(node.value)
    except ValueError as error:
        findings.add(node.at, f"session of {what}: {error}")
        return PERMISSION_SET_SESSION_MIN
    if not PERMISSION_SET_SESSION_MIN <= seconds <= PERMISSION_SET_SESSION_MAX:
        low, high = plain_duration(PERMISSION_SET_SESSION_MIN), plain_duration(PERMISSION_SET_SESSION_MAX)
        findings.add(node.at, f"session of {what} is {node.value}; AWS allows {low} to {high}")
    return seconds


def _read_relay_state(node: Node, what: str, findings: Findings) -> str | None:
    text = read_text(node, f"relay_state of {what}", findings)
    if text is None or not has_length(text, node.at, f"relay_state of {what}", 1, 240, findings):
        return None
    if not _RELAY_STATE.fullmatch(text):
        findings.add(node.at, f"relay_state of {what} has a character that AWS does not allow")
        return None
    return text


def _read_managed_policies(node: Node | None, what: str, findings: Findings) -> tuple[Located[str], ...]:
    if node is None:
        return ()
    policies = read_names(node, f"managed_policies of {what}", findings)
    for policy in policies:
        _check_managed_policy(policy, findings)
    return policies


def _check_managed_policy(policy: Located[str], findings: Findings) -> None:
    wrong = check_managed_policy(policy.value)
    if wrong is not None:
        findings.add(policy.at, *wrong)


def _read_customer_policies(node: Node | None, what: str, findings: Findings) -> list[CustomerPolicy]:
    if node is None:
        return []
    found: dict[CustomerPolicy, Position] = {}
    for item in read_items(node, f"customer_policies of {what}", findings):
        policy = _read_customer_policy(item, f"a customer policy of {what}", findings)
        if policy is None:
            continue
        if policy in found:
            first = f"first on line {found[policy].line}"
            findings.add(item.at, f"customer_policies of {what}: '{policy.name}' is listed twice", first)
        else:
            found[policy] = item.at
    return list(found)


def _read_customer_policy(node: Node, what: str, findings: Findings) -> CustomerPolicy | None:
    if isinstance(node, Scalar):
        name = read_located_text(node, what, findings)
        path: Located[str] | None = None
    else:
        fields = read_fields(node, what, ("name", "path"), findings)
        if not isinstance(node, Fields):
            return None
        if "name" not in fields:
            findings.add(node.at, f"{what} needs a name")
            return None
        name = read_located_text(fields["name"], f"the name of {what}", findings)
        path = (
            read_located_text(fields["path"], f"the path of {what}", findings) if "path" in fields else None
        )
    if name is None:
        return None
    if not POLICY_NAME.fullmatch(name.value):
        hint = "write {name: NAME, path: /PATH/}" if "/" in name.value else "letters, digits and _+=,.@-"
        findings.add(name.at, f"'{name.value}' is not the name of a customer policy", hint)
    if path is not None and (len(path.value) > 512 or not POLICY_PATH.fullmatch(path.value)):
        findings.add(
            path.at, f"'{path.value}' is not a policy path", "it starts and ends with '/': /teams/web/"
        )
    return CustomerPolicy(name.value, path.value if path else "/")


def _read_boundary(node: Node | None, what: str, findings: Findings) -> Located[str] | CustomerPolicy | None:
    if node is None:
        return None
    if isinstance(node, Scalar):
        policy = read_located_text(node, f"boundary of {what}", findings)
        if policy is not None:
            _check_managed_policy(policy, findings)
        return policy
    fields = read_fields(node, f"boundary of {what}", ("customer_policy",), findings)
    if isinstance(node, Fields) and not fields and not node.entries:
        findings.add(
            node.at, f"boundary of {what} is empty", "write a policy's name or {customer_policy: NAME}"
        )
    if "customer_policy" not in fields:
        return None
    return _read_customer_policy(fields["customer_policy"], f"boundary of {what}", findings)


def _read_inline_policy(node: Node | None, what: str, findings: Findings) -> PolicyDocument | None:
    if node is None:
        return None
    try:
        match node:
            case Scalar(value=str(text)):
                return parse_policy_document(text)
            case Fields():
                return policy_document(_plain(node, findings))
    except ValueError as error:
        findings.add(node.at, f"inline_policy of {what}: {error}")
        return None
    findings.add(node.at, f"inline_policy of {what} must be a mapping or JSON text, not {describe(node)}")
    return None


def _plain(node: Node, findings: Findings) -> object:
    """The JSON value that `node` stands for. The parser has bounded its depth and size."""
    match node:
        case Fields():
            return _plain_object(node, findings)
        case Items():
            return [_plain(item, findings) for item in node.nodes]
        case Scalar():
            return node.value


def _plain_object(node: Fields, findings: Findings) -> Mapping[str, object]:
    return {
        entry.key.text: _plain(entry.node, findings)
        for entry in node.entries
        if read_text(entry.key, "a key of a policy", findings) is not None
    }
