"""Access as CloudFormation templates: `AWS::SSO::*` and `AWS::IdentityStore::*`, in stacks of at most 500.

Which stack a resource is in never changes: stacks that were written earlier keep what they have, and only
what is new fills their gaps. A resource that moved from one stack to another would be made twice or be
deleted, with the access of everybody who has it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from usher.core.assignments import Assignment
from usher.core.durations import iso_duration
from usher.core.organization import MANAGED_BY_TAG, ActualAccess, DesiredAccess
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.principals import Principal, PrincipalKind

MAX_RESOURCES = 500
# A template may have 200 outputs, and every permission set is one that the assignments' stacks import.
MAX_SETS = 200

Template: TypeAlias = Mapping[str, Any]

_NOT_LETTERS = re.compile(r"[^A-Za-z0-9]+", re.ASCII)
_GROUPS, _SETS, _ASSIGNMENTS = "groups", "permission-sets", "assignments"


@dataclass(frozen=True, slots=True)
class CloudFormationExport:
    """The templates by file name; for each its existing resources, to be imported; what it cannot say."""

    files: Mapping[str, str]
    resources: int
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Resource:
    """One resource; `identifier` is how CloudFormation finds it when it exists already."""

    logical_id: str
    kind: str
    properties: Mapping[str, object]
    identifier: Mapping[str, str] | None = None
    export: str = ""


def to_cloudformation(
    desired: DesiredAccess, actual: ActualAccess, earlier: Mapping[str, str]
) -> CloudFormationExport:
    """`desired` as templates; `earlier` are the templates of the last time, by file name.

    Principals are named by id, so they have to exist: an assignment of one that does not is left out.
    """
    left_out: list[str] = []
    groups, memberships = list(_groups(desired, actual)), list(_memberships(desired, actual))
    sets = [_permission_set(each, actual) for _, each in sorted(desired.permission_sets.items())]
    known, unknown = _with_principals(desired, actual)
    assignments = [_assignment(each, actual) for each in sorted(known)]
    if unknown:
        names = sorted({str(each.principal) for each in unknown})
        left_out.append(
            f"{len(unknown):,} assignments of principals that do not exist yet: {', '.join(names)}"
        )
    if desired.users:
        left_out.append(f"{len(desired.users):,} users: CloudFormation has no resource for them")
    if desired.entitlements:
        count = f"{len(desired.entitlements):,}"
        left_out.append(f"{count} grants of owned IAM roles: CloudFormation has no resource for them")
    placed: dict[str, list[_Resource]] = {}
    for title, most, resources in (
        (_GROUPS, MAX_RESOURCES, [*groups, *memberships]),
        (_SETS, MAX_SETS, sets),
        (_ASSIGNMENTS, MAX_RESOURCES, assignments),
    ):
        placed |= _place(title, most, resources, earlier)
    files: dict[str, str] = {}
    for name, resources in placed.items():
        files[f"{name}.json"] = _json(_template(name, resources))
        existing = [_to_import(each) for each in resources if each.identifier]
        if existing:
            files[f"{name}.import.json"] = _json(existing)
    return CloudFormationExport(files, sum(map(len, placed.values())), tuple(left_out))


def _place(
    title: str, most: int, resources: Iterable[_Resource], earlier: Mapping[str, str]
) -> dict[str, list[_Resource]]:
    """Each resource in the stack it was in; new ones in the first that has room."""
    homes = {
        logical_id: name.removesuffix(".json")
        for name, text in sorted(earlier.items())
        if re.fullmatch(rf"{title}-[0-9]+\.json", name)
        for logical_id in json.loads(text)["Resources"]
    }
    stacks: dict[str, list[_Resource]] = {}
    new = []
    for each in resources:
        home = homes.get(each.logical_id)
        if home is None:
            new.append(each)
        else:
            stacks.setdefault(home, []).append(each)
    number = 1
    for each in new:
        while len(stacks.get(f"{title}-{number}", ())) >= most:
            number += 1
        stacks.setdefault(f"{title}-{number}", []).append(each)
    return {name: sorted(found, key=lambda each: each.logical_id) for name, found in sorted(stacks.items())}


def _groups(desired: DesiredAccess, actual: ActualAccess) -> Iterator[_Resource]:
    store = str(actual.instance.identity_store_id)
    for name, group in sorted(desired.groups.items()):
        known = actual.principal_ids.get(Principal(PrincipalKind.GROUP, name))
        properties = {"IdentityStoreId": store, "DisplayName": name}
        if group.description:
            properties["Description"] = group.description
        yield _Resource(
            _logical_id("Group", name),
            "AWS::IdentityStore::Group",
            properties,
            {"IdentityStoreId": store, "GroupId": known} if known else None,
        )


def _memberships(desired: DesiredAccess, actual: ActualAccess) -> Iterator[_Resource]:
    """Who is in which group, where both exist; a membership stands in another stack than its group may."""
    store = str(actual.instance.identity_store_id)
    for name, group in sorted(desired.groups.items()):
        group_id = actual.principal_ids.get(Principal(PrincipalKind.GROUP, name))
        for member in sorted(group.members):
            user_id = actual.principal_ids.get(Principal(PrincipalKind.USER, member))
            if group_id is None or user_id is None:
                continue
            known = actual.membership_ids.get((name, member))
            yield _Resource(
                _logical_id("Member", f"{name}/{member}"),
                "AWS::IdentityStore::GroupMembership",
                {"IdentityStoreId": store, "GroupId": group_id, "MemberId": {"UserId": user_id}},
                {"IdentityStoreId": store, "MembershipId": known} if known else None,
            )


def _permission_set(permission_set: PermissionSet, actual: ActualAccess) -> _Resource:
    instance = str(actual.instance.arn)
    arn = actual.permission_set_arns.get(permission_set.name)
    tags = [
        {"Key": key, "Value": value}
        for key, value in sorted(permission_set.tags.items())
        if key != MANAGED_BY_TAG
    ]
    inline = permission_set.inline_policy
    properties: dict[str, object] = {
        "InstanceArn": instance,
        "Name": permission_set.name,
        "Description": permission_set.description,
        "SessionDuration": iso_duration(permission_set.session_seconds),
        "RelayStateType": permission_set.relay_state,
        "ManagedPolicies": [policy.arn for policy in sorted(permission_set.managed_policies)],
        "CustomerManagedPolicyReferences": [
            _reference(policy) for policy in sorted(permission_set.customer_policies)
        ],
        "InlinePolicy": json.loads(inline.json) if inline else None,
        "PermissionsBoundary": _boundary(permission_set.boundary),
        "Tags": tags,
    }
    return _Resource(
        _logical_id("Set", permission_set.name),
        "AWS::SSO::PermissionSet",
        {key: value for key, value in properties.items() if value},
        {"InstanceArn": instance, "PermissionSetArn": arn} if arn else None,
        export=_export_name(permission_set.name),
    )


def _assignment(assignment: Assignment, actual: ActualAccess) -> _Resource:
    instance = str(actual.instance.arn)
    names = {
        "InstanceArn": instance,
        "TargetId": str(assignment.account_id),
        "TargetType": "AWS_ACCOUNT",
        "PrincipalType": str(assignment.principal.kind),
        "PrincipalId": str(actual.principal_ids[assignment.principal]),
    }
    arn = actual.permission_set_arns.get(assignment.permission_set)
    exists = arn is not None and assignment in actual.assignments
    key = f"{assignment.principal.kind}/{assignment.principal.name}/{assignment.permission_set}"
    return _Resource(
        _logical_id("Grant", f"{key}/{assignment.account_id}"),
        "AWS::SSO::Assignment",
        {**names, "PermissionSetArn": {"Fn::ImportValue": _export_name(assignment.permission_set)}},
        {**names, "PermissionSetArn": str(arn)} if exists else None,
    )


def _with_principals(
    desired: DesiredAccess, actual: ActualAccess
) -> tuple[frozenset[Assignment], frozenset[Assignment]]:
    known = frozenset(each for each in desired.assignments if each.principal in actual.principal_ids)
    return known, desired.assignments - known


def _reference(policy: CustomerPolicy) -> Mapping[str, str]:
    return {"Name": policy.name, "Path": policy.path}


def _boundary(boundary: ManagedPolicy | CustomerPolicy | None) -> Mapping[str, object] | None:
    match boundary:
        case None:
            return None
        case ManagedPolicy(arn=arn):
            return {"ManagedPolicyArn": arn}
        case CustomerPolicy():
            return {"CustomerManagedPolicyReference": _reference(boundary)}


def _template(name: str, resources: Iterable[_Resource]) -> Template:
    exported = {
        each.logical_id: {
            "Value": {"Fn::GetAtt": [each.logical_id, "PermissionSetArn"]},
            "Export": {"Name": each.export},
        }
        for each in resources
        if each.export
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Access to AWS accounts: {name}",
        "Resources": {each.logical_id: _body(each) for each in resources},
        **({"Outputs": exported} if exported else {}),
    }


def _body(resource: _Resource) -> Mapping[str, object]:
    # CloudFormation imports a resource only when its template says what becomes of it when it goes.
    policies = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
    return {"Type": resource.kind, **policies, "Properties": resource.properties}


def _to_import(resource: _Resource) -> Mapping[str, object]:
    """One entry for `aws cloudformation create-change-set --resources-to-import`."""
    return {
        "ResourceType": resource.kind,
        "LogicalResourceId": resource.logical_id,
        "ResourceIdentifier": resource.identifier,
    }


def _logical_id(kind: str, key: str) -> str:
    """A name that depends on the thing's own names alone; the start can be read, the end tells apart."""
    readable = _NOT_LETTERS.sub("", key)[:40]
    return f"{kind}{readable}{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def _export_name(permission_set: str) -> str:
    """Names of exports take letters, digits, colons and hyphens only, unlike those of permission sets."""
    return f"access:{_logical_id('Set', permission_set)}"


def _json(document: object) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
