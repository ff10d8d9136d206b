"""The identity store behind an Identity Center: users, groups and memberships, read and changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from usher.apply.ports import Membership
from usher.aws.calls import ServiceCalls
from usher.aws.clients import is_taken
from usher.core.errors import NotFoundError, UsherError
from usher.core.ids import PrincipalId
from usher.core.organization import Instance
from usher.core.principals import Group, User

_PAGE = 100


class IdentityStore:
    """The people and groups of one instance."""

    def __init__(self, calls: ServiceCalls, instance: Instance) -> None:
        self._calls = calls
        self._store = instance.identity_store_id

    # --- reading --------------------------------------------------------------------------------

    def list_users(self) -> Mapping[PrincipalId, User]:
        """All users by id."""
        found = self._pages("ListUsers", "Users", "listing the users")
        return {PrincipalId(item["UserId"]): _user(item) for item in found}

    def list_groups(self) -> Mapping[PrincipalId, Group]:
        """All groups by id, without their members."""
        found = self._pages("ListGroups", "Groups", "listing the groups")
        return {
            PrincipalId(item["GroupId"]): Group(
                item.get("DisplayName") or item["GroupId"],
                (item.get("Description") or "").strip(),
                external=bool(item.get("ExternalIds")),
            )
            for item in found
        }

    def list_members(self, group: PrincipalId) -> Sequence[Membership]:
        """The memberships of one group."""
        found = self._pages(
            "ListGroupMemberships", "GroupMemberships", f"reading the members of group {group}", GroupId=group
        )
        return [
            Membership(item["MembershipId"], PrincipalId(item["MemberId"]["UserId"]))
            for item in found
            if "UserId" in item.get("MemberId", {})
        ]

    # --- changing -------------------------------------------------------------------------------

    def create_user(self, user: User) -> PrincipalId:
        """Add a user; one with this name that exists already is used."""
        parameters: dict[str, object] = {
            "UserName": user.user_name,
            "DisplayName": user.display_name,
            "Name": {"GivenName": user.given_name, "FamilyName": user.family_name},
        }
        if user.email:
            parameters["Emails"] = [{"Value": user.email, "Type": "work", "Primary": True}]
        try:
            answer = self._call("CreateUser", f"adding user {user.user_name}", **parameters)
        except UsherError as error:
            existing = self._find("GetUserId", "userName", user.user_name) if is_taken(error) else None
            if existing is None:  # then it is the email address that somebody else has
                raise
            return PrincipalId(existing["UserId"])
        return PrincipalId(answer["UserId"])

    def update_user(self, user_id: PrincipalId, before: User, after: User) -> None:
        """Change what differs between `before` and `after`."""
        operations: list[Mapping[str, object]] = [
            {"AttributePath": path, "AttributeValue": new}
            for path, old, new in (
                ("displayName", before.display_name, after.display_name),
                ("name.givenName", before.given_name, after.given_name),
                ("name.familyName", before.family_name, after.family_name),
            )
            if old != new
        ]
        if before.email != after.email:
            operations.append(_set_emails(after.email))
        self._call("UpdateUser", f"changing user {after.user_name}", UserId=user_id, Operations=operations)

    def create_group(self, name: str, description: str) -> PrincipalId:
        """Add an empty group; one with this name that exists already is used."""
        parameters = {"DisplayName": name, **({"Description": description} if description else {})}
        try:
            answer = self._call("CreateGroup", f"adding group {name}", **parameters)
        except UsherError as error:
            existing = self._find("GetGroupId", "displayName", name) if is_taken(error) else None
            if existing is None:
                raise
            return PrincipalId(existing["GroupId"])
        return PrincipalId(answer["GroupId"])

    def update_group(self, group_id: PrincipalId, description: str) -> None:
        """Set the group's description; empty removes it."""
        operation: dict[str, object] = {"AttributePath": "description"}
        if description:
            operation["AttributeValue"] = description
        self._call("UpdateGroup", "changing a group", GroupId=group_id, Operations=[operation])

    def add_member(self, group_id: PrincipalId, user_id: PrincipalId) -> None:
        """Put a user into a group; who is in it already stays."""
        try:
            self._call(
                "CreateGroupMembership", "adding to a group", GroupId=group_id, MemberId={"UserId": user_id}
            )
        except UsherError as error:
            if not is_taken(error):
                raise

    def remove_member(self, membership_id: str) -> None:
        """End a membership; one that is gone has ended."""
        try:
            self._call("DeleteGroupMembership", "removing from a group", MembershipId=membership_id)
        except NotFoundError:
            return

    def delete_group(self, group_id: PrincipalId) -> None:
        """Remove a group with its memberships; one that is gone is removed."""
        try:
            self._call("DeleteGroup", "deleting a group", GroupId=group_id)
        except NotFoundError:
            return

    def delete_user(self, user_id: PrincipalId) -> None:
        """Remove a user with their memberships; one that is gone is removed."""
        try:
            self._call("DeleteUser", "deleting a user", UserId=user_id)
        except NotFoundError:
            return

    # --- calling --------------------------------------------------------------------------------

    def _call(self, operation: str, what: str, **parameters: object) -> Mapping[str, Any]:
        return self._calls.call(operation, what, IdentityStoreId=self._store, **parameters)

    def _pages(self, operation: str, items: str, what: str, **parameters: object) -> Sequence[Any]:
        return list(
            self._calls.pages(
                operation, items, what, IdentityStoreId=self._store, MaxResults=_PAGE, **parameters
            )
        )

    def _find(self, operation: str, path: str, value: str) -> Mapping[str, Any] | None:
        unique = {"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}}
        try:
            return self._call(operation, f"looking for {value}", AlternateIdentifier=unique)
        except NotFoundError:
            return None


def _user(item: Mapping[str, Any]) -> User:
    name = item.get("Name") or {}
    emails = item.get("Emails") or []
    primary = next((email for email in emails if email.get("Primary")), emails[0] if emails else {})
    return User(
        item.get("UserName") or item["UserId"],
        display_name=item.get("DisplayName") or "",
        given_name=name.get("GivenName") or "",
        family_name=name.get("FamilyName") or "",
        email=primary.get("Value") or "",
        external=bool(item.get("ExternalIds")),
    )


def _set_emails(email: str) -> Mapping[str, object]:
    # The value is a document: its keys are those of SCIM, not of the API's own Emails field. An
    # operation without a value removes the attribute.
    if not email:
        return {"AttributePath": "emails"}
    return {
        "AttributePath": "emails",
        "AttributeValue": [{"value": email, "type": "work", "primary": True}],
    }
