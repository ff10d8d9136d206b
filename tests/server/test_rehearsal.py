"""An organization from a file: read as from AWS Organizations, kept in the books, entered by nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from usher.aws.clients import AwsKeys, AwsSettings
from usher.aws.organizations import read_accounts
from usher.core.errors import NoAccessError, UsageError
from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.server.accounts import AccountList
from usher.server.awsapi.control import control_routes
from usher.server.awsapi.rehearsed_organization import RehearsedReads
from usher.server.provisioning.rehearsal import NoRoleCredentials, RehearsalJobs
from usher.server.rehearsal import RehearsedOrganization, read_organization_file
from usher.server.services import Services
from usher.server.store.operations import Operation, OperationKind, OperationStatus, insert_operation
from usher.server.store.roles import accounts_with_role, read_role

SOMEBODY = "00000000-0000-0000-0000-00000000000a"
MANAGEMENT = {"id": "111111111111", "name": "management", "management": True}
SHOP = {"id": "222222222222", "name": "shop", "ou": "Workloads/Production", "tags": {"env": "production"}}
STAGING = {"id": "333333333333", "name": "staging", "ou": "Workloads", "email": "s@mkdev.example"}
CLOSED = {"id": "444444444444", "name": "closed", "active": False}


def organization_file(folder: Path, *accounts: object, **more: object) -> Path:
    file = folder / "organization.json"
    listed = list(accounts) or [SHOP, MANAGEMENT, STAGING, CLOSED]
    file.write_text(json.dumps({"organization": "o-exampleorgid", "accounts": listed, **more}))
    return file


@pytest.fixture
def organization(tmp_path: Path) -> RehearsedOrganization:
    return read_organization_file(organization_file(tmp_path))


@pytest.fixture
def rehearsing(services: Services, organization: RehearsedOrganization) -> Services:
    accounts = AccountList(lambda: organization.accounts, services.database.now)
    return replace(
        services,
        accounts=accounts,
        jobs=RehearsalJobs(services.config, services.database, accounts),
        organization=RehearsedReads(organization, "aws"),
    )


@pytest.fixture
def client(rehearsing: Services, serve: Callable[[list[Any]], str]) -> Callable[[str], Any]:
    origin = serve(list(control_routes(rehearsing)))
    return lambda service: boto3.client(
        service,
        region_name="eu-central-1",
        endpoint_url=origin,
        aws_access_key_id="UDIRABCDEFGHIJKLMNOP",
        aws_secret_access_key="the-administrators-secret",
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_the_file_gives_accounts_with_units_and_tags_management_first(
    organization: RehearsedOrganization,
) -> None:
    assert [each.name for each in organization.accounts] == ["management", "closed", "shop", "staging"]
    shop = organization.accounts[2]
    assert (shop.ou, shop.tags) == ("Workloads/Production", {"env": "production"})
    assert [organization.units[each].path[-1] for each in shop.ou_ids] == ["Workloads", "Production"]


@pytest.mark.parametrize(
    ("accounts", "words"),
    [
        (["shop"], "is not an object"),
        ([{"id": 1}], "twelve digits"),
        ([{**MANAGEMENT, "colour": "red"}], "unknown member 'colour'"),
        ([{**MANAGEMENT, "active": "yes"}], "'active' of account 111111111111 is not a bool"),
        ([{**MANAGEMENT, "tags": {"env": 1}}], "a tag of account 111111111111 is not a string"),
        ([MANAGEMENT, MANAGEMENT], "listed twice"),
        ([SHOP], "exactly one account"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, accounts: list[object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_organization_file(organization_file(tmp_path, *accounts))


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "organization.json"
    with pytest.raises(UsageError, match="cannot be read"):
        read_organization_file(file)
    for text, words in (("{", "is not JSON"), ("[]", "lists no accounts"), ('{"accounts": []}', "lists no")):
        file.write_text(text)
        with pytest.raises(UsageError, match=words):
            read_organization_file(file)
    with pytest.raises(UsageError, match="no organization id"):
        read_organization_file(organization_file(tmp_path, MANAGEMENT, organization="mine"))


def test_organizations_answers_from_the_file(
    client: Callable[[str], Any], organization: RehearsedOrganization
) -> None:
    reads = client("organizations")
    described = reads.describe_organization()["Organization"]
    assert (described["Id"], described["MasterAccountId"]) == ("o-exampleorgid", "111111111111")
    shop = next(each for each in reads.list_accounts()["Accounts"] if each["Name"] == "shop")
    assert shop["State"] == "ACTIVE"
    workloads, production = organization.accounts[2].ou_ids
    root = organization.root_id
    assert shop["Paths"] == [f"o-exampleorgid/{root}/{workloads}/{production}/222222222222/"]
    assert reads.describe_account(AccountId="444444444444")["Account"]["State"] == "SUSPENDED"
    assert reads.list_roots()["Roots"][0]["Id"] == root
    units = reads.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    assert [(each["Id"], each["Name"]) for each in units] == [(workloads, "Workloads")]
    unit = reads.describe_organizational_unit(OrganizationalUnitId=production)["OrganizationalUnit"]
    assert unit["Name"] == "Production"
    inside = reads.list_accounts_for_parent(ParentId=workloads)["Accounts"]
    assert [each["Name"] for each in inside] == ["staging"]
    assert reads.list_parents(ChildId="222222222222")["Parents"] == [
        {"Id": production, "Type": "ORGANIZATIONAL_UNIT"}
    ]
    assert reads.list_parents(ChildId=workloads)["Parents"] == [{"Id": root, "Type": "ROOT"}]
    tags = reads.list_tags_for_resource(ResourceId="222222222222")["Tags"]
    assert tags == [{"Key": "env", "Value": "production"}]
    assert reads.list_tags_for_resource(ResourceId=root)["Tags"] == []


def test_a_rehearsed_organization_forbids_nothing(client: Callable[[str], Any]) -> None:
    reads = client("organizations")
    asked = {"TargetId": "222222222222", "Filter": "SERVICE_CONTROL_POLICY"}
    (policy,) = reads.list_policies_for_target(**asked)["Policies"]
    content = reads.describe_policy(PolicyId=policy["Id"])["Policy"]["Content"]
    assert '"Effect":"Allow","Action":"*"' in content
    with pytest.raises(ClientError, match="PolicyNotFoundException"):
        reads.describe_policy(PolicyId="p-other123")


def test_what_the_file_does_not_have_is_not_found(client: Callable[[str], Any]) -> None:
    reads = client("organizations")
    for call, members, code in (
        (reads.describe_account, {"AccountId": "999999999999"}, "AccountNotFoundException"),
        (reads.list_accounts_for_parent, {"ParentId": "r-none"}, "ParentNotFoundException"),
        (
            reads.describe_organizational_unit,
            {"OrganizationalUnitId": "ou-none-12345678"},
            "OrganizationalUnitNotFoundException",
        ),
    ):
        with pytest.raises(ClientError) as error:
            call(**members)
        assert error.value.response["Error"]["Code"] == code


def test_long_lists_of_accounts_come_in_pages_of_twenty(
    tmp_path: Path, services: Services, serve: Callable[[list[Any]], str]
) -> None:
    many = [{"id": f"{n:012}", "name": f"a{n}"} for n in range(2, 46)]
    organization = read_organization_file(organization_file(tmp_path, MANAGEMENT, *many))
    origin = serve(list(control_routes(replace(services, organization=RehearsedReads(organization, "aws")))))
    keys = AwsKeys("UDIRABCDEFGHIJKLMNOP", Secret("the-administrators-secret"))
    settings = AwsSettings("eu-central-1", endpoint_url=origin, keys=keys)
    assert len(read_accounts(settings, with_tags=False)) == 45


@pytest.fixture
def target(client: Callable[[str], Any], rehearsing: Services) -> dict[str, str]:
    """Somebody, a permission set, and an account."""
    made = client("sso-admin").create_permission_set(InstanceArn=rehearsing.instance.arn, Name="Admin")
    return {
        "InstanceArn": rehearsing.instance.arn,
        "PermissionSetArn": made["PermissionSet"]["PermissionSetArn"],
        "PrincipalType": "USER",
        "PrincipalId": SOMEBODY,
        "TargetType": "AWS_ACCOUNT",
        "TargetId": "222222222222",
    }


def test_assignments_come_and_go_in_the_books_with_their_roles(
    client: Callable[[str], Any], target: dict[str, str], rehearsing: Services
) -> None:
    sso = client("sso-admin")
    here = {name: target[name] for name in ("InstanceArn", "PermissionSetArn")}
    status = sso.create_account_assignment(**target)["AccountAssignmentCreationStatus"]
    assert status["Status"] == "IN_PROGRESS"
    ended = sso.describe_account_assignment_creation_status(
        InstanceArn=here["InstanceArn"], AccountAssignmentCreationRequestId=status["RequestId"]
    )
    assert ended["AccountAssignmentCreationStatus"]["Status"] == "SUCCEEDED"
    sso.update_permission_set(**here, Description="changed")
    stale = {**here, "ProvisioningStatus": "LATEST_PERMISSION_SET_NOT_PROVISIONED"}
    assert sso.list_accounts_for_provisioned_permission_set(**stale)["AccountIds"] == ["222222222222"]
    sso.provision_permission_set(**here, TargetType="ALL_PROVISIONED_ACCOUNTS")
    assert sso.list_accounts_for_provisioned_permission_set(**stale)["AccountIds"] == []
    sso.provision_permission_set(**here, TargetType="AWS_ACCOUNT", TargetId="222222222222")
    sso.delete_account_assignment(**target)
    with rehearsing.database.read() as connection:
        set_id = here["PermissionSetArn"].rpartition("/")[2]
        assert accounts_with_role(connection, set_id) == []
        assert read_role(connection, "222222222222", set_id) is None


def test_a_suspended_account_takes_nobody_and_says_so(
    client: Callable[[str], Any], target: dict[str, str]
) -> None:
    sso = client("sso-admin")
    made = sso.create_account_assignment(**{**target, "TargetId": "444444444444"})
    ended = sso.describe_account_assignment_creation_status(
        InstanceArn=target["InstanceArn"],
        AccountAssignmentCreationRequestId=made["AccountAssignmentCreationStatus"]["RequestId"],
    )["AccountAssignmentCreationStatus"]
    assert ended["Status"] == "FAILED"
    assert ended["FailureReason"] == "account closed (444444444444) is suspended or closed"


def test_what_was_left_owed_is_done_at_the_next_start(
    client: Callable[[str], Any], target: dict[str, str], rehearsing: Services
) -> None:
    owed = Operation(
        "11111111-1111-1111-1111-111111111111",
        OperationKind.ASSIGNMENT_CREATION,
        OperationStatus.IN_PROGRESS,
        target["PermissionSetArn"].rpartition("/")[2],
        target["PermissionSetArn"],
        "222222222222",
        "USER",
        SOMEBODY,
        None,
        "admin@mkdev.example",
        1.0,
    )
    with rehearsing.database.change("test") as change:
        insert_operation(change, owed)
    jobs = rehearsing.jobs
    assert isinstance(jobs, RehearsalJobs)
    jobs.start()
    jobs.submit(owed.request_id)
    jobs.stop()
    found = client("sso-admin").list_account_assignments_for_principal(
        InstanceArn=target["InstanceArn"], PrincipalType="USER", PrincipalId=SOMEBODY
    )
    assert len(found["AccountAssignments"]) == 1


def test_nobody_enters_a_rehearsed_account() -> None:
    with pytest.raises(NoAccessError, match="rehearses"):
        NoRoleCredentials().issue(SOMEBODY, AccountId("222222222222"), "Admin")
