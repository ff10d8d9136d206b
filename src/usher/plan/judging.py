"""What a permission set is capable of, as far as the documents of its policies are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from usher.core.permission_sets import ManagedPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument, policy_document
from usher.policy.request import RolePolicies
from usher.policy.risk import RiskKind, risks_of
from usher.policy.role_policies import role_policies

_ADMINISTRATOR = "AdministratorAccess"
_EVERYTHING = policy_document(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found, by kind with a sentence; `why_not` says what could not be judged, and why."""

    found: Mapping[RiskKind, str]
    why_not: str = ""


def judge(permission_set: PermissionSet, documents: Mapping[str, PolicyDocument]) -> Judgement:
    """What a role made from `permission_set` is capable of; `documents` are keyed by policy ARN."""
    policies = role_policies(permission_set, _with_administrator(permission_set, documents))
    try:
        risks = risks_of(policies)
    except ValueError:  # somebody stored an inline policy that is none
        return Judgement({}, f"the inline policy of {permission_set.name} cannot be read")
    found: dict[RiskKind, str] = {
        risk.kind: risk.words for risk in risks if risk.kind is not RiskKind.NOT_KNOWN
    }
    return Judgement(found, _not_known(policies))


def _with_administrator(
    permission_set: PermissionSet, documents: Mapping[str, PolicyDocument]
) -> Mapping[str, PolicyDocument]:
    """`documents` and the one document that everybody knows by its name."""
    policies = [*permission_set.managed_policies]
    if isinstance(permission_set.boundary, ManagedPolicy):
        policies.append(permission_set.boundary)
    everything = {policy.arn: _EVERYTHING for policy in policies if policy.name == _ADMINISTRATOR}
    return {**everything, **documents}


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
