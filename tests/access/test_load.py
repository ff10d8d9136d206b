"""What a correct access file says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from usher.access.locate import Located, Position
from usher.access.model import AccessFile, DeclaredAccount, EveryAccount, MatchingAccounts, NamedAccounts
from usher.core.permission_sets import CustomerPolicy, PermissionSet
from usher.core.policy_document import policy_document
from usher.core.principals import Group, Principal, PrincipalKind, User

Load = Callable[[str], AccessFile]


def at(line: int, column: int) -> Position:
    return Position(line, column, "access.yaml")


def test_a_version_alone_is_a_file_that_asks_for_nothing(load: Load) -> None:
    file = load("version: 1\n")
    assert (file.accounts, file.users, file.groups, file.permission_sets, file.rules) == ({}, {}, {}, {}, ())


def test_empty_sections_are_empty(load: Load) -> None:
    empty = (
        "version: 1\nusers:\ngroups:\nfragments:\npermission_sets:\nroles:\naccess:\ntests:\nseparation:\n"
    )
    assert load(empty) == load("version: 1\n")


def test_an_empty_accounts_section_declares_no_account_and_no_section_means_all_of_them(load: Load) -> None:
    assert not load("version: 1\naccounts:\n").discovers
    assert load("version: 1\n").discovers


def test_a_byte_order_mark_and_windows_line_ends_are_fine(load: Load) -> None:
    assert list(load("\ufeffversion: 1\r\naccounts:\r\n  - staging\r\n").accounts) == ["staging"]


def test_accounts_may_be_a_list_of_names(load: Load) -> None:
    assert load("version: 1\naccounts: [management, staging]\n").accounts == {
        "management": DeclaredAccount("management", at(2, 12)),
        "staging": DeclaredAccount("staging", at(2, 24)),
    }


def test_accounts_may_have_ids_and_tags(load: Load) -> None:
    text = 'version: 1\naccounts:\n  management:\n  staging: {id: "022222222222", tags: {env: staging}}\n'
    staging = load(text).accounts["staging"]
    assert staging.id == Located("022222222222", at(4, 17))
    assert staging.tags == {"env": "staging"}


@pytest.mark.parametrize(
    ("key", "written", "user"),
    [
        (
            "a@x.example",
            "{name: Ada Maria Example}",
            ("Ada Maria Example", "Ada Maria", "Example", "a@x.example"),
        ),
        ("ada", "{name: Ada Example}", ("Ada Example", "Ada", "Example", "")),
        ("ada", "{name: Ada Example, email: a@x.example}", ("Ada Example", "Ada", "Example", "a@x.example")),
        ("ada", "{given_name: Ada, family_name: von Example}", ("Ada von Example", "Ada", "von Example", "")),
        ("ada", "{name: Ada Example, display_name: Ada!}", ("Ada!", "Ada", "Example", "")),
        ("zoë", "{name: Zoë Ünal}", ("Zoë Ünal", "Zoë", "Ünal", "")),
    ],
)
def test_a_user_is_named_in_full_or_in_parts(
    load: Load, key: str, written: str, user: tuple[str, str, str, str]
) -> None:
    assert load(f"version: 1\nusers:\n  {key}: {written}\n").users == {key: User(key, *user)}


def test_a_group_has_a_description_and_members(load: Load) -> None:
    text = "version: 1\nusers: {ada: {name: A B}}\ngroups:\n  g: {description: D, members: [ada]}\n  h:\n"
    assert load(text).groups == {"g": Group("g", "D", frozenset({"ada"})), "h": Group("h")}


def test_a_permission_set_has_every_setting_of_identity_center(load: Load) -> None:
    text = """
version: 1
permission_sets:
  Builder:
    description: Builds
    managed_policies: [PowerUserAccess, "arn:aws:iam::aws:policy/job-function/Billing"]
    customer_policies: [Mine, {name: Theirs, path: /teams/}]
    inline_policy: {Version: 2012-10-17, Statement: {Effect: Deny, Action: "s3:*", Resource: "*"}}
    boundary: {customer_policy: {name: Edge, path: /platform/}}
    session: 1h30m
    relay_state: https://console.aws.amazon.com/s3
    tags: {risk: low}
"""
    builder = load(text).permission_sets["Builder"]
    assert builder.settings == PermissionSet(
        "Builder",
        "Builds",
        5400,
        "https://console.aws.amazon.com/s3",
        customer_policies=frozenset({CustomerPolicy("Mine"), CustomerPolicy("Theirs", "/teams/")}),
        inline_policy=policy_document(
            {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}
        ),
        tags={"risk": "low"},
    )
    assert [policy.value for policy in builder.managed_policies] == [
        "PowerUserAccess",
        "arn:aws:iam::aws:policy/job-function/Billing",
    ]
    assert builder.boundary == CustomerPolicy("Edge", "/platform/")


def test_a_boundary_may_be_an_aws_managed_policy_or_a_customer_policy_by_name(load: Load) -> None:
    sets = load(
        "version: 1\npermission_sets:\n"
        "  A: {boundary: ReadOnlyAccess}\n"
        "  B: {boundary: {customer_policy: Edge}}\n"
    ).permission_sets
    assert sets["A"].boundary == Located("ReadOnlyAccess", at(3, 17))
    assert sets["B"].boundary == CustomerPolicy("Edge")


def test_an_inline_policy_means_the_same_as_mapping_and_as_json(load: Load) -> None:
    as_json = '\'{"Statement": [{"Resource": "*", "Effect": "Allow", "Action": "s3:*"}]}\''
    as_yaml = '{Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}'
    sets = load(
        "version: 1\npermission_sets:\n"
        f"  A: {{inline_policy: {as_json}}}\n"
        f"  B: {{inline_policy: {as_yaml}}}\n"
    ).permission_sets
    assert sets["A"].settings.inline_policy == sets["B"].settings.inline_policy is not None


def test_conditions_keep_their_types(load: Load) -> None:
    condition = '{Bool: {"aws:MultiFactorAuthPresent": true}, NumericLessThan: {"s3:max-keys": 10}}'
    statement = f'{{Effect: Allow, Action: "s3:*", Resource: "*", Condition: {condition}}}'
    file = load(f"version: 1\npermission_sets:\n  A: {{inline_policy: {{Statement: {statement}}}}}\n")
    policy = file.permission_sets["A"].settings.inline_policy
    assert policy is not None
    assert '"aws:MultiFactorAuthPresent":true' in policy.json
    assert '"s3:max-keys":10' in policy.json


_RULES = """
version: 1
accounts: {staging: {id: "222222222222"}, production: }
users: {ada: {name: A B}, ben: {name: B C}}
groups: {devops: , developers: }
permission_sets: {Admin: , Read: }
access:
"""
_DEVOPS = Principal(PrincipalKind.GROUP, "devops")
_STAGING = NamedAccounts((Located("staging", at(8, 56)),))


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        (
            "{group: devops, permission_set: Admin, accounts: all}",
            ((_DEVOPS,), ("Admin",), EveryAccount(at(8, 54))),
        ),
        (
            "{group: devops, permission_set: Admin, accounts:   staging}",
            ((_DEVOPS,), ("Admin",), _STAGING),
        ),
        (
            "{group: devops, permission_set: Admin, accounts:  [staging]}",
            ((_DEVOPS,), ("Admin",), _STAGING),
        ),
        (
            '{group: devops, permission_set: Admin, accounts: ["222222222222"]}',
            ((_DEVOPS,), ("Admin",), NamedAccounts((Located("222222222222", at(8, 55)),))),
        ),
        (
            "{group: devops, permission_set: Admin, accounts: {tags: {env: a, team: b}}}",
            ((_DEVOPS,), ("Admin",), MatchingAccounts(at(8, 61), {"env": ("a",), "team": ("b",)})),
        ),
        (
            "{users: [ada, ben], permission_sets: [Admin, Read], accounts: all}",
            (
                (Principal(PrincipalKind.USER, "ada"), Principal(PrincipalKind.USER, "ben")),
                ("Admin", "Read"),
                EveryAccount(at(8, 67)),
            ),
        ),
    ],
)
def test_a_rule_says_who_gets_what_where(load: Load, written: str, rule: object) -> None:
    (found,) = load(f"{_RULES}  - {written}\n").rules
    assert (found.principals, found.permission_sets, found.accounts) == rule


def test_an_id_of_an_account_whose_id_only_the_organization_knows_is_left_for_later(load: Load) -> None:
    rules = load(f'{_RULES}  - {{group: devops, permission_set: Admin, accounts: ["333333333333"]}}\n').rules
    assert rules[0].accounts == NamedAccounts((Located("333333333333", at(8, 55)),))


def test_anchors_aliases_and_merge_keys_work(load: Load) -> None:
    text = """
version: 1
permission_sets:
  Base: &base {managed_policies: &read [ReadOnlyAccess], session: 8h}
  Longer: {<<: *base, session: 12h}
  Other: {<<: [{session: 2h}, *base]}
  Plain: {managed_policies: *read}
"""
    sets = load(text).permission_sets
    assert {name: found.settings.session_seconds // 3600 for name, found in sets.items()} == {
        "Base": 8,
        "Longer": 12,
        "Other": 2,
        "Plain": 1,
    }
    assert all(
        [policy.value for policy in found.managed_policies] == ["ReadOnlyAccess"] for found in sets.values()
    )


def test_words_that_older_yaml_takes_for_true_or_dates_are_text(load: Load) -> None:
    file = load("version: 1\naccounts: {no: {tags: {since: 2024-01-01, on: yes}}}\n")
    assert file.accounts["no"].tags == {"since": "2024-01-01", "on": "yes"}


@pytest.mark.parametrize(
    "written", ["null", "True", "0x10", "0o17", "1.5", ".inf", "-.INF", ".nan", "1e3", "-7"]
)
def test_plain_values_that_are_not_text_need_quotes(
    load: Load, mistakes: Callable[[Callable[[], object]], list[str]], written: str
) -> None:
    text = f"version: 1\naccounts: {{a: {{tags: {{k: {written}}}}}}}\n"
    (line,) = mistakes(lambda: load(text))
    assert line.startswith("access.yaml:2:26: tag 'k' must be text, not ")
    assert load(text.replace(written, f"'{written}'")).accounts["a"].tags == {"k": written}
    assert load(text.replace(written, f"!!str {written}")).accounts["a"].tags == {"k": written}
