"""LookupEvents over the audit log: by whom, in CloudTrail's shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from usher.server.services import Services

ADMIN = "admin@mkdev.example"
SOMEBODY = "00000000-0000-0000-0000-00000000000a"
Client = Callable[..., Any]


@pytest.fixture
def trail(client: Client) -> Any:
    return client("cloudtrail")


@pytest.fixture
def busy_day(client: Client, services: Services) -> dict[str, str]:
    """A group with a member, a permission set that changes, an assignment, an entitlement."""
    instance, store_id = services.instance.arn, services.instance.identity_store_id
    sso, store = client("sso-admin"), client("identitystore")
    group = store.create_group(IdentityStoreId=store_id, DisplayName="devops")["GroupId"]
    store.create_group_membership(IdentityStoreId=store_id, GroupId=group, MemberId={"UserId": SOMEBODY})
    arn = sso.create_permission_set(InstanceArn=instance, Name="Admin")["PermissionSet"]["PermissionSetArn"]
    policy = "arn:aws:iam::aws:policy/AdministratorAccess"
    sso.attach_managed_policy_to_permission_set(
        InstanceArn=instance, PermissionSetArn=arn, ManagedPolicyArn=policy
    )
    sso.create_account_assignment(
        InstanceArn=instance,
        PermissionSetArn=arn,
        PrincipalType="GROUP",
        PrincipalId=group,
        TargetType="AWS_ACCOUNT",
        TargetId="222222222222",
    )
    sso.tag_resource(InstanceArn=instance, ResourceArn=arn, Tags=[{"Key": "team", "Value": "web"}])
    for target in (
        {"TargetType": "ALL_PROVISIONED_ACCOUNTS"},
        {"TargetType": "AWS_ACCOUNT", "TargetId": "222222222222"},
    ):
        sso.provision_permission_set(InstanceArn=instance, PermissionSetArn=arn, **target)
    manager = client("account-access")
    application = manager.create_application(identitySource={"identityCenter": {"instanceArn": instance}})
    manager.create_entitlement(
        applicationArn=application["applicationArn"],
        entitlement={
            "principalRole": {
                "principal": {"identityCenter": {"groupId": group}},
                "roleArn": "arn:aws:iam::222222222222:role/deploy",
            }
        },
    )
    return {"group": group, "permission_set": arn}


def looked_up(trail: Any, **members: Any) -> list[dict[str, Any]]:
    pages = trail.get_paginator("lookup_events").paginate(**members)
    return [event for page in pages for event in page["Events"]]


def by(key: str, value: str) -> dict[str, Any]:
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


def test_changes_are_told_newest_first_with_who_made_them(trail: Any, busy_day: dict[str, str]) -> None:
    events = looked_up(trail)
    assert [each["EventName"] for each in events] == [
        "CreateEntitlement",
        "CreateApplication",
        "ProvisionPermissionSet",
        "ProvisionPermissionSet",
        "TagResource",
        "CreateAccountAssignment",
        "AttachManagedPolicyToPermissionSet",
        "CreatePermissionSet",
        "CreateGroupMembership",
        "CreateGroup",
        "CreateUser",
    ]
    assert {each["Username"] for each in events[:-1]} == {ADMIN}
    record = json.loads(events[5]["CloudTrailEvent"])
    assert record["eventID"] == events[5]["EventId"]
    assert record["userIdentity"]["userName"] == ADMIN
    assert record["requestParameters"] == {
        "instanceArn": record["requestParameters"]["instanceArn"],
        "permissionSetArn": busy_day["permission_set"],
        "principalType": "GROUP",
        "principalId": busy_day["group"],
        "targetType": "AWS_ACCOUNT",
        "targetId": "222222222222",
    }


def test_each_event_names_what_it_changed(trail: Any, busy_day: dict[str, str]) -> None:
    asked = [json.loads(each["CloudTrailEvent"])["requestParameters"] for each in looked_up(trail)]
    assert asked[0]["entitlement"]["principalRole"]["principal"] == {
        "identityCenter": {"groupId": busy_day["group"]}
    }
    assert asked[1]["applicationArn"].startswith("arn:aws:account-access:")
    assert (asked[2]["targetType"], asked[2]["targetId"]) == ("AWS_ACCOUNT", "222222222222")
    assert asked[3]["targetType"] == "ALL_PROVISIONED_ACCOUNTS"
    assert asked[4]["tagKeys"] == ["team"]
    assert asked[8] == {
        "identityStoreId": "d-0123456789",
        "groupId": busy_day["group"],
        "memberId": {"userId": SOMEBODY},
    }
    assert asked[10]["userId"] == SOMEBODY


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (by("EventSource", "account-access.amazonaws.com"), ["CreateEntitlement", "CreateApplication"]),
        (by("EventName", "CreateGroup"), ["CreateGroup"]),
        (by("EventSource", "s3.amazonaws.com"), []),
        (by("ReadOnly", "true"), []),
        (by("Username", "nobody@mkdev.example"), []),
    ],
)
def test_events_are_found_by_one_attribute(
    trail: Any, busy_day: dict[str, str], wanted: dict[str, Any], names: list[str]
) -> None:
    assert [each["EventName"] for each in looked_up(trail, **wanted)] == names


def test_events_are_found_by_what_they_changed(trail: Any, busy_day: dict[str, str]) -> None:
    found = looked_up(trail, **by("ResourceName", busy_day["permission_set"]))
    assert len(found) == 3
    assert len(looked_up(trail, **by("ReadOnly", "false"))) == 11


def test_events_are_found_between_two_moments(trail: Any, busy_day: dict[str, str]) -> None:
    now = datetime.now(UTC)
    assert looked_up(trail, StartTime=now + timedelta(hours=1)) == []
    assert looked_up(trail, EndTime=now - timedelta(hours=1)) == []
    hour = timedelta(hours=1)
    assert len(looked_up(trail, StartTime=now - hour, EndTime=now + hour)) == 11


def test_long_histories_come_in_pages_of_fifty_at_most(trail: Any, busy_day: dict[str, str]) -> None:
    sizes = [len(page["Events"]) for page in trail.get_paginator("lookup_events").paginate(MaxResults=4)]
    assert sizes == [4, 4, 3]
    with pytest.raises(ClientError) as error:
        trail.lookup_events(MaxResults=51)
    assert error.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (by("AccessKeyId", "UDIRABCDEFGHIJKLMNOP"), "InvalidLookupAttributesException"),
        (
            {"LookupAttributes": [by("EventName", "a")["LookupAttributes"][0]] * 2},
            "InvalidLookupAttributesException",
        ),
        (
            {"StartTime": datetime(2026, 2, 1, tzinfo=UTC), "EndTime": datetime(2026, 1, 1, tzinfo=UTC)},
            "InvalidTimeRangeException",
        ),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(trail: Any, wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as error:
        trail.lookup_events(**wrong)
    assert error.value.response["Error"]["Code"] == code
