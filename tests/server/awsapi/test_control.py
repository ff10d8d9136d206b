"""The control plane's door: only signed requests that fit AWS's models come in."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from usher.server.services import Services
from usher.server.store.audit_events import read_events
from usher.server.store.tables import admin_keys, users

KEY, SECRET, REGION = "UDIRABCDEFGHIJKLMNOP", "the-administrators-secret", "eu-central-1"
LIST_INSTANCES = "SWBExternalService.ListInstances"
Post = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def post(origin: str) -> Post:
    """`post()` sends a well signed ListInstances; arguments say what is wrong with it."""

    def send(
        body: bytes = b"{}",
        *,
        target: str = LIST_INSTANCES,
        service: str = "sso",
        region: str = REGION,
        sent_body: bytes | None = None,
        sent_headers: Mapping[str, str | None] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
        request = AWSRequest("POST", f"{origin}/", headers=headers, data=body)
        SigV4Auth(Credentials(KEY, SECRET), service, region).add_auth(request)
        signed = dict(request.headers.items())
        for name, value in (sent_headers or {}).items():
            signed.pop(name, None)
            if value is not None:
                signed[name] = value
        call = urllib.request.Request(f"{origin}/", sent_body or body, signed, method="POST")
        try:
            with urllib.request.urlopen(call) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    return send


def test_a_well_signed_request_is_answered(post: Post, services: Services) -> None:
    status, answer = post()
    assert status == 200
    assert answer["Instances"][0]["InstanceArn"] == services.instance.arn


@pytest.mark.parametrize(
    ("wrong", "type_"),
    [
        ({"sent_headers": {"Authorization": None}}, "MissingAuthenticationTokenException"),
        ({"sent_headers": {"Authorization": "Bearer abc"}}, "IncompleteSignatureException"),
        ({"sent_body": b'{"MaxResults": 1}'}, "InvalidSignatureException"),
        ({"sent_headers": {"X-Amz-Target": "AWSIdentityStore.ListUsers"}}, "InvalidSignatureException"),
        ({"sent_headers": {"X-Amz-Date": "20200101T000000Z"}}, "InvalidSignatureException"),
        ({"sent_headers": {"X-Amz-Date": "yesterday"}}, "IncompleteSignatureException"),
        ({"sent_headers": {"X-Amz-Target": "Nothing.Here"}}, "UnknownOperationException"),
        ({"sent_headers": {"X-Amz-Security-Token": "token"}}, "UnrecognizedClientException"),
        ({"sent_headers": {"Host": "elsewhere.example"}}, "InvalidSignatureException"),
        ({"service": "identitystore"}, "InvalidSignatureException"),
        ({"region": "us-east-1"}, "InvalidSignatureException"),
        ({"target": "SWBExternalService.NoSuchThing"}, "UnknownOperationException"),
        ({"target": "SWBExternalService.CreateApplication"}, "UnknownOperationException"),
        ({"body": b"not json"}, "SerializationException"),
        (
            {
                "service": "identitystore",
                "target": "AWSIdentityStore.CreateGroup",
                "body": b'{"IdentityStoreId": "d-0123456789", "DisplayName": "a\\ud800b"}',
            },
            "SerializationException",
        ),
        ({"body": b"[]"}, "SerializationException"),
        ({"body": b"[" * 100_000}, "SerializationException"),
        ({"body": b'{"MaxResults": 0}'}, "ValidationException"),
        ({"body": b'{"MaxResults": "many", "Nothing": 1}'}, "ValidationException"),
        ({"body": b" " * 1_048_577}, "RequestEntityTooLargeException"),
    ],
)
def test_a_request_that_is_not_right_is_refused(post: Post, wrong: dict[str, Any], type_: str) -> None:
    status, answer = post(**wrong)
    assert (answer["__type"], status >= 400) == (type_, True)
    assert "Instances" not in answer


def test_a_signature_must_cover_the_operation(post: Post, origin: str) -> None:
    request = AWSRequest("POST", f"{origin}/", data=b"{}")
    SigV4Auth(Credentials(KEY, SECRET), "sso", REGION).add_auth(request)
    headers = {**dict(request.headers.items()), "X-Amz-Target": LIST_INSTANCES}
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(urllib.request.Request(f"{origin}/", b"{}", headers, method="POST"))
    assert json.load(error.value)["__type"] == "InvalidSignatureException"


@pytest.mark.parametrize(("minutes", "accepted"), [(4, True), (-4, True), (6, False), (-6, False)])
def test_five_minutes_of_clock_skew_are_allowed(
    post: Post, services: Services, clock: Any, minutes: int, accepted: bool
) -> None:
    clock.now += minutes * 60
    assert (post()[0] == 200) is accepted


def test_a_signature_of_another_day_is_refused(post: Post, clock: Any) -> None:
    clock.now += 86_400
    assert post()[1]["__type"] == "InvalidSignatureException"


def test_a_date_that_is_not_the_scopes_is_refused(post: Post) -> None:
    from datetime import UTC, datetime, timedelta

    other_day = datetime.now(UTC) - timedelta(days=1)
    status, answer = post(sent_headers={"X-Amz-Date": other_day.strftime("%Y%m%dT%H%M%SZ")})
    assert (status, answer["__type"]) == (403, "InvalidSignatureException")


@pytest.mark.parametrize(("key", "secret"), [("UDIRAAAAAAAAAAAAAAAA", SECRET), (KEY, "another-secret")])
def test_a_wrong_key_is_refused(client: Callable[..., Any], key: str, secret: str) -> None:
    with pytest.raises(ClientError) as error:
        client("sso-admin", key=key, secret=secret).list_instances()
    assert error.value.response["Error"]["Code"] in {
        "UnrecognizedClientException",
        "InvalidSignatureException",
    }


def test_a_key_that_was_switched_off_is_refused(client: Callable[..., Any], services: Services) -> None:
    with services.database.change("test") as change:
        change.connection.execute(admin_keys.update().values(active=False))
        change.record("test:Deactivate", KEY)
    with pytest.raises(ClientError) as error:
        client("sso-admin").list_instances()
    assert error.value.response["Error"]["Code"] == "UnrecognizedClientException"


def test_each_change_is_in_the_audit_log_under_its_administrator(
    client: Callable[..., Any], services: Services
) -> None:
    client("identitystore").create_group(IdentityStoreId="d-0123456789", DisplayName="devops")
    with services.database.read() as connection:
        last = list(read_events(connection))[-1]
    assert (last.actor, last.action) == ("admin@mkdev.example", "identitystore:CreateGroup")


def test_an_answer_that_breaks_the_model_is_not_sent(client: Callable[..., Any], services: Services) -> None:
    with services.database.change("test") as change:
        change.connection.execute(
            users.insert().values(
                id="not an id",
                user_name="x",
                user_name_folded="x",
                display_name="X",
                given_name="X",
                family_name="X",
                attributes={},
                active=True,
                revision=1,
                created_at=1.0,
                updated_at=1.0,
            )
        )
        change.record("test:Corrupt", "x")
    with pytest.raises(ClientError) as error:
        client("identitystore").list_users(IdentityStoreId="d-0123456789")
    assert error.value.response["Error"]["Code"] == "InternalServerException"


@pytest.mark.parametrize("end", ["disabled", "deleted"])
def test_a_key_is_worth_nothing_without_its_owner(
    client: Callable[..., Any], services: Services, end: str
) -> None:
    with services.database.change("test") as change:
        if end == "disabled":
            change.connection.execute(users.update().values(active=False))
        else:
            change.connection.execute(users.delete())
        change.record("test:End", end)
    with pytest.raises(ClientError) as error:
        client("sso-admin").list_instances()
    assert error.value.response["Error"]["Code"] == "UnrecognizedClientException"
