"""sso-admin: instances, permission sets, their policies, boundaries and tags.

Writes change the template only: roles in accounts follow when ProvisionPermissionSet runs, as in AWS.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from usher.core.durations import (
    PERMISSION_SET_SESSION_MAX,
    PERMISSION_SET_SESSION_MIN,
    iso_duration,
    parse_duration,
)
from usher.core.permission_sets import MAX_MANAGED_POLICIES
from usher.core.policy_document import parse_policy_document
from usher.server.awsapi.call import Call, conflict, invalid, not_found
from usher.server.awsapi.errors import ApiError
from usher.server.awsapi.paging import page
from usher.server.store import permission_sets as store
from usher.server.store.database import Connection
from usher.server.store.permission_sets import StoredPermissionSet

MAX_TAGS = 50
Answer = Mapping[str, Any]


def list_instances(call: Call) -> Answer:
    """ListInstances: the one instance."""
    return {"Instances": [_instance(call)]}


def describe_instance(call: Call) -> Answer:
    """DescribeInstance."""
    call.check_instance()
    return _instance(call)


def create_permission_set(call: Call) -> Answer:
    """CreatePermissionSet. Names are unique; the role session lasts PT1H unless given."""
    call.check_instance()
    params, instance = call.params, call.services.instance
    tags = _tag_values(params.get("Tags", []))
    set_id = f"ps-{secrets.token_hex(8)}"
    with call.services.database.change(call.actor) as change:
        if store.find_permission_set_by_name(change.connection, params["Name"]):
            conflict(f"PermissionSet with name {params['Name']} already exists.")
        created = StoredPermissionSet(
            id=set_id,
            arn=f"arn:{instance.partition}:sso:::permissionSet/{instance.id}/{set_id}",
            name=params["Name"],
            description=params.get("Description"),
            session_duration=_session_duration(params.get("SessionDuration")),
            relay_state=params.get("RelayState"),
            inline_policy=None,
            boundary=None,
            revision=1,
            created_at=change.now,
        )
        store.insert_permission_set(change, created)
        if tags:
            store.set_tags(change, created.arn, tags)
    return {"PermissionSet": _described(created)}


def describe_permission_set(call: Call) -> Answer:
    """DescribePermissionSet."""
    with call.services.database.read() as connection:
        return {"PermissionSet": _described(call.permission_set(connection))}


def list_permission_sets(call: Call) -> Answer:
    """ListPermissionSets: ARNs only, in order."""
    call.check_instance()
    with call.services.database.read() as connection:
        arns, more = page(
            call.params,
            "permission sets",
            ("",),
            lambda after, limit: store.list_permission_set_arns(connection, after[0], limit),
            lambda arn: (arn,),
        )
    return {"PermissionSets": arns, **more}


def update_permission_set(call: Call) -> Answer:
    """UpdatePermissionSet. What is left out is kept, but for the relay state, which is cleared, as in AWS."""
    params = call.params
    with call.services.database.change(call.actor) as change:
        old = call.permission_set(change.connection)
        duration = params.get("SessionDuration")
        new = replace(
            old,
            description=params.get("Description", old.description),
            session_duration=_session_duration(duration) if duration else old.session_duration,
            relay_state=params.get("RelayState"),
        )
        store.update_permission_set(change, new, "UpdatePermissionSet")
    return {}


def delete_permission_set(call: Call) -> Answer:
    """DeletePermissionSet. Conflict while it is assigned or a role of it is left in any account."""
    with call.services.database.change(call.actor) as change:
        found = call.permission_set(change.connection)
        if store.is_in_use(change.connection, found.id):
            conflict(f"Could not delete because PermissionSet {found.name} is assigned or provisioned.")
        store.delete_permission_set(change, found)
    return {}


def attach_managed_policy(call: Call) -> Answer:
    """AttachManagedPolicyToPermissionSet."""
    arn = call.params["ManagedPolicyArn"]
    with call.services.database.change(call.actor) as change:
        found = call.permission_set(change.connection)
        if arn in store.managed_policies_of(change.connection, found.id):
            conflict(f"Managed policy {arn} is already attached to permission set {found.name}.")
        _check_policy_quota(change.connection, found)
        store.attach_managed_policy(change, found, arn)
    return {}


def detach_managed_policy(call: Call) -> Answer:
    """DetachManagedPolicyFromPermissionSet."""
    arn = call.params["ManagedPolicyArn"]
    with call.services.database.change(call.actor) as change:
        found = call.permission_set(change.connection)
        if not store.detach_managed_policy(change, found, arn):
            not_found(f"Managed policy {arn} is not attached to permission set {found.name}.")
    return {}


def list_managed_policies(call: Call) -> Answer:
    """ListManagedPoliciesInPermissionSet: at most twenty, in order."""
    with call.services.database.read() as connection:
        found = call.permission_set(connection)
        arns, more = page(
            call.params,
            f"managed policies of {found.id}",
            ("",),
            lambda after, limit: [
                arn for arn in store.managed_policies_of(connection, found.id) if arn > after[0]
            ][:limit],
            lambda arn: (arn,),
        )
    attached = [{"Name": arn.rpartition("/")[2], "Arn": arn} for arn in arns]
    return {"AttachedManagedPolicies": attached, **more}


def attach_customer_policy(call: Call) -> Answer:
    """AttachCustomerManagedPolicyReferenceToPermissionSet. The policy is looked up when provisioning."""
    name, path = _policy_reference(call.params["CustomerManagedPolicyReference"])
    with call.services.database.change(call.actor) as change:
        found = call.permission_set(change.connection)
        if (path, name) in store.customer_policies_of(change.connection, found.id):
            conflict(f"Customer managed policy {path}{name} is already attached to {found.name}.")
        _check_policy_quota(change.connection, found)
        store.attach_customer_policy(change, found, name, path)
    return {}


def detach_customer_policy(call: Call) -> Answer:
    """DetachCustomerManagedPolicyReferenceFromPermissionSet."""
    name, path = _policy_reference(call.params["CustomerManagedPolicyReference"])
    with call.services.database.change(call.actor) as change:
        found = call.permission_set(change.connection)
        if not store.detach_customer_policy(change, found, name, path):
            not_found(f"Customer managed policy {path}{name} is not attached to {found.name}.")
    return {}


def list_customer_policies(call: Call) -> Answer:
    """ListCustomerManagedPolicyReferencesInPermissionSet: at most twenty, in order."""
    with call.services.database.read() as connection:
        found = call.permission_set(connection)
        references, more = page(
            call.params,
            f"customer policies of {found.id}",
            ("", ""),
            lambda after, limit: [
                reference
                for reference in store.customer_policies_of(connection, found.id)
                if reference > after
            ][:limit],
            lambda reference: reference,
        )
    listed = [{"Name": name, "Path": path} for path, name in references]
    return {"CustomerManagedPolicyReferences": listed, **more}


def put_inline_policy(call: Call) -> Answer:
    """PutInlinePolicyToPermissionSet. The policy must be one; it is kept as it came."""
    text = call.params["InlinePolicy"]
    try:
        parse_policy_document(text)
    except ValueError as error:
        invalid(f"Invalid inline policy: {error}")
    with call.services.database.change(call.actor) as change:
        found = call.permission_set(change.connection)
        changed = replace(found, inline_policy=text)
        store.update_permission_set(change, changed, "PutInlinePolicyToPermissionSet")
    return {}


def get_inline_policy(call: Call) -> Answer:
    """GetInlinePolicyForPermissionSet: an empty text when there is none, as AWS answers."""
    with call.services.database.read() as connection:
        policy = call.permission_set(connection).inline_policy
    return {"InlinePolicy": policy} if policy else {}


def delete_inline_policy(call: Call) -> Answer:
    """DeleteInlinePolicyFromPermissionSet."""
    with call.services.database.change(call.actor) as change:
        found = call.permission_set(change.connection)
        if found.inline_policy is None:
            not_found(f"Permission set {found.name} has no inline policy.")
        changed = replace(found, inline_policy=None)
        store.update_permission_set(change, changed, "DeleteInlinePolicyFromPermissionSet")
    return {}


def put_boundary(call: Call) -> Answer:
    """PutPermissionsBoundaryToPermissionSet: one AWS managed policy or one customer managed reference."""
    boundary = {name: value for name, value in call.params["PermissionsBoundary"].items() if value}
    if len(boundary) != 1:
        invalid("PermissionsBoundary needs exactly one of ManagedPolicyArn, CustomerManagedPolicyReference.")
    with call.services.database.change(call.actor) as change:
        changed = replace(call.permission_set(change.connection), boundary=boundary)
        store.update_permission_set(change, changed, "PutPermissionsBoundaryToPermissionSet")
    return {}


def get_boundary(call: Call) -> Answer:
    """GetPermissionsBoundaryForPermissionSet."""
    with call.services.database.read() as connection:
        found = call.permission_set(connection)
    if found.boundary is None:
        not_found(f"Permission set {found.name} has no permissions boundary.")
    return {"PermissionsBoundary": found.boundary}


def delete_boundary(call: Call) -> Answer:
    """DeletePermissionsBoundaryFromPermissionSet."""
    with call.services.database.change(call.actor) as change:
        found = call.permission_set(change.connection)
        if found.boundary is None:
            not_found(f"Permission set {found.name} has no permissions boundary.")
        changed = replace(found, boundary=None)
        store.update_permission_set(change, changed, "DeletePermissionsBoundaryFromPermissionSet")
    return {}


def tag_resource(call: Call) -> Answer:
    """TagResource, for permission sets."""
    values = _tag_values(call.params["Tags"])
    with call.services.database.change(call.actor) as change:
        arn = _tagged(call, change.connection)
        if len(store.tags_of(change.connection, arn) | values) > MAX_TAGS:
            raise ApiError("ServiceQuotaExceededException", f"A resource has at most {MAX_TAGS} tags.")
        store.set_tags(change, arn, values)
    return {}


def untag_resource(call: Call) -> Answer:
    """UntagResource, for permission sets."""
    with call.services.database.change(call.actor) as change:
        store.remove_tags(change, _tagged(call, change.connection), call.params["TagKeys"])
    return {}


def list_tags(call: Call) -> Answer:
    """ListTagsForResource, for permission sets and the instance."""
    with call.services.database.read() as connection:
        values = store.tags_of(connection, _tagged(call, connection))
    return {"Tags": [{"Key": key, "Value": value} for key, value in values.items()]}


def _instance(call: Call) -> dict[str, Any]:
    instance = call.services.instance
    return {
        "InstanceArn": instance.arn,
        "IdentityStoreId": instance.identity_store_id,
        "OwnerAccountId": call.services.accounts.owner.id,
        "Name": instance.name,
        "CreatedDate": instance.created_at,
        "Status": "ACTIVE",
    }


def _described(permission_set: StoredPermissionSet) -> dict[str, Any]:
    members = {
        "Name": permission_set.name,
        "PermissionSetArn": permission_set.arn,
        "Description": permission_set.description,
        "CreatedDate": permission_set.created_at,
        "SessionDuration": permission_set.session_duration,
        "RelayState": permission_set.relay_state,
    }
    return {name: value for name, value in members.items() if value is not None}


def _session_duration(text: str | None) -> str:
    if text is None:
        return iso_duration(PERMISSION_SET_SESSION_MIN)
    try:
        seconds = parse_duration(text)
    except ValueError:
        seconds = 0
    if not PERMISSION_SET_SESSION_MIN <= seconds <= PERMISSION_SET_SESSION_MAX:
        invalid(f"SessionDuration {text} is out of range: PT1H to PT12H.")
    return text


def _check_policy_quota(connection: Connection, permission_set: StoredPermissionSet) -> None:
    attached = len(store.managed_policies_of(connection, permission_set.id))
    attached += len(store.customer_policies_of(connection, permission_set.id))
    if attached >= MAX_MANAGED_POLICIES:
        raise ApiError(
            "ServiceQuotaExceededException",
            f"Permission set {permission_set.name} has {attached} policies; "
            f"the quota is {MAX_MANAGED_POLICIES}.",
        )


def _policy_reference(reference: Mapping[str, str]) -> tuple[str, str]:
    return reference["Name"], reference.get("Path") or "/"


def _tag_values(tags: list[Mapping[str, str]]) -> dict[str, str]:
    values = {tag["Key"]: tag["Value"] for tag in tags}
    if len(values) != len(tags):
        invalid("Duplicate tag keys found.")
    reserved = next((key for key in values if key.lower().startswith("aws:")), None)
    if reserved is not None:
        invalid(f"Tag key {json.dumps(reserved)} is reserved.")
    return values


def _tagged(call: Call, connection: Connection) -> str:
    arn = str(call.params["ResourceArn"])
    if call.params.get("InstanceArn") not in (None, call.services.instance.arn):
        call.check_instance()
    if arn != call.services.instance.arn and store.read_permission_set(connection, arn) is None:
        not_found(f"Resource {arn} not found.")
    return arn


OPERATIONS = {
    "AttachCustomerManagedPolicyReferenceToPermissionSet": attach_customer_policy,
    "AttachManagedPolicyToPermissionSet": attach_managed_policy,
    "CreatePermissionSet": create_permission_set,
    "DeleteInlinePolicyFromPermissionSet": delete_inline_policy,
    "DeletePermissionSet": delete_permission_set,
    "DeletePermissionsBoundaryFromPermissionSet": delete_boundary,
    "DescribeInstance": describe_instance,
    "DescribePermissionSet": describe_permission_set,
    "DetachCustomerManagedPolicyReferenceFromPermissionSet": detach_customer_policy,
    "DetachManagedPolicyFromPermissionSet": detach_managed_policy,
    "GetInlinePolicyForPermissionSet": get_inline_policy,
    "GetPermissionsBoundaryForPermissionSet": get_boundary,
    "ListCustomerManagedPolicyReferencesInPermissionSet": list_customer_policies,
    "ListInstances": list_instances,
    "ListManagedPoliciesInPermissionSet": list_managed_policies,
    "ListPermissionSets": list_permission_sets,
    "ListTagsForResource": list_tags,
    "PutInlinePolicyToPermissionSet": put_inline_policy,
    "PutPermissionsBoundaryToPermissionSet": put_boundary,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdatePermissionSet": update_permission_set,
}
