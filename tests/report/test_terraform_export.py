"""Terraform from access: keys of one's own, ids of what exists, and HCL that is laid out already."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, PermissionSetArn, PrincipalId, RoleArn
from usher.core.organization import ActualAccess, DesiredAccess, Instance
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import policy_document
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.report.hcl import Block, Call, Expression, hcl_text, quoted
from usher.report.terraform import assignment_key, to_terraform

STORE, INSTANCE = "d-0123456789", "arn:aws:sso:::instance/ssoins-0123456789abcdef"
ARN = f"{INSTANCE.replace('instance', 'permissionSet')}/ps-0123456789abcdef"
DEVS = Principal(PrincipalKind.GROUP, "devs/web")
ANA = User("ana@mkdev.example", "Ana Lee", "Ana", "Lee", "ana@mkdev.example")
STAGING = Account(AccountId("2" * 12), "staging")
GRANT = Assignment(DEVS, "Builder", STAGING.id)
SET = PermissionSet(
    "Builder",
    managed_policies=frozenset({ManagedPolicy("arn:aws:iam::aws:policy/PowerUserAccess")}),
    customer_policies=frozenset({CustomerPolicy("Team", "/web/")}),
    inline_policy=policy_document({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}),
    boundary=ManagedPolicy("arn:aws:iam::aws:policy/ReadOnlyAccess"),
)
DESIRED = DesiredAccess(
    {STAGING.id: STAGING},
    {ANA.user_name: ANA},
    {DEVS.name: Group(DEVS.name, members=frozenset({ANA.user_name}))},
    {SET.name: SET},
    frozenset({GRANT}),
)
ACTUAL = ActualAccess(
    Instance(InstanceArn(INSTANCE), IdentityStoreId(STORE)),
    DESIRED.accounts,
    DESIRED.users,
    DESIRED.groups,
    DESIRED.permission_sets,
    DESIRED.assignments,
    {DEVS: PrincipalId("g1"), Principal(PrincipalKind.USER, ANA.user_name): PrincipalId("u1")},
    {SET.name: PermissionSetArn(ARN)},
    {(DEVS.name, ANA.user_name): "m1"},
)


def test_an_assignment_is_called_by_its_own_three_names() -> None:
    assert assignment_key(GRANT) == "group:devs/web/Builder/222222222222"


def test_everything_that_exists_is_imported_under_the_id_that_the_provider_takes() -> None:
    exported = to_terraform(DESIRED, ACTUAL)
    text = exported.files["imports.tf"]
    ids = [line.partition(" = ")[2] for line in text.splitlines() if line.startswith("  id")]
    assert ids == [
        f'"{STORE}/u1"',
        f'"{STORE}/g1"',
        f'"{STORE}/m1"',
        f'"{ARN},{INSTANCE}"',
        f'"arn:aws:iam::aws:policy/PowerUserAccess,{ARN},{INSTANCE}"',
        f'"Team,/web/,{ARN},{INSTANCE}"',
        f'"{ARN},{INSTANCE}"',
        f'"{ARN},{INSTANCE}"',
        f'"g1,GROUP,222222222222,AWS_ACCOUNT,{ARN},{INSTANCE}"',
    ]
    assert exported.imports == len(ids)
    assert '  to = aws_ssoadmin_permissions_boundary_attachment.managed["Builder"]\n' in text


def test_what_does_not_exist_is_made() -> None:
    nothing = replace(
        ACTUAL,
        users={},
        groups={},
        permission_sets={},
        assignments=frozenset(),
        principal_ids={},
        permission_set_arns={},
        membership_ids={},
    )
    assert to_terraform(DESIRED, nothing).imports == 0
    assert "imports.tf" not in to_terraform(DESIRED).files


def test_a_boundary_of_the_other_kind_is_made_and_not_imported() -> None:
    other = replace(SET, boundary=CustomerPolicy("Limit"), inline_policy=None)
    there = replace(ACTUAL, permission_sets={SET.name: other})
    assert "boundary" not in to_terraform(DESIRED, there).files["imports.tf"]
    customer = replace(DESIRED, permission_sets={SET.name: other})
    assert "boundary_attachment.customer" in to_terraform(customer, there).files["imports.tf"]


def test_grants_of_owned_roles_are_told_and_not_exported() -> None:
    role = Entitlement(DEVS, RoleArn("arn:aws:iam::222222222222:role/Deployer"))
    exported = to_terraform(replace(DESIRED, entitlements=frozenset({role})))
    assert exported.left_out == ("1 grants of owned IAM roles (AWS Account Access Manager)",)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", '"plain"'),
        ("${x} %{if}", '"$${x} %%{if}"'),
        ('"\\\n', '"\\"\\\\\\n"'),
        ("\x7f", '"\\u007f"'),
        ("é", '"é"'),
    ],
)
def test_strings_hold_no_templates(text: str, written: str) -> None:
    assert quoted(text) == written


def test_blocks_are_laid_out_as_terraform_fmt_does() -> None:
    block = Block(
        'resource "a" "b"',
        {
            "short": 1,
            "longer": True,
            "list": ["a", {"x": None}],
            "a b": Expression("local.x"),
            "empty": {},
            "call": Call("jsonencode", {"k": []}),
        },
        [Block("inner", {}, [Block("deepest", {"x": 1.5})])],
    )
    assert hcl_text(["Note.\n\nMore.", block]) == (
        "# Note.\n#\n# More.\n\n"
        'resource "a" "b" {\n'
        "  short  = 1\n"
        "  longer = true\n"
        "  list = [\n"
        '    "a",\n'
        "    {\n"
        "      x = null\n"
        "    },\n"
        "  ]\n"
        '  "a b" = local.x\n'
        "  empty = {}\n"
        "  call = jsonencode({\n"
        "    k = []\n"
        "  })\n"
        "\n"
        "  inner {\n"
        "    deepest {\n"
        "      x = 1.5\n"
        "    }\n"
        "  }\n"
        "}\n"
    )


@given(st.text())
def test_a_string_is_one_line(text: str) -> None:
    assert len(quoted(text).split("\n")) == 1
