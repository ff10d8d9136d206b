"""Service control policies of an organization, from the root down to each account.

Organizations answers only the management account and delegated administrators.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import pairwise

from usher.aws.calls import ServiceCalls
from usher.core.accounts import Account
from usher.core.errors import UsherError
from usher.core.ids import AccountId
from usher.core.policy_document import PolicyDocument, published_policy

_KIND = "SERVICE_CONTROL_POLICY"

Level = tuple[tuple[str, PolicyDocument], ...]


def read_service_control_policies(
    calls: ServiceCalls, accounts: Iterable[Account]
) -> Mapping[AccountId, tuple[Level, ...]]:
    """The policies of each level above and at each account; each unit and policy is read once.

    The management account has none: SCPs do not affect it. An account's `ou_ids`, where they were read,
    save the calls that look for its parents.
    """
    reader = _Reader(calls)
    return {account.id: reader.levels(account) for account in accounts if not account.is_management}


class _Reader:
    def __init__(self, calls: ServiceCalls) -> None:
        self._calls = calls
        self._parents: dict[str, str] = {}
        self._levels: dict[str, Level] = {}
        self._documents: dict[str, PolicyDocument] = {}

    def levels(self, account: Account) -> tuple[Level, ...]:
        """From the root to the account."""
        upwards = [str(account.id), *reversed(account.ou_ids)]
        self._parents.update(pairwise(upwards))
        chain = [str(account.id)]
        while not chain[-1].startswith("r-"):
            chain.append(self._parent(chain[-1]))
        return tuple(self._level(target) for target in reversed(chain))

    def _parent(self, child: str) -> str:
        if child not in self._parents:
            what = f"looking for the organizational unit above {child}"
            found = list(self._calls.pages("ListParents", "Parents", what, ChildId=child))
            if not found:
                raise UsherError(f"{what}: Organizations names none")
            self._parents[child] = str(found[0]["Id"])
        return self._parents[child]

    def _level(self, target: str) -> Level:
        if target not in self._levels:
            what = f"reading the service control policies of {target}"
            found = self._calls.pages(
                "ListPoliciesForTarget", "Policies", what, TargetId=target, Filter=_KIND
            )
            self._levels[target] = tuple(
                (str(policy["Name"]), self._document(str(policy["Id"]))) for policy in found
            )
        return self._levels[target]

    def _document(self, policy_id: str) -> PolicyDocument:
        if policy_id not in self._documents:
            what = f"reading the service control policy {policy_id}"
            content = self._calls.call("DescribePolicy", what, PolicyId=policy_id)["Policy"]["Content"]
            try:
                self._documents[policy_id] = published_policy(json.loads(content))
            except ValueError as error:
                raise UsherError(f"{what}: {error}") from None
        return self._documents[policy_id]
