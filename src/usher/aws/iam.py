"""IAM in one account: SAML providers, and roles with their policies, boundary and tags.

Functions take the account's `ServiceCalls`. What is missing reads as None; removing what is gone succeeds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from usher.aws.calls import ServiceCalls
from usher.aws.clients import error_code
from usher.core.errors import BusyError, NotFoundError, UsherError
from usher.core.ids import RoleArn

T = TypeVar("T")

# IAM answers these while it settles a change of a moment ago; a new principal in a trust policy is
# MalformedPolicyDocument ("Invalid principal in policy") until the account's replicas have seen it.
_SETTLING = frozenset(
    {
        "ConcurrentModification",
        "DeleteConflict",
        "EntityAlreadyExists",
        "EntityTemporarilyUnmodifiable",
        "ServiceFailure",
    }
)
_NEW_PRINCIPAL = "MalformedPolicyDocument"


@dataclass(frozen=True, slots=True)
class Role:
    """A role as it is. `trust_policy` is JSON; `boundary_arn` is empty when there is none."""

    arn: RoleArn
    description: str
    trust_policy: str
    max_session_seconds: int
    boundary_arn: str
    tags: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class NewRole:
    """A role to be made; members as in `Role`."""

    name: str
    path: str
    description: str
    trust_policy: str
    max_session_seconds: int
    boundary_arn: str
    tags: Mapping[str, str] = field(hash=False)


def read_saml_provider(calls: ServiceCalls, arn: str) -> str | None:
    """The metadata document of the SAML provider, or None when there is no such provider."""
    found = _unless_missing(lambda: _call(calls, "GetSAMLProvider", f"reading {arn}", SAMLProviderArn=arn))
    return None if found is None else str(found["SAMLMetadataDocument"])


def create_saml_provider(calls: ServiceCalls, name: str, metadata: str, tags: Mapping[str, str]) -> None:
    """Make a SAML provider. Raises BusyError when there is one of that name already."""
    _call(
        calls,
        "CreateSAMLProvider",
        f"creating the SAML provider {name}",
        Name=name,
        SAMLMetadataDocument=metadata,
        Tags=_tag_list(tags),
    )


def update_saml_provider(calls: ServiceCalls, arn: str, metadata: str) -> None:
    """Give a SAML provider another metadata document."""
    _call(calls, "UpdateSAMLProvider", f"updating {arn}", SAMLProviderArn=arn, SAMLMetadataDocument=metadata)


def read_role(calls: ServiceCalls, name: str) -> Role | None:
    """The role of that name, or None."""
    found = _unless_missing(lambda: _call(calls, "GetRole", f"reading role {name}", RoleName=name))
    if found is None:
        return None
    role = found["Role"]
    return Role(
        arn=RoleArn(role["Arn"]),
        description=role.get("Description") or "",
        trust_policy=json.dumps(role["AssumeRolePolicyDocument"]),
        max_session_seconds=int(role.get("MaxSessionDuration") or 3_600),
        boundary_arn=(role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn", ""),
        tags={tag["Key"]: tag["Value"] for tag in role.get("Tags") or ()},
    )


def create_role(calls: ServiceCalls, role: NewRole) -> RoleArn:
    """Make a role with boundary and tags. Raises NotFoundError when the boundary policy is missing."""
    boundary = {"PermissionsBoundary": role.boundary_arn} if role.boundary_arn else {}
    made = _settle_principal(
        lambda: _call(
            calls,
            "CreateRole",
            f"creating role {role.name}",
            RoleName=role.name,
            Path=role.path,
            Description=role.description,
            AssumeRolePolicyDocument=role.trust_policy,
            MaxSessionDuration=role.max_session_seconds,
            Tags=_tag_list(role.tags),
            **boundary,
        )
    )
    return RoleArn(made["Role"]["Arn"])


def update_role(calls: ServiceCalls, name: str, description: str, max_session_seconds: int) -> None:
    """Set a role's description and longest session."""
    _call(
        calls,
        "UpdateRole",
        f"updating role {name}",
        RoleName=name,
        Description=description,
        MaxSessionDuration=max_session_seconds,
    )


def update_trust_policy(calls: ServiceCalls, name: str, trust_policy: str) -> None:
    """Set who may enter a role."""
    _settle_principal(
        lambda: _call(
            calls,
            "UpdateAssumeRolePolicy",
            f"updating the trust of role {name}",
            RoleName=name,
            PolicyDocument=trust_policy,
        )
    )


def tag_role(calls: ServiceCalls, name: str, tags: Mapping[str, str]) -> None:
    """Add tags to a role, or give those it has new values."""
    _call(calls, "TagRole", f"tagging role {name}", RoleName=name, Tags=_tag_list(tags))


def put_boundary(calls: ServiceCalls, name: str, policy_arn: str) -> None:
    """Set a role's permissions boundary. Raises NotFoundError when there is no such policy."""
    _call(
        calls,
        "PutRolePermissionsBoundary",
        f"setting the boundary of role {name} to {policy_arn}",
        RoleName=name,
        PermissionsBoundary=policy_arn,
    )


def delete_boundary(calls: ServiceCalls, name: str) -> None:
    """Take a role's permissions boundary away."""
    what = f"removing the boundary of role {name}"
    _unless_missing(lambda: _call(calls, "DeleteRolePermissionsBoundary", what, RoleName=name))


def attached_policies(calls: ServiceCalls, name: str) -> frozenset[str]:
    """The ARNs of the policies attached to a role; none when the role is gone."""
    what = f"reading the policies of role {name}"
    items = _pages(calls, "ListAttachedRolePolicies", "AttachedPolicies", what, RoleName=name)
    return frozenset(item["PolicyArn"] for item in _unless_missing(lambda: list(items)) or ())


def attach_policy(calls: ServiceCalls, name: str, policy_arn: str) -> None:
    """Attach a managed policy to a role. Raises NotFoundError when there is no such policy."""
    what = f"attaching {policy_arn} to role {name}"
    _call(calls, "AttachRolePolicy", what, RoleName=name, PolicyArn=policy_arn)


def detach_policy(calls: ServiceCalls, name: str, policy_arn: str) -> None:
    """Detach a managed policy from a role."""
    what = f"detaching {policy_arn} from role {name}"
    _unless_missing(lambda: _call(calls, "DetachRolePolicy", what, RoleName=name, PolicyArn=policy_arn))


def inline_policy_names(calls: ServiceCalls, name: str) -> frozenset[str]:
    """The names of a role's inline policies; none when the role is gone."""
    what = f"reading the inline policies of role {name}"
    items = _pages(calls, "ListRolePolicies", "PolicyNames", what, RoleName=name)
    return frozenset(_unless_missing(lambda: list(items)) or ())


def read_inline_policy(calls: ServiceCalls, name: str, policy_name: str) -> str | None:
    """One inline policy of a role as JSON, or None."""
    what = f"reading the inline policy {policy_name} of role {name}"
    found = _unless_missing(
        lambda: _call(calls, "GetRolePolicy", what, RoleName=name, PolicyName=policy_name)
    )
    return None if found is None else json.dumps(found["PolicyDocument"])


def put_inline_policy(calls: ServiceCalls, name: str, policy_name: str, policy: str) -> None:
    """Set one inline policy of a role."""
    what = f"setting the inline policy {policy_name} of role {name}"
    _call(calls, "PutRolePolicy", what, RoleName=name, PolicyName=policy_name, PolicyDocument=policy)


def delete_inline_policy(calls: ServiceCalls, name: str, policy_name: str) -> None:
    """Delete one inline policy of a role."""
    what = f"deleting the inline policy {policy_name} of role {name}"
    _unless_missing(lambda: _call(calls, "DeleteRolePolicy", what, RoleName=name, PolicyName=policy_name))


def delete_role(calls: ServiceCalls, name: str) -> None:
    """Delete a role that has no policies left."""
    _unless_missing(lambda: _call(calls, "DeleteRole", f"deleting role {name}", RoleName=name))


def _call(calls: ServiceCalls, operation: str, what: str, **parameters: object) -> Mapping[str, Any]:
    try:
        return calls.call(operation, what, **parameters)
    except UsherError as error:
        if error_code(error) in _SETTLING:
            raise BusyError(error.message, hint=error.hint) from error.__cause__
        raise


def _settle_principal(call: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return call()
    except UsherError as error:
        if error_code(error) == _NEW_PRINCIPAL:
            raise BusyError(error.message, hint=error.hint) from error.__cause__
        raise


def _pages(calls: ServiceCalls, operation: str, items: str, what: str, **parameters: object) -> Iterator[Any]:
    marker: dict[str, object] = {}
    while True:
        answer = _call(calls, operation, what, **parameters, **marker)
        yield from answer.get(items) or ()
        if not answer.get("IsTruncated"):
            return
        marker = {"Marker": answer["Marker"]}


def _unless_missing(call: Callable[[], T]) -> T | None:
    try:
        return call()
    except NotFoundError:
        return None


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
