"""Every way in, what is missing, and the smallest change."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from ruamel.yaml import YAML

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement, Granted
from usher.core.ids import AccountId, RoleArn
from usher.core.organization import DesiredAccess
from usher.core.principals import Group
from usher.core.rules import Place, RuleNote
from usher.policy.request import Decision, Verdict
from usher.report.holdings import Holdings, Target
from usher.report.who import Judge, Judgement
from usher.report.why import (
    AddRule,
    ApplyFile,
    FileView,
    JoinGroup,
    RenewRule,
    is_open,
    paths,
    rule_line,
    why_not,
)

STAGING = Account(AccountId("2" * 12), "staging")
ASLEEP = Account(AccountId("4" * 12), "asleep", active=False)
RULE = RuleNote(Place("access.yaml", 7), owner="platform", expires=datetime(2026, 1, 1, tzinfo=UTC))
READER, WRITER = Target("Reader"), Target("Writer")


@pytest.fixture
def holdings(build: SimpleNamespace) -> Holdings:
    """Ada reads through two groups; writers write, and more; the deleted group can do everything."""
    return Holdings(
        build.world(
            Assignment(build.group("readers"), "Reader", STAGING.id),
            Assignment(build.user("ada"), "Reader", STAGING.id),
            Assignment(build.group("writers"), "Writer", STAGING.id),
            Assignment(build.group("everything"), "Writer", STAGING.id),
            Assignment(build.group("everything"), "Reader", STAGING.id),
            Assignment(build.group("everything"), "Admin", STAGING.id),
            Assignment(build.group("gone"), "Writer", STAGING.id),
            Assignment(build.group("readers"), "Reader", ASLEEP.id),
            accounts=[STAGING, ASLEEP],
            members={"readers": ["ada"], "writers": ["grace"], "everything": ["linus"]},
            users=["nobody"],
        )
    )


def said(*granted: Granted, lapsed: tuple[Granted, ...] = (), **groups: str) -> FileView:
    return FileView(
        DesiredAccess(
            {STAGING.id: STAGING},
            {},
            {name: Group(name, members=frozenset({member})) for name, member in groups.items()},
            {},
            frozenset(each for each in granted if isinstance(each, Assignment)),
            entitlements=frozenset(each for each in granted if isinstance(each, Entitlement)),
            external_groups=frozenset({"writers"}),
            rules=(RULE,),
            origins=dict.fromkeys(granted, (0,)),
        ),
        dict.fromkeys(lapsed, (RULE,)),
    )


def only(*names: str) -> Judge:
    def judge(target: Target, _account: AccountId) -> Judgement:
        decision = Decision.ALLOWED if target.name in names else Decision.DENIED
        return Judgement(Verdict(decision, "so it is"))

    return judge


def test_every_way_in_is_told_with_its_rules(holdings: Holdings, build: SimpleNamespace) -> None:
    file = said(Assignment(build.group("readers"), "Reader", STAGING.id))
    found = paths(holdings, "ada", STAGING.id, file=file)
    assert [(each.holding.group, each.in_file, each.rules) for each in found] == [
        ("readers", True, (RULE,)),
        ("", False, ()),
    ]
    assert found[0].permission_set == build.permission_set("Reader")
    assert paths(holdings, "nobody", STAGING.id) == ()


def test_a_way_is_open_only_where_it_leads_to_what_is_asked(holdings: Holdings) -> None:
    (way, _) = paths(holdings, "ada", STAGING.id, judge=only("Writer"))
    assert not is_open(way, STAGING)
    (way, _) = paths(holdings, "ada", STAGING.id)
    assert is_open(way, STAGING, READER)
    assert not is_open(way, STAGING, WRITER)
    assert not is_open(way, ASLEEP)
    assert not is_open(way, None)


def test_the_group_that_gives_least_comes_first(holdings: Holdings) -> None:
    answer = why_not(holdings, "ada", STAGING, target=WRITER)
    assert answer.obstacles == ("ada has Reader in staging, but not Writer",)
    assert answer.remedies == (
        JoinGroup("writers", WRITER, elsewhere=False, also=0),
        JoinGroup("everything", WRITER, elsewhere=False, also=1),
        AddRule(WRITER, "- {user: ada, permission_set: Writer, accounts: [staging]}"),
    )


def test_danger_goes_before_generosity(holdings: Holdings) -> None:
    answer = why_not(
        holdings, "nobody", STAGING, risk_of=lambda target: {"Reader": 0, "Writer": 1}.get(target.name, 9)
    )
    assert answer.obstacles == ("nobody is in no group and has nothing directly",)
    joins = [(each.group, each.target.name) for each in answer.remedies if isinstance(each, JoinGroup)]
    assert joins == [("readers", "Reader"), ("everything", "Reader"), ("writers", "Writer")]


def test_an_action_is_given_by_the_safest_set_that_allows_it(holdings: Holdings) -> None:
    answer = why_not(
        holdings,
        "ada",
        STAGING,
        judge=only("Admin", "Writer"),
        risk_of=lambda target: int(target.name == "Admin"),
    )
    assert answer.obstacles == ("Reader does not allow it: so it is",) * 2
    assert answer.remedies[-1] == AddRule(WRITER, rule_line("ada", WRITER, STAGING))
    nothing = why_not(holdings, "ada", STAGING, judge=only())
    assert nothing.remedies == ()


def test_members_of_a_group_kept_elsewhere_are_added_there(holdings: Holdings) -> None:
    answer = why_not(holdings, "ada", STAGING, target=WRITER, file=said())
    assert JoinGroup("writers", WRITER, elsewhere=True, also=0) in answer.remedies


def test_a_suspended_account_has_no_remedy(holdings: Holdings) -> None:
    answer = why_not(holdings, "ada", ASLEEP)
    assert answer.obstacles == (f"account {ASLEEP} is suspended: nobody enters it",)
    assert answer.remedies == ()
    nobody = why_not(holdings, "grace", ASLEEP)
    assert "neither grace nor a group of theirs (writers)" in nobody.obstacles[1]


def test_what_is_written_and_not_applied_comes_first(holdings: Holdings, build: SimpleNamespace) -> None:
    joined = said(Assignment(build.group("writers"), "Writer", STAGING.id), writers="ada")
    answer = why_not(holdings, "ada", STAGING, target=WRITER, file=joined)
    assert answer.remedies[0] == ApplyFile(WRITER, "writers")
    directly = said(Assignment(build.user("new"), "Reader", STAGING.id))
    directly = FileView(
        DesiredAccess(
            directly.desired.accounts,
            {},
            {},
            {},
            directly.desired.assignments,
            external_users=frozenset({"new"}),
        )
    )
    assert why_not(holdings, "new", STAGING, file=directly).remedies[0] == ApplyFile(READER, "")


def test_what_expired_is_renewed(holdings: Holdings, build: SimpleNamespace) -> None:
    elsewhere = Assignment(build.user("ada"), "Writer", ASLEEP.id)
    file = said(lapsed=(Assignment(build.group("readers"), "Writer", STAGING.id), elsewhere))
    answer = why_not(holdings, "ada", STAGING, target=WRITER, file=file)
    assert answer.remedies[0] == RenewRule(RULE, WRITER, "readers")
    assert (
        RenewRule(RULE, WRITER, "readers")
        not in why_not(holdings, "ada", STAGING, target=READER, file=file).remedies
    )


def test_a_role_of_ones_own_is_a_target_too(build: SimpleNamespace) -> None:
    role = RoleArn(f"arn:aws:iam::{STAGING.id}:role/Deployer")
    granted = Entitlement(build.group("deployers"), role)
    world = build.world(
        accounts=[STAGING], members={"deployers": ["grace"]}, users=["ada"], entitlements=[granted]
    )
    target = Target("Deployer", is_role=True)
    answer = why_not(Holdings(world), "ada", STAGING, target=target, file=said(granted))
    assert answer.remedies[-1] == AddRule(target, "- {user: ada, role: Deployer, accounts: [staging]}")
    (path,) = paths(Holdings(world), "grace", STAGING.id, file=said(granted))
    assert (path.permission_set, path.in_file) == (None, True)


@pytest.mark.parametrize("name", ["ada@mkdev.example", "yes", "a, b: {c}", "'\"", "9", "ünï", "-x", "#"])
def test_the_line_for_the_file_is_the_name_whatever_it_is(name: str) -> None:
    line = rule_line(name, Target(name), Account(STAGING.id, name))
    assert YAML(typ="safe").load(line) == [{"user": name, "permission_set": name, "accounts": [name]}]
