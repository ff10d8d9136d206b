"""identitystore: groups and memberships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from usher.server.awsapi.call import Call, conflict, invalid, not_found
from usher.server.awsapi.identity_users import RESERVED_NAMES, unique_attribute
from usher.server.awsapi.paging import page
from usher.server.store import identity as store
from usher.server.store.database import Connection
from usher.server.store.identity import StoredGroup, StoredMembership, folded

Answer = Mapping[str, Any]


def create_group(call: Call) -> Answer:
    """CreateGroup. The display name is needed and unique."""
    call.check_identity_store()
    with call.services.database.change(call.actor) as change:
        group = StoredGroup(
            id=str(uuid4()),
            display_name=call.params.get("DisplayName") or "",
            description=call.params.get("Description") or "",
            revision=1,
            created_at=change.now,
            updated_at=change.now,
        )
        _check_name(change.connection, group)
        store.insert_group(change, group)
    return _written(call, group)


def describe_group(call: Call) -> Answer:
    """DescribeGroup."""
    with call.services.database.read() as connection:
        return _described(call, _found(call, connection))


def list_groups(call: Call) -> Answer:
    """ListGroups, by id; the deprecated filter on DisplayName is honoured."""
    call.check_identity_store()
    wanted = call.params.get("Filters") or []
    with call.services.database.read() as connection:
        if wanted:
            if wanted[0]["AttributePath"] != "DisplayName":
                invalid("ListGroups filters by DisplayName only.")
            group = store.find_group_by_name(connection, wanted[0]["AttributeValue"])
            return {"Groups": [_described(call, group)] if group else []}
        groups, more = page(
            call.params,
            "groups",
            ("",),
            lambda after, limit: store.list_groups(connection, after[0], limit),
            lambda group: (group.id,),
        )
    return {"Groups": [_described(call, group) for group in groups], **more}


def update_group(call: Call) -> Answer:
    """UpdateGroup: displayName and description."""
    with call.services.database.change(call.actor) as change:
        old = _found(call, change.connection)
        call.check_revision(old.revision)
        group = replace(old, revision=old.revision + 1, updated_at=change.now)
        for operation in call.params["Operations"]:
            path, value = operation["AttributePath"], operation.get("AttributeValue") or ""
            if path == "displayName":
                group = replace(group, display_name=value)
            elif path == "description":
                group = replace(group, description=value)
            else:
                invalid(f"The attribute path {path} cannot be updated.")
        _check_name(change.connection, group)
        store.update_group(change, group)
    return _written(call, group)


def delete_group(call: Call) -> Answer:
    """DeleteGroup with its memberships. Assignments stay behind with the dead id, as in AWS."""
    with call.services.database.change(call.actor) as change:
        group = _found(call, change.connection)
        call.check_revision(group.revision)
        store.delete_group(change, group)
    return {}


def get_group_id(call: Call) -> Answer:
    """GetGroupId, by displayName."""
    call.check_identity_store()
    path, value = unique_attribute(call)
    if path.lower() != "displayname":
        invalid("GetGroupId looks up displayName.")
    with call.services.database.read() as connection:
        group = store.find_group_by_name(connection, value)
    if group is None:
        not_found("GROUP not found.", ResourceType="GROUP")
    return {**call.store, "GroupId": group.id, "GroupArn": call.identity_arn("group", group.id)}


def create_membership(call: Call) -> Answer:
    """CreateGroupMembership."""
    user_id = call.member_user_id()
    with call.services.database.change(call.actor) as change:
        group = _found(call, change.connection)
        if store.read_user(change.connection, user_id) is None:
            not_found("USER not found.", ResourceType="USER", ResourceId=user_id)
        if store.find_membership(change.connection, group.id, user_id):
            conflict(
                "Member and Group relationship already exists.", Reason="UNIQUENESS_CONSTRAINT_VIOLATION"
            )
        membership = StoredMembership(str(uuid4()), group.id, user_id)
        store.insert_membership(change, membership)
    return _named(call, membership)


def describe_membership(call: Call) -> Answer:
    """DescribeGroupMembership."""
    with call.services.database.read() as connection:
        return _described_membership(call, _found_membership(call, connection))


def delete_membership(call: Call) -> Answer:
    """DeleteGroupMembership."""
    with call.services.database.change(call.actor) as change:
        store.delete_membership(change, _found_membership(call, change.connection))
    return {}


def get_membership_id(call: Call) -> Answer:
    """GetGroupMembershipId."""
    with call.services.database.read() as connection:
        group = _found(call, connection)
        found = store.find_membership(connection, group.id, call.member_user_id())
    if found is None:
        not_found("MEMBERSHIP not found.", ResourceType="GROUP_MEMBERSHIP")
    return _named(call, found)


def list_memberships(call: Call) -> Answer:
    """ListGroupMemberships: the members of one group."""
    with call.services.database.read() as connection:
        group = _found(call, connection)
        return _listed_memberships(call, connection, group_id=group.id)


def list_memberships_for_member(call: Call) -> Answer:
    """ListGroupMembershipsForMember: the groups of one person."""
    call.check_identity_store()
    user_id = call.member_user_id()
    with call.services.database.read() as connection:
        if store.read_user(connection, user_id) is None:
            not_found("USER not found.", ResourceType="USER", ResourceId=user_id)
        return _listed_memberships(call, connection, user_id=user_id)


def is_member_in_groups(call: Call) -> Answer:
    """IsMemberInGroups."""
    call.check_identity_store()
    member = call.params["MemberId"]
    with call.services.database.read() as connection:
        mine = set(store.group_ids_of(connection, call.member_user_id()))
    results = [
        {"GroupId": group_id, "MemberId": member, "MembershipExists": group_id.rpartition("/")[2] in mine}
        for group_id in call.params["GroupIds"]
    ]
    return {"Results": results}


def _found(call: Call, connection: Connection) -> StoredGroup:
    call.check_identity_store()
    group_id = call.object_id("GroupId")
    group = store.read_group(connection, group_id)
    if group is None:
        not_found("GROUP not found.", ResourceType="GROUP", ResourceId=group_id)
    return group


def _found_membership(call: Call, connection: Connection) -> StoredMembership:
    call.check_identity_store()
    membership_id = call.object_id("MembershipId")
    membership = store.read_membership(connection, membership_id)
    if membership is None:
        not_found("MEMBERSHIP not found.", ResourceType="GROUP_MEMBERSHIP", ResourceId=membership_id)
    return membership


def _check_name(connection: Connection, group: StoredGroup) -> None:
    if not group.display_name:
        invalid("DisplayName must be given.")
    if folded(group.display_name) in RESERVED_NAMES:
        invalid(f"{group.display_name} is a reserved name.")
    same = store.find_group_by_name(connection, group.display_name)
    if same is not None and same.id != group.id:
        conflict("Duplicate GroupDisplayName", Reason="UNIQUENESS_CONSTRAINT_VIOLATION")


def _listed_memberships(
    call: Call, connection: Connection, *, group_id: str = "", user_id: str = ""
) -> Answer:
    found: Sequence[StoredMembership]
    found, more = page(
        call.params,
        f"memberships {group_id}/{user_id}",
        ("",),
        lambda after, limit: store.list_memberships(
            connection, after[0], limit, group_id=group_id, user_id=user_id
        ),
        lambda membership: (membership.id,),
    )
    return {"GroupMemberships": [_described_membership(call, item) for item in found], **more}


def _written(call: Call, group: StoredGroup) -> dict[str, Any]:
    arn = call.identity_arn("group", group.id)
    return {**call.store, "GroupId": group.id, "GroupArn": arn, "Revision": str(group.revision)}


def _named(call: Call, membership: StoredMembership) -> dict[str, Any]:
    arn = call.identity_arn("membership", membership.id)
    return {**call.store, "MembershipId": membership.id, "MembershipArn": arn}


def _described(call: Call, group: StoredGroup) -> dict[str, Any]:
    members = {
        **_written(call, group),
        "DisplayName": group.display_name,
        "Description": group.description,
        "CreatedAt": group.created_at,
        "UpdatedAt": group.updated_at,
    }
    return {name: value for name, value in members.items() if value != ""}


def _described_membership(call: Call, membership: StoredMembership) -> dict[str, Any]:
    return {
        **_named(call, membership),
        "GroupId": membership.group_id,
        "MemberId": {"UserId": membership.user_id},
    }


OPERATIONS = {
    "CreateGroup": create_group,
    "CreateGroupMembership": create_membership,
    "DeleteGroup": delete_group,
    "DeleteGroupMembership": delete_membership,
    "DescribeGroup": describe_group,
    "DescribeGroupMembership": describe_membership,
    "GetGroupId": get_group_id,
    "GetGroupMembershipId": get_membership_id,
    "IsMemberInGroups": is_member_in_groups,
    "ListGroupMemberships": list_memberships,
    "ListGroupMembershipsForMember": list_memberships_for_member,
    "ListGroups": list_groups,
    "UpdateGroup": update_group,
}
