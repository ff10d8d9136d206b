"""For any two files and whatever hands changed in between: an apply reaches the second file, killed or not.

Entitlements, groups of another directory and drift modes are part of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from usher.apply.follow import wait_for_running
from usher.apply.ports import Grant, RoleGrant
from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, PrincipalId, RoleArn
from usher.core.organization import MANAGED_BY_ACCESS_FILE, MANAGED_BY_TAG, DesiredAccess
from usher.core.permission_sets import ManagedPolicy, PermissionSet
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.core.rules import DriftMode, Place, RuleNote

pytestmark = pytest.mark.scale

ACCOUNTS = {
    AccountId(f"{n:012}"): Account(AccountId(f"{n:012}"), f"account{n}", is_management=n == 1)
    for n in range(1, 4)
}
USERS = {name: User(name, name.title(), name.title(), "Example") for name in ("ana", "ben", "cleo")}
STAFF = Principal(PrincipalKind.GROUP, "staff")  # of a directory elsewhere
PEOPLE = [
    *(Principal(PrincipalKind.USER, name) for name in USERS),
    *(Principal(PrincipalKind.GROUP, name) for name in ("devops", "web")),
    STAFF,
]
SETS = ("Admin", "Read")
ROLE = "Deployer"


def role_in(account: AccountId) -> RoleArn:
    return RoleArn(f"arn:aws:iam::{account}:role/{ROLE}")


@dataclass(frozen=True)
class ByHand:
    """What somebody does in the console: gives and takes away."""

    given: frozenset[Assignment]
    entitled: frozenset[Entitlement]
    taken: int


grants = st.builds(
    Assignment, st.sampled_from(PEOPLE), st.sampled_from(SETS), st.sampled_from(sorted(ACCOUNTS))
)
entitlements = st.builds(
    Entitlement, st.sampled_from(PEOPLE), st.sampled_from(sorted(map(role_in, ACCOUNTS)))
)
hands = st.builds(
    ByHand,
    st.frozensets(grants, max_size=4),
    st.frozensets(entitlements, max_size=2),
    st.integers(0, 3),
)


@st.composite
def files(draw: st.DrawFn) -> DesiredAccess:
    named = draw(st.lists(st.sampled_from(SETS), min_size=1, unique=True))
    policies = st.frozensets(
        st.sampled_from([ManagedPolicy(f"arn:aws:iam::aws:policy/P{n}") for n in range(3)])
    )
    tags = {MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE}
    sets = {
        name: PermissionSet(
            name, draw(st.sampled_from(["", "one", "two"])), managed_policies=draw(policies), tags=tags
        )
        for name in named
    }
    groups = {
        name: Group(name, members=draw(st.frozensets(st.sampled_from(sorted(USERS)))))
        for name in ("devops", "web")
    }
    wanted = draw(st.frozensets(grants, max_size=8))
    assignments = frozenset(each for each in wanted if each.permission_set in sets)
    roles = draw(st.frozensets(entitlements, max_size=4))
    given_to = assignments | roles
    cells = {(_name(each), each.account_id) for each in given_to}
    modes = draw(st.dictionaries(st.sampled_from(sorted(cells)), st.sampled_from(DriftMode))) if cells else {}
    rules = tuple(RuleNote(Place("access.yaml", n), drift=mode) for n, mode in enumerate(DriftMode, 1))
    by_mode = {note.drift: (number,) for number, note in enumerate(rules)}
    origins = {
        each: by_mode[modes.get((_name(each), each.account_id), DriftMode.ENFORCE)] for each in given_to
    }
    return DesiredAccess(
        ACCOUNTS,
        USERS,
        groups,
        sets,
        assignments,
        roles,
        external_groups=frozenset({STAFF.name}),
        roles=frozenset({ROLE}),
        rules=rules,
        origins=origins,
        drift=modes,
    )


def begin(new_bench: Callable[..., Any], first: DesiredAccess, by_hand: ByHand) -> Any:
    """An Identity Center to which the first file was applied, and then hands."""
    bench = new_bench(ACCOUNTS)
    bench.center.groups[PrincipalId("00000000-0000-4000-8000-000000000000")] = Group(
        STAFF.name, external=True
    )
    assert not bench.apply(first).not_done
    center = bench.center
    ids = {Principal(PrincipalKind.USER, user.user_name): each for each, user in center.users.items()}
    ids |= {Principal(PrincipalKind.GROUP, group.name): each for each, group in center.groups.items()}
    arns = {each.name: arn for arn, each in center.sets.items()}
    taken = sorted(center.grants)[: by_hand.taken]
    center.grants.difference_update(taken)
    for each in by_hand.given:
        if each.permission_set in arns:
            arn = arns[each.permission_set]
            center.grants.add(Grant(each.principal.kind, ids[each.principal], arn, each.account_id))
            center.roles.setdefault((arn, each.account_id), center.revisions[arn])
    held = {(each.permission_set, each.account_id) for each in center.grants}
    for pair in [pair for pair in center.roles if pair not in held]:
        del center.roles[pair]
    for number, entitlement in enumerate(sorted(by_hand.entitled)):
        who = entitlement.principal
        if any(
            (e.principal_id, e.role) == (ids[who], entitlement.role) for e in center.entitlements.values()
        ):
            continue
        made = RoleGrant(f"by-hand-{number}", who.kind, ids[who], entitlement.role)
        center.entitlements[made.id] = made
    return bench


def picture(bench: Any) -> object:
    """Everything by name."""
    center = bench.center
    names = {each: user.user_name for each, user in center.users.items()}
    names |= {each: group.name for each, group in center.groups.items()}
    owned = sorted((each.kind, names[each.principal_id], each.role) for each in center.entitlements.values())
    return bench.picture(), owned


def has_what_its_modes_say(wish: DesiredAccess, before: Any, after: Any) -> bool:
    """Whether each cell is as its mode wants it: `before` and `after` are readings of everything."""
    had, has = before.assignments | before.entitlements, after.assignments | after.entitlements
    wanted = wish.assignments | wish.entitlements
    decided = {each for each in had | has if _name(each) in wish.permission_sets or _name(each) == ROLE}
    for each in decided | wanted:
        match wish.drift_of(each):
            case DriftMode.ENFORCE:
                right = (each in has) == (each in wanted)
            case DriftMode.ADOPT:
                right = (each in has) == (each in wanted or each in had)
            case DriftMode.OBSERVE | DriftMode.IGNORE:
                right = (each in has) == (each in had)
        if not right:
            return False
    return True


def _name(granted: Assignment | Entitlement) -> str:
    return granted.permission_set if isinstance(granted, Assignment) else granted.role_name


calmly = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@given(files(), hands, files())
@calmly
def test_an_apply_reaches_exactly_the_file_as_its_modes_have_it(
    new_bench_once: Callable[..., Any], first: DesiredAccess, by_hand: ByHand, second: DesiredAccess
) -> None:
    bench = begin(new_bench_once, first, by_hand)
    before = bench.read(None).actual
    assert not bench.apply(second).not_done
    assert has_what_its_modes_say(second, before, bench.read(None).actual)
    assert bench.still_to_do(second) == 0


@given(files(), hands, files(), st.integers(0, 2**32), st.booleans())
@calmly
def test_killed_at_a_random_call_in_a_storm_a_rerun_gives_the_same(
    new_bench_once: Callable[..., Any],
    killed_once: type[BaseException],
    first: DesiredAccess,
    by_hand: ByHand,
    second: DesiredAccess,
    seed: int,
    after_effect: bool,
) -> None:
    straight, bench = (begin(new_bench_once, first, by_hand) for _ in range(2))
    began = sum(straight.center.calls.values())
    straight.apply(second)
    calls = sum(straight.center.calls.values()) - began
    chance = Random(seed)
    bench.center.busy = lambda call: (
        not call.startswith(("List", "Describe", "policies")) and chance.random() < 0.1
    )
    bench.center.die_at = sum(bench.center.calls.values()) + chance.randrange(calls)
    bench.center.die_after_effect = after_effect
    try:
        bench.apply(second)
    except killed_once:
        bench.center.die_at = None
        wait_for_running(bench.center, bench.timing, lambda _: None)
        assert not bench.apply(second).not_done
    assert picture(bench) == picture(straight)
    bench.center.busy = lambda _call: False
    bench.center.die_at = None
    assert bench.still_to_do(second) == 0
