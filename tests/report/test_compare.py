"""What changed between two readings: people after expansion, groups, permission sets, accounts."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.ids import AccountId
from usher.core.organization import ActualAccess
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument
from usher.report.compare import Difference, SetChange, compare
from usher.report.holdings import Target

STAGING, PRODUCTION = Account(AccountId("2" * 12), "staging"), Account(AccountId("3" * 12), "production")
READ_STAGING, READ_PRODUCTION = (Target("Reader"), STAGING.id), (Target("Reader"), PRODUCTION.id)


def two(build: SimpleNamespace, *extra: Assignment, **members: list[str]) -> ActualAccess:
    found: ActualAccess = build.world(
        Assignment(build.group("readers"), "Reader", STAGING.id),
        *extra,
        accounts=[STAGING, PRODUCTION],
        members=members,
        users=["ada", "grace"],
    )
    return found


def test_two_readings_of_one_world_are_alike(build: SimpleNamespace) -> None:
    assert compare(build.mkdev(), build.mkdev()).are_none


def test_a_member_who_joins_gains_what_the_group_gives(build: SimpleNamespace) -> None:
    changes = compare(two(build, readers=["ada"]), two(build, readers=["ada", "grace"]))
    assert changes.people == (Difference(build.user("grace"), (READ_STAGING,), (), joined=("readers",)),)
    assert changes.groups == (Difference(build.group("readers"), (), (), joined=("grace",)),)
    back = compare(two(build, readers=["ada", "grace"]), two(build, readers=["ada"]))
    assert back.people == (Difference(build.user("grace"), (), (READ_STAGING,), left=("readers",)),)


def test_what_a_group_gains_everybody_in_it_gains(build: SimpleNamespace) -> None:
    more = Assignment(build.group("readers"), "Reader", PRODUCTION.id)
    changes = compare(two(build, readers=["ada"]), two(build, more, readers=["ada"]))
    assert changes.people == (Difference(build.user("ada"), (READ_PRODUCTION,), ()),)
    assert changes.groups == (Difference(build.group("readers"), (READ_PRODUCTION,), ()),)


def test_another_way_to_the_same_place_is_no_gain(build: SimpleNamespace) -> None:
    directly = Assignment(build.user("ada"), "Reader", STAGING.id)
    assert compare(two(build, readers=["ada"]), two(build, directly, readers=["ada"])).people == ()


def test_a_person_who_left_lost_everything(build: SimpleNamespace) -> None:
    before = two(build, readers=["ada"])
    after = replace(before, users={"grace": before.users["grace"]})
    assert compare(before, after).people == (Difference(build.user("ada"), (), (READ_STAGING,)),)


def test_a_new_group_and_a_deleted_one_are_told(build: SimpleNamespace) -> None:
    changes = compare(two(build, readers=["ada"]), two(build, writers=["ada"]))
    assert [(str(each.principal), each.joined, each.left) for each in changes.groups] == [
        ("group readers", (), ("ada",)),
        ("group writers", ("ada",), ()),
    ]


BEFORE = PermissionSet(
    "Reader",
    "reads",
    managed_policies=frozenset({ManagedPolicy("arn:aws:iam::aws:policy/ReadOnlyAccess")}),
    inline_policy=PolicyDocument("{}"),
    tags={"team": "a", "old": "1"},
)


def sets(build: SimpleNamespace, *found: PermissionSet) -> ActualAccess:
    world: ActualAccess = build.world(sets=found)
    return world


def test_the_contents_of_a_permission_set_are_compared_field_by_field(build: SimpleNamespace) -> None:
    after = replace(
        BEFORE,
        description="reads all",
        session_seconds=7200,
        managed_policies=frozenset({ManagedPolicy("arn:aws:iam::aws:policy/ViewOnlyAccess")}),
        customer_policies=frozenset({CustomerPolicy("Extra")}),
        inline_policy=None,
        boundary=CustomerPolicy("Fence"),
        tags={"team": "b"},
    )
    (changed,) = compare(sets(build, BEFORE), sets(build, after)).permission_sets
    assert changed == SetChange(
        "Reader",
        "changed",
        (
            "description 'reads all' instead of 'reads'",
            "sessions of 2h instead of 1h",
            "- policy ReadOnlyAccess",
            "+ policy ViewOnlyAccess",
            "+ policy Extra",
            "- inline policy",
            "+ boundary Fence",
            "- tag old",
            "+ tag team=b",
        ),
    )
    (back,) = compare(sets(build, after), sets(build, BEFORE)).permission_sets
    assert {"+ inline policy", "- boundary Fence"} <= set(back.words)


def test_another_policy_in_the_same_place_is_told(build: SimpleNamespace) -> None:
    fenced = replace(BEFORE, boundary=CustomerPolicy("Fence"))
    other = replace(fenced, boundary=CustomerPolicy("Wall"), inline_policy=PolicyDocument('{"a":1}'))
    (changed,) = compare(sets(build, fenced), sets(build, other)).permission_sets
    assert changed.words == ("another inline policy", "boundary Wall instead of Fence")


def test_sets_and_accounts_come_and_go(build: SimpleNamespace) -> None:
    changes = compare(sets(build, BEFORE), sets(build, replace(BEFORE, name="Writer")))
    assert changes.permission_sets == (SetChange("Reader", "gone"), SetChange("Writer", "new"))
    was = build.world(accounts=[STAGING, PRODUCTION])
    now = build.world(
        accounts=[
            replace(STAGING, name="stage", ou_names=("Workloads",), active=False),
            Account(AccountId("4" * 12), "new"),
        ]
    )
    assert [each.words for each in compare(was, now).accounts] == [
        "was called staging, moved from the root to Workloads, suspended",
        "gone",
        "new",
    ]
    assert "active again" in compare(now, was).accounts[0].words
