"""What a principal may enter: a permission set in an account, or an IAM role that the organization owns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from usher.core.ids import AccountId, RoleArn
from usher.core.principals import Principal


@dataclass(frozen=True, slots=True, order=True)
class Assignment:
    """One grant, named as people name it: principal, permission set name, account id."""

    principal: Principal
    permission_set: str
    account_id: AccountId


@dataclass(frozen=True, slots=True, order=True)
class Entitlement:
    """A principal may assume an ordinary IAM role (AWS Account Access Manager, service `account-access`)."""

    principal: Principal
    role: RoleArn

    @property
    def account_id(self) -> AccountId:
        """The account that the role is in."""
        return AccountId(self.role.split(":")[4])

    @property
    def role_name(self) -> str:
        """The role's path and name without the leading slash, for example `teams/web/Deployer`."""
        return self.role.partition(":role/")[2]


Granted: TypeAlias = Assignment | Entitlement
"""The two kinds of grant target."""
