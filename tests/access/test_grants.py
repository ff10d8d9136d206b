"""What rules give: by which rule, until when, in which variant, to which role, under which drift mode."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from usher.access.load import load_access_file
from usher.access.model import AccessFile
from usher.access.resolve import resolve_access
from usher.access.reviews import warnings_at
from usher.core.access_tests import AccessTest, Duty, Separation
from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, RoleArn
from usher.core.organization import DesiredAccess
from usher.core.partitions import AWS_US_GOV
from usher.core.principals import Principal, PrincipalKind
from usher.core.rules import DriftMode, Place

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
Mistakes = Callable[[Callable[[], object]], list[str]]

DEVOPS = Principal(PrincipalKind.GROUP, "devops")
STAGING, PRODUCTION = AccountId("222222222222"), AccountId("333333333333")

_HEAD = """
version: 1
accounts: [management, staging, production]
users: {ada: {external: true}, ben: {name: Ben Example}}
groups: {devops: , okta: {external: true}}
permission_sets:
  Admin:
    session: 8h
    managed_policies: [AdministratorAccess]
    tags: {risk: high}
    variants: {Admin-prod: {accounts: [production], session: 1h}}
  Read:
roles: {deployer: {name: Deployer, path: /teams/web/}, operator: }
"""


def _load(text: str) -> AccessFile:
    return load_access_file(_HEAD + text, "access.yaml")


def _rule(what: str, where: str = "[staging]", rest: str = "") -> str:
    return f"  - {{group: devops, {what}, accounts: {where}{rest}}}\n"


@pytest.fixture
def resolve(mkdev: list[Account]) -> Callable[..., DesiredAccess]:
    def resolved(*rules: str, now: datetime = NOW, more: str = "") -> DesiredAccess:
        access = f"access:\n{''.join(rules)}" if rules else ""
        return resolve_access(_load(access + more), mkdev, now=now)

    return resolved


Resolve = Callable[..., DesiredAccess]


def test_each_grant_knows_the_rules_that_give_it(resolve: Resolve) -> None:
    access = resolve(
        _rule("permission_set: Read"),
        _rule("permission_set: Read", "[staging, production]", ", reason: look, ticket: T-1, owner: ada"),
    )
    assert access.origins == {
        Assignment(DEVOPS, "Read", STAGING): (0, 1),
        Assignment(DEVOPS, "Read", PRODUCTION): (1,),
    }
    first, second = access.rules
    assert first.at == Place("access.yaml", 15, 5)
    assert (second.reason, second.ticket, second.owner) == ("look", "T-1", "ada")


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("expires: 2026-12-31", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("expires: 2026-12-31T18:00Z", datetime(2026, 12, 31, 18, tzinfo=UTC)),
        ("expires: 2026-12-31T18:00:30+02:00", datetime(2026, 12, 31, 16, 0, 30, tzinfo=UTC)),
        ("expires: 8h, from: 2026-11-25T08:00Z", datetime(2026, 11, 25, 16, tzinfo=UTC)),
        ("expires: 30d, from: 2026-11-25T08:00Z", datetime(2026, 12, 25, 8, tzinfo=UTC)),
        ("expires: 2w, from: 2026-11-25T08:00Z", datetime(2026, 12, 9, 8, tzinfo=UTC)),
        ("expires: PT90M, from: 2026-11-25T08:00+01:00", datetime(2026, 11, 25, 8, 30, tzinfo=UTC)),
    ],
)
def test_a_rule_ends_at_a_moment_that_no_reading_moves(
    resolve: Resolve, written: str, moment: datetime
) -> None:
    rule = _rule("permission_set: Read", rest=f", {written}")
    (note,) = resolve(rule, now=moment).rules
    assert note.expires == moment
    assert resolve(rule, now=moment).assignments
    later = resolve(rule, now=datetime(2027, 1, 1, tzinfo=UTC))
    assert (later.assignments, later.rules, later.origins, later.expired) == (frozenset(), (), {}, (note,))


def test_a_rule_gives_nothing_before_it_begins(resolve: Resolve) -> None:
    rule = _rule("permission_set: Read", rest=", expires: 8h, from: 2026-11-25T08:00Z")
    begins = datetime(2026, 11, 25, 8, tzinfo=UTC)
    before = resolve(rule, now=begins - timedelta(seconds=1))
    (note,) = before.upcoming
    assert (before.assignments, before.rules, before.expired, note.starts) == (frozenset(), (), (), begins)
    assert [str(each) for each in warnings_at(_load("access:\n" + rule), begins - timedelta(days=1))] == [
        (
            "access.yaml:15:5: this rule begins on 2026-11-25 08:00 UTC and gives nothing before "
            "(plan and apply again then)"
        )
    ]
    at_once = resolve(rule, now=begins)
    assert (len(at_once.assignments), at_once.rules, at_once.upcoming) == (1, (note,), ())
    assert warnings_at(_load("access:\n" + rule), begins) == ()


def test_what_another_rule_gives_too_stays_when_one_expires(resolve: Resolve) -> None:
    access = resolve(
        _rule("permission_set: Read", rest=", expires: 2026-01-01"),
        _rule("permission_set: Read"),
        _rule("permission_set: Admin", rest=", expires: 2026-01-01"),
    )
    assert access.origins == {Assignment(DEVOPS, "Read", STAGING): (0,)}
    assert [note.at.line for note in access.expired] == [15, 17]


def test_reviews_that_are_due_and_expired_rules_are_warned_of(resolve: Resolve) -> None:
    file = _load(
        "access:\n"
        + _rule("permission_set: Read", rest=", review: 2026-11-24, owner: ada")
        + _rule("permission_set: Read", rest=", review: 2026-11-24")
        + _rule("permission_set: Read", rest=", review: 2026-11-25")
        + _rule("permission_set: Read", rest=", expires: 2026-11-24, review: 2026-01-01")
    )
    assert file.rules[0].note.review == date(2026, 11, 24)
    assert [str(each) for each in warnings_at(file, NOW)] == [
        "access.yaml:15:5: this rule was to be reviewed by 2026-11-24 (ask ada)",
        (
            "access.yaml:16:5: this rule was to be reviewed by 2026-11-24 "
            "(give it a new date when it was looked at)"
        ),
        (
            "access.yaml:18:5: this rule expired on 2026-11-24 23:59 UTC and gives nothing "
            "(remove it, or give it a new date)"
        ),
    ]


def test_a_variant_takes_the_sets_place_in_its_accounts(resolve: Resolve) -> None:
    access = resolve(_rule("permission_set: Admin", "[staging, production]"))
    assert access.assignments == {
        Assignment(DEVOPS, "Admin", STAGING),
        Assignment(DEVOPS, "Admin-prod", PRODUCTION),
    }
    base, variant = access.permission_sets["Admin"], access.permission_sets["Admin-prod"]
    assert (base.session_seconds, variant.session_seconds) == (8 * 3600, 3600)
    assert base.managed_policies == variant.managed_policies
    assert base.tags == variant.tags


def test_two_variants_never_share_an_account(mkdev: list[Account], mistakes: Mistakes) -> None:
    text = _HEAD.replace(
        "variants: {Admin-prod", "variants: {Admin-two: {accounts: members, session: 2h}, Admin-prod"
    )
    file = load_access_file(text, "access.yaml")
    (line,) = mistakes(lambda: resolve_access(file, mkdev, now=NOW))
    assert line == (
        "access.yaml:11:85: 'Admin-prod' and 'Admin-two' both take the place of 'Admin' in "
        "production (333333333333) (write except in one of them)"
    )


def test_a_variant_replaces_what_it_says_and_keeps_the_rest() -> None:
    text = """
version: 1
fragments:
  audit: {managed_policies: [SecurityAudit], tags: {team: security}, description: Audit}
  short: {session: 2h, tags: {team: core, kind: short}, relay_state: "https://console.aws.amazon.com/"}
permission_sets:
  A:
    include: [audit, short]
    description: Own words
    managed_policies: [ReadOnlyAccess, SecurityAudit]
    boundary: ReadOnlyAccess
    variants:
      B: {accounts: all, managed_policies: [Billing], tags: {}}
      C: {accounts: all, include: [short], session: 3h}
"""
    sets = load_access_file(text, "access.yaml").permission_sets

    def policies(name: str) -> list[str]:
        return [policy.value for policy in sets[name].managed_policies]

    first = sets["A"].settings
    assert (first.description, first.session_seconds, first.relay_state) == (
        "Own words",
        7200,
        "https://console.aws.amazon.com/",
    )
    assert first.tags == {"team": "core", "kind": "short"}
    assert (policies("A"), policies("B"), policies("C")) == (
        ["SecurityAudit", "ReadOnlyAccess"],
        ["Billing"],
        ["SecurityAudit", "ReadOnlyAccess"],
    )
    assert sets["B"].settings.tags == {}
    assert sets["C"].settings.session_seconds == 3 * 3600
    assert all(each.boundary is not None for each in sets.values())
    assert [variant.name.value for variant in sets["A"].variants] == ["B", "C"]


def test_statements_of_fragments_come_before_a_sets_own() -> None:
    text = """
version: 1
fragments:
  one: {inline_policy: {Version: "2012-10-17", Statement: {Effect: Deny, Action: "a:*", Resource: "*"}}}
  two: {inline_policy: {Statement: [{Effect: Deny, Action: "b:*", Resource: "*"}]}}
permission_sets:
  A:
    include: [one, two]
    inline_policy: '{"Statement": {"Sid": "", "Effect": "Allow", "Action": "c:*", "Resource": "*"}}'
  B: {include: [one]}
  C: {include: [two], inline_policy: {Statement: {Effect: Allow, Action: "c:*", Resource: "*"}}}
"""
    sets = load_access_file(text, "access.yaml").permission_sets
    joined = sets["A"].settings.inline_policy
    assert joined is not None
    assert [joined.json.index(f'"{letter}:*"') for letter in "abc"] == sorted(
        joined.json.index(f'"{letter}:*"') for letter in "abc"
    )
    assert '"Version":"2012-10-17"' in joined.json
    without = sets["C"].settings.inline_policy
    assert without is not None
    assert "Version" not in without.json


def test_a_fragment_that_nothing_includes_is_warned_of() -> None:
    file = load_access_file("version: 1\nfragments: {guard: {session: 2h}}\n", "access.yaml")
    assert [str(each) for each in file.warnings] == [
        "access.yaml:2:13: no permission set includes the fragment 'guard'"
    ]


def test_roles_are_given_by_path_and_name_in_the_partition(mkdev: list[Account]) -> None:
    file = _load("access:\n" + _rule("roles: [deployer, operator]"))
    access = resolve_access(file, mkdev, partition=AWS_US_GOV, now=NOW)
    assert access.roles == {"teams/web/Deployer", "operator"}
    assert access.entitlements == {
        Entitlement(DEVOPS, RoleArn("arn:aws-us-gov:iam::222222222222:role/teams/web/Deployer")),
        Entitlement(DEVOPS, RoleArn("arn:aws-us-gov:iam::222222222222:role/operator")),
    }
    assert set(access.origins) == access.entitlements
    assert access.assignments == frozenset()


def test_drift_modes_are_kept_where_they_differ_and_the_strictest_decides(resolve: Resolve) -> None:
    access = resolve(
        _rule("permission_set: Read", "[staging, production]", ", drift: observe"),
        _rule("permission_set: Read", "[production]", ", drift: ignore"),
        _rule("permission_set: Admin", "[staging]", ", drift: adopt"),
        _rule("permission_set: Admin", "[staging]"),
        _rule("role: deployer", "[production]", ", drift: adopt"),
        more="drift: ignore\n",
    )
    assert access.drift_default is DriftMode.IGNORE
    assert access.drift == {
        ("Read", STAGING): DriftMode.OBSERVE,
        ("Read", PRODUCTION): DriftMode.OBSERVE,
        ("Admin", STAGING): DriftMode.ADOPT,
        ("teams/web/Deployer", PRODUCTION): DriftMode.ADOPT,
    }


def test_a_rule_without_a_mode_is_as_strict_as_the_file_says(resolve: Resolve) -> None:
    access = resolve(
        _rule("permission_set: Read", "[staging, production]", ", drift: observe"),
        _rule("permission_set: Read", "[production]"),
    )
    assert access.drift == {("Read", STAGING): DriftMode.OBSERVE}
    assert resolve(_rule("permission_set: Read")).drift == {}


def test_external_people_and_groups_are_given_access_and_not_managed(mkdev: list[Account]) -> None:
    text = "access:\n  - {groups: [okta], permission_set: Read, accounts: staging}\n"
    text += "  - {user: ada, permission_set: Read, accounts: staging}\n"
    access = resolve_access(_load(text), mkdev, now=NOW)
    assert (access.external_users, access.external_groups) == ({"ada"}, {"okta"})
    assert (set(access.users), set(access.groups)) == ({"ben"}, {"devops"})
    assert {each.principal.name for each in access.assignments} == {"okta", "ada"}


def test_groups_in_groups_are_flattened_with_a_warning() -> None:
    text = """
version: 1
users: {a: {name: A B}, b: {name: B C}, c: {external: true}}
groups:
  all: {groups: [one, two], members: [a]}
  one: {groups: [two]}
  two: {members: [b, c]}
  three: {external: false, members: []}
"""
    file = load_access_file(text, "access.yaml")
    assert {name: sorted(group.members) for name, group in file.groups.items()} == {
        "all": ["a", "b", "c"],
        "one": ["b", "c"],
        "two": ["b", "c"],
        "three": [],
    }
    assert [(each.line, each.column) for each in file.warnings] == [(5, 17), (6, 17)]
    assert "no groups in groups" in file.warnings[0].hint


def test_quotas_are_held_before_a_call_is_made_and_can_be_raised(
    mkdev: list[Account], mistakes: Mistakes
) -> None:
    sets = ", ".join(f"S{number}: " for number in range(5))
    groups = ", ".join(f"g{number}: " for number in range(3))
    text = (
        "version: 1\norganization: {{quotas: {{permission_sets: {0}, permission_sets_per_account: {1}, "
        "groups_per_role: {2}}}}}\n"
        f"permission_sets: {{{{{sets}}}}}\ngroups: {{{{{groups}}}}}\nroles: {{{{r: }}}}\naccess:\n"
        "  - {{group: g0, permission_sets: [S0, S1, S2, S3], accounts: all}}\n"
        "  - {{groups: [g0, g1, g2], role: r, accounts: staging}}\n"
    )
    assert resolve_access(load_access_file(text.format(5, 4, 3), "a"), mkdev, now=NOW).entitlements
    (line,) = mistakes(lambda: load_access_file(text.format(4, 4, 3), "a"))
    assert line.startswith("a:3:43: there are 5 permission sets; the quota of an instance is 4")
    found = mistakes(lambda: resolve_access(load_access_file(text.format(5, 3, 2), "a"), mkdev, now=NOW))
    assert [line.split(" (")[0] for line in found[:1]] == ["a:7:62: management"]
    assert "would have 4 permission sets; the quota of an account is 3" in found[0]
    assert found[-1].startswith(
        "a:8:47: role arn:aws:iam::222222222222:role/r would be open to 3 groups; a role's quota is 2"
    )


def test_a_file_for_another_partition_is_refused(mkdev: list[Account], mistakes: Mistakes) -> None:
    file = load_access_file("version: 1\norganization: {partition: aws-us-gov}\n", "access.yaml")
    (line,) = mistakes(lambda: resolve_access(file, mkdev, now=NOW))
    assert line == (
        "access.yaml:2:15: this file is for the partition 'aws-us-gov', "
        "and this Identity Center is in 'aws' (look at --profile and --region)"
    )
    assert resolve_access(file, mkdev, partition=AWS_US_GOV, now=NOW)


def test_a_file_for_another_organization_is_refused(mkdev: list[Account], mistakes: Mistakes) -> None:
    file = load_access_file("version: 1\norganization: {id: o-exampleorg}\n", "access.yaml")
    (line,) = mistakes(lambda: resolve_access(file, mkdev, now=NOW, organization_id="o-anotherorg"))
    assert line == (
        "access.yaml:2:15: this file is for the organization o-exampleorg, "
        "and the keys are of o-anotherorg (look at --profile)"
    )
    assert resolve_access(file, mkdev, now=NOW, organization_id="o-exampleorg")
    assert resolve_access(file, mkdev, now=NOW)


def test_tests_are_read_with_their_accounts_and_variants(resolve: Resolve) -> None:
    tests = resolve(
        more="""
tests:
  - {group: okta, on: all, cannot: "s3:DeleteObject"}
  - user: ada
    on: [staging]
    can: ["s3:GetObject", "s3:ListBucket"]
    resources: ["arn:aws:s3:::web/*", "*"]
    with: {"aws:MultiFactorAuthPresent": "true", "aws:SourceIp": ["10.0.0.1", "10.0.0.2"], "aws:x": []}
    relies_on_scps: true
  - {group: devops, on: staging, cannot: enter, relies_on_scps: false}
  - {group: devops, on: [staging, production], can: {enter: Admin}}
  - {group: devops, on: staging, can: {enter: deployer}}
  - {group: devops, on: staging, can: "s3:GetObject", resource: "arn:aws:s3:::a"}
"""
    ).tests
    ada = Principal(PrincipalKind.USER, "ada")
    every = (AccountId("111111111111"), STAGING, PRODUCTION)

    def at(line: int) -> Place:
        return Place("access.yaml", line, 5)

    okta = Principal(PrincipalKind.GROUP, "okta")
    assert tests == (
        AccessTest(okta, every, False, at(16), ("s3:DeleteObject",)),
        AccessTest(
            ada,
            (STAGING,),
            True,
            at(17),
            ("s3:GetObject", "s3:ListBucket"),
            ("arn:aws:s3:::web/*", "*"),
            relies_on_scps=True,
            context={
                "aws:MultiFactorAuthPresent": ("true",),
                "aws:SourceIp": ("10.0.0.1", "10.0.0.2"),
                "aws:x": (),
            },
        ),
        AccessTest(DEVOPS, (STAGING,), False, at(23)),
        AccessTest(DEVOPS, (STAGING,), True, at(24), entering="Admin"),
        AccessTest(DEVOPS, (PRODUCTION,), True, at(24), entering="Admin-prod"),
        AccessTest(DEVOPS, (STAGING,), True, at(25), entering="teams/web/Deployer"),
        AccessTest(DEVOPS, (STAGING,), True, at(26), ("s3:GetObject",), ("arn:aws:s3:::a",)),
    )


def test_separations_are_read_with_their_accounts_and_variants(resolve: Resolve) -> None:
    (separation,) = resolve(
        more="""
separation:
  - name: deploy and approve
    reason: Four eyes
    never_both:
      - {groups: [devops], roles: [deployer]}
      - {permission_sets: [Admin], accounts: [production]}
"""
    ).separations
    assert separation == Separation(
        "deploy and approve",
        (
            Duty(frozenset({"devops"}), roles=frozenset({"teams/web/Deployer"})),
            Duty(permission_sets=frozenset({"Admin", "Admin-prod"}), accounts=frozenset({PRODUCTION})),
        ),
        Place("access.yaml", 16, 5),
        "Four eyes",
    )
