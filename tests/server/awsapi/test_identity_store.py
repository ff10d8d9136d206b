"""identitystore, as boto3 sees it: users, groups, memberships, and who may not be doubled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

STORE = {"IdentityStoreId": "d-0123456789"}
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def store(client: Callable[..., Any]) -> Any:
    return client("identitystore")


def make_user(store: Any, name: str, **more: Any) -> str:
    created = store.create_user(
        **STORE,
        UserName=name,
        DisplayName=name.title(),
        Name={"GivenName": "Example", "FamilyName": "Person"},
        **more,
    )
    return str(created["UserId"])


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_user_comes_back_as_created(store: Any) -> None:
    emails = [{"Value": "operator@mkdev.example", "Type": "work", "Primary": True}]
    user_id = make_user(store, "operator", Emails=emails, Title="Operator")
    user = store.describe_user(**STORE, UserId=user_id)
    assert (user["UserName"], user["Emails"], user["Title"]) == ("operator", emails, "Operator")
    assert user["Name"] == {"GivenName": "Example", "FamilyName": "Person"}
    assert user["UserStatus"] == "ENABLED"


@pytest.mark.parametrize(
    "missing",
    [
        {"DisplayName": "X", "Name": {"GivenName": "G", "FamilyName": "F"}},
        {"UserName": "x", "Name": {"GivenName": "G", "FamilyName": "F"}},
        {"UserName": "x", "DisplayName": "X", "Name": {"GivenName": "G"}},
        {"UserName": "x", "DisplayName": "X"},
        {"UserName": "Administrator", "DisplayName": "X", "Name": {"GivenName": "G", "FamilyName": "F"}},
        {"UserName": "a b", "DisplayName": "X", "Name": {"GivenName": "G", "FamilyName": "F"}},
    ],
)
def test_a_user_needs_a_name_that_is_not_reserved(store: Any, missing: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as error:
        store.create_user(**STORE, **missing)
    assert code(error) == "ValidationException"


def test_names_and_emails_are_unique_in_any_case(store: Any) -> None:
    make_user(store, "operator", Emails=[{"Value": "operator@mkdev.example"}])
    for name, email in (("OPERATOR", "other@mkdev.example"), ("other", "Operator@MKDEV.example")):
        with pytest.raises(ClientError) as error:
            make_user(store, name, Emails=[{"Value": email}])
        assert code(error) == "ConflictException"
        assert error.value.response["Reason"] == "UNIQUENESS_CONSTRAINT_VIOLATION"


def test_users_are_found_by_name_and_email(store: Any) -> None:
    user_id = make_user(store, "operator", Emails=[{"Value": "operator@mkdev.example"}])

    def find(path: str, value: str) -> str:
        attribute = {"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}}
        return str(store.get_user_id(**STORE, AlternateIdentifier=attribute)["UserId"])

    assert find("userName", "Operator") == find("emails.value", "operator@mkdev.example") == user_id
    for path, value, expected in (
        ("userName", "nobody", "ResourceNotFoundException"),
        ("title", "x", "ValidationException"),
    ):
        with pytest.raises(ClientError) as error:
            find(path, value)
        assert code(error) == expected
    with pytest.raises(ClientError) as error:
        store.get_user_id(
            **STORE, AlternateIdentifier={"ExternalId": {"Issuer": "https://idp.example", "Id": "7"}}
        )
    assert code(error) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        store.get_user_id(
            **STORE,
            AlternateIdentifier={"UniqueAttribute": {"AttributePath": "userName", "AttributeValue": 7}},
        )
    assert code(error) == "ValidationException"


def test_users_are_listed_by_page_and_by_name(store: Any) -> None:
    made = {make_user(store, f"user{n}") for n in range(5)}
    pages = store.get_paginator("list_users").paginate(**STORE, PaginationConfig={"PageSize": 2})
    assert made < {user["UserId"] for page in pages for user in page["Users"]}

    def named(path: str, value: str) -> list[str]:
        filters = [{"AttributePath": path, "AttributeValue": value}]
        return [user["UserName"] for user in store.list_users(**STORE, Filters=filters)["Users"]]

    assert named("UserName", "USER3") == ["user3"]
    assert named("UserName", "nobody") == []
    with pytest.raises(ClientError) as error:
        named("Title", "x")
    assert code(error) == "ValidationException"


def test_a_user_is_updated_attribute_by_attribute(store: Any) -> None:
    user_id = make_user(store, "operator", Title="Operator")
    store.update_user(
        **STORE,
        UserId=user_id,
        Operations=[
            {"AttributePath": "displayName", "AttributeValue": "New Name"},
            {"AttributePath": "name.givenName", "AttributeValue": "New"},
            {"AttributePath": "emails", "AttributeValue": [{"value": "new@mkdev.example", "primary": True}]},
            {"AttributePath": "title"},
        ],
    )
    user = store.describe_user(**STORE, UserId=user_id)
    assert (user["DisplayName"], user["Name"]["GivenName"]) == ("New Name", "New")
    assert user["Emails"] == [{"Value": "new@mkdev.example", "Primary": True}]
    assert "Title" not in user
    for wrong in ({"AttributePath": "active", "AttributeValue": "x"}, {"AttributePath": "name.givenName"}):
        with pytest.raises(ClientError) as error:
            store.update_user(**STORE, UserId=user_id, Operations=[wrong])
        assert code(error) == "ValidationException"


def test_what_does_not_exist_is_not_found(store: Any) -> None:
    calls = [
        lambda: store.describe_user(**STORE, UserId=NOBODY),
        lambda: store.delete_user(**STORE, UserId=NOBODY),
        lambda: store.describe_group(**STORE, GroupId=NOBODY),
        lambda: store.describe_group_membership(**STORE, MembershipId=NOBODY),
        lambda: store.list_group_memberships_for_member(**STORE, MemberId={"UserId": NOBODY}),
        lambda: store.list_users(IdentityStoreId="d-9999999999"),
    ]
    for call in calls:
        with pytest.raises(ClientError) as error:
            call()
        assert code(error) == "ResourceNotFoundException"
        assert error.value.response["ResourceType"]


def test_groups_are_created_found_updated_and_deleted(store: Any) -> None:
    group_id = store.create_group(**STORE, DisplayName="developers", Description="They develop")["GroupId"]
    for wrong in ({"DisplayName": "DEVELOPERS"}, {"DisplayName": "administrator"}, {}):
        with pytest.raises(ClientError) as error:
            store.create_group(**STORE, **wrong)
        assert code(error) in {"ConflictException", "ValidationException"}
    attribute = {"UniqueAttribute": {"AttributePath": "displayName", "AttributeValue": "Developers"}}
    assert store.get_group_id(**STORE, AlternateIdentifier=attribute)["GroupId"] == group_id
    store.update_group(
        **STORE,
        GroupId=group_id,
        Operations=[
            {"AttributePath": "displayName", "AttributeValue": "devs"},
            {"AttributePath": "description"},
        ],
    )
    group = store.describe_group(**STORE, GroupId=group_id)
    assert group["DisplayName"] == "devs"
    assert "Description" not in group
    with pytest.raises(ClientError) as error:
        store.update_group(**STORE, GroupId=group_id, Operations=[{"AttributePath": "members"}])
    assert code(error) == "ValidationException"

    def named(path: str, value: str) -> list[str]:
        filters = [{"AttributePath": path, "AttributeValue": value}]
        return [item["GroupId"] for item in store.list_groups(**STORE, Filters=filters)["Groups"]]

    assert (named("DisplayName", "DEVS"), named("DisplayName", "ops")) == ([group_id], [])
    with pytest.raises(ClientError) as error:
        named("Description", "x")
    assert code(error) == "ValidationException"
    store.delete_group(**STORE, GroupId=group_id)
    assert store.list_groups(**STORE)["Groups"] == []
    for path in ("displayName", "description"):
        attribute = {"UniqueAttribute": {"AttributePath": path, "AttributeValue": "devs"}}
        with pytest.raises(ClientError):
            store.get_group_id(**STORE, AlternateIdentifier=attribute)


def test_a_membership_exists_once_and_goes_with_its_group(store: Any) -> None:
    user_id = make_user(store, "operator")
    group_id = store.create_group(**STORE, DisplayName="devops")["GroupId"]
    member = {"GroupId": group_id, "MemberId": {"UserId": user_id}}
    with pytest.raises(ClientError) as error:
        store.get_group_membership_id(**STORE, **member)
    assert code(error) == "ResourceNotFoundException"
    membership = store.create_group_membership(**STORE, **member)["MembershipId"]
    with pytest.raises(ClientError) as error:
        store.create_group_membership(**STORE, **member)
    assert code(error) == "ConflictException"
    with pytest.raises(ClientError) as error:
        store.create_group_membership(**STORE, GroupId=group_id, MemberId={"UserId": NOBODY})
    assert code(error) == "ResourceNotFoundException"
    assert store.get_group_membership_id(**STORE, **member)["MembershipId"] == membership
    assert store.describe_group_membership(**STORE, MembershipId=membership)["GroupId"] == group_id
    listed = store.list_group_memberships(**STORE, GroupId=group_id)["GroupMemberships"]
    mine = store.list_group_memberships_for_member(**STORE, MemberId=member["MemberId"])["GroupMemberships"]
    assert (
        [item["MembershipId"] for item in listed] == [item["MembershipId"] for item in mine] == [membership]
    )
    results = store.is_member_in_groups(**STORE, MemberId=member["MemberId"], GroupIds=[group_id, NOBODY])
    assert [item["MembershipExists"] for item in results["Results"]] == [True, False]
    store.delete_group_membership(**STORE, MembershipId=membership)
    assert store.list_group_memberships(**STORE, GroupId=group_id)["GroupMemberships"] == []
    store.create_group_membership(**STORE, **member)
    store.delete_group(**STORE, GroupId=group_id)
    assert (
        store.list_group_memberships_for_member(**STORE, MemberId=member["MemberId"])["GroupMemberships"]
        == []
    )


def test_a_deleted_users_name_is_free_again_under_a_new_id(store: Any) -> None:
    old = make_user(store, "operator")
    store.delete_user(**STORE, UserId=old)
    assert make_user(store, "operator") != old


def test_a_change_that_expects_another_revision_is_refused(store: Any) -> None:
    user_id = make_user(store, "operator")
    group_id = store.create_group(**STORE, DisplayName="devops")["GroupId"]
    title = [{"AttributePath": "title", "AttributeValue": "Operator"}]
    changed = store.update_user(**STORE, UserId=user_id, Operations=title, Revision="1")
    assert changed["Revision"] == "2"
    stale = [
        lambda: store.update_user(**STORE, UserId=user_id, Operations=title, Revision="1"),
        lambda: store.delete_user(**STORE, UserId=user_id, Revision="1"),
        lambda: store.delete_group(**STORE, GroupId=group_id, Revision="7"),
    ]
    for call in stale:
        with pytest.raises(ClientError) as error:
            call()
        assert error.value.response["Reason"] == "CONCURRENT_MODIFICATION"


def test_objects_may_be_named_by_their_arns(store: Any) -> None:
    user_id = make_user(store, "operator")
    arn = store.describe_user(**STORE, UserId=user_id)["UserArn"]
    assert store.describe_user(**STORE, UserId=arn)["UserId"] == user_id


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("title", {"a": 1}),
        ("userName", "x" * 5_000),
        ("userName", 5),
        ("emails", "x"),
        ("emails", [{"value": 5}]),
        ("displayName", ""),
    ],
)
def test_an_update_takes_only_what_a_creation_would(store: Any, path: str, value: Any) -> None:
    user_id = make_user(store, "operator")
    with pytest.raises(ClientError) as error:
        store.update_user(
            **STORE, UserId=user_id, Operations=[{"AttributePath": path, "AttributeValue": value}]
        )
    assert code(error) == "ValidationException"
    assert store.describe_user(**STORE, UserId=user_id)["UserName"] == "operator"
    assert store.list_users(**STORE)["Users"]


@pytest.mark.parametrize("name", ["victim\u200b", "a\ufffeb", "a\x00b", "a\u2028b", "a\u202eb"])
def test_names_hold_only_what_can_be_seen(store: Any, name: str) -> None:
    with pytest.raises(ClientError) as error:
        make_user(store, name)
    assert code(error) == "ValidationException"
