"""What an assignment leaves in an account: one provider and one role, exactly as the set says."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import update

from usher.aws.calls import CallCount, ServiceCalls
from usher.server.idp.saml.metadata import idp_metadata
from usher.server.provisioning.roles import RoleSpec, make_role_match, remove_role, saml_trust_policy
from usher.server.store.operations import OperationStatus
from usher.server.store.permission_sets import (
    attach_managed_policy,
    detach_managed_policy,
)
from usher.server.store.tables import permission_sets

INLINE = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}
)


def test_the_role_is_what_the_permission_set_says(directory: Any) -> None:
    directory.customer_policy("staging", "TeamPolicy")
    boundary = directory.customer_policy("staging", "TeamBoundary")
    permission_set = directory.permission_set(
        "Everything",
        managed=("ReadOnlyAccess", "job-function/Billing"),
        customer=("TeamPolicy",),
        session_duration="PT8H",
        inline_policy=INLINE,
        boundary={"CustomerManagedPolicyReference": {"Name": "TeamBoundary", "Path": "/"}},
    )
    assert directory.assign(permission_set, "staging").status is OperationStatus.SUCCEEDED

    iam, name = directory.iam("staging"), directory.role_name(permission_set, "staging")
    role = iam.get_role(RoleName=name)["Role"]
    assert re.fullmatch(r"UsherSSO_Everything_[0-9a-f]{16}", name)
    assert role["Path"] == "/usher/"
    assert role["Arn"] == directory.recorded(permission_set, "staging").role_arn
    assert role["Description"] == "made for Everything"
    assert role["MaxSessionDuration"] == 28_800
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert {tag["Key"]: tag["Value"] for tag in role["Tags"]} == {
        "usher:instance": directory.instance.arn,
        "usher:permission-set": permission_set.arn,
    }
    assert role["AssumeRolePolicyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": directory.provider("staging")},
                "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
            }
        ],
    }
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert {policy["PolicyName"] for policy in attached} == {"ReadOnlyAccess", "Billing", "TeamPolicy"}
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["UsherInlinePolicy"]
    inline = iam.get_role_policy(RoleName=name, PolicyName="UsherInlinePolicy")["PolicyDocument"]
    assert inline == json.loads(INLINE)


def test_the_provider_holds_the_directorys_metadata(directory: Any) -> None:
    directory.assign(directory.permission_set("ProviderSet"), "production")
    provider = directory.iam("production").get_saml_provider(SAMLProviderArn=directory.provider("production"))
    wanted = idp_metadata("https://sso.mkdev.example", directory.signing_keys.certificates())
    assert provider["SAMLMetadataDocument"] == wanted
    assert re.search(r"/UsherSSO_[0-9a-f]{16}_DO_NOT_DELETE$", directory.provider("production"))


def test_a_provider_that_was_changed_or_deleted_by_hand_is_put_right(directory: Any) -> None:
    permission_set = directory.permission_set("Mended")
    directory.assign(permission_set, "staging")
    iam, arn = directory.iam("staging"), directory.provider("staging")
    right = iam.get_saml_provider(SAMLProviderArn=arn)["SAMLMetadataDocument"]

    forged = right.replace("sso.mkdev", "evil.mkdev")
    iam.update_saml_provider(SAMLProviderArn=arn, SAMLMetadataDocument=forged)
    directory.provision(permission_set, "staging")
    assert iam.get_saml_provider(SAMLProviderArn=arn)["SAMLMetadataDocument"] == right

    iam.delete_saml_provider(SAMLProviderArn=arn)
    directory.assign(permission_set, "staging", "user-2")
    assert iam.get_saml_provider(SAMLProviderArn=arn)["SAMLMetadataDocument"] == right


def test_the_management_account_is_entered_with_the_directorys_own_keys(directory: Any) -> None:
    permission_set = directory.permission_set("OwnAccount")
    assert directory.assign(permission_set, "management").status is OperationStatus.SUCCEEDED
    assert len(directory.roles_in("management", permission_set)) == 1


def test_a_changed_set_changes_its_roles_when_provisioned_and_not_before(directory: Any) -> None:
    permission_set = directory.permission_set("Changing", managed=("ReadOnlyAccess", "IAMReadOnlyAccess"))
    directory.assign(permission_set, "staging")
    name, before = (
        directory.role_name(permission_set, "staging"),
        directory.recorded(permission_set, "staging"),
    )
    iam = directory.iam("staging")
    with directory.database.change("admin") as change:
        detach_managed_policy(change, permission_set, "arn:aws:iam::aws:policy/IAMReadOnlyAccess")
        attach_managed_policy(change, permission_set, "arn:aws:iam::aws:policy/SecurityAudit")
    with directory.database.change("admin") as change:
        change.connection.execute(
            update(permission_sets)
            .where(permission_sets.c.id == permission_set.id)
            .values(revision=9, session_duration="PT2H", description="new", inline_policy=INLINE)
        )
        change.record("test", permission_set.arn)
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert {policy["PolicyName"] for policy in attached} == {"ReadOnlyAccess", "IAMReadOnlyAccess"}

    assert directory.provision(permission_set, "staging").status is OperationStatus.SUCCEEDED
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert {policy["PolicyName"] for policy in attached} == {"ReadOnlyAccess", "SecurityAudit"}
    role = iam.get_role(RoleName=name)["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("new", 7_200)
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["UsherInlinePolicy"]
    after = directory.recorded(permission_set, "staging")
    assert (before.role_name, after.revision) == (after.role_name, 9)


def test_what_people_added_by_hand_is_taken_away(directory: Any) -> None:
    permission_set = directory.permission_set("Tampered")
    directory.assign(permission_set, "staging")
    iam, name = directory.iam("staging"), directory.role_name(permission_set, "staging")
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.put_role_policy(RoleName=name, PolicyName="backdoor", PolicyDocument=INLINE)
    open_trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(
        RoleName=name, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [open_trust]})
    )
    iam.put_role_permissions_boundary(
        RoleName=name, PermissionsBoundary="arn:aws:iam::aws:policy/PowerUserAccess"
    )
    directory.provision(permission_set, "staging")
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["ReadOnlyAccess"]
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == []
    role = iam.get_role(RoleName=name)["Role"]
    assert "PermissionsBoundary" not in role
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Federated": directory.provider("staging")}


def test_the_last_persons_leaving_removes_the_role_and_the_next_gets_a_new_name(directory: Any) -> None:
    permission_set = directory.permission_set("Leaving", inline_policy=INLINE)
    directory.assign(permission_set, "staging", "user-1")
    directory.assign(permission_set, "staging", "user-2")
    first = directory.role_name(permission_set, "staging")

    assert directory.unassign(permission_set, "staging", "user-1").status is OperationStatus.SUCCEEDED
    assert directory.roles_in("staging", permission_set) == [first]
    assert directory.unassign(permission_set, "staging", "user-2").status is OperationStatus.SUCCEEDED
    assert directory.roles_in("staging", permission_set) == []
    assert directory.recorded(permission_set, "staging") is None

    directory.assign(permission_set, "staging", "user-1")
    (second,) = directory.roles_in("staging", permission_set)
    assert second != first


def test_a_role_that_people_deleted_by_hand_is_removed_without_complaint(directory: Any) -> None:
    permission_set = directory.permission_set("GoneAlready", managed=())
    directory.assign(permission_set, "staging")
    directory.iam("staging").delete_role(RoleName=directory.role_name(permission_set, "staging"))
    assert directory.unassign(permission_set, "staging").status is OperationStatus.SUCCEEDED
    assert directory.recorded(permission_set, "staging") is None


def test_another_assignment_of_the_same_set_shares_the_role(directory: Any) -> None:
    permission_set = directory.permission_set("Shared")
    directory.assign(permission_set, "staging", "user-1")
    directory.assign(permission_set, "staging", "user-2")
    assert len(directory.roles_in("staging", permission_set)) == 1


@pytest.fixture
def staging(directory: Any) -> tuple[ServiceCalls, CallCount]:
    """IAM of staging, entered by the directory, with its calls counted."""
    count = CallCount()
    calls = directory.jobs._work._roles._doors.iam(directory.mkdev.accounts["staging"])
    counted = ServiceCalls("iam", directory.aws, count=count)
    counted._client = calls._client
    return counted, count


def _spec(directory: Any, **changes: Any) -> RoleSpec:
    provider = directory.provider("staging")
    members: dict[str, Any] = {
        "account": "staging",
        "name": f"UsherSSO_Direct_{directory.instance.id[-16:]}",
        "path": "/usher/",
        "description": "",
        "trust_policy": saml_trust_policy(provider, "https://signin.aws.amazon.com/saml"),
        "session_seconds": 3_600,
        "policies": frozenset({"arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        "inline_policy": INLINE,
        "boundary_arn": "arn:aws:iam::aws:policy/PowerUserAccess",
        "tags": {"usher:instance": directory.instance.arn},
    }
    return RoleSpec(**(members | changes))


def test_a_second_run_reads_and_writes_nothing(
    directory: Any, staging: tuple[ServiceCalls, CallCount]
) -> None:
    iam, count = staging
    make_role_match(iam, _spec(directory))
    first = Counter(count.by_operation)
    make_role_match(iam, _spec(directory))
    second = Counter(count.by_operation) - first
    assert {name for name in second if not name.startswith(("Get", "List"))} == set()
    assert sum(second.values()) == 4


def test_a_role_of_that_name_that_is_not_ours_is_left_alone(
    directory: Any, staging: tuple[ServiceCalls, CallCount]
) -> None:
    iam, _ = staging
    spec = _spec(directory, name="UsherSSO_Theirs_0123456789abcdef")
    directory.iam("staging").create_role(
        RoleName=spec.name, Path="/usher/", AssumeRolePolicyDocument=spec.trust_policy
    )
    with pytest.raises(Exception, match="not this directory's"):
        make_role_match(iam, spec)
    with pytest.raises(Exception, match="left alone"):
        remove_role(iam, spec.name, ("usher:instance", directory.instance.arn))
    assert directory.iam("staging").list_attached_role_policies(RoleName=spec.name)["AttachedPolicies"] == []
    directory.iam("staging").delete_role(RoleName=spec.name)
