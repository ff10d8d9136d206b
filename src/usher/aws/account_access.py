"""AWS Account Access Manager (`account-access`): who may assume which of the organization's own IAM roles.

An instance has at most one application of this service. Without it there are no entitlements, and the
first one to be granted needs it made, which is a person's decision (`aws account-access create-application`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from usher.apply.ports import ApplicationLookup, RoleGrant
from usher.aws.calls import ServiceCalls
from usher.core.errors import NotFoundError
from usher.core.ids import AccountId, PrincipalId, RoleArn
from usher.core.organization import Instance
from usher.core.principals import PrincipalKind

CURSOR = "nextToken"
_PAGE = 100
_ID_FIELDS = {PrincipalKind.USER: "userId", PrincipalKind.GROUP: "groupId"}


class AccountAccess:
    """Reads and changes entitlements of one instance. Safe between threads. `calls` page by `CURSOR`."""

    def __init__(self, calls: ServiceCalls, instance: Instance) -> None:
        self._calls = calls
        self._instance = instance
        self._lock = threading.Lock()
        self._application: str | None = None
        self._lookup: ApplicationLookup | None = None

    def look_for_application(self) -> ApplicationLookup:
        """Whether this instance has an application of the service; asked once."""
        with self._lock:
            if self._lookup is None:
                self._application, calls = self._search()
                self._lookup = ApplicationLookup(self._application is not None, calls)
            return self._lookup

    def list_entitlements_in(self, account: AccountId) -> Sequence[RoleGrant]:
        """The entitlements on roles in `account`."""
        return self._list({"account": account}, f"reading the entitlements in account {account}")

    def list_entitlements_of(self, kind: PrincipalKind, principal: PrincipalId) -> Sequence[RoleGrant]:
        """The entitlements of one principal itself."""
        who = {"principal": {"identityCenter": {_ID_FIELDS[kind]: principal}}}
        found = self._list(who, f"reading the entitlements of {kind.lower()} {principal}")
        return [each for each in found if each.principal_id == principal]

    def _list(self, chosen: Mapping[str, object], what: str) -> Sequence[RoleGrant]:
        application = self._find_application()
        if application is None:
            return []
        found = self._pages(
            "ListEntitlements",
            "entitlements",
            what,
            applicationArn=application,
            filter={"principalRole": chosen},
        )
        return [_role_grant(item) for item in found]

    def create_entitlement(self, kind: PrincipalKind, principal: PrincipalId, role: RoleArn) -> str:
        """Let a principal assume `role`; one that exists is used (the call is idempotent)."""
        application = self._find_application()
        if application is None:
            raise NotFoundError(
                f"Identity Center instance {self._instance.arn} has no Account Access Manager application",
                hint="make it once: aws account-access create-application "
                f"--identity-source identityCenter={{instanceArn={self._instance.arn}}}",
            )
        entitlement = {"principal": {"identityCenter": {_ID_FIELDS[kind]: principal}}, "roleArn": role}
        answer = self._calls.call(
            "CreateEntitlement",
            f"granting the role {role}",
            applicationArn=application,
            entitlement={"principalRole": entitlement},
        )
        return str(answer["entitlementId"])

    def delete_entitlement(self, entitlement_id: str) -> None:
        """End an entitlement; one that is gone is ended."""
        application = self._find_application()
        if application is None:
            return
        try:
            self._calls.call(
                "DeleteEntitlement",
                f"ending the entitlement {entitlement_id}",
                applicationArn=application,
                entitlementId=entitlement_id,
            )
        except NotFoundError:
            return

    def _find_application(self) -> str | None:
        self.look_for_application()
        return self._application

    def _search(self) -> tuple[str | None, int]:
        """This instance's application, and the calls it took to find."""
        what = "looking for the Account Access Manager application"
        applications = self._pages("ListApplications", "applications", what)
        calls = max(1, -(-len(applications) // _PAGE))
        for item in applications:
            arn = str(item["applicationArn"])
            source = self._calls.call("GetApplication", what, applicationArn=arn)["identitySource"]
            calls += 1
            if source.get("identityCenter", {}).get("instanceArn") == self._instance.arn:
                return arn, calls
        return None, calls

    def _pages(self, operation: str, items: str, what: str, **parameters: object) -> Sequence[Any]:
        return list(self._calls.pages(operation, items, what, maxResults=_PAGE, **parameters))


def _role_grant(item: Mapping[str, Any]) -> RoleGrant:
    granted = item["entitlement"]["principalRole"]
    who = granted["principal"]["identityCenter"]
    kind = next(kind for kind, key in _ID_FIELDS.items() if key in who)
    return RoleGrant(
        str(item["entitlementId"]), kind, PrincipalId(who[_ID_FIELDS[kind]]), RoleArn(granted["roleArn"])
    )
