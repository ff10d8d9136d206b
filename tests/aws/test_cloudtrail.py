"""Records of CloudTrail's event history, as AWS writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from usher.aws.cloudtrail import AuditTrail

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ARN = "arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef"


class Calls:
    """Answers LookupEvents with `items`, and notes what was asked."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = items
        self.asked: dict[str, Any] = {}

    def pages(self, operation: str, items: str, what: str, **parameters: object) -> Iterator[Any]:
        self.asked = {"operation": operation, "items": items, "what": what, **parameters}
        yield from self.items


def item(identity: dict[str, Any], **record: Any) -> dict[str, Any]:
    told = {
        "userIdentity": identity,
        "requestParameters": {
            "permissionSetArn": ARN,
            "principalId": "g-1",
            "targetId": "222222222222",
            "nested": [{"memberId": {"userId": "u-1"}}, 7],
        },
        "responseElements": {"requestId": "r-1"},
        **record,
    }
    return {
        "EventName": "CreateAccountAssignment",
        "EventTime": AT,
        "Username": "fallback",
        "CloudTrailEvent": json.dumps(told),
    }


def who(identity: dict[str, Any]) -> str:
    [event] = AuditTrail(Calls(item(identity))).events("CreateAccountAssignment")  # type: ignore[arg-type]
    return event.by


def test_an_event_is_asked_for_by_name_and_tells_every_id_of_its_request() -> None:
    calls = Calls(item({"type": "IAMUser", "userName": "bob"}))
    [event] = AuditTrail(calls).events("CreateAccountAssignment")  # type: ignore[arg-type]
    assert calls.asked["LookupAttributes"] == [
        {"AttributeKey": "EventName", "AttributeValue": "CreateAccountAssignment"}
    ]
    assert (event.name, event.at, event.by) == ("CreateAccountAssignment", AT, "bob")
    assert event.mentions == {ARN, "g-1", "222222222222", "u-1", "r-1"}


@pytest.mark.parametrize(
    ("identity", "by"),
    [
        (
            {
                "type": "AssumedRole",
                "arn": "arn:aws:sts::111111111111:assumed-role/"
                "AWSReservedSSO_Admin_0123456789abcdef/ana@x.example",
            },
            "ana@x.example",
        ),
        (
            {"type": "AssumedRole", "arn": "arn:aws:sts::111111111111:assumed-role/Deployer/build-7"},
            "arn:aws:sts::111111111111:assumed-role/Deployer/build-7",
        ),
        (
            {"type": "Root", "accountId": "111111111111", "arn": "arn:aws:iam::111111111111:root"},
            "the root user of 111111111111",
        ),
        ({"type": "AWSService", "invokedBy": "sso.amazonaws.com"}, "sso.amazonaws.com"),
        ({}, "fallback"),
    ],
)
def test_whoever_acted_is_named_in_few_words(identity: dict[str, Any], by: str) -> None:
    assert who(identity) == by


def test_a_person_of_identity_center_is_told_by_id_since_2025() -> None:
    store = "arn:aws:identitystore::111111111111:identitystore/d-0123456789"
    identity = {"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-9", "identityStoreArn": store}}
    [event] = AuditTrail(Calls(item(identity))).events("x")  # type: ignore[arg-type]
    assert event.by_user_id == "u-9"


@pytest.mark.parametrize(
    "broken",
    [
        item({}, errorCode="AccessDenied"),
        {"EventName": "x", "EventTime": AT, "CloudTrailEvent": "{"},
        {"EventName": "x", "EventTime": AT, "CloudTrailEvent": "[]"},
        {"EventName": "x", "EventTime": AT},
    ],
)
def test_what_failed_or_cannot_be_read_made_nothing(broken: dict[str, Any]) -> None:
    assert list(AuditTrail(Calls(broken)).events("x")) == []  # type: ignore[arg-type]
