"""account-access (Account Access Manager): which principal may assume which role that the organization owns.

Every change is done when the call returns. Deleting a principal leaves its entitlements behind with the dead
id, as deleting one leaves assignments behind. Signing in with an entitlement is not served yet.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from usher.server.awsapi.call import Call, conflict, invalid, not_found
from usher.server.awsapi.errors import ApiError
from usher.server.awsapi.paging import page
from usher.server.store import entitlements as store
from usher.server.store.database import Connection
from usher.server.store.entitlements import StoredApplication, StoredEntitlement
from usher.server.store.identity import read_group, read_user
from usher.server.store.permission_sets import remove_tags, set_tags, tags_of

GROUPS_PER_ROLE = 20

Answer = Mapping[str, Any]
_ID_MEMBERS = {"USER": "userId", "GROUP": "groupId"}


def create_application(call: Call) -> Answer:
    """CreateApplication, for this instance. Calling it again gives the application that exists."""
    instance_arn = call.params["identitySource"]["identityCenter"]["instanceArn"]
    if instance_arn != call.services.instance.arn:
        not_found(f"IAM Identity Center instance {instance_arn} not found.")
    wanted_tags = call.params.get("tags") or {}
    with call.services.database.change(call.actor) as change:
        application = store.read_application(change.connection)
        if application is not None:
            if wanted_tags not in ({}, tags_of(change.connection, application.arn)):
                raise ApiError("AlreadyCreatedException", "The application exists with other tags.")
            return {"applicationArn": application.arn}
        application = StoredApplication(_new_arn(call), instance_arn, change.now)
        store.insert_application(change, application)
        if wanted_tags:
            set_tags(change, application.arn, wanted_tags, service="account-access")
    return {"applicationArn": application.arn}


def delete_application(call: Call) -> Answer:
    """DeleteApplication; one that is gone is no error. Refused while there are entitlements."""
    with call.services.database.change(call.actor) as change:
        application = store.read_application(change.connection)
        if application is None or application.arn != call.params["applicationArn"]:
            return {}
        if store.has_entitlements(change.connection):
            conflict("The application has entitlements.")
        store.delete_application(change, application)
        keys = list(tags_of(change.connection, application.arn))
        if keys:
            remove_tags(change, application.arn, keys, service="account-access")
    return {}


def get_application(call: Call) -> Answer:
    """GetApplication."""
    with call.services.database.read() as connection:
        application = _application(call, connection, call.params["applicationArn"])
        tags = tags_of(connection, application.arn)
    return {
        "identitySource": {"identityCenter": {"instanceArn": application.instance_arn}},
        "status": "ACTIVE",
        "createdAt": _date(application.created_at),
        "updatedAt": _date(application.created_at),
        "tags": tags,
    }


def list_applications(call: Call) -> Answer:
    """ListApplications: none or the one."""
    with call.services.database.read() as connection:
        application = store.read_application(connection)
    if application is None:
        return {"applications": []}
    made = _date(application.created_at)
    return {"applications": [{"applicationArn": application.arn, "createdAt": made, "updatedAt": made}]}


def create_entitlement(call: Call) -> Answer:
    """CreateEntitlement; one that exists keeps its id."""
    granted = call.params["entitlement"]["principalRole"]
    kind, principal_id = _principal(granted["principal"])
    role_arn = granted["roleArn"]
    account_id = role_arn.split(":")[4]
    if call.services.accounts.get(account_id) is None:
        not_found(f"Account {account_id} is not in this organization.")
    with call.services.database.change(call.actor) as change:
        application = _application(call, change.connection, call.params["applicationArn"])
        existing = store.find_entitlement(change.connection, kind, principal_id, role_arn)
        if existing is not None:
            return {"entitlementId": existing.id}
        _check_principal(change.connection, kind, principal_id)
        if kind == "GROUP" and store.count_groups_of_role(change.connection, role_arn) >= GROUPS_PER_ROLE:
            raise ApiError(
                "ServiceQuotaExceededException",
                f"Role {role_arn} has entitlements for {GROUPS_PER_ROLE} groups, the most there may be.",
            )
        entitlement = StoredEntitlement(
            str(uuid4()), application.arn, kind, principal_id, role_arn, account_id, change.now
        )
        store.insert_entitlement(change, entitlement)
    return {"entitlementId": entitlement.id}


def delete_entitlement(call: Call) -> Answer:
    """DeleteEntitlement; one that is gone is no error."""
    with call.services.database.change(call.actor) as change:
        _application(call, change.connection, call.params["applicationArn"])
        entitlement = store.read_entitlement(change.connection, call.params["entitlementId"])
        if entitlement is not None:
            store.delete_entitlement(change, entitlement)
    return {}


def get_entitlement(call: Call) -> Answer:
    """GetEntitlement."""
    with call.services.database.read() as connection:
        application = _application(call, connection, call.params["applicationArn"])
        entitlement = store.read_entitlement(connection, call.params["entitlementId"])
    if entitlement is None:
        not_found(f"Entitlement {call.params['entitlementId']} not found.")
    return {"applicationArn": application.arn, **_listed(call, entitlement)}


def list_entitlements(call: Call) -> Answer:
    """ListEntitlements by principal, role or account; as at AWS the filter may not be empty."""
    asked = call.params["filter"].get("principalRole") or {}
    wanted = {}
    if asked.get("principal"):
        wanted["principal_kind"], wanted["principal_id"] = _principal(asked["principal"])
    if asked.get("roleArn"):
        wanted["role_arn"] = asked["roleArn"]
    if asked.get("account"):
        wanted["account_id"] = asked["account"]
    if not wanted:
        invalid("The filter must name a principal, a role or an account.")
    with call.services.database.read() as connection:
        _application(call, connection, call.params["applicationArn"])
        found, more = page(
            call.params,
            f"entitlements {wanted}",
            ("",),
            lambda after, limit: store.list_entitlements(connection, wanted, after[0], limit),
            lambda entitlement: (entitlement.id,),
            members=("maxResults", "nextToken"),
        )
    return {"entitlements": [_listed(call, each) for each in found], **more}


def tag_resource(call: Call) -> Answer:
    """TagResource, for the application."""
    with call.services.database.change(call.actor) as change:
        application = _application(call, change.connection, call.params["resourceArn"])
        set_tags(change, application.arn, call.params["tags"], service="account-access")
    return {}


def untag_resource(call: Call) -> Answer:
    """UntagResource, for the application."""
    with call.services.database.change(call.actor) as change:
        application = _application(call, change.connection, call.params["resourceArn"])
        remove_tags(change, application.arn, call.params["tagKeys"], service="account-access")
    return {}


def list_tags(call: Call) -> Answer:
    """ListTagsForResource, for the application."""
    with call.services.database.read() as connection:
        application = _application(call, connection, call.params["resourceArn"])
        return {"tags": tags_of(connection, application.arn)}


def _new_arn(call: Call) -> str:
    config, owner = call.services.config, call.services.accounts.owner
    application = f"application/{secrets.token_hex(8)}"
    return f"arn:{config.partition.name}:account-access:{config.region}:{owner.id}:{application}"


def _application(call: Call, connection: Connection, arn: str) -> StoredApplication:
    application = store.read_application(connection)
    if application is None or application.arn != arn:
        not_found(f"Application {arn} not found.")
    return application


def _principal(principal: Mapping[str, Any]) -> tuple[str, str]:
    member, principal_id = next(iter(principal["identityCenter"].items()))
    return next(kind for kind, name in _ID_MEMBERS.items() if name == member), principal_id


def _check_principal(connection: Connection, kind: str, principal_id: str) -> None:
    read = read_user if kind == "USER" else read_group
    if read(connection, principal_id) is None:
        not_found(f"{kind} with id {principal_id} not found.")


def _listed(call: Call, entitlement: StoredEntitlement) -> dict[str, Any]:
    account = call.services.accounts.get(entitlement.account_id)
    who = {_ID_MEMBERS[entitlement.principal_kind]: entitlement.principal_id}
    role: dict[str, Any] = {
        "principal": {"identityCenter": who},
        "roleArn": entitlement.role_arn,
        "account": entitlement.account_id,
    }
    if account is not None:
        role["accountName"] = account.name
    return {
        "entitlementId": entitlement.id,
        "entitlement": {"principalRole": role},
        "createdAt": _date(entitlement.created_at),
    }


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


OPERATIONS = {
    "CreateApplication": create_application,
    "CreateEntitlement": create_entitlement,
    "DeleteApplication": delete_application,
    "DeleteEntitlement": delete_entitlement,
    "GetApplication": get_application,
    "GetEntitlement": get_entitlement,
    "ListApplications": list_applications,
    "ListEntitlements": list_entitlements,
    "ListTagsForResource": list_tags,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
}
