"""cloudtrail:LookupEvents: who changed what, told from the audit log in CloudTrail's shape.

Only changes of permission sets, assignments, entitlements, users and groups are told; the audit log holds
more, and is not for clients.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from usher.server.audit.chain import ChainedEvent
from usher.server.awsapi.call import Call
from usher.server.awsapi.errors import ApiError
from usher.server.awsapi.paging import page
from usher.server.store.audit_events import EventFilter, find_events

_MOST = 50
_NEWEST = 2**62

Answer = Mapping[str, Any]
_Members = Callable[[str, Mapping[str, str]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Told:
    """How an action of the audit log is told: CloudTrail's source and name, and the request's members."""

    source: str
    name: str
    members: _Members


def lookup_events(call: Call) -> Answer:
    """LookupEvents: newest first, by at most one attribute and between two moments."""
    wanted = _filter(call.params)
    if wanted is None:
        return {"Events": []}
    with call.services.database.read() as connection:
        found, more = page(
            call.params,
            f"events {wanted}",
            (_NEWEST,),
            lambda after, limit: find_events(connection, wanted, after[0], limit),
            lambda event: (event.sequence,),
            most=_MOST,
        )
    return {"Events": [_event(call, each) for each in found], **more}


def _filter(params: Mapping[str, Any]) -> EventFilter | None:
    """What is looked for; None when nothing can be it."""
    since, until = params.get("StartTime"), params.get("EndTime")
    if since is not None and until is not None and until < since:
        raise ApiError("InvalidTimeRangeException", "The end time is before the start time.")
    told = EventFilter(actions=tuple(_TOLD), since=since, until=until)
    attributes = params.get("LookupAttributes") or []
    if len(attributes) > 1:
        raise ApiError("InvalidLookupAttributesException", "The list can contain only one attribute.")
    for attribute in attributes:
        return _narrowed(told, attribute["AttributeKey"], attribute["AttributeValue"])
    return told


def _narrowed(told: EventFilter, key: str, value: str) -> EventFilter | None:
    match key:
        case "EventSource":
            return _of_actions(told, lambda each: each.source == value)
        case "EventName":
            return _of_actions(told, lambda each: each.name == value)
        case "Username":
            return EventFilter(told.actions, told.since, told.until, actor=value)
        case "ResourceName":
            return EventFilter(told.actions, told.since, told.until, target=value)
        case "ReadOnly":
            return told if value == "false" else None
        case _:
            raise ApiError("InvalidLookupAttributesException", f"This directory does not look up by {key}.")


def _of_actions(told: EventFilter, fits: Callable[[_Told], bool]) -> EventFilter | None:
    actions = tuple(action for action, each in _TOLD.items() if fits(each))
    return EventFilter(actions, told.since, told.until) if actions else None


def _event(call: Call, event: ChainedEvent) -> dict[str, Any]:
    told = _TOLD[event.action]
    event_id = str(UUID(event.hash[:32]))
    owner = call.services.accounts.owner.id
    at = datetime.fromtimestamp(event.at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    record = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IdentityCenterUser", "userName": event.actor, "accountId": owner},
        "eventTime": at,
        "eventSource": told.source,
        "eventName": told.name,
        "awsRegion": call.services.config.region,
        "requestParameters": _request_parameters(call, told, event),
        "responseElements": None,
        "eventID": event_id,
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": owner,
        "eventCategory": "Management",
    }
    return {
        "EventId": event_id,
        "EventName": told.name,
        "ReadOnly": "false",
        "EventTime": event.at,
        "EventSource": told.source,
        "Username": event.actor,
        "Resources": [{"ResourceName": event.target}],
        "CloudTrailEvent": json.dumps(record),
    }


def _request_parameters(call: Call, told: _Told, event: ChainedEvent) -> dict[str, Any]:
    instance = call.services.instance
    members = told.members(event.target, json.loads(event.details))
    match told.source:
        case "sso.amazonaws.com":
            return {"instanceArn": instance.arn, **members}
        case "identitystore.amazonaws.com":
            return {"identityStoreId": instance.identity_store_id, **members}
        case _:
            return members


def _assignment(_target: str, details: Mapping[str, str]) -> dict[str, Any]:
    return {
        "targetId": details["account_id"],
        "targetType": "AWS_ACCOUNT",
        "permissionSetArn": details["permission_set"],
        "principalType": details["principal_kind"],
        "principalId": details["principal"],
    }


def _provisioning(_target: str, details: Mapping[str, str]) -> dict[str, Any]:
    account = details["account_id"]
    everywhere = not account.isdigit()
    where = {"targetType": account} if everywhere else {"targetType": "AWS_ACCOUNT", "targetId": account}
    return {"permissionSetArn": details["permission_set"], **where}


def _permission_set(target: str, details: Mapping[str, str]) -> dict[str, Any]:
    return {"permissionSetArn": target, "name": details["name"]}


def _tagged(target: str, details: Mapping[str, str]) -> dict[str, Any]:
    return {"resourceArn": target, "tagKeys": details["keys"].split(",")}


def _user(target: str, _details: Mapping[str, str]) -> dict[str, Any]:
    # As in CloudTrail since July 2025: ids, no names.
    return {"userId": target}


def _group(target: str, _details: Mapping[str, str]) -> dict[str, Any]:
    return {"groupId": target}


def _membership(target: str, details: Mapping[str, str]) -> dict[str, Any]:
    return {"groupId": target, "memberId": {"userId": details["user_id"]}}


def _application(target: str, _details: Mapping[str, str]) -> dict[str, Any]:
    return {"applicationArn": target}


def _entitlement(target: str, details: Mapping[str, str]) -> dict[str, Any]:
    member = "groupId" if details["principal_kind"] == "GROUP" else "userId"
    principal = {"identityCenter": {member: details["principal"]}}
    granted = {"principal": principal, "roleArn": details["role"]}
    return {"entitlementId": target, "entitlement": {"principalRole": granted}}


def _same_name(service: str, source: str, members: _Members, *names: str) -> dict[str, _Told]:
    return {f"{service}:{name}": _Told(source, name, members) for name in names}


_SSO = "sso.amazonaws.com"
_TOLD: Mapping[str, _Told] = {
    "sso-admin:ASSIGNMENT_CREATION": _Told(_SSO, "CreateAccountAssignment", _assignment),
    "sso-admin:ASSIGNMENT_DELETION": _Told(_SSO, "DeleteAccountAssignment", _assignment),
    "sso-admin:PROVISIONING": _Told(_SSO, "ProvisionPermissionSet", _provisioning),
    **_same_name(
        "sso-admin",
        _SSO,
        _permission_set,
        "AttachCustomerManagedPolicyReferenceToPermissionSet",
        "AttachManagedPolicyToPermissionSet",
        "CreatePermissionSet",
        "DeleteInlinePolicyFromPermissionSet",
        "DeletePermissionSet",
        "DeletePermissionsBoundaryFromPermissionSet",
        "DetachCustomerManagedPolicyReferenceFromPermissionSet",
        "DetachManagedPolicyFromPermissionSet",
        "PutInlinePolicyToPermissionSet",
        "PutPermissionsBoundaryToPermissionSet",
        "UpdatePermissionSet",
    ),
    **_same_name("sso-admin", _SSO, _tagged, "TagResource", "UntagResource"),
    **_same_name(
        "identitystore", "identitystore.amazonaws.com", _user, "CreateUser", "UpdateUser", "DeleteUser"
    ),
    **_same_name(
        "identitystore", "identitystore.amazonaws.com", _group, "CreateGroup", "UpdateGroup", "DeleteGroup"
    ),
    **_same_name(
        "identitystore",
        "identitystore.amazonaws.com",
        _membership,
        "CreateGroupMembership",
        "DeleteGroupMembership",
    ),
    **_same_name(
        "account-access",
        "account-access.amazonaws.com",
        _application,
        "CreateApplication",
        "DeleteApplication",
    ),
    **_same_name(
        "account-access",
        "account-access.amazonaws.com",
        _entitlement,
        "CreateEntitlement",
        "DeleteEntitlement",
    ),
}

OPERATIONS = {"LookupEvents": lookup_events}
