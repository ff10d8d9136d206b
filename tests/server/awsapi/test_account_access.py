"""Account Access Manager as real clients speak it: boto3, and the port that `usher access` uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from usher.aws.account_access import CURSOR, AccountAccess
from usher.aws.calls import ServiceCalls
from usher.aws.clients import AwsKeys, AwsSettings
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, PrincipalId, RoleArn
from usher.core.organization import Instance
from usher.core.principals import PrincipalKind
from usher.core.secrets import Secret
from usher.server.services import Services
from usher.server.store.audit_events import read_events

ROLE = "arn:aws:iam::222222222222:role/apps/deploy"
SOMEBODY = "00000000-0000-0000-0000-00000000000a"
STRANGER = "9e50bbf9-1288-4035-955a-2279ba6f5202"
Client = Callable[..., Any]


@pytest.fixture
def manager(client: Client) -> Any:
    return client("account-access")


@pytest.fixture
def application(manager: Any, services: Services) -> str:
    made = manager.create_application(
        identitySource={"identityCenter": {"instanceArn": services.instance.arn}}
    )
    return str(made["applicationArn"])


@pytest.fixture
def new_group(client: Client, services: Services) -> Callable[[str], str]:
    """`new_group(name)` makes a group and gives its id."""
    store = client("identitystore")

    def make(name: str) -> str:
        made = store.create_group(IdentityStoreId=services.instance.identity_store_id, DisplayName=name)
        return str(made["GroupId"])

    return make


def entitled(member: str, principal: str, role: str = ROLE) -> dict[str, Any]:
    return {"principalRole": {"principal": {"identityCenter": {member: principal}}, "roleArn": role}}


def code_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_an_instance_has_one_application_however_often_it_is_made(
    manager: Any, services: Services, application: str
) -> None:
    source = {"identityCenter": {"instanceArn": services.instance.arn}}
    assert manager.create_application(identitySource=source)["applicationArn"] == application
    assert [each["applicationArn"] for each in manager.list_applications()["applications"]] == [application]
    found = manager.get_application(applicationArn=application)
    assert (found["identitySource"], found["status"]) == (source, "ACTIVE")
    with pytest.raises(ClientError) as error:
        manager.create_application(identitySource=source, tags={"team": "web"})
    assert code_of(error)[0] == "AlreadyCreatedException"


def test_an_application_of_another_instance_cannot_be_made(manager: Any) -> None:
    other = {"identityCenter": {"instanceArn": "arn:aws:sso:::instance/ssoins-ffffffffffffffff"}}
    with pytest.raises(ClientError) as error:
        manager.create_application(identitySource=other)
    assert code_of(error) == ("ResourceNotFoundException", 404)


def test_an_application_goes_when_nobody_is_entitled_any_more(manager: Any, application: str) -> None:
    made = manager.create_entitlement(applicationArn=application, entitlement=entitled("userId", SOMEBODY))
    with pytest.raises(ClientError) as error:
        manager.delete_application(applicationArn=application)
    assert code_of(error) == ("ConflictException", 409)
    manager.delete_entitlement(applicationArn=application, entitlementId=made["entitlementId"])
    manager.delete_application(applicationArn=application)
    manager.delete_application(applicationArn=application)
    assert manager.list_applications()["applications"] == []


def test_a_tagged_application_takes_its_tags_along(manager: Any, services: Services) -> None:
    source = {"identityCenter": {"instanceArn": services.instance.arn}}
    arn = manager.create_application(identitySource=source, tags={"team": "web"})["applicationArn"]
    manager.tag_resource(resourceArn=arn, tags={"cost": "7"})
    manager.untag_resource(resourceArn=arn, tagKeys=["team", "none"])
    assert manager.list_tags_for_resource(resourceArn=arn)["tags"] == {"cost": "7"}
    manager.delete_application(applicationArn=arn)
    again = manager.create_application(identitySource=source)["applicationArn"]
    assert manager.list_tags_for_resource(resourceArn=again)["tags"] == {}


def test_granting_twice_gives_the_same_entitlement(manager: Any, application: str) -> None:
    grant = {"applicationArn": application, "entitlement": entitled("userId", SOMEBODY)}
    first = manager.create_entitlement(**grant)["entitlementId"]
    assert manager.create_entitlement(**grant)["entitlementId"] == first
    found = manager.get_entitlement(applicationArn=application, entitlementId=first)
    assert found["entitlement"]["principalRole"]["accountName"] == "staging"


@pytest.mark.parametrize(
    "wanted",
    [
        {"principal": {"identityCenter": {"userId": SOMEBODY}}},
        {"roleArn": ROLE},
        {"account": "222222222222"},
        {"account": "222222222222", "roleArn": ROLE},
    ],
)
def test_entitlements_are_listed_by_principal_role_or_account(
    manager: Any, application: str, wanted: dict[str, Any]
) -> None:
    made = manager.create_entitlement(applicationArn=application, entitlement=entitled("userId", SOMEBODY))
    found = manager.list_entitlements(applicationArn=application, filter={"principalRole": wanted})
    assert [each["entitlementId"] for each in found["entitlements"]] == [made["entitlementId"]]
    elsewhere = {"principalRole": {"account": "333333333333"}}
    assert manager.list_entitlements(applicationArn=application, filter=elsewhere)["entitlements"] == []


@pytest.mark.parametrize("empty", [{}, {"principalRole": {}}])
def test_a_list_without_a_filter_is_refused_as_at_aws(
    manager: Any, application: str, empty: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as error:
        manager.list_entitlements(applicationArn=application, filter=empty)
    assert code_of(error) == ("ValidationException", 400)


def test_long_lists_come_in_pages(manager: Any, application: str) -> None:
    for number in range(3):
        role = f"{ROLE}{number}"
        manager.create_entitlement(applicationArn=application, entitlement=entitled("userId", SOMEBODY, role))
    wanted = {"principalRole": {"account": "222222222222"}}
    pages = manager.get_paginator("list_entitlements").paginate(
        applicationArn=application, filter=wanted, PaginationConfig={"PageSize": 2}
    )
    assert [len(page["entitlements"]) for page in pages] == [2, 1]


@pytest.mark.parametrize(
    ("member", "principal", "role"),
    [
        ("userId", STRANGER, ROLE),
        ("groupId", STRANGER, ROLE),
        ("userId", SOMEBODY, "arn:aws:iam::999999999999:role/deploy"),
    ],
)
def test_strangers_and_strange_accounts_are_not_found(
    manager: Any, application: str, member: str, principal: str, role: str
) -> None:
    with pytest.raises(ClientError) as error:
        manager.create_entitlement(applicationArn=application, entitlement=entitled(member, principal, role))
    assert code_of(error) == ("ResourceNotFoundException", 404)


def test_a_role_takes_twenty_groups_and_no_more(
    manager: Any, application: str, new_group: Callable[[str], str]
) -> None:
    for number in range(20):
        grant = entitled("groupId", new_group(f"group{number}"))
        manager.create_entitlement(applicationArn=application, entitlement=grant)
    one_more = entitled("groupId", new_group("one more"))
    with pytest.raises(ClientError) as error:
        manager.create_entitlement(applicationArn=application, entitlement=one_more)
    assert code_of(error) == ("ServiceQuotaExceededException", 402)


def test_an_entitlement_outlives_its_principal_under_the_dead_id(
    manager: Any, application: str, new_group: Callable[[str], str], client: Client, services: Services
) -> None:
    group = new_group("passing")
    manager.create_entitlement(applicationArn=application, entitlement=entitled("groupId", group))
    client("identitystore").delete_group(IdentityStoreId=services.instance.identity_store_id, GroupId=group)
    found = manager.list_entitlements(
        applicationArn=application, filter={"principalRole": {"roleArn": ROLE}}
    )["entitlements"]
    assert found[0]["entitlement"]["principalRole"]["principal"] == {"identityCenter": {"groupId": group}}


def test_every_change_is_in_the_audit_log_and_nothing_else(
    manager: Any, application: str, services: Services
) -> None:
    grant = {"applicationArn": application, "entitlement": entitled("userId", SOMEBODY)}
    made = manager.create_entitlement(**grant)["entitlementId"]
    manager.create_entitlement(**grant)
    for _ in range(2):
        manager.delete_entitlement(applicationArn=application, entitlementId=made)
    with services.database.read() as connection:
        actions = [each.action for each in read_events(connection)]
    assert [each for each in actions if each.startswith("account-access")] == [
        "account-access:CreateApplication",
        "account-access:CreateEntitlement",
        "account-access:DeleteEntitlement",
    ]


def test_what_is_not_there_is_not_found(manager: Any, application: str) -> None:
    other = application[:-4] + "ffff"
    for call, members in (
        (manager.get_application, {"applicationArn": other}),
        (manager.get_entitlement, {"applicationArn": application, "entitlementId": "none"}),
        (manager.list_tags_for_resource, {"resourceArn": other}),
    ):
        with pytest.raises(ClientError) as error:
            call(**members)
        assert code_of(error) == ("ResourceNotFoundException", 404)


def test_a_wrong_signature_is_refused_here_too(client: Client) -> None:
    with pytest.raises(ClientError) as error:
        client("account-access", secret="another-secret").list_applications()
    assert code_of(error) == ("InvalidSignatureException", 403)


def test_the_port_of_usher_access_grants_lists_and_ends_entitlements(
    origin: str, services: Services, application: str
) -> None:
    keys = AwsKeys("UDIRABCDEFGHIJKLMNOP", Secret("the-administrators-secret"))
    settings = AwsSettings(services.config.region, endpoint_url=origin, keys=keys)
    instance = Instance(
        InstanceArn(services.instance.arn), IdentityStoreId(services.instance.identity_store_id)
    )
    port = AccountAccess(ServiceCalls("account-access", settings, cursor=CURSOR), instance)
    made = port.create_entitlement(PrincipalKind.USER, PrincipalId(SOMEBODY), RoleArn(ROLE))
    found = port.list_entitlements_in(AccountId("222222222222"))
    assert [(each.id, each.principal_id, each.role) for each in found] == [(made, SOMEBODY, ROLE)]
    port.delete_entitlement(made)
    assert port.list_entitlements_in(AccountId("222222222222")) == []
