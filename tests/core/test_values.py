"""Permission sets, principals, accounts, partitions and errors as values."""

from __future__ import annotations

import dataclasses

import pytest

from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.errors import ExitCode, SignInNeededError, UnavailableError, UsageError, UsherError
from usher.core.ids import AccountId
from usher.core.partitions import AWS, AWS_CN, AWS_EUSC, AWS_US_GOV, Partition, partition_of_region
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import policy_document
from usher.core.principals import Group, Principal, PrincipalKind

POLICY = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def test_permission_sets_with_the_same_settings_are_equal_in_any_order() -> None:
    policies = [ManagedPolicy("arn:aws:iam::aws:policy/A"), ManagedPolicy("arn:aws:iam::aws:policy/B")]
    one = PermissionSet("X", managed_policies=frozenset(policies), inline_policy=policy_document(POLICY))
    other = PermissionSet(
        "X", managed_policies=frozenset(policies[::-1]), inline_policy=policy_document(POLICY)
    )
    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize(
    "change",
    [
        {"description": "d"},
        {"session_seconds": 7_200},
        {"relay_state": "https://console.aws.amazon.com/"},
        {"managed_policies": frozenset({ManagedPolicy("arn:aws:iam::aws:policy/A")})},
        {"customer_policies": frozenset({CustomerPolicy("A")})},
        {"inline_policy": policy_document(POLICY)},
        {"boundary": CustomerPolicy("A")},
        {"tags": {"a": "b"}},
    ],
)
def test_a_permission_set_differs_by_any_of_its_settings(change: dict[str, object]) -> None:
    assert dataclasses.replace(PermissionSet("X"), **change) != PermissionSet("X")


def test_a_permission_set_lasts_one_hour_unless_told_otherwise() -> None:
    assert PermissionSet("X").session_seconds == 3_600


def test_a_managed_policy_is_called_by_the_end_of_its_arn() -> None:
    assert ManagedPolicy("arn:aws:iam::aws:policy/job-function/Billing").name == "Billing"


@pytest.mark.parametrize("value", [PermissionSet("X"), Group("g"), Account(AccountId("1" * 12), "a")])
def test_values_cannot_be_changed(value: PermissionSet | Group | Account) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.name = "other"  # type: ignore[misc]


def test_principals_and_accounts_read_as_people_say_them() -> None:
    assert str(Principal(PrincipalKind.GROUP, "devops")) == "group devops"
    assert str(Account(AccountId("222222222222"), "staging")) == "staging (222222222222)"


def test_assignments_are_sorted_by_principal_then_set_then_account() -> None:
    def of(name: str, permission_set: str, account: str) -> Assignment:
        return Assignment(Principal(PrincipalKind.GROUP, name), permission_set, AccountId(account))

    in_order = [of("a", "x", "1"), of("a", "x", "2"), of("a", "y", "1"), of("b", "a", "0")]
    assert sorted([*in_order[2:], *in_order[:2]]) == in_order


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-central-1", AWS),
        ("us-east-1", AWS),
        ("us-gov-west-1", AWS_US_GOV),
        ("cn-north-1", AWS_CN),
        ("eusc-de-east-1", AWS_EUSC),
    ],
)
def test_a_region_tells_its_partition(region: str, partition: Partition) -> None:
    assert partition_of_region(region) is partition


def test_each_partition_has_policies_and_addresses_of_its_own() -> None:
    partitions = [AWS, AWS_CN, AWS_US_GOV, AWS_EUSC]
    for part in ("managed_policy_prefix", "saml_recipient", "federation_url", "console_host"):
        assert len({getattr(partition, part) for partition in partitions}) == 4
    assert AWS_CN.managed_policy_prefix == "arn:aws-cn:iam::aws:policy/"
    assert AWS.saml_recipient == "https://signin.aws.amazon.com/saml"


@pytest.mark.parametrize(
    ("error", "code"), [(UsherError, 1), (UsageError, 2), (SignInNeededError, 3), (UnavailableError, 7)]
)
def test_an_error_carries_a_hint_and_an_exit_code(error: type[UsherError], code: int) -> None:
    found = error("the file is missing", hint="write one")
    assert (str(found), found.hint, found.exit_code) == ("the file is missing", "write one", code)
    assert error("x", exit_code=ExitCode.NOT_FOUND).exit_code == 5
