"""sso-admin's assignments and requests, as boto3 sees them; the work itself is provisioning's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from usher.server.services import Services
from usher.server.store.assignments import StoredAssignment, insert_assignment
from usher.server.store.operations import finish_operation
from usher.server.store.tables import provisioned_roles

STAGING, PRODUCTION = "222222222222", "333333333333"
STORE = {"IdentityStoreId": "d-0123456789"}


@pytest.fixture
def admin(client: Callable[..., Any]) -> Any:
    return client("sso-admin")


@pytest.fixture
def user_id(client: Callable[..., Any]) -> str:
    name = {"GivenName": "Example", "FamilyName": "Developer"}
    created = client("identitystore").create_user(
        **STORE, UserName="developer@mkdev.example", DisplayName="Example Developer", Name=name
    )
    return str(created["UserId"])


@pytest.fixture
def group_id(client: Callable[..., Any], user_id: str) -> str:
    store = client("identitystore")
    group = store.create_group(**STORE, DisplayName="developers")["GroupId"]
    store.create_group_membership(**STORE, GroupId=group, MemberId={"UserId": user_id})
    return str(group)


@pytest.fixture
def permission_set(admin: Any, services: Services) -> dict[str, str]:
    here = {"InstanceArn": services.instance.arn}
    created = admin.create_permission_set(**here, Name="Developers")
    return {**here, "PermissionSetArn": created["PermissionSet"]["PermissionSetArn"]}


def target(permission_set: dict[str, str], kind: str, who: str, account: str = STAGING) -> dict[str, str]:
    return {
        **permission_set,
        "TargetId": account,
        "TargetType": "AWS_ACCOUNT",
        "PrincipalType": kind,
        "PrincipalId": who,
    }


def grant(services: Services, arguments: dict[str, str]) -> None:
    """What provisioning does when an assignment's creation succeeds."""
    assignment = StoredAssignment(
        arguments["TargetId"],
        arguments["PermissionSetArn"].rpartition("/")[2],
        arguments["PrincipalType"],
        arguments["PrincipalId"],
    )
    with services.database.change("test") as change:
        insert_assignment(change, assignment)
        insert_assignment(change, assignment)


def provision(services: Services, permission_set: dict[str, str], account: str, revision: int) -> None:
    with services.database.change("test") as change:
        change.connection.execute(
            provisioned_roles.insert().values(
                account_id=account,
                permission_set_id=permission_set["PermissionSetArn"].rpartition("/")[2],
                role_name="UsherSSO_Developers_0123456789abcdef",
                role_arn="arn:aws:iam::222222222222:role/usher/UsherSSO_Developers_0123456789abcdef",
                revision=revision,
                updated_at=change.now,
            )
        )
        change.record("test:Provision", account)


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_an_assignment_is_taken_on_and_handed_to_provisioning(
    admin: Any, services: Services, permission_set: dict[str, str], user_id: str
) -> None:
    arguments = target(permission_set, "USER", user_id)
    status = admin.create_account_assignment(**arguments)["AccountAssignmentCreationStatus"]
    assert status["Status"] == "IN_PROGRESS"
    assert services.jobs.requests == [status["RequestId"]]  # type: ignore[attr-defined]
    here = {"InstanceArn": permission_set["InstanceArn"]}
    listed = admin.list_account_assignment_creation_status(**here, Filter={"Status": "IN_PROGRESS"})
    (brief,) = listed["AccountAssignmentsCreationStatus"]
    assert set(brief) == {"Status", "RequestId", "CreatedDate"}
    with services.database.change("test") as change:
        finish_operation(change, status["RequestId"], "Access denied")
        finish_operation(change, status["RequestId"], None)
    described = admin.describe_account_assignment_creation_status(
        **here, AccountAssignmentCreationRequestId=status["RequestId"]
    )["AccountAssignmentCreationStatus"]
    assert (described["Status"], described["FailureReason"]) == ("FAILED", "Access denied")


def test_request_ids_of_one_kind_are_unknown_to_the_others(
    admin: Any, permission_set: dict[str, str], user_id: str
) -> None:
    status = admin.create_account_assignment(**target(permission_set, "USER", user_id))
    request_id = status["AccountAssignmentCreationStatus"]["RequestId"]
    here = {"InstanceArn": permission_set["InstanceArn"]}
    with pytest.raises(ClientError) as error:
        admin.describe_account_assignment_deletion_status(
            **here, AccountAssignmentDeletionRequestId=request_id
        )
    assert code(error) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        admin.describe_permission_set_provisioning_status(**here, ProvisionPermissionSetRequestId=request_id)
    assert code(error) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "wrong",
    [
        {"TargetId": "999999999999"},
        {"PrincipalId": "00000000-0000-0000-0000-000000000000"},
        {"PrincipalType": "GROUP"},
    ],
)
def test_an_unknown_account_or_principal_is_not_found(
    admin: Any, services: Services, permission_set: dict[str, str], user_id: str, wrong: dict[str, str]
) -> None:
    with pytest.raises(ClientError) as error:
        admin.create_account_assignment(**{**target(permission_set, "USER", user_id), **wrong})
    assert code(error) == "ResourceNotFoundException"
    assert services.jobs.requests == []  # type: ignore[attr-defined]


def test_a_removed_assignment_is_gone_when_the_call_returns(
    admin: Any, services: Services, permission_set: dict[str, str], user_id: str
) -> None:
    arguments = target(permission_set, "USER", user_id)
    grant(services, arguments)
    status = admin.delete_account_assignment(**arguments)["AccountAssignmentDeletionStatus"]
    listed = admin.list_account_assignments(**permission_set, AccountId=STAGING)
    assert listed["AccountAssignments"] == []
    here = {"InstanceArn": permission_set["InstanceArn"]}
    described = admin.describe_account_assignment_deletion_status(
        **here, AccountAssignmentDeletionRequestId=status["RequestId"]
    )
    assert described["AccountAssignmentDeletionStatus"]["PrincipalId"] == user_id
    assert len(admin.list_account_assignment_deletion_status(**here)["AccountAssignmentsDeletionStatus"]) == 1
    with pytest.raises(ClientError) as error:
        admin.delete_account_assignment(**arguments)
    assert code(error) == "ResourceNotFoundException"


def test_a_users_assignments_include_the_groups_and_name_them(
    admin: Any, services: Services, permission_set: dict[str, str], user_id: str, group_id: str
) -> None:
    grant(services, target(permission_set, "GROUP", group_id))
    grant(services, target(permission_set, "USER", user_id, PRODUCTION))
    here = {"InstanceArn": permission_set["InstanceArn"]}
    mine = admin.list_account_assignments_for_principal(**here, PrincipalId=user_id, PrincipalType="USER")
    assert {(item["AccountId"], item["PrincipalType"]) for item in mine["AccountAssignments"]} == {
        (STAGING, "GROUP"),
        (PRODUCTION, "USER"),
    }
    groups = admin.list_account_assignments_for_principal(
        **here, PrincipalId=group_id, PrincipalType="GROUP", Filter={"AccountId": PRODUCTION}
    )
    assert groups["AccountAssignments"] == []
    by_pages = [
        item["AccountId"]
        for page in admin.get_paginator("list_account_assignments_for_principal").paginate(
            **here, PrincipalId=user_id, PrincipalType="USER", PaginationConfig={"PageSize": 1}
        )
        for item in page["AccountAssignments"]
    ]
    assert by_pages == [STAGING, PRODUCTION]


def test_assignments_of_a_deleted_group_stay_dangling(
    admin: Any,
    client: Callable[..., Any],
    services: Services,
    permission_set: dict[str, str],
    group_id: str,
) -> None:
    grant(services, target(permission_set, "GROUP", group_id))
    client("identitystore").delete_group(**STORE, GroupId=group_id)
    listed = admin.list_account_assignments(**permission_set, AccountId=STAGING)["AccountAssignments"]
    assert [item["PrincipalId"] for item in listed] == [group_id]


def test_an_assigned_or_provisioned_set_cannot_be_deleted(
    admin: Any, services: Services, permission_set: dict[str, str], user_id: str
) -> None:
    grant(services, target(permission_set, "USER", user_id))
    with pytest.raises(ClientError) as error:
        admin.delete_permission_set(**permission_set)
    assert code(error) == "ConflictException"


def test_a_changed_template_makes_its_roles_stale(
    admin: Any, services: Services, permission_set: dict[str, str]
) -> None:
    provision(services, permission_set, STAGING, revision=1)
    provision(services, permission_set, PRODUCTION, revision=0)

    def accounts(**status: str) -> list[str]:
        listed = admin.list_accounts_for_provisioned_permission_set(**permission_set, **status)
        return list(listed["AccountIds"])

    stale = {"ProvisioningStatus": "LATEST_PERMISSION_SET_NOT_PROVISIONED"}
    current = {"ProvisioningStatus": "LATEST_PERMISSION_SET_PROVISIONED"}
    assert (accounts(), accounts(**current), accounts(**stale)) == ([STAGING], [STAGING], [])
    admin.update_permission_set(**permission_set, Description="changed")
    assert (accounts(), accounts(**current), accounts(**stale)) == ([STAGING], [], [STAGING])
    here = {"InstanceArn": permission_set["InstanceArn"]}
    sets = admin.list_permission_sets_provisioned_to_account(**here, AccountId=STAGING)["PermissionSets"]
    assert sets == [permission_set["PermissionSetArn"]]


def test_provisioning_is_asked_for_one_account_or_all(
    admin: Any, services: Services, permission_set: dict[str, str]
) -> None:
    everywhere = admin.provision_permission_set(**permission_set, TargetType="ALL_PROVISIONED_ACCOUNTS")
    one = admin.provision_permission_set(**permission_set, TargetType="AWS_ACCOUNT", TargetId=STAGING)
    status = one["PermissionSetProvisioningStatus"]
    assert status["AccountId"] == STAGING
    assert "AccountId" not in everywhere["PermissionSetProvisioningStatus"]
    here = {"InstanceArn": permission_set["InstanceArn"]}
    described = admin.describe_permission_set_provisioning_status(
        **here, ProvisionPermissionSetRequestId=status["RequestId"]
    )
    assert described["PermissionSetProvisioningStatus"]["Status"] == "IN_PROGRESS"
    listed = admin.list_permission_set_provisioning_status(**here)["PermissionSetsProvisioningStatus"]
    assert len(listed) == len(services.jobs.requests) == 2  # type: ignore[attr-defined]
    with pytest.raises(ClientError) as error:
        admin.provision_permission_set(**permission_set, TargetType="AWS_ACCOUNT")
    assert code(error) == "ValidationException"
