"""Whatever an Identity Center holds, the files written from it ask for exactly that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usher.access.load import load_access_files
from usher.access.resolve import resolve_access
from usher.access.selections import Candidates
from usher.access.write import MAIN_FILE, Written, write_access
from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, RoleArn
from usher.core.organization import (
    MANAGED_BY_ACCESS_FILE,
    MANAGED_BY_TAG,
    ActualAccess,
    DesiredAccess,
    Instance,
)
from usher.core.partitions import AWS
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import policy_document
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.plan.changes import Plan
from usher.plan.diff import plan_changes

NOW = datetime(2026, 11, 25, tzinfo=UTC)
INSTANCE = Instance(
    InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-0123456789")
)
STAGING = Account(AccountId("2" * 12), "staging", tags={"env": "staging"}, ou_names=("Workloads",))
PRODUCTION = Account(AccountId("3" * 12), "production", tags={"env": "production"}, ou_names=("Workloads",))
MANAGEMENT = Account(AccountId("1" * 12), "management", is_management=True)
ANA = User("ana@mkdev.example", "Ana Lee", "Ana", "Lee", "ana@mkdev.example")
DEVELOPERS = Principal(PrincipalKind.GROUP, "developers")
READ_ONLY = PermissionSet(
    "ReadOnlyAccess",
    session_seconds=43_200,
    managed_policies=frozenset({ManagedPolicy("arn:aws:iam::aws:policy/ReadOnlyAccess")}),
)


def organization(*accounts: Account) -> ActualAccess:
    return ActualAccess(INSTANCE, {each.id: each for each in accounts}, {}, {}, {}, frozenset())


MKDEV = replace(
    organization(MANAGEMENT, STAGING, PRODUCTION),
    users={ANA.user_name: ANA},
    groups={"developers": Group("developers", members=frozenset({ANA.user_name}))},
    permission_sets={READ_ONLY.name: READ_ONLY},
    assignments=frozenset({Assignment(DEVELOPERS, READ_ONLY.name, STAGING.id)}),
)


def write(actual: ActualAccess) -> Written:
    return write_access(actual, AWS, candidates=Candidates.of(actual.accounts.values()), origin="the test")


def read_back(written: Written, actual: ActualAccess) -> DesiredAccess:
    return resolve_access(load_access_files(written.files), list(actual.accounts.values()), now=NOW)


def plan_of(written: Written, actual: ActualAccess) -> Plan:
    return plan_changes(read_back(written, actual), actual)


def test_a_small_organization_is_one_file_that_reads_like_written_by_hand() -> None:
    written = write(MKDEV)
    assert written.files[MAIN_FILE] == (
        "# Written by `usher access import` from the test.\n"
        "# Grants: 1, said in rules: 1.\n"
        "version: 1\n"
        "organization: {accounts: discovered}\n"
        "\n"
        "users:\n"
        "  ana@mkdev.example: {name: Ana Lee}\n"
        "\n"
        "groups:\n"
        "  developers: {members: [ana@mkdev.example]}\n"
        "\n"
        "permission_sets:\n"
        "  ReadOnlyAccess: {managed_policies: [ReadOnlyAccess], session: 12h}\n"
        "\n"
        "access:\n"
        "  - {group: developers, permission_set: ReadOnlyAccess, accounts: [staging]}\n"
    )
    assert plan_of(written, MKDEV).changes == ()


def test_a_policy_is_written_to_be_read() -> None:
    statement = {
        "Effect": "Deny",
        "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"],
        "Resource": "*",
        "Condition": {
            "StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/${aws:username}"},
            "Null": {},
        },
    }
    policy = policy_document({"Version": "2012-10-17", "Statement": [statement, {**statement, "Sid": "Two"}]})
    actual = replace(MKDEV, permission_sets={READ_ONLY.name: replace(READ_ONLY, inline_policy=policy)})
    written = write(actual)
    assert '    inline_policy:\n      Version: "2012-10-17"\n      Statement:\n' in written.files[MAIN_FILE]
    assert "        - Effect: Deny\n          Action:" in written.files[MAIN_FILE]
    assert read_back(written, actual).permission_sets[READ_ONLY.name].inline_policy == policy


def test_who_comes_from_another_directory_is_named_and_left_to_it() -> None:
    groups = {
        "developers": Group("developers", "of Okta", frozenset({ANA.user_name}), external=True),
        "unused": Group("unused", external=True),
    }
    actual = replace(MKDEV, users={ANA.user_name: replace(ANA, external=True)}, groups=groups)
    desired = read_back(write(actual), actual)
    assert (desired.users, desired.groups) == ({}, {})
    assert (desired.external_users, desired.external_groups) == (frozenset(), frozenset({"developers"}))


@pytest.mark.parametrize(
    "user",
    [
        replace(ANA, family_name="", display_name="Ana"),
        replace(ANA, email=""),
        replace(ANA, email="not an address"),
    ],
)
def test_a_person_whose_attributes_no_file_can_say_is_referred_to_and_not_changed(user: User) -> None:
    actual = replace(MKDEV, users={ANA.user_name: user})
    desired = read_back(write(actual), actual)
    assert desired.external_users == frozenset({ANA.user_name})
    assert plan_changes(desired, actual).changes == ()


@pytest.mark.parametrize(
    "user",
    [
        User("fatima", "Fatima", "Fatima", "El Example", "fatima@mkdev.example"),
        User("x y".replace(" ", "_"), "X  Y", "X", "Y"),
        User("123", "null true", "null", "true", "no@mkdev.example"),
    ],
)
def test_a_person_with_any_names_is_written_in_full(user: User) -> None:
    actual = replace(organization(STAGING), users={user.user_name: user})
    assert read_back(write(actual), actual).users == {user.user_name: user}


def test_a_set_that_no_file_can_say_stays_out_with_its_access_and_that_is_told() -> None:
    many = replace(READ_ONLY, name="Tagged", tags={f"key{n}": "" for n in range(50)})
    actual = replace(
        MKDEV,
        permission_sets={**MKDEV.permission_sets, "Tagged": many},
        assignments=MKDEV.assignments | {Assignment(DEVELOPERS, "Tagged", STAGING.id)},
    )
    written = write(actual)
    assert [(each.what, each.why) for each in written.unsaid] == [
        ("permission set Tagged", "permission set 'Tagged' has 50 tags; the limit is 49")
    ]
    assert plan_of(written, actual).changes == ()
    assert plan_of(written, actual).left_alone.permission_sets == ("Tagged",)


def test_access_that_nobody_can_use_is_told_and_not_written() -> None:
    closed = Account(AccountId("4" * 12), "closed", active=False)
    gone = Principal(PrincipalKind.USER, "94482488-3041-7005")
    actual = replace(
        MKDEV,
        accounts={**MKDEV.accounts, closed.id: closed},
        assignments=MKDEV.assignments
        | {
            Assignment(DEVELOPERS, READ_ONLY.name, closed.id),
            Assignment(DEVELOPERS, READ_ONLY.name, AccountId("5" * 12)),
            Assignment(gone, READ_ONLY.name, STAGING.id),
        },
    )
    written = write(actual)
    assert written.grants == 1
    assert [f"{each.what}: {each.why}" for each in written.unsaid] == [
        "1 grant: account 555555555555 is not in the organization",
        "1 grant: account closed (444444444444) is suspended: nobody can enter it",
        "1 grant: their user or group no longer exists: the next plan removes them",
    ]


def test_owned_roles_are_called_by_their_names_while_those_are_clear() -> None:
    arns = ["role/Deployer", "role/teams/web/Auditor", "role/a/Twin", "role/b/Twin"]
    entitlements = {
        Entitlement(DEVELOPERS, RoleArn(f"arn:aws:iam::{each.id}:{arn}"))
        for each in (STAGING, PRODUCTION)
        for arn in arns
    }
    actual = replace(MKDEV, entitlements=frozenset(entitlements))
    written = write(actual)
    assert "  Deployer:\n" in written.files[MAIN_FILE]
    assert "  Auditor: {path: /teams/web/}\n" in written.files[MAIN_FILE]
    assert "  a/Twin: {name: Twin, path: /a/}\n" in written.files[MAIN_FILE]
    assert read_back(written, actual).entitlements == entitlements


def test_accounts_whose_names_say_nothing_certain_are_called_by_id() -> None:
    names = ["all", "members", "twin", "Twin", "web-*", "7" * 12, "", "plain"]
    accounts = [Account(AccountId(f"{place}" * 12), name) for place, name in enumerate(names)]
    actual = replace(
        MKDEV,
        accounts={each.id: each for each in accounts},
        assignments=frozenset(Assignment(DEVELOPERS, READ_ONLY.name, each.id) for each in accounts[::2]),
    )
    assert plan_of(write(actual), actual).changes == ()


def test_a_large_organization_is_a_folder_with_the_rules_of_each_unit_apart() -> None:
    units = ["Workloads", "Sandbox", "Sand box"]
    accounts = [
        Account(AccountId(f"{n:012}"), f"a{n}", tags={"env": f"{n % 2}"}, ou_names=(units[n % 3], f"{n % 4}"))
        for n in range(60)
    ]
    groups = {f"group{n}": Group(f"group{n}", "x" * 90) for n in range(700)}
    grants = {
        Assignment(Principal(PrincipalKind.GROUP, f"group{n}"), READ_ONLY.name, each.id)
        for n in range(12)
        for each in accounts
        if n % 4 == 0 or each.ou_names[0] == units[n % 3] or (n % 5 == 0 and each.tags["env"] == "0")
    }
    grants |= {
        Assignment(Principal(PrincipalKind.GROUP, f"group{n}"), READ_ONLY.name, accounts[n % 7].id)
        for n in range(20, 40)
    }
    actual = replace(
        organization(*accounts),
        groups=groups,
        permission_sets=MKDEV.permission_sets,
        assignments=frozenset(grants),
    )
    written = write(actual)
    assert {
        "access.yaml",
        "groups.yaml",
        "permission-sets.yaml",
        "access-everywhere.yaml",
    } < written.files.keys()
    assert {"access-in-sandbox.yaml", "access-in-sand-box.yaml"} < written.files.keys()
    assert plan_of(written, actual).changes == ()


def test_a_unit_with_very_many_rules_has_its_units_below_in_files_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("usher.access.write._MOST_RULES_OF_UNIT", 20)
    monkeypatch.setattr("usher.access.write._ONE_FILE_LINES", 20)
    accounts = [
        Account(AccountId(f"{n:012}"), f"a{n}", ou_names=("Workloads", f"Stage{n % 2}")[: 1 + n % 7])
        for n in range(60)
    ]
    groups = {f"group{n}": Group(f"group{n}") for n in range(60)}
    grants = {
        Assignment(Principal(PrincipalKind.GROUP, f"group{n}"), READ_ONLY.name, accounts[each % 60].id)
        for n in range(60)
        for each in (n, n * 3)
    }
    actual = replace(
        organization(*accounts),
        groups=groups,
        permission_sets=MKDEV.permission_sets,
        assignments=frozenset(grants),
    )
    written = write(actual)
    assert {
        "access-in-workloads.yaml",
        "access-in-workloads-stage0.yaml",
        "access-in-workloads-stage1.yaml",
    } <= written.files.keys()
    assert plan_of(written, actual).changes == ()


def test_files_that_are_too_long_to_review_are_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usher.access.write._MOST_LINES", 100)
    monkeypatch.setattr("usher.access.write._ONE_FILE_LINES", 100)
    groups = {f"group{n}": Group(f"group{n}", "two\nlines") for n in range(250)}
    actual = replace(MKDEV, groups=groups, assignments=frozenset())
    written = write(actual)
    assert {"groups-1.yaml", "groups-2.yaml", "groups-3.yaml"} < written.files.keys()
    assert plan_of(written, actual).changes == ()


# --- whatever the world ---------------------------------------------------------------------------

NASTY = ["null", "no", "1e3", "0x1", "- a", "a: b", "a #b", "{a}", "[a]", "*a", "&a", "!a", "%a", "@a", "a,b"]
NASTY += ["'", '"', "\\", "a'b", "~", "|", ">", "?", "<<a", "é", "日本", "a\u00a0b", "\U0001f600"]
NAMES = st.sampled_from([*NASTY, "devs", "ops"]) | st.text("abz.-:#'\"{}é", min_size=1, max_size=8)
USER_NAMES = NAMES.map(lambda name: "".join(name.split()) or "x")
TEXTS = st.sampled_from(["", "one", "a: b", "é", "two  words"])
POLICIES = ["ReadOnlyAccess", "job-function/Billing", "service-role/AWSLambdaRole", "job-function/Other"]
MANAGED = [ManagedPolicy(f"arn:aws:iam::aws:policy/{name}") for name in POLICIES]
CUSTOMER = [CustomerPolicy("Team"), CustomerPolicy("Team", "/web/")]
INLINE = [
    policy_document({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}),
    policy_document(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "NotAction": ["a:b", "null"],
                    "Resource": "é: #",
                    "Condition": {"x": {"y": [True, 1.5]}},
                }
            ],
        }
    ),
]


@st.composite
def permission_sets(draw: st.DrawFn) -> dict[str, PermissionSet]:
    found = {}
    for name in sorted(draw(st.sets(st.sampled_from(["Admin", "true", "1e3", "a=b@c"]), max_size=4))):
        tags = draw(
            st.dictionaries(st.sampled_from(["team", "a:b", "aws:own"]), st.sampled_from(["1", "", "é"]))
        )
        if draw(st.booleans()):
            tags[MANAGED_BY_TAG] = MANAGED_BY_ACCESS_FILE
        found[name] = PermissionSet(
            name,
            draw(st.sampled_from(["", "about: it", "two\nlines", "ü"])),
            draw(st.sampled_from([3600, 5400, 43_200])),
            draw(st.sampled_from(["", "https://console.aws.amazon.com/s3?x=#y"])),
            draw(st.frozensets(st.sampled_from(MANAGED))),
            draw(st.frozensets(st.sampled_from(CUSTOMER))),
            draw(st.none() | st.sampled_from(INLINE)),
            draw(st.none() | st.sampled_from([*MANAGED, *CUSTOMER])),
            tags,
        )
    return found


@st.composite
def worlds(draw: st.DrawFn) -> ActualAccess:
    accounts = [
        Account(
            AccountId(f"{number:012}"),
            draw(NAMES),
            tags=draw(st.dictionaries(st.sampled_from(["env", "team"]), st.sampled_from(["a", "b"]))),
            is_management=number == 0,
            ou_names=tuple(draw(st.lists(st.sampled_from(["X", "Y: z", "a/b"]), max_size=2))),
        )
        for number in range(draw(st.integers(1, 14)))
    ]
    user_names = draw(st.lists(USER_NAMES, unique_by=str.casefold, max_size=4))
    users = {
        name: User(name, draw(TEXTS), draw(TEXTS), draw(TEXTS), draw(TEXTS), external=draw(st.booleans()))
        for name in user_names
    }
    group_names = draw(st.lists(NAMES, unique_by=str.casefold, max_size=4))
    inside = st.frozensets(st.sampled_from(user_names)) if user_names else st.just(frozenset())
    groups = {
        name: Group(name, draw(TEXTS), draw(inside), external=draw(st.booleans())) for name in group_names
    }
    sets = draw(permission_sets())
    principals = [Principal(PrincipalKind.USER, name) for name in users]
    principals += [Principal(PrincipalKind.GROUP, name) for name in groups]
    grants: set[Assignment] = set()
    roles: set[Entitlement] = set()
    for principal in principals:
        for name in sets:
            chosen = accounts if draw(st.booleans()) else [each for each in accounts if draw(st.booleans())]
            grants |= {Assignment(principal, name, each.id) for each in chosen}
        for role in draw(st.sets(st.sampled_from(["Deployer", "a/Twin", "b/Twin"]))):
            roles |= {
                Entitlement(principal, RoleArn(f"arn:aws:iam::{each.id}:role/{role}")) for each in accounts
            }
    return replace(
        organization(*accounts),
        users=users,
        groups=groups,
        permission_sets=sets,
        assignments=frozenset(grants),
        entitlements=frozenset(roles),
    )


@pytest.mark.scale
@given(worlds())
@settings(max_examples=200, deadline=None)
def test_the_plan_of_what_was_written_is_empty(actual: ActualAccess) -> None:
    written = write(actual)
    assert written.unsaid == ()
    desired = read_back(written, actual)
    assert plan_changes(desired, actual).changes == ()
    assert desired.assignments == actual.assignments
    assert desired.entitlements == actual.entitlements
    assert desired.permission_sets.keys() == actual.permission_sets.keys()
