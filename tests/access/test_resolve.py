"""The access file meets the organization."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from usher.access.model import AccessFile
from usher.access.resolve import resolve_access
from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.ids import AccountId
from usher.core.organization import DesiredAccess
from usher.core.partitions import AWS_CN, AWS_US_GOV
from usher.core.permission_sets import ManagedPolicy
from usher.core.principals import Principal, PrincipalKind

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
Load = Callable[[str], AccessFile]
Mistakes = Callable[[Callable[[], object]], list[str]]

_FILE = """
version: 1
accounts: {accounts}
groups: {{devops: , developers: }}
permission_sets: {{Admin: {{managed_policies: [AdministratorAccess]}}}}
access:
  - {{group: devops, permission_set: Admin, accounts: {selector}}}
"""


def _text(accounts: str, selector: str) -> str:
    return _FILE.format(accounts=accounts, selector=selector)


def _entered(access: DesiredAccess) -> set[str]:
    return {access.accounts[assignment.account_id].name for assignment in access.assignments}


@pytest.mark.parametrize(
    ("accounts", "selector", "entered"),
    [
        ("[management, staging]", "all", {"management", "staging"}),
        ("[staging, closed]", "all", {"staging"}),
        ("[management, staging]", "staging", {"staging"}),
        ("[management, staging]", '"222222222222"', {"staging"}),
        ("[management, staging]", '[management, "222222222222", staging]', {"management", "staging"}),
        ('{staging: {id: "222222222222"}}', "all", {"staging"}),
        ("{staging: {tags: {env: test}}, production: }", "{tags: {env: test}}", {"staging"}),
        ("[staging, production]", "{tags: {team: web}}", {"staging"}),
        ("[staging, production]", "{tags: {env: live}}", {"production"}),
        ("{staging: , production: {tags: {env: production}}}", "{tags: {env: production}}", {"production"}),
        ("{staging: {tags: {env: test}}, production: }", "{tags: {env: test, team: web}}", {"staging"}),
    ],
)
def test_a_selector_selects_declared_active_accounts(
    load: Load, mkdev: list[Account], accounts: str, selector: str, entered: set[str]
) -> None:
    assert _entered(resolve_access(load(_text(accounts, selector)), mkdev, now=NOW)) == entered


def test_tags_of_the_file_are_added_to_and_override_those_of_the_organization(
    load: Load, mkdev: list[Account]
) -> None:
    text = _text("{staging: {tags: {env: test}}, production: {tags: {env: production}}}", "all")
    accounts = resolve_access(load(text), mkdev, now=NOW).accounts
    assert accounts[AccountId("222222222222")].tags == {"team": "web", "env": "test"}
    assert accounts[AccountId("333333333333")].tags == {"env": "production"}


def test_two_rules_that_say_the_same_give_one_assignment(load: Load, mkdev: list[Account]) -> None:
    text = _text("[staging]", "all") + "  - {group: devops, permission_set: Admin, accounts: [staging]}\n"
    devops = Principal(PrincipalKind.GROUP, "devops")
    assert resolve_access(load(text), mkdev, now=NOW).assignments == {
        Assignment(devops, "Admin", AccountId("222222222222"))
    }


def test_several_principals_and_sets_give_each_to_each(load: Load, mkdev: list[Account]) -> None:
    text = _text("[staging, production]", "all").replace("group: devops", "groups: [devops, developers]")
    assert len(resolve_access(load(text), mkdev, now=NOW).assignments) == 4


@pytest.mark.parametrize(
    ("accounts", "selector", "expected"),
    [
        ("[stagging]", "all", "3:12: the organization has no account 'stagging' (did you mean 'staging'?)"),
        ("[zebra]", "all", "3:12: the organization has no account 'zebra'"),
        (
            '{staging: {id: "222222222223"}}',
            "all",
            "3:26: the organization has no account 222222222223 ('staging' has the id 222222222222)",
        ),
        (
            '{other: {id: "222222222223"}}',
            "all",
            "3:24: the organization has no account 222222222223 (did you mean '222222222222'?)",
        ),
        (
            '{staging: {id: "333333333333"}}',
            "all",
            (
                "3:26: the organization calls account 333333333333 'production', not 'staging'"
                " ('staging' has the id 222222222222)"
            ),
        ),
        (
            '{prod: {id: "333333333333"}}',
            "all",
            "3:23: the organization calls account 333333333333 'production', not 'prod'",
        ),
        ("[closed]", "all", "7:54: the file declares no active account"),
        ("[]", "all", "7:54: the file declares no active account"),
        ("[closed]", "closed", "7:54: account closed (999999999999) is suspended and takes no assignments"),
        (
            "[staging]",
            '["333333333333"]',
            "7:55: no account in this file has the id 333333333333",
        ),
        (
            "{staging: {tags: {env: staging}}}",
            "{tags: {env: stagging}}",
            "7:61: no active account of this file has the tags {env: stagging} (did you mean 'staging'?)",
        ),
        (
            "[staging]",
            "{tags: {tem: web}}",
            "7:61: no active account of this file has the tags {tem: web} (did you mean 'team'?)",
        ),
        ("[staging]", "{tags: {zzz: x}}", "7:61: no active account of this file has the tags {zzz: x}"),
    ],
)
def test_what_the_organization_does_not_have_is_told_with_its_place(
    load: Load, mkdev: list[Account], mistakes: Mistakes, accounts: str, selector: str, expected: str
) -> None:
    file = load(_text(accounts, selector))
    found = mistakes(lambda: resolve_access(file, mkdev, now=NOW))
    assert found == [f"access.yaml:{expected}"]


def test_a_name_that_two_accounts_share_needs_an_id(
    load: Load, mkdev: list[Account], mistakes: Mistakes
) -> None:
    twins = [*mkdev, Account(AccountId("444444444444"), "staging")]
    (line,) = mistakes(lambda: resolve_access(load(_text("[staging]", "all")), twins, now=NOW))
    assert line.startswith("access.yaml:3:12: the organization has 2 accounts called 'staging'")
    assert line.endswith('(give the id: "222222222222" or "444444444444")')
    with_id = load(_text('{staging: {id: "444444444444"}}', "all"))
    assert list(resolve_access(with_id, twins, now=NOW).accounts) == ["444444444444"]


def test_all_late_mistakes_are_told_together(load: Load, mkdev: list[Account], mistakes: Mistakes) -> None:
    file = load(_text("[stagging, produktion, closed]", "[closed, stagging]"))
    assert [line.split(": ")[0] for line in mistakes(lambda: resolve_access(file, mkdev, now=NOW))] == [
        "access.yaml:3:12",
        "access.yaml:3:22",
        "access.yaml:7:55",
    ]


def test_accounts_that_the_file_does_not_declare_are_left_alone(load: Load, mkdev: list[Account]) -> None:
    access = resolve_access(load(_text("[staging]", "all")), mkdev, now=NOW)
    assert [account.name for account in access.accounts.values()] == ["staging"]


_POLICIES = """
version: 1
permission_sets:
  Set:
    managed_policies: [{policy}]
    boundary: ReadOnlyAccess
    tags: {{risk: low}}
"""


@pytest.mark.parametrize(
    ("written", "arn"),
    [
        ("AdministratorAccess", "arn:aws:iam::aws:policy/AdministratorAccess"),
        ("Billing", "arn:aws:iam::aws:policy/job-function/Billing"),
        ("ViewOnlyAccess", "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"),
        ("job-function/Billing", "arn:aws:iam::aws:policy/job-function/Billing"),
        ("service-role/AWSLambdaRole", "arn:aws:iam::aws:policy/service-role/AWSLambdaRole"),
        ('"arn:aws:iam::aws:policy/ReadOnlyAccess"', "arn:aws:iam::aws:policy/ReadOnlyAccess"),
    ],
)
def test_managed_policies_are_found_by_name_by_path_and_by_arn(load: Load, written: str, arn: str) -> None:
    access = resolve_access(load(_POLICIES.format(policy=written)), [], now=NOW)
    assert access.permission_sets["Set"].managed_policies == {ManagedPolicy(arn)}


def test_managed_policies_belong_to_the_partition(load: Load, mistakes: Mistakes) -> None:
    by_name = load(_POLICIES.format(policy="Billing"))
    found = resolve_access(by_name, [], partition=AWS_US_GOV, now=NOW).permission_sets["Set"]
    assert found.managed_policies == {ManagedPolicy("arn:aws-us-gov:iam::aws:policy/job-function/Billing")}
    assert found.boundary == ManagedPolicy("arn:aws-us-gov:iam::aws:policy/ReadOnlyAccess")
    by_arn = load(_POLICIES.format(policy='"arn:aws:iam::aws:policy/ReadOnlyAccess"'))
    (line,) = mistakes(lambda: resolve_access(by_arn, [], partition=AWS_CN, now=NOW))
    policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert line.startswith(f"access.yaml:5:24: policy {policy} is not of the partition 'aws-cn'")
    assert line.endswith("(its ARNs start with arn:aws-cn:iam::aws:policy/)")


def test_every_permission_set_is_marked_as_managed_by_the_access_file(load: Load) -> None:
    found = resolve_access(load(_POLICIES.format(policy="Billing")), [], now=NOW).permission_sets["Set"]
    assert found.tags == {"risk": "low", "usher:managed-by": "access-file"}


def test_resolving_does_not_change_what_was_loaded(load: Load, mkdev: list[Account]) -> None:
    file = load(_text("{staging: {tags: {env: test}}}", "all"))
    before = replace(file)
    resolve_access(file, mkdev, now=NOW)
    assert file == before
    assert mkdev[1].tags == {"team": "web"}
