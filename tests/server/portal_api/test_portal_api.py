"""The portal API as an unmodified SDK sees it, and its exact names where SDKs do not show them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from usher.core.accounts import Account
from usher.core.errors import UnavailableError, UsherError
from usher.server.accounts import AccountList
from usher.server.awsapi.portal import portal_api_routes
from usher.server.store.assignments import StoredAssignment, delete_assignment
from usher.server.store.audit_events import read_events

STAGING, PRODUCTION, MANAGEMENT = "222222222222", "333333333333", "111111111111"


def _get(portal: Any, path: str, token: str, header: str = "x-amz-sso_bearer_token") -> dict[str, Any]:
    request = urllib.request.Request(portal.origin + path, headers={header: token})
    with urllib.request.urlopen(request) as answer:
        document: dict[str, Any] = json.load(answer)
    return document


def test_a_person_sees_the_accounts_they_may_enter(portal: Any, developer: str) -> None:
    found = portal.client().list_accounts(accessToken=developer)
    assert [(item["accountId"], item["accountName"]) for item in found["accountList"]] == [
        (STAGING, "staging"),
        (PRODUCTION, "production"),
    ]
    assert "nextToken" not in found


def test_a_person_sees_permission_sets_by_their_names(portal: Any, developer: str) -> None:
    found = portal.client().list_account_roles(accessToken=developer, accountId=STAGING)
    assert found["roleList"] == [
        {"roleName": name, "accountId": STAGING}
        for name in ("AdministratorAccess", "Billing", "ReadOnlyAccess")
    ]


def test_a_person_without_assignments_sees_no_account(portal: Any) -> None:
    found = portal.client().list_accounts(accessToken=portal.sign_in("operator"))
    assert found["accountList"] == []


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pages_of_any_size_hold_everything_once(portal: Any, developer: str, size: int) -> None:
    pages = (
        portal.client()
        .get_paginator("list_account_roles")
        .paginate(accessToken=developer, accountId=STAGING, PaginationConfig={"PageSize": size})
    )
    names = [role["roleName"] for page in pages for role in page["roleList"]]
    assert names == ["AdministratorAccess", "Billing", "ReadOnlyAccess"]
    pages = (
        portal.client()
        .get_paginator("list_accounts")
        .paginate(accessToken=developer, PaginationConfig={"PageSize": size})
    )
    assert [item["accountId"] for page in pages for item in page["accountList"]] == [STAGING, PRODUCTION]


def test_a_page_token_of_another_list_or_person_is_refused(portal: Any, developer: str) -> None:
    client = portal.client()
    token = client.list_accounts(accessToken=developer, maxResults=1)["nextToken"]
    portal.assign("operator", STAGING, "Billing")
    with pytest.raises(client.exceptions.InvalidRequestException):
        client.list_accounts(accessToken=portal.sign_in("operator"), nextToken=token)
    with pytest.raises(client.exceptions.InvalidRequestException):
        client.list_account_roles(accessToken=developer, accountId=STAGING, nextToken=token)
    with pytest.raises(client.exceptions.InvalidRequestException):
        client.list_accounts(accessToken=developer, nextToken="nonsense")


@pytest.mark.parametrize("size", ["0", "101", "many", "-1", "1e1"])
def test_a_page_size_out_of_range_is_refused(portal: Any, developer: str, size: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        _get(portal, f"/assignment/accounts?max_result={size}", developer)
    assert refused.value.code == 400


def test_keys_are_given_with_their_end_in_milliseconds(portal: Any, developer: str) -> None:
    keys = portal.client().get_role_credentials(
        accessToken=developer, accountId=STAGING, roleName="ReadOnlyAccess"
    )["roleCredentials"]
    assert keys == {
        "accessKeyId": "ASIAEXAMPLE",
        "secretAccessKey": "the-secret",
        "sessionToken": "the-token",
        "expiration": 1_800_000_000_500,
    }
    assert portal.credentials.asked == [("developer", STAGING, "ReadOnlyAccess")]


def test_the_names_on_the_wire_are_those_of_real_clients(portal: Any, developer: str) -> None:
    first = _get(portal, "/assignment/accounts?max_result=1", developer)
    second = _get(portal, f"/assignment/accounts?max_result=1&next_token={first['nextToken']}", developer)
    assert second["accountList"][0]["accountId"] == PRODUCTION
    path = f"/federation/credentials?account_id={STAGING}&role_name=ReadOnlyAccess"
    assert set(_get(portal, path, developer)) == {"roleCredentials"}


def test_the_header_is_known_with_a_hyphen_too(portal: Any, developer: str) -> None:
    found = _get(portal, "/assignment/accounts", developer, header="x-amz-sso-bearer-token")
    assert len(found["accountList"]) == 2


@pytest.mark.parametrize("token", ["", "forged", "a" * 4096])
def test_a_wrong_token_gets_the_answer_that_clients_know(portal: Any, token: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        _get(portal, "/assignment/accounts", token)
    assert refused.value.code == 401
    assert refused.value.headers["x-amzn-ErrorType"] == "UnauthorizedException"
    assert json.load(refused.value)["message"] == "Session token not found or invalid"


def test_no_access_is_said_in_awss_words(portal: Any, developer: str) -> None:
    client = portal.client()
    portal.credentials.error = portal.refusal
    with pytest.raises(ClientError) as refused:
        client.get_role_credentials(accessToken=developer, accountId=STAGING, roleName="ViewOnlyAccess")
    assert refused.value.response["Error"] == {"Code": "ForbiddenException", "Message": "No access"}
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    for account in (MANAGEMENT, "typo"):
        with pytest.raises(ClientError, match="No access"):
            client.list_account_roles(accessToken=developer, accountId=account)


def test_a_removed_assignment_is_gone_from_the_lists_at_once(portal: Any, developer: str) -> None:
    with portal.services.database.change("admin") as change:
        delete_assignment(change, StoredAssignment(PRODUCTION, "ps-ReadOnlyAccess", "USER", "developer"))
    found = portal.client().list_accounts(accessToken=developer)
    assert [item["accountId"] for item in found["accountList"]] == [STAGING]


def test_aws_being_down_and_awss_refusals_come_with_their_words(portal: Any, developer: str) -> None:
    client = portal.client()
    for error, status in ((UnavailableError("sts is tired"), 503), (UsherError("STS says no"), 400)):
        portal.credentials.error = error
        with pytest.raises(ClientError, match=error.message) as refused:
            client.get_role_credentials(accessToken=developer, accountId=STAGING, roleName="Billing")
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_logout_ends_the_session_and_is_audited(portal: Any, developer: str) -> None:
    client = portal.client()
    client.logout(accessToken=developer)
    with pytest.raises(client.exceptions.UnauthorizedException):
        client.list_accounts(accessToken=developer)
    with portal.services.database.read() as connection:
        last = list(read_events(connection))[-1]
    assert (last.actor, last.action) == ("developer@mkdev.example", "sso:EndSession")


def test_an_ended_token_is_refused(portal: Any, developer: str, clock: Any) -> None:
    clock.now += 3_601
    client = portal.client()
    with pytest.raises(client.exceptions.UnauthorizedException):
        client.list_accounts(accessToken=developer)


def test_a_name_that_no_permission_set_can_have_opens_nothing(portal: Any, developer: str) -> None:
    with pytest.raises(ClientError, match="No access"):
        portal.client().get_role_credentials(accessToken=developer, accountId=STAGING, roleName="x" * 5_000)
    assert portal.credentials.asked == []


@pytest.mark.parametrize("path", ["/assignment/roles", "/federation/credentials?account_id=222222222222"])
def test_what_is_left_out_is_named(portal: Any, developer: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        _get(portal, path, developer)
    assert refused.value.code == 400
    assert "is required" in json.load(refused.value)["message"]


def test_people_get_in_by_id_while_the_organization_does_not_answer(
    portal: Any, developer: str, serve: Any
) -> None:
    def unreachable() -> tuple[Account, ...]:
        raise UnavailableError("organizations cannot be reached")

    services = replace(portal.services, accounts=AccountList(unreachable, portal.services.database.now))
    portal.origin = serve(portal_api_routes(services))
    found = portal.client().list_accounts(accessToken=developer)["accountList"]
    assert [(item["accountId"], item["accountName"]) for item in found] == [
        (STAGING, STAGING),
        (PRODUCTION, PRODUCTION),
    ]
