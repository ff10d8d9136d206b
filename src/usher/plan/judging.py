"""What a permission set is capable of, as far as the documents of its policies are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from usher.core.permission_sets import ManagedPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument, policy_document

_ADMINISTRATOR = "AdministratorAccess"
_EVERYTHING = policy_document(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found, by kind with words; `why_not` says what could not be judged, and why."""

    found: Mapping[str, str]
    why_not: str = ""


def judge(permission_set: PermissionSet, documents: Mapping[str, PolicyDocument]) -> Judgement:
    """What a role made from `permission_set` is capable of; `documents` are keyed by policy ARN."""
    known = _with_administrator(permission_set, documents)
    names = {policy.name for policy in permission_set.managed_policies}
    unknown = [policy.name for policy in permission_set.managed_policies if policy.arn not in known]
    unknown += [policy.name for policy in permission_set.customer_policies]
    found = {}
    if _ADMINISTRATOR in names and permission_set.boundary is None:
        found["ADMINISTRATOR"] = "may do everything"
    return Judgement(found, _documents_not_known(sorted(unknown)))


def _documents_not_known(names: list[str]) -> str:
    if not names:
        return ""
    what = "the document of" if len(names) == 1 else "the documents of"
    return f"{what} {', '.join(names)} {'is' if len(names) == 1 else 'are'} not known"


def _with_administrator(
    permission_set: PermissionSet, documents: Mapping[str, PolicyDocument]
) -> Mapping[str, PolicyDocument]:
    """`documents` and the one document that everybody knows by its name."""
    policies = [*permission_set.managed_policies]
    if isinstance(permission_set.boundary, ManagedPolicy):
        policies.append(permission_set.boundary)
    everything = {policy.arn: _EVERYTHING for policy in policies if policy.name == _ADMINISTRATOR}
    return {**everything, **documents}
