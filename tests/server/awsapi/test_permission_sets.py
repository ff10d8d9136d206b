"""sso-admin's permission sets, as boto3 sees them: AWS's rules, errors and paging."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from usher.server.services import Services

POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
)
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.fixture
def admin(client: Callable[..., Any]) -> Any:
    return client("sso-admin")


@pytest.fixture
def here(services: Services) -> dict[str, str]:
    return {"InstanceArn": services.instance.arn}


@pytest.fixture
def permission_set(admin: Any, here: dict[str, str]) -> dict[str, str]:
    """A permission set, as the arguments that name it."""
    created = admin.create_permission_set(
        **here, Name="Developers", RelayState="https://console.aws.amazon.com/"
    )
    return {**here, "PermissionSetArn": created["PermissionSet"]["PermissionSetArn"]}


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_there_is_one_instance_owned_by_the_management_account(admin: Any, services: Services) -> None:
    (instance,) = admin.list_instances()["Instances"]
    assert instance["InstanceArn"] == services.instance.arn
    assert instance["OwnerAccountId"] == "111111111111"
    assert admin.describe_instance(InstanceArn=services.instance.arn)["Status"] == "ACTIVE"


def test_another_instance_is_denied_as_at_aws(admin: Any) -> None:
    with pytest.raises(ClientError) as error:
        admin.list_permission_sets(InstanceArn="arn:aws:sso:::instance/ssoins-ffffffffffffffff")
    assert code(error) == "AccessDeniedException"


def test_a_new_permission_set_has_a_real_arn_and_lasts_an_hour(admin: Any, here: dict[str, str]) -> None:
    created = admin.create_permission_set(**here, Name="Ops", Tags=[{"Key": "team", "Value": "ops"}])
    described = created["PermissionSet"]
    assert described["PermissionSetArn"].startswith("arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-")
    assert described["SessionDuration"] == "PT1H"
    assert "CreatedDate" in described
    tags = admin.list_tags_for_resource(**here, ResourceArn=described["PermissionSetArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "ops"}]


def test_names_are_unique(admin: Any, here: dict[str, str], permission_set: dict[str, str]) -> None:
    with pytest.raises(ClientError) as error:
        admin.create_permission_set(**here, Name="Developers")
    assert code(error) == "ConflictException"


@pytest.mark.parametrize(
    "wrong",
    [
        {"Name": "with space"},
        {"Name": "x" * 33},
        {"Name": "Ops", "SessionDuration": "PT30M"},
        {"Name": "Ops", "SessionDuration": "PT13H"},
        {"Name": "Ops", "Description": "curly ’ quote"},
        {"Name": "Ops", "Tags": [{"Key": "aws:team", "Value": "x"}]},
        {"Name": "Ops", "Tags": [{"Key": "team", "Value": "x"}, {"Key": "team", "Value": "y"}]},
    ],
)
def test_values_out_of_range_are_refused(admin: Any, here: dict[str, str], wrong: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as error:
        admin.create_permission_set(**here, **wrong)
    assert code(error) == "ValidationException"
    assert admin.list_permission_sets(**here)["PermissionSets"] == []


def test_an_update_without_relay_state_clears_it(admin: Any, permission_set: dict[str, str]) -> None:
    admin.update_permission_set(**permission_set, Description="new", SessionDuration="PT8H")
    described = admin.describe_permission_set(**permission_set)["PermissionSet"]
    assert described["Description"] == "new"
    assert described["SessionDuration"] == "PT8H"
    assert "RelayState" not in described


def test_managed_policies_are_attached_listed_and_detached(
    admin: Any, permission_set: dict[str, str]
) -> None:
    admin.attach_managed_policy_to_permission_set(**permission_set, ManagedPolicyArn=READ_ONLY)
    with pytest.raises(ClientError) as error:
        admin.attach_managed_policy_to_permission_set(**permission_set, ManagedPolicyArn=READ_ONLY)
    assert code(error) == "ConflictException"
    listed = admin.list_managed_policies_in_permission_set(**permission_set)["AttachedManagedPolicies"]
    assert listed == [{"Name": "ReadOnlyAccess", "Arn": READ_ONLY}]
    admin.detach_managed_policy_from_permission_set(**permission_set, ManagedPolicyArn=READ_ONLY)
    with pytest.raises(ClientError) as error:
        admin.detach_managed_policy_from_permission_set(**permission_set, ManagedPolicyArn=READ_ONLY)
    assert code(error) == "ResourceNotFoundException"


def test_customer_policies_are_references_by_name_and_path(
    admin: Any, permission_set: dict[str, str]
) -> None:
    reference = {"Name": "Limits", "Path": "/team/"}
    admin.attach_customer_managed_policy_reference_to_permission_set(
        **permission_set, CustomerManagedPolicyReference=reference
    )
    with pytest.raises(ClientError) as error:
        admin.attach_customer_managed_policy_reference_to_permission_set(
            **permission_set, CustomerManagedPolicyReference=reference
        )
    assert code(error) == "ConflictException"
    listed = admin.list_customer_managed_policy_references_in_permission_set(**permission_set)
    assert listed["CustomerManagedPolicyReferences"] == [reference]
    admin.detach_customer_managed_policy_reference_from_permission_set(
        **permission_set, CustomerManagedPolicyReference=reference
    )
    with pytest.raises(ClientError) as error:
        admin.detach_customer_managed_policy_reference_from_permission_set(
            **permission_set, CustomerManagedPolicyReference=reference
        )
    assert code(error) == "ResourceNotFoundException"


def test_a_permission_set_has_at_most_twenty_policies(admin: Any, permission_set: dict[str, str]) -> None:
    for number in range(20):
        arn = f"arn:aws:iam::aws:policy/Policy{number}"
        admin.attach_managed_policy_to_permission_set(**permission_set, ManagedPolicyArn=arn)
    with pytest.raises(ClientError) as error:
        admin.attach_managed_policy_to_permission_set(**permission_set, ManagedPolicyArn=READ_ONLY)
    assert code(error) == "ServiceQuotaExceededException"


def test_inline_policies_must_be_policies(admin: Any, permission_set: dict[str, str]) -> None:
    with pytest.raises(ClientError) as error:
        admin.put_inline_policy_to_permission_set(**permission_set, InlinePolicy="{not json")
    assert code(error) == "ValidationException"
    with pytest.raises(ClientError) as error:
        admin.delete_inline_policy_from_permission_set(**permission_set)
    assert code(error) == "ResourceNotFoundException"
    admin.put_inline_policy_to_permission_set(**permission_set, InlinePolicy=POLICY)
    assert admin.get_inline_policy_for_permission_set(**permission_set)["InlinePolicy"] == POLICY
    admin.delete_inline_policy_from_permission_set(**permission_set)
    assert admin.get_inline_policy_for_permission_set(**permission_set).get("InlinePolicy") is None


def test_a_boundary_is_exactly_one_policy(admin: Any, permission_set: dict[str, str]) -> None:
    both = {"ManagedPolicyArn": READ_ONLY, "CustomerManagedPolicyReference": {"Name": "Limits"}}
    with pytest.raises(ClientError) as error:
        admin.put_permissions_boundary_to_permission_set(**permission_set, PermissionsBoundary=both)
    assert code(error) == "ValidationException"
    for missing in (
        admin.get_permissions_boundary_for_permission_set,
        admin.delete_permissions_boundary_from_permission_set,
    ):
        with pytest.raises(ClientError) as error:
            missing(**permission_set)
        assert code(error) == "ResourceNotFoundException"
    one = {"ManagedPolicyArn": READ_ONLY}
    admin.put_permissions_boundary_to_permission_set(**permission_set, PermissionsBoundary=one)
    assert admin.get_permissions_boundary_for_permission_set(**permission_set)["PermissionsBoundary"] == one
    admin.delete_permissions_boundary_from_permission_set(**permission_set)


def test_tags_are_added_changed_removed_and_bounded(admin: Any, permission_set: dict[str, str]) -> None:
    resource = {
        "InstanceArn": permission_set["InstanceArn"],
        "ResourceArn": permission_set["PermissionSetArn"],
    }
    admin.tag_resource(**resource, Tags=[{"Key": "team", "Value": "red"}, {"Key": "cost", "Value": "1"}])
    admin.tag_resource(**resource, Tags=[{"Key": "team", "Value": "blue"}])
    admin.untag_resource(**resource, TagKeys=["cost", "never-there"])
    assert admin.list_tags_for_resource(**resource)["Tags"] == [{"Key": "team", "Value": "blue"}]
    with pytest.raises(ClientError) as error:
        admin.tag_resource(**resource, Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(50)])
    assert code(error) == "ServiceQuotaExceededException"


def test_tags_of_what_does_not_exist_are_not_found(admin: Any, here: dict[str, str]) -> None:
    with pytest.raises(ClientError) as error:
        admin.list_tags_for_resource(
            **here, ResourceArn="arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0000000000000000"
        )
    assert code(error) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        admin.list_tags_for_resource(
            InstanceArn="arn:aws:sso:::instance/ssoins-ffffffffffffffff", ResourceArn=here["InstanceArn"]
        )
    assert code(error) == "AccessDeniedException"


def test_lists_page_without_loss_while_rows_come_and_go(admin: Any, here: dict[str, str]) -> None:
    made = {
        admin.create_permission_set(**here, Name=f"Set{n}")["PermissionSet"]["PermissionSetArn"]
        for n in range(7)
    }
    first = admin.list_permission_sets(**here, MaxResults=3)
    admin.create_permission_set(**here, Name="Late")
    seen = list(first["PermissionSets"])
    token = first["NextToken"]
    while token:
        following = admin.list_permission_sets(**here, MaxResults=3, NextToken=token)
        seen += following["PermissionSets"]
        token = following.get("NextToken")
    assert made <= set(seen)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("token", ["AAAA", "W10", "WyJ1c2VycyIsImEiXQ", "WyJwZXJtaXNzaW9uIHNldHMiLDFd"])
def test_a_foreign_page_token_is_refused(admin: Any, here: dict[str, str], token: str) -> None:
    with pytest.raises(ClientError) as error:
        admin.list_permission_sets(**here, NextToken=token)
    assert code(error) == "ValidationException"


def test_a_deleted_permission_set_is_gone(admin: Any, permission_set: dict[str, str]) -> None:
    admin.delete_permission_set(**permission_set)
    with pytest.raises(ClientError) as error:
        admin.describe_permission_set(**permission_set)
    assert code(error) == "ResourceNotFoundException"
