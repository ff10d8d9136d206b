"""AWS's quotas as a client meets them: what is refused, with which words, and when it goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.server.limits.bucket import TokenBucket
from usher.server.limits.settings import AwsLimits
from usher.server.services import Services

SOMEBODY = "00000000-0000-0000-0000-00000000000a"
ACCOUNTS = [Account(AccountId(f"{n:012}"), f"account{n}", is_management=n == 1) for n in range(1, 21)]
BUSY = ("ThrottlingException", "There are too many requests processing. Please try again later.")
CONFLICT = ("ConflictException", "There is a conflicting operation in process.")
RATE = ("ThrottlingException", "Rate exceeded")
CALM = AwsLimits(throttled=0, failing=0, seed=1)


def refusal(call: Callable[..., Any], **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**members)
    response = error.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return response["Error"]["Code"], response["Error"]["Message"]


class Desk:
    """An administrator at a rehearsed directory of twenty accounts."""

    def __init__(self, rehearsal: Any) -> None:
        self.rehearsal = rehearsal
        self.time = rehearsal.time
        self.here = {"InstanceArn": rehearsal.services.instance.arn}
        self.sso = self.client("sso-admin")

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name="eu-central-1",
            endpoint_url=self.rehearsal.origin,
            aws_access_key_id="UDIRABCDEFGHIJKLMNOP",
            aws_secret_access_key="the-administrators-secret",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def new_set(self, name: str) -> str:
        made = self.sso.create_permission_set(**self.here, Name=name)
        return str(made["PermissionSet"]["PermissionSetArn"])

    def target(self, arn: str, account: int) -> dict[str, str]:
        return {
            **self.here,
            "PermissionSetArn": arn,
            "TargetType": "AWS_ACCOUNT",
            "TargetId": f"{account:012}",
            "PrincipalType": "USER",
            "PrincipalId": SOMEBODY,
        }

    def assign(self, arn: str, account: int) -> str:
        made = self.sso.create_account_assignment(**self.target(arn, account))
        return str(made["AccountAssignmentCreationStatus"]["RequestId"])

    def status(self, request: str) -> str:
        found = self.sso.describe_account_assignment_creation_status(
            **self.here, AccountAssignmentCreationRequestId=request
        )
        return str(found["AccountAssignmentCreationStatus"]["Status"])


@pytest.fixture
def new_desk(rehearse: Callable[..., Any], services: Services) -> Callable[..., Desk]:
    """`new_desk(limits)`."""
    services.accounts._read = lambda: tuple(ACCOUNTS)
    return lambda limits=CALM: Desk(rehearse(limits))


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    return new_desk()


def test_the_twenty_first_call_of_a_second_is_throttled_and_each_service_counts_apart(desk: Desk) -> None:
    for _ in range(20):
        desk.sso.list_instances()
    assert refusal(desk.sso.list_instances) == RATE
    desk.client("identitystore").list_groups(IdentityStoreId="d-0123456789")
    desk.time.pass_by(0.1)
    desk.sso.list_instances()
    desk.sso.list_instances()
    assert refusal(desk.sso.list_instances) == RATE


def test_cloudtrail_is_asked_twice_a_second(desk: Desk) -> None:
    trail = desk.client("cloudtrail")
    trail.lookup_events()
    trail.lookup_events()
    assert refusal(trail.lookup_events) == RATE


def test_a_request_is_in_progress_for_a_while_and_then_done(desk: Desk) -> None:
    request = desk.assign(desk.new_set("Admin"), 2)
    assert desk.status(request) == "IN_PROGRESS"
    desk.time.pass_by(1.9)
    assert desk.status(request) == "IN_PROGRESS"
    desk.time.pass_by(4.1)
    assert desk.status(request) == "SUCCEEDED"


def test_fifteen_assignments_run_at_a_time_creations_and_deletions_together(desk: Desk) -> None:
    admin, read = desk.new_set("Admin"), desk.new_set("Read")
    desk.assign(admin, 20)
    desk.time.pass_by(60)
    desk.sso.delete_account_assignment(**desk.target(admin, 20))
    for account in range(1, 15):
        desk.assign(read, account)
    desk.time.pass_by(1)
    assert refusal(desk.sso.create_account_assignment, **desk.target(read, 15)) == BUSY
    desk.time.pass_by(6)
    desk.assign(read, 15)


def test_one_role_of_an_account_changes_at_a_time(desk: Desk) -> None:
    admin, read = desk.new_set("Admin"), desk.new_set("Read")
    desk.assign(admin, 2)
    assert refusal(desk.sso.create_account_assignment, **desk.target(read, 2)) == CONFLICT
    assert refusal(desk.sso.delete_account_assignment, **desk.target(admin, 2)) == CONFLICT
    desk.time.pass_by(6)
    desk.assign(read, 2)


def test_three_provisionings_run_at_a_time_and_one_of_a_set(desk: Desk) -> None:
    arns = [desk.new_set(f"Set{n}") for n in range(4)]
    everywhere = {**desk.here, "TargetType": "ALL_PROVISIONED_ACCOUNTS"}
    desk.sso.provision_permission_set(**everywhere, PermissionSetArn=arns[0])
    again = refusal(desk.sso.provision_permission_set, **everywhere, PermissionSetArn=arns[0])
    assert again == CONFLICT
    for arn in arns[1:3]:
        desk.sso.provision_permission_set(**everywhere, PermissionSetArn=arn)
    assert refusal(desk.sso.provision_permission_set, **everywhere, PermissionSetArn=arns[3]) == BUSY
    assert refusal(desk.sso.create_account_assignment, **desk.target(arns[0], 2)) == CONFLICT
    desk.time.pass_by(6)
    desk.sso.provision_permission_set(**everywhere, PermissionSetArn=arns[3])


def test_an_account_that_is_being_assigned_is_not_provisioned(desk: Desk) -> None:
    admin, read = desk.new_set("Admin"), desk.new_set("Read")
    desk.assign(admin, 2)
    one = {**desk.here, "TargetType": "AWS_ACCOUNT", "TargetId": f"{2:012}", "PermissionSetArn": read}
    assert refusal(desk.sso.provision_permission_set, **one) == CONFLICT


def test_fifteen_entitlements_change_at_a_time(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(AwsLimits(calls_per_second=1_000, throttled=0, failing=0, seed=1))
    manager = desk.client("account-access")
    source = {"identityCenter": {"instanceArn": desk.here["InstanceArn"]}}
    application = manager.create_application(identitySource=source)["applicationArn"]

    def entitle(number: int) -> dict[str, Any]:
        role = f"arn:aws:iam::{2:012}:role/r{number}"
        principal = {"identityCenter": {"userId": SOMEBODY}}
        granted = {"principalRole": {"principal": principal, "roleArn": role}}
        return {"applicationArn": application, "entitlement": granted}

    for number in range(15):
        manager.create_entitlement(**entitle(number))
    with pytest.raises(ClientError) as error:
        manager.create_entitlement(**entitle(15))
    assert error.value.response["Error"]["Message"] == BUSY[1]
    desk.time.pass_by(6)
    manager.create_entitlement(**entitle(15))


def test_throttles_and_errors_come_as_often_as_asked_and_errors_also_after_the_effect(
    new_desk: Callable[..., Desk],
) -> None:
    desk = new_desk(AwsLimits(calls_per_second=10_000, throttled=0.2, failing=0.3, seed=5))
    answers: list[str] = []
    for number in range(200):
        try:
            desk.sso.create_permission_set(**desk.here, Name=f"Set{number}")
            answers.append("")
        except ClientError as error:
            answers.append(error.response["Error"]["Code"])
    there = 0
    with desk.rehearsal.services.database.read() as connection:
        from usher.server.store.permission_sets import read_permission_set
        from usher.server.store.tables import permission_sets

        arns = connection.execute(permission_sets.select()).all()
        there = sum(read_permission_set(connection, row.arn) is not None for row in arns)
    failed = answers.count("InternalServerException")
    assert 25 <= answers.count("ThrottlingException") <= 60
    assert 40 <= failed <= 80
    done_in_spite = there - answers.count("")
    assert 0.3 * failed < done_in_spite < 0.7 * failed


def test_a_bucket_never_saves_more_than_a_second() -> None:
    now = [0.0]
    bucket = TokenBucket(5, clock=lambda: now[0])
    now[0] = 100.0
    assert [bucket.take() for _ in range(6)] == [True] * 5 + [False]
