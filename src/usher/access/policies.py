"""Policies of permission sets as they are written: AWS managed, customer managed, inline, boundaries.

Limits and patterns: the `sso-admin` service model and the Identity Center quotas page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from usher.access.diagnostics import Findings
from usher.access.fields import read_fields, read_items, read_located_text, read_names, read_text
from usher.access.locate import Fields, Items, Located, Node, Scalar, describe, line_words
from usher.access.managed_policies import check_managed_policy
from usher.core.ids import POLICY_NAME, POLICY_PATH
from usher.core.permission_sets import CustomerPolicy
from usher.core.policy_document import PolicyDocument, parse_policy_document, policy_document

Boundary: TypeAlias = Located[str] | CustomerPolicy

_SID = re.compile(r"[A-Za-z0-9]*")


def read_managed_policies(node: Node, what: str, findings: Findings) -> tuple[Located[str], ...]:
    """AWS managed policies by name, path and name, or ARN."""
    policies = read_names(node, f"managed_policies of {what}", findings)
    for policy in policies:
        _check_managed_policy(policy, findings)
    return policies


def _check_managed_policy(policy: Located[str], findings: Findings) -> None:
    wrong = check_managed_policy(policy.value)
    if wrong is not None:
        findings.add(policy.at, *wrong)


def read_customer_policies(node: Node, what: str, findings: Findings) -> tuple[Located[CustomerPolicy], ...]:
    """Policies of one's own by name and path, after noting what is listed twice."""
    found: dict[CustomerPolicy, Located[CustomerPolicy]] = {}
    for item in read_items(node, f"customer_policies of {what}", findings):
        policy = _read_customer_policy(item, f"a customer policy of {what}", findings)
        if policy is None:
            continue
        if policy in found:
            first = f"first on {line_words(found[policy].at, item.at)}"
            findings.add(item.at, f"customer_policies of {what}: '{policy.name}' is listed twice", first)
        else:
            found[policy] = Located(policy, item.at)
    return tuple(found.values())


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


def read_boundary(node: Node, what: str, findings: Findings) -> Boundary | None:
    """An AWS managed policy, or a policy of one's own, as the permissions boundary."""
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


def read_inline_policy(node: Node, what: str, findings: Findings) -> PolicyDocument | None:
    """A policy document, written as a mapping or as JSON text."""
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


def join_policies(documents: Sequence[PolicyDocument]) -> PolicyDocument:
    """One document with the statements of all, in order.

    Raises ValueError when they are of different versions, or too large together.
    """
    if len(documents) == 1:
        return documents[0]
    decoded = [json.loads(document.json) for document in documents]
    versions = sorted({str(each.get("Version", "")) for each in decoded} - {""})
    if len(versions) > 1:
        raise ValueError(f"policies of the versions {' and '.join(versions)} cannot be joined")
    statements: list[object] = []
    for each in decoded:
        statement = each["Statement"]
        statements += statement if isinstance(statement, list) else [statement]
    return policy_document({**({"Version": versions[0]} if versions else {}), "Statement": statements})


def check_sids(document: PolicyDocument) -> None:
    """Raise ValueError where statement ids are not as IAM takes them: letters and digits, each once."""
    if '"Sid"' not in document.json:
        return
    statements = json.loads(document.json)["Statement"]
    seen: set[str] = set()
    for statement in statements if isinstance(statements, list) else [statements]:
        sid = statement.get("Sid", "")
        if not isinstance(sid, str) or not _SID.fullmatch(sid):
            raise ValueError(f"the Sid {sid!r} has more than letters and digits")
        if sid and sid in seen:
            raise ValueError(f"two statements have the Sid '{sid}'")
        seen.add(sid)


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
