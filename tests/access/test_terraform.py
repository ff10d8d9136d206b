"""Terraform's states and files, as what an Identity Center has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usher.access.terraform import TerraformReading, access_of, read_state
from usher.access.terraform_files import read_configuration
from usher.core.assignments import Assignment
from usher.core.ids import AccountId
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy
from usher.core.principals import Principal, PrincipalKind

ARN = "arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef"
SET = (
    "aws_ssoadmin_permission_set",
    {"arn": ARN, "name": "Builder", "session_duration": "PT2H", "tags_all": {"a": "b"}},
)
GROUP = ("aws_identitystore_group", {"group_id": "g1", "display_name": "devs", "description": "Build"})
USER = (
    "aws_identitystore_user",
    {
        "user_id": "u1",
        "user_name": "ana",
        "display_name": "Ana Lee",
        "name": [{"given_name": "Ana", "family_name": "Lee"}],
        "emails": [{"value": "x@y.example"}, {"value": "ana@mkdev.example", "primary": True}],
    },
)
MEMBERSHIP = ("aws_identitystore_group_membership", {"group_id": "g1", "member_id": "u1"})
GRANT = (
    "aws_ssoadmin_account_assignment",
    {"permission_set_arn": ARN, "principal_id": "g1", "principal_type": "GROUP", "target_id": "2" * 12},
)


def state(*resources: tuple[str, dict[str, Any]], data: tuple[str, ...] = ()) -> TerraformReading:
    """What a state file of version 4 says; the types in `data` are data sources in it."""
    document = {
        "version": 4,
        "resources": [
            {
                "mode": "data" if kind in data else "managed",
                "module": "module.sso",
                "type": kind,
                "name": "this",
                "instances": [{"index_key": number, "attributes": values}],
            }
            for number, (kind, values) in enumerate(resources)
        ],
    }
    return access_of(read_state(json.dumps(document), "terraform.tfstate"))


def test_a_state_has_everything() -> None:
    reading = state(
        SET,
        GROUP,
        USER,
        MEMBERSHIP,
        GRANT,
        (
            "aws_ssoadmin_managed_policy_attachment",
            {"permission_set_arn": ARN, "managed_policy_arn": "arn:aws:iam::aws:policy/X"},
        ),
        (
            "aws_ssoadmin_customer_managed_policy_attachment",
            {"permission_set_arn": ARN, "customer_managed_policy_reference": [{"name": "T", "path": "/w/"}]},
        ),
        (
            "aws_ssoadmin_permission_set_inline_policy",
            {
                "permission_set_arn": ARN,
                "inline_policy": '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
            },
        ),
        (
            "aws_ssoadmin_permissions_boundary_attachment",
            {
                "permission_set_arn": ARN,
                "permissions_boundary": [{"managed_policy_arn": "arn:aws:iam::aws:policy/B"}],
            },
        ),
        ("aws_s3_bucket", {"bucket": "x"}),
    )
    assert (reading.unresolved, reading.resources) == ((), 9)
    actual = reading.actual
    built = actual.permission_sets["Builder"]
    assert (built.session_seconds, built.tags) == (7200, {"a": "b"})
    assert built.managed_policies == {ManagedPolicy("arn:aws:iam::aws:policy/X")}
    assert built.customer_policies == {CustomerPolicy("T", "/w/")}
    assert built.boundary == ManagedPolicy("arn:aws:iam::aws:policy/B")
    assert built.inline_policy is not None
    assert actual.users["ana"].email == "ana@mkdev.example"
    assert actual.groups["devs"].members == {"ana"}
    assert actual.assignments == {
        Assignment(Principal(PrincipalKind.GROUP, "devs"), "Builder", AccountId("2" * 12))
    }


def test_what_terraform_prints_is_read_as_its_state_is() -> None:
    child = {"resources": [{"address": "module.x.a.b", "mode": "managed", "type": SET[0], "values": SET[1]}]}
    document = {
        "format_version": "1.0",
        "values": {"root_module": {"resources": [], "child_modules": [child]}},
    }
    reading = access_of(read_state(json.dumps(document), "state.json"))
    assert reading.actual.permission_sets.keys() == {"Builder"}


def test_who_is_only_looked_up_comes_from_another_directory() -> None:
    actual = state(SET, GROUP, GRANT, data=("aws_identitystore_group",)).actual
    assert actual.groups["devs"].external
    assert actual.assignments


def test_accounts_have_names_where_the_state_has_the_organization() -> None:
    accounts = [
        {"id": "2" * 12, "name": "staging", "status": "SUSPENDED"},
        {"id": "1" * 12, "name": "top"},
        {"id": None},
    ]
    found = ("aws_organizations_organization", {"master_account_id": "1" * 12, "accounts": accounts})
    actual = state(SET, found, data=("aws_organizations_organization",)).actual
    assert [(each.name, each.active, each.is_management) for each in actual.accounts.values()] == [
        ("staging", False, False),
        ("top", True, True),
    ]


@pytest.mark.parametrize(
    ("resource", "why"),
    [
        (
            (GRANT[0], {**GRANT[1], "permission_set_arn": "other"}),
            "its permission set is not made here (other)",
        ),
        ((GRANT[0], {**GRANT[1], "principal_id": "g2"}), "group g2 is neither made nor looked up here"),
        ((GRANT[0], {**GRANT[1], "principal_type": "USER"}), "user g1 is neither made nor looked up here"),
        ((GRANT[0], {**GRANT[1], "target_id": "x"}), "'x' is not an account id"),
        ((GRANT[0], {**GRANT[1], "target_id": None}), "its target_id is not known"),
        ((MEMBERSHIP[0], {"group_id": "g1", "member_id": "u2"}), "user u2 is not here"),
        ((MEMBERSHIP[0], {"group_id": "g2", "member_id": "u1"}), "group g2 is not here"),
        (("aws_ssoadmin_application", {}), "resources of type aws_ssoadmin_application are not read"),
        (
            (SET[0], {**SET[1], "arn": "b", "session_duration": "soon"}),
            "'soon' is not a duration: write it as 8h, 90m or PT8H",
        ),
        (
            ("aws_ssoadmin_permission_set_inline_policy", {"permission_set_arn": ARN, "inline_policy": "{"}),
            "its policy is not JSON: Expecting property name enclosed in double quotes at line 1, column 2",
        ),
        (
            ("aws_ssoadmin_permissions_boundary_attachment", {"permission_set_arn": ARN}),
            "its permissions_boundary is not known",
        ),
    ],
)
def test_what_cannot_be_told_stays_out_with_its_reason(
    resource: tuple[str, dict[str, Any]], why: str
) -> None:
    reading = state(SET, GROUP, USER, resource)
    assert [each.why for each in reading.unresolved] == [why]
    assert reading.unresolved[0].address.startswith(f"module.sso.{resource[0]}.this")
    assert not reading.actual.assignments


def test_a_customer_boundary_and_a_person_in_an_account_of_their_own_are_read() -> None:
    boundary = {"customer_managed_policy_reference": [{"name": "B", "path": ""}]}
    reading = state(
        SET,
        USER,
        (
            "aws_ssoadmin_permissions_boundary_attachment",
            {"permission_set_arn": ARN, "permissions_boundary": [boundary]},
        ),
        (GRANT[0], {**GRANT[1], "principal_type": "USER", "principal_id": "u1"}),
    )
    assert reading.actual.permission_sets["Builder"].boundary == CustomerPolicy("B")
    assert {each.principal.name for each in reading.actual.assignments} == {"ana"}


# --- configuration --------------------------------------------------------------------------------

HEAD = """
resource "aws_ssoadmin_permission_set" "this" {
  for_each         = toset(["Builder", "Reader"])
  name             = each.key
  description      = "For ${each.value}s, $${x}"
  session_duration = var.session
}
data "aws_identitystore_group" "devs" {
  filter {
    attribute_path  = "DisplayName"
    attribute_value = local.teams[0].group
  }
}
locals {
  teams = [{ group = "devs" }]
  names = { a = "Builder" }
}
variable "session" {
  default = "PT2H"
}
"""


def configuration(text: str) -> tuple[TerraformReading, list[str]]:
    resources, unresolved = read_configuration({"main.tf": HEAD + text})
    reading = access_of(resources)
    return reading, [
        f"{each.place}: {each.address}: {each.why}" for each in (*unresolved, *reading.unresolved)
    ]


def test_locals_defaults_keys_and_templates_are_worked_out() -> None:
    reading, unresolved = configuration(
        """
resource "aws_ssoadmin_account_assignment" "devs" {
  for_each           = { staging = "222222222222" }
  permission_set_arn = aws_ssoadmin_permission_set.this["Builder"].arn
  principal_id       = data.aws_identitystore_group.devs.group_id
  principal_type     = "GROUP"
  target_id          = each.value
}
resource "aws_ssoadmin_managed_policy_attachment" "each" {
  for_each           = tomap({ Reader = "arn:aws:iam::aws:policy/ReadOnlyAccess" })
  permission_set_arn = aws_ssoadmin_permission_set.this[each.key].arn
  managed_policy_arn = each.value
}
resource "aws_ssoadmin_permission_set_inline_policy" "one" {
  permission_set_arn = aws_ssoadmin_permission_set.this[local.names.a].arn
  inline_policy      = <<-EOT
    {
      "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}
    }
  EOT
}
"""
    )
    assert unresolved == []
    sets = reading.actual.permission_sets
    assert (sets["Builder"].description, sets["Builder"].session_seconds) == ("For Builders, ${x}", 7200)
    assert sets["Builder"].inline_policy is not None
    assert {each.name for each in sets["Reader"].managed_policies} == {"ReadOnlyAccess"}
    assert {each.principal.name for each in reading.actual.assignments} == {"devs"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("target_id = var.nowhere", "var.nowhere has no value in these files"),
        ("target_id = local.teams[4].x", "'local.teams[4].x' has no value in these files"),
        ('target_id = lookup(local.names, "a")', "it needs 'lookup(local.names, \"a\")'"),
        ('target_id = true ? "1" : "2"', 'it needs \'true ? "1" : "2"\''),
        ("count = 2", "count is not worked out"),
        ("for_each = data.other.this.ids", "it needs the value of data.other.this.ids"),
        ("for_each = local.teams[0].group", "for_each is not a map or a set here"),
        ("target_id = local", "local has no value in these files"),
        (
            "target_id = aws_organizations_account.x.id",
            "it needs the value of aws_organizations_account.x.id",
        ),
        ('target_id = "${data.x.y.id}-1"', "it needs the value of data.x.y.id"),
        ("target_id = jsonencode([data.x.y.id])", "it needs the value of data.x.y.id"),
    ],
)
def test_what_needs_terraform_itself_is_told_with_its_place(line: str, why: str) -> None:
    _, unresolved = configuration(f'resource "aws_ssoadmin_account_assignment" "x" {{\n  {line}\n}}\n')
    assert unresolved == [f"main.tf:21: aws_ssoadmin_account_assignment.x: {why}"]


def test_modules_and_broken_files_are_told() -> None:
    _, unresolved = configuration('module "sso" {\n  source = "./sso"\n}\n')
    assert unresolved == ["main.tf:21: module.sso: modules are not read: give a state"]
    _, lost = read_configuration({"broken.tf": 'resource "x" {{\n'})
    assert [each.why for each in lost] == ["this is not the language of Terraform files"]


@given(st.text("ab{}[]\"'$%=.\n<>-", max_size=40))
def test_no_text_surprises_the_reader(text: str) -> None:
    resources, _ = read_configuration(
        {"main.tf": f'resource "aws_ssoadmin_permission_set" "x" {{\n name = {text}\n}}\n'}
    )
    access_of(resources)
