"""identitystore: users. Members without a column of their own are kept as they came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from usher.aws.models import input_problems
from usher.server.awsapi.call import Call, conflict, invalid, not_found
from usher.server.awsapi.paging import page
from usher.server.store import identity as store
from usher.server.store.database import Connection
from usher.server.store.identity import StoredUser, folded

Answer = Mapping[str, Any]

RESERVED_NAMES = {"administrator", "awsadministrators"}
_OWN = {"IdentityStoreId", "UserName", "DisplayName"}
_PATHS = {
    "userName": "UserName",
    "displayName": "DisplayName",
    "name": "Name",
    "nickName": "NickName",
    "profileUrl": "ProfileUrl",
    "emails": "Emails",
    "addresses": "Addresses",
    "phoneNumbers": "PhoneNumbers",
    "userType": "UserType",
    "title": "Title",
    "preferredLanguage": "PreferredLanguage",
    "locale": "Locale",
    "timezone": "Timezone",
    "photos": "Photos",
    "website": "Website",
    "birthdate": "Birthdate",
    "roles": "Roles",
}
_NAME_PATHS = {
    "givenName": "GivenName",
    "familyName": "FamilyName",
    "middleName": "MiddleName",
    "formatted": "Formatted",
    "honorificPrefix": "HonorificPrefix",
    "honorificSuffix": "HonorificSuffix",
}


def create_user(call: Call) -> Answer:
    """CreateUser. User name, display, given and family name are needed; name and e-mail are unique."""
    call.check_identity_store()
    members = {name: value for name, value in call.params.items() if name != "IdentityStoreId"}
    with call.services.database.change(call.actor) as change:
        user = _user(str(uuid4()), members, change.now)
        _check_unique(change.connection, user)
        store.insert_user(change, user)
    return _written(call, user)


def describe_user(call: Call) -> Answer:
    """DescribeUser."""
    with call.services.database.read() as connection:
        return _described(call, _found(call, connection))


def list_users(call: Call) -> Answer:
    """ListUsers, by id; the deprecated filter on UserName is honoured."""
    call.check_identity_store()
    wanted = call.params.get("Filters") or []
    with call.services.database.read() as connection:
        if wanted:
            if wanted[0]["AttributePath"] != "UserName":
                invalid("ListUsers filters by UserName only.")
            user = store.find_user_by_name(connection, wanted[0]["AttributeValue"])
            return {"Users": [_described(call, user)] if user else []}
        users, more = page(
            call.params,
            "users",
            ("",),
            lambda after, limit: store.list_users(connection, after[0], limit),
            lambda user: (user.id,),
        )
    return {"Users": [_described(call, user) for user in users], **more}


def update_user(call: Call) -> Answer:
    """UpdateUser: attribute by attribute; one without a value is removed."""
    with call.services.database.change(call.actor) as change:
        old = _found(call, change.connection)
        call.check_revision(old.revision)
        members = _members(old)
        for operation in call.params["Operations"]:
            _set_attribute(members, operation["AttributePath"], operation.get("AttributeValue"))
        _check_members(call, members)
        new = replace(
            _user(old.id, members, change.now),
            active=old.active,
            revision=old.revision + 1,
            created_at=old.created_at,
        )
        _check_unique(change.connection, new)
        store.update_user(change, new)
    return _written(call, new)


def delete_user(call: Call) -> Answer:
    """DeleteUser. Assignments stay behind with the dead id, as in AWS."""
    with call.services.database.change(call.actor) as change:
        user = _found(call, change.connection)
        call.check_revision(user.revision)
        store.delete_user(change, user)
    return {}


def get_user_id(call: Call) -> Answer:
    """GetUserId, by userName or emails.value."""
    call.check_identity_store()
    path, value = unique_attribute(call)
    find = {"username": store.find_user_by_name, "emails.value": store.find_user_by_email}.get(path.lower())
    if find is None:
        invalid("GetUserId looks up userName or emails.value.")
    with call.services.database.read() as connection:
        user = find(connection, value)
    if user is None:
        not_found("USER not found.", ResourceType="USER")
    return {**call.store, "UserId": user.id, "UserArn": call.identity_arn("user", user.id)}


def unique_attribute(call: Call) -> tuple[str, str]:
    """The attribute path and value that an AlternateIdentifier asks for."""
    attribute = call.params["AlternateIdentifier"].get("UniqueAttribute")
    if attribute is None:
        not_found("This directory holds no external ids.", ResourceType="USER")
    value = attribute["AttributeValue"]
    if not isinstance(value, str):
        invalid("AttributeValue must be a string.")
    return attribute["AttributePath"], value


def _found(call: Call, connection: Connection) -> StoredUser:
    call.check_identity_store()
    user_id = call.object_id("UserId")
    user = store.read_user(connection, user_id)
    if user is None:
        not_found("USER not found.", ResourceType="USER", ResourceId=user_id)
    return user


def _written(call: Call, user: StoredUser) -> dict[str, Any]:
    arn = call.identity_arn("user", user.id)
    return {**call.store, "UserId": user.id, "UserArn": arn, "Revision": str(user.revision)}


def _user(user_id: str, members: Mapping[str, Any], now: float) -> StoredUser:
    name = members.get("Name") or {}
    needed = {
        "UserName": members.get("UserName"),
        "DisplayName": members.get("DisplayName"),
        "Name.GivenName": name.get("GivenName"),
        "Name.FamilyName": name.get("FamilyName"),
    }
    missing = [path for path, value in needed.items() if not value]
    if missing:
        invalid(f"{', '.join(missing)} must be given.")
    if folded(members["UserName"]) in RESERVED_NAMES:
        invalid(f"{members['UserName']} is a reserved name.")
    emails = members.get("Emails") or []
    primary = next((email for email in emails if email.get("Primary")), emails[0] if emails else {})
    return StoredUser(
        id=user_id,
        user_name=members["UserName"],
        display_name=members["DisplayName"],
        given_name=name["GivenName"],
        family_name=name["FamilyName"],
        email=primary.get("Value"),
        attributes={key: value for key, value in members.items() if key not in _OWN and value},
        active=True,
        revision=1,
        created_at=now,
        updated_at=now,
    )


def _members(user: StoredUser) -> dict[str, Any]:
    return {**user.attributes, "UserName": user.user_name, "DisplayName": user.display_name}


def _described(call: Call, user: StoredUser) -> dict[str, Any]:
    return {
        **_members(user),
        **_written(call, user),
        "UserStatus": "ENABLED" if user.active else "DISABLED",
        "CreatedAt": user.created_at,
        "UpdatedAt": user.updated_at,
    }


def _set_attribute(members: dict[str, Any], path: str, value: Any) -> None:
    first, _, rest = path.partition(".")
    if first == "name" and rest in _NAME_PATHS:
        members["Name"] = {**members.get("Name", {}), _NAME_PATHS[rest]: value}
        members["Name"] = {key: item for key, item in members["Name"].items() if item is not None}
    elif path in _PATHS:
        members[_PATHS[path]] = capitalised(value)
    else:
        invalid(f"The attribute path {path} cannot be updated.")


def _check_members(call: Call, members: Mapping[str, Any]) -> None:
    """UpdateUser takes any JSON value; what is stored must be what CreateUser would have taken."""
    given = {name: value for name, value in members.items() if value is not None}
    problems = input_problems("identitystore", "CreateUser", {**call.store, **given})
    if problems:
        invalid("; ".join(problems))


def capitalised(value: Any) -> Any:
    """A document value with its keys as the API spells members: `value` and `Value` both become `Value`."""
    if isinstance(value, list):
        return [capitalised(item) for item in value]
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: capitalised(item) for key, item in value.items()}
    return value


def _check_unique(connection: Connection, user: StoredUser) -> None:
    same = [store.find_user_by_name(connection, user.user_name)]
    if user.email:
        same.append(store.find_user_by_email(connection, user.email))
    if any(other is not None and other.id != user.id for other in same):
        conflict("Duplicate UserName or email.", Reason="UNIQUENESS_CONSTRAINT_VIOLATION")


OPERATIONS = {
    "CreateUser": create_user,
    "DeleteUser": delete_user,
    "DescribeUser": describe_user,
    "GetUserId": get_user_id,
    "ListUsers": list_users,
    "UpdateUser": update_user,
}
