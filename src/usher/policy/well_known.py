"""The AWS managed policy whose document everybody knows, so that administrators are told without a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from usher.core.permission_sets import PermissionSet
from usher.core.policy_document import PolicyDocument, policy_document
from usher.policy.role_policies import needed_policies

_ENDING = ":iam::aws:policy/AdministratorAccess"
_EVERYTHING = policy_document(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)


def with_administrator(
    documents: Mapping[str, PolicyDocument], permission_sets: Sequence[PermissionSet]
) -> Mapping[str, PolicyDocument]:
    """`documents`, by ARN, and where it is not among them what `AdministratorAccess` has said since 2015."""
    known = {arn: _EVERYTHING for arn in needed_policies(permission_sets) if arn.endswith(_ENDING)}
    return {**known, **documents}
