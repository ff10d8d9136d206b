"""What goes over the wire to `identitystore`, and how its answers are understood."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from usher.apply.ports import Membership
from usher.aws.identity_store import IdentityStore
from usher.core.errors import BusyError, UsherError
from usher.core.ids import IdentityStoreId, InstanceArn, PrincipalId
from usher.core.organization import Instance
from usher.core.principals import Group, User

STORE = "d-0123456789"
INSTANCE = Instance(InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId(STORE))
ANA_ID = PrincipalId("11111111-2222-3333-4444-555555555555")
DEVS_ID = PrincipalId("99999999-2222-3333-4444-555555555555")
ANA = User("ana", "Ana Lee", "Ana", "Lee", "ana@mkdev.example")
TAKEN = {"Reason": "UNIQUENESS_CONSTRAINT_VIOLATION"}


@pytest.fixture
def store(aws: Any) -> IdentityStore:
    return IdentityStore(aws.calls("identitystore"), INSTANCE)


def test_users_are_read_with_their_primary_email(aws: Any, store: IdentityStore) -> None:
    emails = [{"Value": "old@x.example"}, {"Value": "ana@mkdev.example", "Primary": True}]
    item = {
        "UserId": ANA_ID,
        "UserName": "ana",
        "DisplayName": "Ana Lee",
        "Name": {"GivenName": "Ana", "FamilyName": "Lee"},
        "Emails": emails,
    }
    aws.answer("ListUsers", {"Users": [item], "NextToken": "t"}, {"Users": [{"UserId": DEVS_ID}]})
    assert store.list_users() == {ANA_ID: ANA, DEVS_ID: User(DEVS_ID, "", "", "")}


def test_groups_and_members_are_read(aws: Any, store: IdentityStore) -> None:
    aws.answer("ListGroups", {"Groups": [{"GroupId": DEVS_ID, "DisplayName": "devs", "Description": "d"}]})
    member = {"MembershipId": "m1", "MemberId": {"UserId": ANA_ID}}
    aws.answer("ListGroupMemberships", {"GroupMemberships": [member]})
    assert store.list_groups() == {DEVS_ID: Group("devs", "d")}
    assert store.list_members(DEVS_ID) == [Membership("m1", ANA_ID)]


def test_a_user_is_added_with_what_identity_center_needs(aws: Any, store: IdentityStore) -> None:
    aws.answer("CreateUser", {"UserId": ANA_ID})
    assert store.create_user(ANA) == ANA_ID
    assert aws.asked_for("CreateUser") == [
        {
            "IdentityStoreId": STORE,
            "UserName": "ana",
            "DisplayName": "Ana Lee",
            "Name": {"GivenName": "Ana", "FamilyName": "Lee"},
            "Emails": [{"Value": "ana@mkdev.example", "Type": "work", "Primary": True}],
        }
    ]


def test_a_user_that_exists_already_is_used(aws: Any, store: IdentityStore) -> None:
    aws.refuse("CreateUser", "ConflictException", **TAKEN)
    aws.answer("GetUserId", {"UserId": ANA_ID})
    assert store.create_user(ANA) == ANA_ID


def test_an_email_address_of_somebody_else_is_a_failure(aws: Any, store: IdentityStore) -> None:
    aws.refuse("CreateUser", "ConflictException", **TAKEN)
    aws.refuse("GetUserId", "ResourceNotFoundException")
    with pytest.raises(UsherError) as told:
        store.create_user(ANA)
    assert not isinstance(told.value, BusyError)


def test_a_conflict_that_passes_is_tried_again_by_the_caller(aws: Any, store: IdentityStore) -> None:
    aws.refuse("CreateUser", "ConflictException", Reason="CONCURRENT_MODIFICATION")
    with pytest.raises(BusyError):
        store.create_user(ANA)


def test_only_what_differs_is_updated_and_emails_are_replaced_whole(aws: Any, store: IdentityStore) -> None:
    store.update_user(ANA_ID, ANA, replace(ANA, family_name="Roe", email="a@x.example"))
    [asked] = aws.asked_for("UpdateUser")
    assert asked["Operations"] == [
        {"AttributePath": "name.familyName", "AttributeValue": "Roe"},
        {
            "AttributePath": "emails",
            "AttributeValue": [{"value": "a@x.example", "type": "work", "primary": True}],
        },
    ]


def test_an_email_that_goes_is_removed(aws: Any, store: IdentityStore) -> None:
    store.update_user(ANA_ID, ANA, replace(ANA, email="", display_name="A", given_name="B"))
    [asked] = aws.asked_for("UpdateUser")
    assert asked["Operations"][-1] == {"AttributePath": "emails"}


def test_groups_are_made_described_and_found(aws: Any, store: IdentityStore) -> None:
    aws.answer("CreateGroup", {"GroupId": DEVS_ID})
    assert store.create_group("devs", "") == DEVS_ID
    store.update_group(DEVS_ID, "new")
    store.update_group(DEVS_ID, "")
    assert aws.asked_for("CreateGroup") == [{"IdentityStoreId": STORE, "DisplayName": "devs"}]
    assert [each["Operations"] for each in aws.asked_for("UpdateGroup")] == [
        [{"AttributePath": "description", "AttributeValue": "new"}],
        [{"AttributePath": "description"}],
    ]
    aws.refuse("CreateGroup", "ConflictException", **TAKEN)
    aws.answer("GetGroupId", {"GroupId": DEVS_ID})
    assert store.create_group("devs", "d") == DEVS_ID
    aws.refuse("GetGroupId", "ResourceNotFoundException")
    with pytest.raises(UsherError):
        store.create_group("devs", "d")


def test_joining_twice_and_leaving_twice_are_done(aws: Any, store: IdentityStore) -> None:
    aws.refuse("CreateGroupMembership", "ConflictException", **TAKEN)
    store.add_member(DEVS_ID, ANA_ID)
    aws.refuse("DeleteGroupMembership", "ResourceNotFoundException")
    store.remove_member("m1")
    aws.refuse("CreateGroupMembership", "ValidationException")
    with pytest.raises(UsherError):
        store.add_member(DEVS_ID, ANA_ID)
