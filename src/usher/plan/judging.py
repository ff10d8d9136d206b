"""What a permission set is capable of, as far as the documents of its policies are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from usher.core.permission_sets import PermissionSet
from usher.core.policy_document import PolicyDocument
from usher.policy.request import RolePolicies
from usher.policy.risk import RiskKind, risks_of
from usher.policy.role_policies import role_policies
from usher.policy.well_known import with_administrator


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found, by kind with a sentence; `why_not` says what could not be judged, and why."""

    found: Mapping[RiskKind, str]
    why_not: str = ""


def judge(permission_set: PermissionSet, documents: Mapping[str, PolicyDocument]) -> Judgement:
    """What a role made from `permission_set` is capable of; `documents` are keyed by policy ARN."""
    policies = role_policies(permission_set, with_administrator(documents, [permission_set]))
    try:
        risks = risks_of(policies)
    except ValueError:  # somebody stored an inline policy that is none
        return Judgement({}, f"the inline policy of {permission_set.name} cannot be read")
    found: dict[RiskKind, str] = {
        risk.kind: risk.words for risk in risks if risk.kind is not RiskKind.NOT_KNOWN
    }
    return Judgement(found, _not_known(policies))


def _not_known(policies: RolePolicies) -> str:
    names = sorted(policies.missing)
    parts = []
    if names:
        one = len(names) == 1
        parts.append(
            f"the document{'' if one else 's'} of {', '.join(names)} {'is' if one else 'are'} not known"
        )
    if policies.missing_boundary:
        parts.append(f"what the boundary {policies.missing_boundary} leaves of it is not known")
    return ", and ".join(parts)
