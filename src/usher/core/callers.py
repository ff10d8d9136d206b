"""Who runs a command against AWS, as far as the keys in use tell: a person's Identity Center session."""

from __future__ import annotations

import re
from dataclasses import dataclass

from usher.core.ids import AccountId

# The role of a permission set, and the user name as the session's name (AWS IAM Identity Center user guide,
# "Referencing permission sets in resource policies").
_SSO_SESSION = re.compile(
    r"arn:[a-z0-9-]+:sts::(?P<account>[0-9]{12}):assumed-role/"
    r"AWSReservedSSO_(?P<permission_set>.+)_[0-9a-f]{16}/(?P<user_name>[^/]+)"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A person who entered an account with a permission set, and whose keys are in use."""

    user_name: str
    permission_set: str
    account_id: AccountId

    def __str__(self) -> str:
        return f"{self.user_name} with {self.permission_set} in {self.account_id}"


def caller_of(arn: str) -> Caller | None:
    """The person behind the session `arn`; None for a key of another kind, which no plan can take away."""
    found = _SSO_SESSION.fullmatch(arn)
    if found is None:
        return None
    return Caller(found["user_name"], found["permission_set"], AccountId(found["account"]))
