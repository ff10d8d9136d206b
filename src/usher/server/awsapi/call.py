"""One authenticated, validated call of the control plane, and what every handler does with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from usher.server.awsapi.errors import ApiError
from usher.server.services import Services
from usher.server.store.database import Connection
from usher.server.store.permission_sets import StoredPermissionSet, read_permission_set


@dataclass(frozen=True, slots=True)
class Call:
    """The request's members and who signed it (`actor`, a user name)."""

    services: Services
    params: Mapping[str, Any]
    actor: str

    def check_instance(self) -> None:
        """Raise AccessDenied, as AWS does, when the call names another instance."""
        if self.params["InstanceArn"] != self.services.instance.arn:
            raise ApiError(
                "AccessDeniedException", f"You do not have access to instance {self.params['InstanceArn']}"
            )

    def check_identity_store(self) -> None:
        """Raise ResourceNotFound when the call names another identity store."""
        store = str(self.params["IdentityStoreId"]).rpartition("/")[2]
        if store != self.services.instance.identity_store_id:
            raise ApiError(
                "ResourceNotFoundException",
                f"Identity store {store} not found.",
                members={"ResourceType": "IDENTITY_STORE", "ResourceId": store},
            )

    @property
    def store(self) -> dict[str, str]:
        """The member that names the identity store in its answers."""
        return {"IdentityStoreId": self.services.instance.identity_store_id}

    def identity_arn(self, kind: str, object_id: str) -> str:
        """The ARN of a user, group or membership; it carries no account and no region."""
        return f"arn:{self.services.instance.partition}:identitystore:::{kind}/{object_id}"

    def object_id(self, member: str) -> str:
        """The id in a member that may also carry the object's ARN."""
        return str(self.params[member]).rpartition("/")[2]

    def check_revision(self, revision: int) -> None:
        """Raise Conflict when the call expects another revision of what it changes."""
        expected = self.params.get("Revision")
        if expected is not None and expected != str(revision):
            conflict(f"The revision is {revision}, not {expected}.", Reason="CONCURRENT_MODIFICATION")

    def member_user_id(self) -> str:
        """The user id in the member `MemberId`."""
        return str(self.params["MemberId"]["UserId"]).rpartition("/")[2]

    def permission_set(self, connection: Connection) -> StoredPermissionSet:
        """The permission set that the call names, in the instance that it names."""
        self.check_instance()
        arn = self.params["PermissionSetArn"]
        found = read_permission_set(connection, arn)
        if found is None:
            not_found(f"PermissionSet with ARN {arn} not found.")
        return found


def not_found(message: str, **members: str) -> NoReturn:
    """Raise AWS's ResourceNotFoundException."""
    raise ApiError("ResourceNotFoundException", message, members=members)


def conflict(message: str, **members: str) -> NoReturn:
    """Raise AWS's ConflictException."""
    raise ApiError("ConflictException", message, members=members)


def invalid(message: str) -> NoReturn:
    """Raise AWS's ValidationException."""
    raise ApiError("ValidationException", message)
