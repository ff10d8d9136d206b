"""What goes over the wire to `sso-admin`, and how its answers are understood."""

from __future__ import annotations

from typing import Any

import pytest

from usher.apply.ports import Grant, Request, RequestKind, RequestState
from usher.aws.instances import read_instance
from usher.aws.sso_admin import SsoAdmin
from usher.core.errors import (
    BusyError,
    NoAccessError,
    NotFoundError,
    UnavailableError,
    UsageError,
    UsherError,
)
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, PermissionSetArn, PrincipalId
from usher.core.organization import Instance
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument, policy_document
from usher.core.principals import PrincipalKind
from usher.plan.changes import PermissionSetSettings

INSTANCE = Instance(
    InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-0123456789")
)
SET = PermissionSetArn("arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef")
USER = PrincipalId("11111111-2222-3333-4444-555555555555")
GROUP = PrincipalId("99999999-2222-3333-4444-555555555555")
STAGING = AccountId("222222222222")
REQUEST = "01234567-89ab-cdef-0123-456789abcdef"
GRANT = Grant(PrincipalKind.GROUP, GROUP, SET, STAGING)


@pytest.fixture
def sso(aws: Any) -> SsoAdmin:
    return SsoAdmin(aws.calls("sso-admin"), INSTANCE)


def record(principal: str, kind: str) -> dict[str, str]:
    return {
        "AccountId": STAGING,
        "PermissionSetArn": SET,
        "PrincipalId": principal,
        "PrincipalType": kind,
    }


def test_the_only_instance_is_taken(aws: Any) -> None:
    item = {"InstanceArn": INSTANCE.arn, "IdentityStoreId": INSTANCE.identity_store_id}
    aws.answer("ListInstances", {"Instances": [item]})
    assert read_instance(aws.calls("sso-admin")) == INSTANCE


def test_no_instance_is_told_with_its_likely_cause(aws: Any) -> None:
    aws.answer("ListInstances", {"Instances": []})
    with pytest.raises(NotFoundError) as told:
        read_instance(aws.calls("sso-admin"))
    assert "--region" in told.value.hint


def test_of_several_instances_one_has_to_be_named(aws: Any) -> None:
    other = "arn:aws:sso:::instance/ssoins-aaaaaaaaaaaaaaaa"
    aws.answer(
        "ListInstances",
        {
            "Instances": [
                {"InstanceArn": arn, "IdentityStoreId": "d-0123456789"} for arn in (INSTANCE.arn, other)
            ]
        },
    )
    with pytest.raises(UsageError) as told:
        read_instance(aws.calls("sso-admin"))
    assert f"--instance-arn {other}" in told.value.hint
    assert read_instance(aws.calls("sso-admin"), other).arn == other


def test_pages_are_read_to_the_last_and_each_is_counted(aws: Any, sso: SsoAdmin) -> None:
    aws.answer("ListPermissionSets", {"PermissionSets": ["a"], "NextToken": "t1"}, {"PermissionSets": ["b"]})
    assert sso.list_permission_sets() == ["a", "b"]
    assert [each.get("NextToken") for each in aws.asked_for("ListPermissionSets")] == [None, "t1"]
    assert aws.count.by_operation == {"ListPermissionSets": 2}


def test_the_same_page_twice_is_an_error_and_no_endless_loop(aws: Any, sso: SsoAdmin) -> None:
    aws.answer("ListPermissionSets", {"PermissionSets": ["a"], "NextToken": "t1"})
    with pytest.raises(UsherError, match="same page twice"):
        sso.list_permission_sets()


def test_a_permission_set_is_read_as_our_value(aws: Any, sso: SsoAdmin) -> None:
    aws.answer(
        "DescribePermissionSet",
        {
            "PermissionSet": {
                "Name": "Read",
                "Description": " ",
                "SessionDuration": "PT1H30M",
                "RelayState": "r",
            }
        },
    )
    aws.answer(
        "ListManagedPoliciesInPermissionSet", {"AttachedManagedPolicies": [{"Arn": "arn:m", "Name": "m"}]}
    )
    aws.answer(
        "ListCustomerManagedPolicyReferencesInPermissionSet",
        {"CustomerManagedPolicyReferences": [{"Name": "c", "Path": "/p/"}, {"Name": "d"}]},
    )
    inline = '{ "Statement": {"Effect":"Allow","Action":"*","Resource":"*"} }'
    aws.answer("GetInlinePolicyForPermissionSet", {"InlinePolicy": inline})
    aws.answer(
        "GetPermissionsBoundaryForPermissionSet", {"PermissionsBoundary": {"ManagedPolicyArn": "arn:b"}}
    )
    settings = sso.read_settings(SET)
    assert settings == PermissionSet("Read", "", 5400, "r")
    assert sso.read_policies(settings, SET) == PermissionSet(
        "Read",
        "",
        5400,
        "r",
        frozenset({ManagedPolicy("arn:m")}),
        frozenset({CustomerPolicy("c", "/p/"), CustomerPolicy("d")}),
        policy_document({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}),
        ManagedPolicy("arn:b"),
    )


def test_no_boundary_is_answered_as_not_found(aws: Any, sso: SsoAdmin) -> None:
    aws.refuse("GetPermissionsBoundaryForPermissionSet", "ResourceNotFoundException")
    assert sso.read_policies(PermissionSet("Read"), SET).boundary is None


def test_a_boundary_that_may_not_be_read_is_no_missing_boundary(aws: Any, sso: SsoAdmin) -> None:
    aws.refuse("GetPermissionsBoundaryForPermissionSet", "AccessDeniedException")
    with pytest.raises(NoAccessError):
        sso.read_policies(PermissionSet("Read"), SET)


def test_a_stored_policy_that_we_would_not_write_is_kept_as_it_is(aws: Any, sso: SsoAdmin) -> None:
    aws.answer("GetInlinePolicyForPermissionSet", {"InlinePolicy": "not json"})
    assert sso.read_policies(PermissionSet("Read"), SET).inline_policy == PolicyDocument("not json")


def test_a_duration_that_is_none_is_an_error(aws: Any, sso: SsoAdmin) -> None:
    aws.answer("DescribePermissionSet", {"PermissionSet": {"Name": "Read", "SessionDuration": "P1Y"}})
    with pytest.raises(UsherError, match="P1Y"):
        sso.read_settings(SET)


def test_what_a_user_has_through_a_group_is_listed_under_the_groups_id(aws: Any, sso: SsoAdmin) -> None:
    aws.answer(
        "ListAccountAssignmentsForPrincipal",
        {"AccountAssignments": [record(USER, "USER"), record(GROUP, "GROUP")]},
    )
    assert sso.list_grants_of(PrincipalKind.USER, USER) == [
        Grant(PrincipalKind.USER, USER, SET, STAGING),
        GRANT,
    ]


def test_who_has_a_set_in_an_account_and_where_it_lags(aws: Any, sso: SsoAdmin) -> None:
    aws.answer("ListAccountAssignments", {"AccountAssignments": [record(GROUP, "GROUP")]})
    aws.answer("ListAccountsForProvisionedPermissionSet", {"AccountIds": [STAGING]})
    aws.answer("ListTagsForResource", {"Tags": [{"Key": "team", "Value": "web"}]})
    assert sso.list_grants_in(SET, STAGING) == [GRANT]
    assert sso.list_accounts_of(SET) == [STAGING]
    assert sso.list_stale_accounts_of(SET) == [STAGING]
    assert sso.read_tags(SET) == {"team": "web"}
    asked = aws.asked_for("ListAccountsForProvisionedPermissionSet")
    assert [each.get("ProvisioningStatus") for each in asked] == [
        None,
        "LATEST_PERMISSION_SET_NOT_PROVISIONED",
    ]


@pytest.mark.parametrize(
    ("kind", "listed", "items", "described", "answered"),
    [
        (
            RequestKind.CREATION,
            "ListAccountAssignmentCreationStatus",
            "AccountAssignmentsCreationStatus",
            "DescribeAccountAssignmentCreationStatus",
            "AccountAssignmentCreationStatus",
        ),
        (
            RequestKind.DELETION,
            "ListAccountAssignmentDeletionStatus",
            "AccountAssignmentsDeletionStatus",
            "DescribeAccountAssignmentDeletionStatus",
            "AccountAssignmentDeletionStatus",
        ),
        (
            RequestKind.PROVISIONING,
            "ListPermissionSetProvisioningStatus",
            "PermissionSetsProvisioningStatus",
            "DescribePermissionSetProvisioningStatus",
            "PermissionSetProvisioningStatus",
        ),
    ],
)
def test_requests_of_each_kind_are_followed_by_their_own_calls(
    aws: Any, sso: SsoAdmin, kind: RequestKind, listed: str, items: str, described: str, answered: str
) -> None:
    aws.answer(listed, {items: [{"RequestId": REQUEST, "Status": "IN_PROGRESS"}]})
    aws.answer(described, {answered: {"RequestId": REQUEST, "Status": "FAILED", "FailureReason": "no"}})
    assert sso.running(kind) == {REQUEST}
    assert sso.outcome(kind, REQUEST) == Request(REQUEST, RequestState.FAILED, "no")
    assert aws.asked_for(listed)[0]["Filter"] == {"Status": "IN_PROGRESS"}


def test_an_update_resends_everything_and_blanks_a_description_that_goes(aws: Any, sso: SsoAdmin) -> None:
    before = PermissionSetSettings("old", 3600, "r")
    sso.update_permission_set(SET, before, PermissionSetSettings("", 7200, "r"))
    sso.update_permission_set(SET, PermissionSetSettings("", 3600, ""), PermissionSetSettings("", 7200, ""))
    first, second = aws.asked_for("UpdatePermissionSet")
    assert (first["Description"], first["SessionDuration"], first["RelayState"]) == (" ", "PT2H", "r")
    assert "Description" not in second
    assert "RelayState" not in second


def test_a_permission_set_is_made_with_its_tags(aws: Any, sso: SsoAdmin) -> None:
    aws.answer("CreatePermissionSet", {"PermissionSet": {"PermissionSetArn": SET}})
    assert (
        sso.create_permission_set("Read", PermissionSetSettings("d", 3600, "r"), {"b": "2", "a": "1"}) == SET
    )
    [asked] = aws.asked_for("CreatePermissionSet")
    assert asked["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]


def test_a_permission_set_made_by_an_answer_that_was_lost_is_used(aws: Any, sso: SsoAdmin) -> None:
    aws.refuse("CreatePermissionSet", "ConflictException")
    aws.answer("ListPermissionSets", {"PermissionSets": [SET]})
    aws.answer("DescribePermissionSet", {"PermissionSet": {"Name": "Read"}})
    assert sso.create_permission_set("Read", PermissionSetSettings("", 3600, ""), {"a": "1"}) == SET
    assert aws.asked_for("TagResource")


def test_a_conflict_about_another_matter_is_tried_again_by_the_caller(aws: Any, sso: SsoAdmin) -> None:
    aws.refuse("CreatePermissionSet", "ConflictException")
    aws.answer("ListPermissionSets", {"PermissionSets": []})
    with pytest.raises(BusyError):
        sso.create_permission_set("Read", PermissionSetSettings("", 3600, ""), {})


def test_contents_are_sent_as_the_api_names_them(aws: Any, sso: SsoAdmin) -> None:
    managed = ManagedPolicy("arn:aws:iam::aws:policy/ReadOnlyAccess")
    customer = CustomerPolicy("Team", "/web/")
    sso.attach_managed_policy(SET, managed)
    sso.detach_managed_policy(SET, managed)
    sso.attach_customer_policy(SET, customer)
    sso.detach_customer_policy(SET, customer)
    sso.put_inline_policy(SET, PolicyDocument("{}"))
    sso.delete_inline_policy(SET)
    sso.put_boundary(SET, customer)
    sso.put_boundary(SET, managed)
    sso.delete_boundary(SET)
    sso.tag(SET, {"a": "1"})
    sso.untag(SET, ["a"])
    sso.delete_permission_set(SET)
    reference = {"Name": "Team", "Path": "/web/"}
    own = {"InstanceArn": INSTANCE.arn}
    assert [(name, {k: v for k, v in asked.items() if k not in own}) for name, asked in aws.asked] == [
        ("AttachManagedPolicyToPermissionSet", {"PermissionSetArn": SET, "ManagedPolicyArn": managed.arn}),
        ("DetachManagedPolicyFromPermissionSet", {"PermissionSetArn": SET, "ManagedPolicyArn": managed.arn}),
        (
            "AttachCustomerManagedPolicyReferenceToPermissionSet",
            {"PermissionSetArn": SET, "CustomerManagedPolicyReference": reference},
        ),
        (
            "DetachCustomerManagedPolicyReferenceFromPermissionSet",
            {"PermissionSetArn": SET, "CustomerManagedPolicyReference": reference},
        ),
        ("PutInlinePolicyToPermissionSet", {"PermissionSetArn": SET, "InlinePolicy": "{}"}),
        ("DeleteInlinePolicyFromPermissionSet", {"PermissionSetArn": SET}),
        (
            "PutPermissionsBoundaryToPermissionSet",
            {
                "PermissionSetArn": SET,
                "PermissionsBoundary": {"CustomerManagedPolicyReference": reference},
            },
        ),
        (
            "PutPermissionsBoundaryToPermissionSet",
            {"PermissionSetArn": SET, "PermissionsBoundary": {"ManagedPolicyArn": managed.arn}},
        ),
        ("DeletePermissionsBoundaryFromPermissionSet", {"PermissionSetArn": SET}),
        ("TagResource", {"ResourceArn": SET, "Tags": [{"Key": "a", "Value": "1"}]}),
        ("UntagResource", {"ResourceArn": SET, "TagKeys": ["a"]}),
        ("DeletePermissionSet", {"PermissionSetArn": SET}),
    ]


def test_what_is_gone_counts_as_removed(aws: Any, sso: SsoAdmin) -> None:
    aws.refuse("DeletePermissionSet", "ResourceNotFoundException")
    aws.refuse("DeleteAccountAssignment", "ResourceNotFoundException")
    sso.delete_permission_set(SET)
    assert sso.start_deletion(GRANT).state is RequestState.SUCCEEDED


def test_asynchronous_requests_start_as_aws_says(aws: Any, sso: SsoAdmin) -> None:
    running = {"RequestId": REQUEST, "Status": "IN_PROGRESS"}
    aws.answer("CreateAccountAssignment", {"AccountAssignmentCreationStatus": running})
    aws.answer("DeleteAccountAssignment", {"AccountAssignmentDeletionStatus": running})
    aws.answer("ProvisionPermissionSet", {"PermissionSetProvisioningStatus": running})
    expected = Request(REQUEST, RequestState.RUNNING)
    assert [sso.start_creation(GRANT), sso.start_deletion(GRANT), sso.start_provisioning(SET)] == [
        expected
    ] * 3
    assert aws.asked_for("CreateAccountAssignment") == [
        {
            "InstanceArn": INSTANCE.arn,
            "TargetId": STAGING,
            "TargetType": "AWS_ACCOUNT",
            "PermissionSetArn": SET,
            "PrincipalType": "GROUP",
            "PrincipalId": GROUP,
        }
    ]
    assert aws.asked_for("ProvisionPermissionSet")[0]["TargetType"] == "ALL_PROVISIONED_ACCOUNTS"


def test_a_throttle_is_told_in_words(aws: Any, sso: SsoAdmin) -> None:
    aws.refuse("ListPermissionSets", "ThrottlingException")
    with pytest.raises(BusyError, match="sso-admin is busy") as told:
        sso.list_permission_sets()
    assert "Throttling" not in told.value.message


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ConflictException", BusyError),
        ("AccessDeniedException", NoAccessError),
        ("UnrecognizedClientException", NoAccessError),
        ("ResourceNotFoundException", NotFoundError),
    ],
)
def test_refusals_become_errors_a_person_can_act_on(
    aws: Any, sso: SsoAdmin, code: str, expected: type[UsherError]
) -> None:
    aws.refuse("ListPermissionSets", code)
    with pytest.raises(expected) as told:
        sso.list_permission_sets()
    assert "listing the permission sets" in told.value.message
    assert f"{code} it is" in told.value.message


def test_a_broken_service_is_unavailable_and_not_merely_busy(aws: Any, sso: SsoAdmin) -> None:
    aws.refuse("ListPermissionSets", "InternalServerException", status=500)
    with pytest.raises(UnavailableError) as told:
        sso.list_permission_sets()
    assert not isinstance(told.value, BusyError)
