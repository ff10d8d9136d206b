"""organizations, read only, for an organization that is rehearsed: answered from its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from usher.core.accounts import Account
from usher.server.awsapi.errors import ApiError
from usher.server.awsapi.paging import page
from usher.server.rehearsal import RehearsedOrganization, Unit

_PAGE = 20
_FULL_ACCESS = "p-FullAWSAccess"
_ALLOW_EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
_Item = TypeVar("_Item")
Answer = Mapping[str, Any]


class RehearsedReads:
    """Answers as AWS Organizations would. Pages hold twenty items at most, as there."""

    def __init__(self, organization: RehearsedOrganization, partition: str) -> None:
        self._organization = organization
        self._partition = partition
        self._accounts: Mapping[str, Account] = {account.id: account for account in organization.accounts}
        self._units = organization.units
        self._operations: Mapping[str, Callable[[Mapping[str, Any]], Answer]] = {
            "DescribeAccount": lambda asked: {"Account": self._described(self._account(asked["AccountId"]))},
            "DescribeOrganization": lambda _: {"Organization": self._organization_itself()},
            "DescribeOrganizationalUnit": lambda asked: {
                "OrganizationalUnit": self._unit(self._units_at(asked["OrganizationalUnitId"]))
            },
            "DescribePolicy": self._describe_policy,
            "ListAccounts": self._list_accounts,
            "ListAccountsForParent": self._list_accounts_for_parent,
            "ListOrganizationalUnitsForParent": self._list_units_for_parent,
            "ListParents": self._list_parents,
            "ListPoliciesForTarget": lambda _: {"Policies": [self._full_access()]},
            "ListRoots": lambda _: {"Roots": [self._root()]},
            "ListTagsForResource": self._list_tags,
        }

    def read(self, operation: str, parameters: Mapping[str, Any]) -> Answer:
        """The answer to one reading operation. Raises ApiError."""
        return self._operations[operation](parameters)

    def _organization_itself(self) -> dict[str, Any]:
        management = self._organization.accounts[0]
        return {
            "Id": self._organization.id,
            "Arn": self._arn("organization", self._organization.id),
            "FeatureSet": "ALL",
            "MasterAccountId": management.id,
            "MasterAccountArn": self._arn("account", self._organization.id, management.id),
        }

    def _full_access(self) -> dict[str, Any]:
        # A rehearsal forbids nothing: every unit and account has the policy that AWS attaches itself.
        return {
            "Id": _FULL_ACCESS,
            "Arn": f"arn:{self._partition}:organizations::aws:policy/service_control_policy/{_FULL_ACCESS}",
            "Name": "FullAWSAccess",
            "Type": "SERVICE_CONTROL_POLICY",
            "AwsManaged": True,
        }

    def _describe_policy(self, asked: Mapping[str, Any]) -> Answer:
        if asked["PolicyId"] != _FULL_ACCESS:
            raise ApiError("PolicyNotFoundException", "You specified a policy that doesn't exist.")
        return {"Policy": {"PolicySummary": self._full_access(), "Content": _ALLOW_EVERYTHING}}

    def _list_accounts(self, asked: Mapping[str, Any]) -> Answer:
        found, more = self._page(asked, "accounts", self._organization.accounts)
        return {"Accounts": [self._described(each) for each in found], **more}

    def _list_accounts_for_parent(self, asked: Mapping[str, Any]) -> Answer:
        parent = self._parent(asked["ParentId"])
        here = [each for each in self._organization.accounts if each.ou_names == parent]
        found, more = self._page(asked, f"accounts in {parent}", here)
        return {"Accounts": [self._described(each) for each in found], **more}

    def _list_units_for_parent(self, asked: Mapping[str, Any]) -> Answer:
        parent = self._parent(asked["ParentId"])
        here = [each for each in self._units.values() if each.path[:-1] == parent]
        found, more = self._page(asked, f"units in {parent}", here)
        return {"OrganizationalUnits": [self._unit(each) for each in found], **more}

    def _list_parents(self, asked: Mapping[str, Any]) -> Answer:
        child = asked["ChildId"]
        path = self._units[child].path[:-1] if child in self._units else self._account(child).ou_names
        if not path:
            return {"Parents": [{"Id": self._organization.root_id, "Type": "ROOT"}]}
        return {"Parents": [{"Id": self._organization.unit(path).id, "Type": "ORGANIZATIONAL_UNIT"}]}

    def _list_tags(self, asked: Mapping[str, Any]) -> Answer:
        resource = asked["ResourceId"]
        if resource in self._units or resource == self._organization.root_id:
            return {"Tags": []}
        tags = self._account(resource).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _account(self, account_id: str) -> Account:
        account = self._accounts.get(account_id)
        if account is None:
            raise ApiError(
                "AccountNotFoundException", f"Account {account_id} is not in the rehearsed organization."
            )
        return account

    def _units_at(self, unit_id: str) -> Unit:
        unit = self._units.get(unit_id)
        if unit is None:
            raise ApiError(
                "OrganizationalUnitNotFoundException", f"There is no organizational unit {unit_id}."
            )
        return unit

    def _parent(self, parent_id: str) -> tuple[str, ...]:
        if parent_id == self._organization.root_id:
            return ()
        if parent_id not in self._units:
            raise ApiError("ParentNotFoundException", f"There is no parent {parent_id}.")
        return self._units[parent_id].path

    def _described(self, account: Account) -> dict[str, Any]:
        state = "ACTIVE" if account.active else "SUSPENDED"
        return {
            "Id": account.id,
            "Arn": self._arn("account", self._organization.id, account.id),
            "Name": account.name,
            "Email": account.email or f"{account.id}@rehearsal.invalid",
            "State": state,
            "Status": state,
            "JoinedMethod": "CREATED",
            "Paths": [self._path(account)],
        }

    def _path(self, account: Account) -> str:
        return "/".join((self._organization.id, self._organization.root_id, *account.ou_ids, account.id, ""))

    def _unit(self, unit: Unit) -> dict[str, Any]:
        arn = self._arn("ou", self._organization.id, unit.id)
        return {"Id": unit.id, "Arn": arn, "Name": unit.path[-1]}

    def _root(self) -> dict[str, Any]:
        root = self._organization.root_id
        return {
            "Id": root,
            "Arn": self._arn("root", self._organization.id, root),
            "Name": "Root",
            "PolicyTypes": [],
        }

    def _arn(self, kind: str, *ids: str) -> str:
        owner = self._organization.accounts[0].id
        return f"arn:{self._partition}:organizations::{owner}:{kind}/{'/'.join(ids)}"

    def _page(
        self, asked: Mapping[str, Any], scope: str, items: Sequence[_Item]
    ) -> tuple[Sequence[_Item], dict[str, str]]:
        numbered = list(enumerate(items, 1))
        found, more = page(
            {"MaxResults": _PAGE, **asked},
            scope,
            (0,),
            lambda after, limit: numbered[after[0] : after[0] + limit],
            lambda item: (item[0],),
        )
        return [item for _, item in found], more
