"""IAM Identity Center's `sso-admin`: permission sets and assignments, read and changed.

Deleting what is gone and making what is there count as done, so that every call may be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from usher.apply.ports import Grant, Request, RequestKind, RequestState
from usher.aws.calls import ServiceCalls
from usher.aws.clients import error_code
from usher.core.durations import PERMISSION_SET_SESSION_MIN, iso_duration, parse_duration
from usher.core.errors import BusyError, NotFoundError, UsherError
from usher.core.ids import AccountId, PermissionSetArn, PrincipalId
from usher.core.organization import Instance
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument, parse_policy_document
from usher.core.principals import PrincipalKind
from usher.plan.changes import PermissionSetSettings

_PAGE = 100
_ACCOUNT = "AWS_ACCOUNT"

# AWS takes no empty description and keeps the old one when none is sent; a blank one reads as none.
_NO_DESCRIPTION = " "

_STATUS_CALLS: Mapping[RequestKind, tuple[str, str, str, str, str]] = {
    RequestKind.CREATION: (
        "ListAccountAssignmentCreationStatus",
        "AccountAssignmentsCreationStatus",
        "DescribeAccountAssignmentCreationStatus",
        "AccountAssignmentCreationRequestId",
        "AccountAssignmentCreationStatus",
    ),
    RequestKind.DELETION: (
        "ListAccountAssignmentDeletionStatus",
        "AccountAssignmentsDeletionStatus",
        "DescribeAccountAssignmentDeletionStatus",
        "AccountAssignmentDeletionRequestId",
        "AccountAssignmentDeletionStatus",
    ),
    RequestKind.PROVISIONING: (
        "ListPermissionSetProvisioningStatus",
        "PermissionSetsProvisioningStatus",
        "DescribePermissionSetProvisioningStatus",
        "ProvisionPermissionSetRequestId",
        "PermissionSetProvisioningStatus",
    ),
}


class SsoAdmin:
    """The permission sets and assignments of one instance."""

    def __init__(self, calls: ServiceCalls, instance: Instance) -> None:
        self._calls = calls
        self._instance = instance

    # --- reading --------------------------------------------------------------------------------

    def list_permission_sets(self) -> Sequence[PermissionSetArn]:
        """The ARNs of all permission sets."""
        found = self._pages("ListPermissionSets", "PermissionSets", "listing the permission sets")
        return [PermissionSetArn(arn) for arn in found]

    def read_settings(self, permission_set: PermissionSetArn) -> PermissionSet:
        """Name, description, session and relay state of a permission set."""
        what = f"reading permission set {permission_set}"
        found = self._call("DescribePermissionSet", what, PermissionSetArn=permission_set)["PermissionSet"]
        return PermissionSet(
            found["Name"],
            description=(found.get("Description") or "").strip(),
            session_seconds=_seconds(found.get("SessionDuration"), what),
            relay_state=found.get("RelayState") or "",
        )

    def read_tags(self, permission_set: PermissionSetArn) -> Mapping[str, str]:
        """The permission set's tags."""
        what = f"reading the tags of permission set {permission_set}"
        # The one list of this service that takes no MaxResults.
        found = self._calls.pages(
            "ListTagsForResource", "Tags", what, InstanceArn=self._instance.arn, ResourceArn=permission_set
        )
        return {tag["Key"]: tag["Value"] for tag in found}

    def read_policies(self, permission_set: PermissionSet, arn: PermissionSetArn) -> PermissionSet:
        """`permission_set` with its policies and boundary."""
        what = f"reading the policies of permission set {permission_set.name}"
        managed = self._pages(
            "ListManagedPoliciesInPermissionSet", "AttachedManagedPolicies", what, PermissionSetArn=arn
        )
        customer = self._pages(
            "ListCustomerManagedPolicyReferencesInPermissionSet",
            "CustomerManagedPolicyReferences",
            what,
            PermissionSetArn=arn,
        )
        return PermissionSet(
            permission_set.name,
            description=permission_set.description,
            session_seconds=permission_set.session_seconds,
            relay_state=permission_set.relay_state,
            managed_policies=frozenset(ManagedPolicy(policy["Arn"]) for policy in managed),
            customer_policies=frozenset(_customer_policy(policy) for policy in customer),
            inline_policy=self._read_inline_policy(arn, what),
            boundary=self._read_boundary(arn, what),
            tags=permission_set.tags,
        )

    def _read_inline_policy(self, arn: PermissionSetArn, what: str) -> PolicyDocument | None:
        answer = self._call("GetInlinePolicyForPermissionSet", what, PermissionSetArn=arn)
        text = answer.get("InlinePolicy")
        return _stored_policy(text) if text else None

    def _read_boundary(self, arn: PermissionSetArn, what: str) -> ManagedPolicy | CustomerPolicy | None:
        try:
            answer = self._call("GetPermissionsBoundaryForPermissionSet", what, PermissionSetArn=arn)
        except NotFoundError:
            # "No boundary" is answered so; a permission set that is gone was told by the calls before.
            return None
        boundary = answer.get("PermissionsBoundary") or {}
        if boundary.get("ManagedPolicyArn"):
            return ManagedPolicy(boundary["ManagedPolicyArn"])
        reference = boundary.get("CustomerManagedPolicyReference")
        return _customer_policy(reference) if reference else None

    def list_grants_of(self, kind: PrincipalKind, principal: PrincipalId) -> Sequence[Grant]:
        """What one principal was given; for a user also what it has through groups, under the group's id."""
        found = self._pages(
            "ListAccountAssignmentsForPrincipal",
            "AccountAssignments",
            f"reading the assignments of {kind.lower()} {principal}",
            PrincipalType=kind.value,
            PrincipalId=principal,
        )
        return [_grant(item) for item in found]

    def list_grants_in(self, permission_set: PermissionSetArn, account: AccountId) -> Sequence[Grant]:
        """Who has one permission set in one account."""
        found = self._pages(
            "ListAccountAssignments",
            "AccountAssignments",
            f"reading who has permission set {permission_set} in account {account}",
            PermissionSetArn=permission_set,
            AccountId=account,
        )
        return [_grant(item) for item in found]

    def list_accounts_of(self, permission_set: PermissionSetArn) -> Sequence[AccountId]:
        """The accounts in which the permission set has a role."""
        return self._accounts_of(permission_set)

    def list_stale_accounts_of(self, permission_set: PermissionSetArn) -> Sequence[AccountId]:
        """The accounts whose role lags behind the permission set."""
        return self._accounts_of(permission_set, ProvisioningStatus="LATEST_PERMISSION_SET_NOT_PROVISIONED")

    def _accounts_of(self, permission_set: PermissionSetArn, **status: str) -> Sequence[AccountId]:
        found = self._pages(
            "ListAccountsForProvisionedPermissionSet",
            "AccountIds",
            f"reading where permission set {permission_set} is provisioned",
            PermissionSetArn=permission_set,
            **status,
        )
        return [AccountId(account) for account in found]

    # --- following ------------------------------------------------------------------------------

    def running(self, kind: RequestKind) -> frozenset[str]:
        """The ids of all requests of `kind` that are in progress."""
        operation, items, *_ = _STATUS_CALLS[kind]
        found = self._pages(
            operation, items, f"following {kind.value}", Filter={"Status": RequestState.RUNNING.value}
        )
        return frozenset(item["RequestId"] for item in found)

    def outcome(self, kind: RequestKind, request_id: str) -> Request:
        """Where one request stands."""
        _, _, operation, id_field, answer_field = _STATUS_CALLS[kind]
        answer = self._call(operation, f"following {kind.value} {request_id}", **{id_field: request_id})
        return _request(answer[answer_field])

    # --- changing -------------------------------------------------------------------------------

    def create_permission_set(
        self, name: str, settings: PermissionSetSettings, tags: Mapping[str, str]
    ) -> PermissionSetArn:
        """Make a permission set; one that exists already under this name is used."""
        parameters: dict[str, object] = {
            "Name": name,
            "SessionDuration": iso_duration(settings.session_seconds),
        }
        if settings.description:
            parameters["Description"] = settings.description
        if settings.relay_state:
            parameters["RelayState"] = settings.relay_state
        if tags:
            parameters["Tags"] = _tag_list(tags)
        try:
            answer = self._call("CreatePermissionSet", f"making permission set {name}", **parameters)
        except BusyError as error:
            existing = self._find(name) if error_code(error) == "ConflictException" else None
            if existing is None:
                raise
            self.update_permission_set(existing, settings, settings)
            self.tag(existing, tags)
            return existing
        return PermissionSetArn(answer["PermissionSet"]["PermissionSetArn"])

    def _find(self, name: str) -> PermissionSetArn | None:
        return next(
            (arn for arn in self.list_permission_sets() if self.read_settings(arn).name == name), None
        )

    def update_permission_set(
        self, arn: PermissionSetArn, before: PermissionSetSettings, after: PermissionSetSettings
    ) -> None:
        """Set all settings: AWS clears a relay state that is not sent."""
        parameters = {"SessionDuration": iso_duration(after.session_seconds)}
        if after.description or before.description:
            parameters["Description"] = after.description or _NO_DESCRIPTION
        if after.relay_state:
            parameters["RelayState"] = after.relay_state
        self._call("UpdatePermissionSet", "changing a permission set", PermissionSetArn=arn, **parameters)

    def attach_managed_policy(self, arn: PermissionSetArn, policy: ManagedPolicy) -> None:
        """Attach an AWS managed policy."""
        self._call(
            "AttachManagedPolicyToPermissionSet",
            f"attaching {policy.name}",
            PermissionSetArn=arn,
            ManagedPolicyArn=policy.arn,
        )

    def detach_managed_policy(self, arn: PermissionSetArn, policy: ManagedPolicy) -> None:
        """Detach an AWS managed policy."""
        self._remove(
            "DetachManagedPolicyFromPermissionSet",
            f"detaching {policy.name}",
            PermissionSetArn=arn,
            ManagedPolicyArn=policy.arn,
        )

    def attach_customer_policy(self, arn: PermissionSetArn, policy: CustomerPolicy) -> None:
        """Attach a reference to a customer managed policy."""
        self._call(
            "AttachCustomerManagedPolicyReferenceToPermissionSet",
            f"attaching {policy.name}",
            PermissionSetArn=arn,
            CustomerManagedPolicyReference=_reference(policy),
        )

    def detach_customer_policy(self, arn: PermissionSetArn, policy: CustomerPolicy) -> None:
        """Detach a reference to a customer managed policy."""
        self._remove(
            "DetachCustomerManagedPolicyReferenceFromPermissionSet",
            f"detaching {policy.name}",
            PermissionSetArn=arn,
            CustomerManagedPolicyReference=_reference(policy),
        )

    def put_inline_policy(self, arn: PermissionSetArn, policy: PolicyDocument) -> None:
        """Set the inline policy."""
        self._call(
            "PutInlinePolicyToPermissionSet",
            "setting the inline policy",
            PermissionSetArn=arn,
            InlinePolicy=policy.json,
        )

    def delete_inline_policy(self, arn: PermissionSetArn) -> None:
        """Remove the inline policy."""
        self._remove(
            "DeleteInlinePolicyFromPermissionSet", "removing the inline policy", PermissionSetArn=arn
        )

    def put_boundary(self, arn: PermissionSetArn, boundary: ManagedPolicy | CustomerPolicy) -> None:
        """Set the permissions boundary."""
        value: Mapping[str, object] = (
            {"ManagedPolicyArn": boundary.arn}
            if isinstance(boundary, ManagedPolicy)
            else {"CustomerManagedPolicyReference": _reference(boundary)}
        )
        self._call(
            "PutPermissionsBoundaryToPermissionSet",
            "setting the permissions boundary",
            PermissionSetArn=arn,
            PermissionsBoundary=value,
        )

    def delete_boundary(self, arn: PermissionSetArn) -> None:
        """Remove the permissions boundary."""
        self._remove(
            "DeletePermissionsBoundaryFromPermissionSet",
            "removing the permissions boundary",
            PermissionSetArn=arn,
        )

    def tag(self, arn: PermissionSetArn, tags: Mapping[str, str]) -> None:
        """Add tags or change their values."""
        self._call("TagResource", "tagging a permission set", ResourceArn=arn, Tags=_tag_list(tags))

    def untag(self, arn: PermissionSetArn, keys: Sequence[str]) -> None:
        """Remove tags."""
        self._remove("UntagResource", "untagging a permission set", ResourceArn=arn, TagKeys=list(keys))

    def delete_permission_set(self, arn: PermissionSetArn) -> None:
        """Remove a permission set that is assigned nowhere."""
        self._remove("DeletePermissionSet", "deleting a permission set", PermissionSetArn=arn)

    def start_provisioning(self, arn: PermissionSetArn) -> Request:
        """Begin to bring the set's roles up to date in all accounts that have one."""
        answer = self._call(
            "ProvisionPermissionSet",
            "provisioning a permission set",
            PermissionSetArn=arn,
            TargetType="ALL_PROVISIONED_ACCOUNTS",
        )
        return _request(answer["PermissionSetProvisioningStatus"])

    def start_creation(self, grant: Grant) -> Request:
        """Begin to make an assignment; one that exists succeeds at once."""
        answer = self._call("CreateAccountAssignment", "making an assignment", **_target(grant))
        return _request(answer["AccountAssignmentCreationStatus"])

    def start_deletion(self, grant: Grant) -> Request:
        """Begin to remove an assignment; one that is gone is removed."""
        try:
            answer = self._call("DeleteAccountAssignment", "removing an assignment", **_target(grant))
        except NotFoundError:
            return Request("", RequestState.SUCCEEDED)
        return _request(answer["AccountAssignmentDeletionStatus"])

    # --- calling --------------------------------------------------------------------------------

    def _call(self, operation: str, what: str, **parameters: object) -> Mapping[str, Any]:
        return self._calls.call(operation, what, InstanceArn=self._instance.arn, **parameters)

    def _pages(self, operation: str, items: str, what: str, **parameters: object) -> Sequence[Any]:
        return list(
            self._calls.pages(
                operation, items, what, InstanceArn=self._instance.arn, MaxResults=_PAGE, **parameters
            )
        )

    def _remove(self, operation: str, what: str, **parameters: object) -> None:
        try:
            self._call(operation, what, **parameters)
        except NotFoundError:
            return  # gone already


def _seconds(duration: str | None, what: str) -> int:
    if not duration:
        return PERMISSION_SET_SESSION_MIN
    try:
        return parse_duration(duration)
    except ValueError as error:
        raise UsherError(f"{what}: {error}") from None


def _stored_policy(text: str) -> PolicyDocument:
    """A policy as AWS keeps it. One that we would not write is kept as it is: then it equals no other."""
    try:
        return parse_policy_document(text)
    except ValueError:
        return PolicyDocument(text)


def _grant(item: Mapping[str, str]) -> Grant:
    return Grant(
        PrincipalKind(item["PrincipalType"]),
        PrincipalId(item["PrincipalId"]),
        PermissionSetArn(item["PermissionSetArn"]),
        AccountId(item["AccountId"]),
    )


def _target(grant: Grant) -> Mapping[str, str]:
    return {
        "TargetId": grant.account_id,
        "TargetType": _ACCOUNT,
        "PermissionSetArn": grant.permission_set,
        "PrincipalType": grant.kind.value,
        "PrincipalId": grant.principal_id,
    }


def _request(status: Mapping[str, Any]) -> Request:
    return Request(status["RequestId"], RequestState(status["Status"]), status.get("FailureReason") or "")


def _customer_policy(item: Mapping[str, str]) -> CustomerPolicy:
    return CustomerPolicy(item["Name"], item.get("Path") or "/")


def _reference(policy: CustomerPolicy) -> Mapping[str, str]:
    return {"Name": policy.name, "Path": policy.path}


def _tag_list(tags: Mapping[str, str]) -> list[Mapping[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
