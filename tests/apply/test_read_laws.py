"""Whatever the world is like, every strategy gives the same picture, says what it hides, and costs what it
should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from usher.apply.cost import Strategy, WorldSize, best, predict
from usher.apply.ports import Grant, RoleGrant
from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, PermissionSetArn, PrincipalId, RoleArn
from usher.core.organization import MANAGED_BY_ACCESS_FILE, MANAGED_BY_TAG, DesiredAccess
from usher.core.permission_sets import PermissionSet
from usher.core.principals import Group, Principal, PrincipalKind, User

NewBench = Callable[..., Any]

ACCOUNTS = {AccountId(f"{n:012}"): Account(AccountId(f"{n:012}"), f"account{n}") for n in range(1, 5)}
SETS = [PermissionSetArn(f"arn:set{n}") for n in range(4)]
GROUPS = [PrincipalId(f"group-{n}") for n in range(3)]
USERS = [PrincipalId(f"user-{n}") for n in range(3)]
GONE = [PrincipalId(f"gone-{n}") for n in range(2)]
OUTSIDE_THE_PORT = "instance and accounts"

kinds = st.sampled_from(PrincipalKind)
accounts = st.sampled_from(list(ACCOUNTS))
sets = st.sampled_from(SETS)
whos = st.one_of(
    st.sampled_from([(PrincipalKind.GROUP, each) for each in GROUPS]),
    st.sampled_from([(PrincipalKind.USER, each) for each in USERS]),
    st.tuples(kinds, st.sampled_from(GONE)),
)
grants = st.builds(lambda who, arn, account: Grant(*who, arn, account), whos, sets, accounts)
role_grants = st.builds(
    lambda who, account: RoleGrant(f"e-{who}-{account}", *who, RoleArn(f"arn:aws:iam::{account}:role/R")),
    whos,
    accounts,
)


@st.composite
def fillings(draw: st.DrawFn) -> Callable[[Any], None]:
    """Something that fills an empty center with a random world."""
    granted = draw(st.sets(grants, max_size=30))
    idle = draw(st.sets(st.tuples(sets, accounts), max_size=4))
    stale = draw(st.sets(sets, max_size=2))
    members = draw(st.sets(st.tuples(st.sampled_from(GROUPS), st.sampled_from(USERS)), max_size=9))
    owned = draw(st.lists(role_grants, max_size=6, unique_by=lambda each: each.id))
    made_by_file = draw(st.sets(sets))
    application = draw(st.booleans())

    def fill(center: Any) -> None:
        for arn in SETS:
            tags = {MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE} if arn in made_by_file else {}
            center.sets[arn] = PermissionSet(arn.removeprefix("arn:"), tags=tags)
        center.groups = {each: Group(str(each)) for each in GROUPS}
        center.users = {each: User(str(each), str(each), str(each), str(each)) for each in USERS}
        center.memberships = {f"{group}/{user}": (group, user) for group, user in members}
        center.grants = set(granted)
        center.roles = dict.fromkeys(idle | {(each.permission_set, each.account_id) for each in granted}, 0)
        center.revisions.update(stale)
        center.has_application = application
        center.entitlements = {each.id: each for each in owned} if application else {}

    return fill


def who_of(each: Grant | RoleGrant) -> Principal:
    return Principal(each.kind, str(each.principal_id))


def truth_of(center: Any) -> frozenset[Assignment]:
    return frozenset(
        Assignment(
            Principal(each.kind, str(each.principal_id)),
            center.sets[each.permission_set].name,
            each.account_id,
        )
        for each in center.grants
    )


def exists(principal: Principal) -> bool:
    return principal.name not in GONE and principal.name.startswith(principal.kind.lower())


def predicted(reading: Any) -> int:
    return sum(line.calls for line in reading.prediction if line.what != OUTSIDE_THE_PORT)


laws = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
any_strategy = st.sampled_from([None, *Strategy])


@laws
@given(fill=fillings(), strategy=any_strategy)
def test_everything_is_read_or_said_not_to_be(
    new_bench: NewBench, fill: Callable[[Any], None], strategy: Strategy | None
) -> None:
    bench = new_bench(ACCOUNTS)
    fill(bench.center)
    reading = bench.read(None, strategy=strategy)
    actual, truth = reading.actual, truth_of(bench.center)
    hidden = truth - actual.assignments
    assert actual.assignments <= truth
    assert all(not exists(each.principal) for each in hidden)
    assert actual.unread.dangling or not hidden
    assert replace(actual.unread, dangling=False).is_nothing
    assert set(actual.permission_sets.values()) == set(bench.center.sets.values())
    members = {(group, user) for group, each in actual.groups.items() for user in each.members}
    assert members == {(str(group), str(user)) for group, user in bench.center.memberships.values()}
    assert {actual.principal_ids[each.principal] for each in actual.assignments} <= {*GROUPS, *USERS, *GONE}
    assert actual.entitlement_ids == {
        Entitlement(who_of(each), each.role): each.id for each in bench.center.entitlements.values()
    }
    assert sum(bench.center.calls.values()) == predicted(reading)


@laws
@given(
    fill=fillings(),
    strategy=any_strategy,
    named=st.sets(sets),
    groups=st.sets(st.sampled_from(GROUPS)),
    wanted=st.sets(grants, max_size=12),
    roles=st.booleans(),
)
def test_what_a_file_decides_about_is_read_or_said_not_to_be(
    new_bench: NewBench,
    fill: Callable[[Any], None],
    strategy: Strategy | None,
    named: set[PermissionSetArn],
    groups: set[PrincipalId],
    wanted: set[Grant],
    roles: bool,
) -> None:
    bench = new_bench(ACCOUNTS)
    fill(bench.center)
    names = {arn: each.name for arn, each in bench.center.sets.items()}
    desired = DesiredAccess(
        ACCOUNTS,
        {},
        {str(each): Group(str(each)) for each in groups},
        {names[arn]: PermissionSet(names[arn]) for arn in named},
        frozenset(
            Assignment(
                Principal(each.kind, str(each.principal_id)), names[each.permission_set], each.account_id
            )
            for each in wanted
            if each.permission_set in named
        ),
        roles=frozenset({"R"} if roles else ()),
    )
    reading = bench.read(desired, strategy=strategy)
    actual, unread = reading.actual, reading.actual.unread
    decided = {each for each in truth_of(bench.center) if each.permission_set not in unread.assignments_of}
    hidden = decided - actual.assignments
    assert not unread.assignments_of & desired.permission_sets.keys()
    assert not unread.policies_of & desired.permission_sets.keys()
    assert not unread.members_of & desired.groups.keys()
    assert all(not exists(each.principal) for each in hidden)
    assert unread.dangling or not hidden
    assert unread.entitlements is not roles
    with_access = {each.principal.name for each in actual.assignments if exists(each.principal)}
    assert not unread.members_of & with_access
    assert sum(bench.center.calls.values()) == predicted(reading)
    assert sum(line.calls for line in reading.prediction) >= reading.best_calls


@pytest.mark.parametrize("strategy", [None, *Strategy])
def test_lists_of_several_pages_are_predicted_too(new_bench: NewBench, strategy: Strategy | None) -> None:
    many = {AccountId(f"{n:012}"): Account(AccountId(f"{n:012}"), f"account{n}") for n in range(1, 251)}
    bench = new_bench(many)
    center = bench.center
    center.sets = {SETS[0]: PermissionSet("set0"), SETS[1]: PermissionSet("set1")}
    center.groups = {GROUPS[0]: Group("all"), **{PrincipalId(f"g{n}"): Group(f"g{n}") for n in range(120)}}
    center.users = {PrincipalId(f"u{n}"): User(f"u{n}", "", "", "") for n in range(130)}
    center.memberships = {f"m{n}": (GROUPS[0], PrincipalId(f"u{n}")) for n in range(130)}
    center.grants = {Grant(PrincipalKind.GROUP, GROUPS[0], SETS[0], each) for each in many}
    center.grants |= {
        Grant(PrincipalKind.GROUP, PrincipalId(f"g{n}"), SETS[1], "000000000001") for n in range(120)
    }
    center.roles = {(each.permission_set, each.account_id): 0 for each in center.grants}
    center.revisions.update([SETS[0]])
    reading = bench.read(None, strategy=strategy)
    assert reading.actual.assignments == {
        Assignment(
            Principal(each.kind, center.groups[each.principal_id].name),
            center.sets[each.permission_set].name,
            each.account_id,
        )
        for each in center.grants
    }
    assert len(reading.actual.stale) == 250
    assert sum(center.calls.values()) == predicted(reading)


# The table of what others spend, at one page per item: accounts, sets, pairs, groups, users, assignments and
# the calls of the best strategy.
TABLE = [
    (50, 20, 300, 40, 200, 400, 243),
    (300, 60, 4_000, 250, 2_000, 6_000, 2_273),
    (1_850, 1_550, 60_000, 3_000, 20_000, 90_000, 23_230),
]


@pytest.mark.parametrize(("accounts", "sets", "pairs", "groups", "users", "assignments", "calls"), TABLE)
def test_the_best_strategy_costs_no_more_than_in_the_table(
    accounts: int, sets: int, pairs: int, groups: int, users: int, assignments: int, calls: int
) -> None:
    size = WorldSize(
        accounts,
        permission_sets=sets,
        decided_sets=sets,
        groups=groups,
        users=users,
        group_pages=groups,
        user_pages=users,
        account_pages=sets,
        pair_pages=pairs,
        hybrid_pages=groups + users,
    )
    by_strategy = {strategy: predict(size, strategy)[3].calls for strategy in Strategy}
    lists = -(-groups // 100) - (-users // 100)
    assert min(by_strategy.values()) + lists <= calls
    assert by_strategy[Strategy.HYBRID] + lists <= 1.1 * calls
    assert best(size) == min(sum(line.calls for line in predict(size, strategy)) for strategy in Strategy)
