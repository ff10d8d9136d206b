"""One role in one account: what it should be, making it so, and taking it away.

Everything is read first and only what differs is written, so that a second run writes nothing and an
interrupted run is completed. Rights are taken away before others are given, and the boundary is set
before and removed after them: on its way a role never allows more than before and after.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from usher.aws import iam as aws
from usher.aws.calls import ServiceCalls
from usher.core.errors import NotFoundError, UsherError

INLINE_POLICY_NAME = "UsherInlinePolicy"


class ProvisioningError(UsherError):
    """An account cannot be made to match for a reason that its administrators have to remove."""


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """What a role should be. `policies` are ARNs in the account; `inline_policy` and `boundary_arn` are
    empty when there is none; `owner_tag` proves that a role is ours.
    """

    account: str
    name: str
    path: str
    description: str
    trust_policy: str
    session_seconds: int
    policies: frozenset[str]
    inline_policy: str
    boundary_arn: str
    tags: Mapping[str, str] = field(hash=False)
    owner_tag: str = "usher:instance"


def saml_trust_policy(provider_arn: str, recipient: str) -> str:
    """The trust policy that lets in people of one provider, and nobody else.

    `SAML:aud` is the recipient of the assertion's subject confirmation (IAM user guide, "Available keys
    for SAML-based federation").
    """
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
        "Condition": {"StringEquals": {"SAML:aud": recipient}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_role_match(iam: ServiceCalls, spec: RoleSpec) -> None:
    """Let the account hold exactly the role of `spec`.

    Raises ProvisioningError when a policy is missing there or the name is another owner's, and
    UnavailableError when trying again may help.
    """
    role = aws.read_role(iam, spec.name)
    if role is None:
        _create(iam, spec)
        _attach(iam, spec, frozenset())
        _set_inline_policy(iam, spec, frozenset())
        return
    _check_owner(role, spec)
    if spec.boundary_arn and role.boundary_arn != spec.boundary_arn:
        _set_boundary(iam, spec)
    if not _same_policy(role.trust_policy, spec.trust_policy):
        aws.update_trust_policy(iam, spec.name, spec.trust_policy)
    attached = aws.attached_policies(iam, spec.name)
    for policy in sorted(attached - spec.policies):
        aws.detach_policy(iam, spec.name, policy)
    inline = aws.inline_policy_names(iam, spec.name)
    wanted = {INLINE_POLICY_NAME} if spec.inline_policy else set()
    for policy in sorted(inline - wanted):
        aws.delete_inline_policy(iam, spec.name, policy)
    _attach(iam, spec, attached)
    _set_inline_policy(iam, spec, inline)
    if (role.description, role.max_session_seconds) != (spec.description, spec.session_seconds):
        aws.update_role(iam, spec.name, spec.description, spec.session_seconds)
    if any(role.tags.get(key) != value for key, value in spec.tags.items()):
        aws.tag_role(iam, spec.name, spec.tags)
    if role.boundary_arn and not spec.boundary_arn:
        aws.delete_boundary(iam, spec.name)


def remove_role(iam: ServiceCalls, name: str, owner: tuple[str, str]) -> None:
    """Let the account hold no role of that name, if it carries the tag `owner`; gone already is fine.

    Raises ProvisioningError when a role of that name is another owner's.
    """
    role = aws.read_role(iam, name)
    if role is None:
        return
    key, value = owner
    if role.tags.get(key) != value:
        raise ProvisioningError(f"role {role.arn} does not carry the tag {key}={value}: it was left alone")
    for policy in sorted(aws.attached_policies(iam, name)):
        aws.detach_policy(iam, name, policy)
    for policy in sorted(aws.inline_policy_names(iam, name)):
        aws.delete_inline_policy(iam, name, policy)
    aws.delete_role(iam, name)


def _create(iam: ServiceCalls, spec: RoleSpec) -> None:
    try:
        aws.create_role(
            iam,
            aws.NewRole(
                spec.name,
                spec.path,
                spec.description,
                spec.trust_policy,
                spec.session_seconds,
                spec.boundary_arn,
                spec.tags,
            ),
        )
    except NotFoundError:
        raise _missing_policy(spec, spec.boundary_arn) from None


def _check_owner(role: aws.Role, spec: RoleSpec) -> None:
    if role.tags.get(spec.owner_tag) != spec.tags[spec.owner_tag]:
        raise ProvisioningError(
            f"account {spec.account} has a role {role.arn} that is not this directory's",
            hint="rename or remove that role",
        )


def _set_boundary(iam: ServiceCalls, spec: RoleSpec) -> None:
    try:
        aws.put_boundary(iam, spec.name, spec.boundary_arn)
    except NotFoundError:
        raise _missing_policy(spec, spec.boundary_arn) from None


def _attach(iam: ServiceCalls, spec: RoleSpec, attached: frozenset[str]) -> None:
    for policy in sorted(spec.policies - attached):
        try:
            aws.attach_policy(iam, spec.name, policy)
        except NotFoundError:
            raise _missing_policy(spec, policy) from None


def _set_inline_policy(iam: ServiceCalls, spec: RoleSpec, present: frozenset[str]) -> None:
    if not spec.inline_policy:
        return
    if INLINE_POLICY_NAME in present:
        current = aws.read_inline_policy(iam, spec.name, INLINE_POLICY_NAME)
        if current is not None and _same_policy(current, spec.inline_policy):
            return
    aws.put_inline_policy(iam, spec.name, INLINE_POLICY_NAME, spec.inline_policy)


def _missing_policy(spec: RoleSpec, policy_arn: str) -> ProvisioningError:
    return ProvisioningError(f"account {spec.account} has no policy {policy_arn} to give to role {spec.name}")


def _same_policy(one: str, other: str) -> bool:
    return _comparable(json.loads(one)) == _comparable(json.loads(other))


def _comparable(value: object) -> object:
    """`value` with lists of names in one order, and single names as lists: IAM may rewrite both."""
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [_comparable(item) for item in value]
        return (
            items[0] if len(items) == 1 else sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
        )
    return value
