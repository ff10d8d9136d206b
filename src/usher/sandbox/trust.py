"""Whether a role's trust policy lets somebody in. What it does not know, it answers with no."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

PrincipalType = Literal["AWS", "Federated"]


@dataclass(frozen=True, slots=True)
class TrustRequest:
    """Who asks to enter a role.

    `principals` are the names the policy may call the caller by; `conditions` are the values that
    condition keys (`SAML:aud`) have in this request.
    """

    action: str
    principal_type: PrincipalType
    principals: frozenset[str]
    conditions: Mapping[str, str]


def trust_allows(policy_json: str, request: TrustRequest) -> bool:
    """Whether the trust policy allows `request`: one Allow, no Deny (IAM's evaluation logic).

    A condition operator that is not known here counts as not met in an Allow and as met in a Deny, so
    the answer errs towards no.
    """
    allowed = False
    for statement in _statements(policy_json):
        effect = statement.get("Effect")
        if not _concerns(statement, request):
            continue
        if effect == "Deny" and _conditions_met(statement, request, unknown=True):
            return False
        if effect == "Allow" and _conditions_met(statement, request, unknown=False):
            allowed = True
    return allowed


def _statements(policy_json: str) -> Iterator[Mapping[str, object]]:
    try:
        document = json.loads(policy_json)
    except json.JSONDecodeError:
        return
    statements = document.get("Statement") if isinstance(document, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict):
            yield statement


def _concerns(statement: Mapping[str, object], request: TrustRequest) -> bool:
    actions = _strings(statement.get("Action"))
    if not any(fnmatchcase(request.action.lower(), action.lower()) for action in actions):
        return False
    principal = statement.get("Principal")
    if principal == "*":
        return request.principal_type == "AWS"
    if not isinstance(principal, dict):
        return False
    named = _strings(principal.get(request.principal_type))
    return "*" in named or any(name in request.principals for name in named)


def _conditions_met(statement: Mapping[str, object], request: TrustRequest, *, unknown: bool) -> bool:
    conditions = statement.get("Condition") or {}
    if not isinstance(conditions, dict):
        return unknown
    values = {key.lower(): value for key, value in request.conditions.items()}
    for operator, keys in conditions.items():
        if not isinstance(keys, dict):
            return unknown
        for key, wanted in keys.items():
            if not _condition_met(operator, values.get(key.lower()), _strings(wanted), unknown=unknown):
                return False
    return True


def _condition_met(operator: str, value: str | None, wanted: Sequence[str], *, unknown: bool) -> bool:
    match operator.lower():
        case "stringequals":
            return value is not None and value in wanted
        case "stringequalsignorecase":
            return value is not None and value.lower() in {want.lower() for want in wanted}
        case "stringlike":
            return value is not None and any(fnmatchcase(value, want) for want in wanted)
        case "stringnotequals":
            return value is None or value not in wanted
        case _:
            return unknown


def _strings(value: object) -> Sequence[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [item for item in value if isinstance(item, str)]
    return []
