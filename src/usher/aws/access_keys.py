"""An IAM user's own access keys: list, make, switch off, delete, as the user itself may do."""

from __future__ import annotations

from typing import Any

from botocore import exceptions as aws_errors

from usher.aws.bare_clients import bare_client
from usher.aws.clients import aws_errors_as_words, error_code
from usher.aws.role_sessions import RoleSessions
from usher.core.access_keys import AccessKey, KeyLimitError, NewAccessKey
from usher.core.credentials import Credentials
from usher.core.errors import NotFoundError
from usher.core.hops import StsPlace
from usher.core.partitions import partition_of_arn
from usher.core.secrets import Secret


class UserKeys:
    """The access keys of one IAM user. `user_arn` is whose; `endpoint_url` where AWS is emulated."""

    def __init__(self, user_arn: str, sts: StsPlace, endpoint_url: str | None = None) -> None:
        self._user = user_arn.rpartition("/")[2]
        self._region = partition_of_arn(user_arn).default_region
        self._endpoint_url = endpoint_url
        self._sts = sts

    def caller(self, keys: Credentials) -> str:
        """Whose keys these are. Raises StsRefusedError when STS does not know them (yet)."""
        return RoleSessions().caller(self._sts, keys)

    def read(self, keys: Credentials) -> list[AccessKey]:
        """All keys of the user."""
        with aws_errors_as_words("iam", f"listing the access keys of {self._user}"):
            client = self._iam(keys)
            answer = client.list_access_keys(UserName=self._user)
            return [_access_key(client, found) for found in answer["AccessKeyMetadata"]]

    def make(self, keys: Credentials) -> NewAccessKey:
        """A further key. Raises KeyLimitError when the user has two already."""
        with aws_errors_as_words("iam", f"making an access key for {self._user}"):
            try:
                made = self._iam(keys).create_access_key(UserName=self._user)["AccessKey"]
            except aws_errors.ClientError as error:
                if error_code(error) == "LimitExceeded":
                    raise KeyLimitError(f"{self._user} has as many access keys as AWS allows") from error
                raise
        return NewAccessKey(made["AccessKeyId"], Secret(made["SecretAccessKey"]))

    def switch_off(self, keys: Credentials, access_key_id: str) -> None:
        """Make a key inactive; one that is gone is off."""
        self._unless_gone("switching off", "update_access_key", keys, access_key_id, Status="Inactive")

    def delete(self, keys: Credentials, access_key_id: str) -> None:
        """Delete a key; one that is gone is deleted."""
        self._unless_gone("deleting", "delete_access_key", keys, access_key_id)

    def _unless_gone(
        self, what: str, operation: str, keys: Credentials, access_key_id: str, **more: str
    ) -> None:
        try:
            with aws_errors_as_words("iam", f"{what} the access key {access_key_id} of {self._user}"):
                call = getattr(self._iam(keys), operation)
                call(UserName=self._user, AccessKeyId=access_key_id, **more)
        except NotFoundError:
            return

    def _iam(self, keys: Credentials) -> Any:
        return bare_client("iam", self._region, keys, endpoint_url=self._endpoint_url)


def _access_key(client: Any, found: Any) -> AccessKey:
    last = client.get_access_key_last_used(AccessKeyId=found["AccessKeyId"])
    used = last.get("AccessKeyLastUsed", {}).get("LastUsedDate")
    return AccessKey(
        found["AccessKeyId"],
        found["Status"] == "Active",
        found["CreateDate"].timestamp(),
        used.timestamp() if used else None,
    )
