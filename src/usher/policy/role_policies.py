"""From a permission set, and the documents known of its policies, to what decides for its role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument
from usher.policy.request import RolePolicies

INLINE = "the inline policy"

Level = tuple[tuple[str, PolicyDocument], ...]


def role_policies(
    permission_set: PermissionSet,
    documents: Mapping[str, PolicyDocument],
    *,
    scps: Sequence[Level] = (),
    account_id: str = "",
) -> RolePolicies:
    """What decides for the role of `permission_set`; `scps` lead from the root down to the account.

    `documents` are keyed by policy ARN. Customer managed policies differ from account to account: theirs
    are found under the ARN in `account_id` and are missing without one.
    """
    identity: list[tuple[str, PolicyDocument]] = []
    missing: list[str] = []
    attached: list[ManagedPolicy | CustomerPolicy] = [*sorted(permission_set.managed_policies)]
    attached += sorted(permission_set.customer_policies)
    for policy in attached:
        document = _document(policy, documents, account_id)
        if document is None:
            missing.append(policy_label(policy))
        else:
            identity.append((policy_label(policy), document))
    if permission_set.inline_policy is not None:
        identity.append((INLINE, permission_set.inline_policy))
    boundary = permission_set.boundary
    known = None if boundary is None else _document(boundary, documents, account_id)
    return RolePolicies(
        identity=tuple(identity),
        boundary=(policy_label(boundary), known) if boundary and known else None,
        scps=tuple(scps),
        missing=tuple(missing),
        missing_boundary=policy_label(boundary) if boundary and not known else "",
    )


def policy_label(policy: ManagedPolicy | CustomerPolicy) -> str:
    """How a policy is named to people."""
    return policy.name if isinstance(policy, ManagedPolicy) else f"{policy.path}{policy.name}".lstrip("/")


def needed_policies(permission_sets: Sequence[PermissionSet]) -> tuple[str, ...]:
    """The ARNs of all AWS managed policies that `permission_sets` name, boundaries too, sorted."""
    policies = {policy.arn for each in permission_sets for policy in each.managed_policies}
    policies |= {each.boundary.arn for each in permission_sets if isinstance(each.boundary, ManagedPolicy)}
    return tuple(sorted(policies))


def _document(
    policy: ManagedPolicy | CustomerPolicy, documents: Mapping[str, PolicyDocument], account_id: str
) -> PolicyDocument | None:
    if isinstance(policy, ManagedPolicy):
        return documents.get(policy.arn)
    ending = f":iam::{account_id}:policy{policy.path}{policy.name}"
    found = (document for arn, document in documents.items() if account_id and arn.endswith(ending))
    return next(found, None)
