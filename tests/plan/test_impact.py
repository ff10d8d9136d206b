"""Who gains and loses what: on the example organization, and on random ones against plain expansion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, RoleArn
from usher.core.organization import (
    MANAGED_BY_ACCESS_FILE,
    MANAGED_BY_TAG,
    ActualAccess,
    DesiredAccess,
    Instance,
    Unread,
)
from usher.core.permission_sets import ManagedPolicy, PermissionSet
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.plan.changes import (
    AddMember,
    CreateAssignment,
    CreateEntitlement,
    DeleteAssignment,
    DeleteEntitlement,
    DeleteGroup,
    DeleteUser,
    Plan,
    RemoveMember,
)
from usher.plan.diff import plan_changes
from usher.plan.impact import Impact, Share, impact_of
from usher.plan.outcome import Target, target_of

STAGING, PRODUCTION = AccountId("2" * 12), AccountId("3" * 12)
ACCOUNTS = {
    STAGING: Account(STAGING, "staging"),
    PRODUCTION: Account(PRODUCTION, "production"),
}
INSTANCE = Instance(
    InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-0123456789")
)
MANAGED = {MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE}
READ = PermissionSet("Read", tags=MANAGED)
ADMIN = PermissionSet("Admin", tags=MANAGED)
DEPLOYER = RoleArn(f"arn:aws:iam::{PRODUCTION}:role/web/Deployer")


def person(name: str) -> Principal:
    return Principal(PrincipalKind.USER, name)


def group(name: str) -> Principal:
    return Principal(PrincipalKind.GROUP, name)


def people(*names: str) -> dict[str, User]:
    return {name: User(name, name, name, name) for name in names}


def members(**groups: tuple[str, ...]) -> dict[str, Group]:
    return {name: Group(name, members=frozenset(inside)) for name, inside in groups.items()}


def world(
    *, users: Mapping[str, User], groups: Mapping[str, Group], grants: set[Assignment], **more: object
) -> ActualAccess:
    sets = {each.name: each for each in (READ, ADMIN)}
    return ActualAccess(INSTANCE, ACCOUNTS, users, groups, sets, frozenset(grants), **more)


def wish(actual: ActualAccess, **other: object) -> DesiredAccess:
    """A file that says what `actual` has, apart from `other`."""
    same = DesiredAccess(
        ACCOUNTS, actual.users, actual.groups, actual.permission_sets, actual.assignments, actual.entitlements
    )
    return replace(same, **other)


def impact(desired: DesiredAccess, actual: ActualAccess) -> Impact:
    return impact_of(plan_changes(desired, actual), desired, actual)


BEFORE = world(
    users=people("ana", "ben", "cleo"),
    groups=members(devs=("ana", "ben"), ops=("ben",)),
    grants={Assignment(group("ops"), "Admin", PRODUCTION)},
)


def test_every_member_of_a_group_gains_what_the_group_is_given() -> None:
    wanted = wish(BEFORE, assignments=BEFORE.assignments | {Assignment(group("devs"), "Read", STAGING)})
    found = impact(wanted, BEFORE)
    target = Target(STAGING, "Read")
    assert {each.who: each.gained_targets for each in found.people.values()} == {
        person("ana"): {target},
        person("ben"): {target},
    }
    assert found.people[person("ana")].gained == (Share(group("devs"), False, frozenset({target})),)
    assert (found.gaining, found.losing) == (2, 0)
    assert found.roles_made == (("Read", STAGING),)


def test_who_has_it_already_gains_nothing_and_is_told_of_the_other_way() -> None:
    wanted = wish(BEFORE, assignments=BEFORE.assignments | {Assignment(group("devs"), "Admin", PRODUCTION)})
    found = impact(wanted, BEFORE)
    assert found.people[person("ana")].gained_targets == {Target(PRODUCTION, "Admin")}
    ben = found.people[person("ben")]
    assert not ben.gained
    assert ben.moved_targets == {Target(PRODUCTION, "Admin")}
    assert found.gaining == 1


def test_joining_a_group_brings_what_the_group_has() -> None:
    wanted = wish(BEFORE, groups=members(devs=("ana", "ben"), ops=("ben", "cleo")))
    found = impact(wanted, BEFORE)
    assert list(found.people) == [person("cleo")]
    share = found.people[person("cleo")].gained[0]
    assert (share.via, share.moves) == (group("ops"), True)
    assert not found.roles_made


def test_leaving_a_group_takes_what_no_other_way_gives() -> None:
    also = BEFORE.assignments | {Assignment(person("ben"), "Read", STAGING)}
    before = replace(BEFORE, assignments=also)
    found = impact(wish(before, groups=members(devs=("ana", "ben"), ops=())), before)
    ben = found.people[person("ben")]
    assert ben.lost_targets == {Target(PRODUCTION, "Admin")}


def test_a_group_whose_members_are_not_known_stands_for_whoever_is_in_it() -> None:
    before = replace(
        BEFORE,
        groups={**BEFORE.groups, "external": Group("external")},
        unread=Unread(members_of=frozenset({"external"})),
    )
    wanted = wish(
        before,
        groups=BEFORE.groups,
        external_groups=frozenset({"external"}),
        assignments=before.assignments | {Assignment(group("external"), "Read", STAGING)},
    )
    found = impact(wanted, before)
    assert list(found.people) == [group("external")]
    assert found.people[group("external")].gained_targets == {Target(STAGING, "Read")}
    assert "external" not in found.members


def test_a_group_without_members_concerns_who_joins_later() -> None:
    before = replace(BEFORE, groups={**BEFORE.groups, "new": Group("new")})
    wanted = wish(before, assignments=before.assignments | {Assignment(group("new"), "Admin", STAGING)})
    found = impact(wanted, before)
    assert not found.people
    assert [each.who for each in found.idle] == [group("new")]


def test_an_owned_role_is_gained_like_a_permission_set() -> None:
    wanted = wish(
        BEFORE,
        entitlements=frozenset({Entitlement(group("devs"), DEPLOYER)}),
        roles=frozenset({"web/Deployer"}),
    )
    found = impact(wanted, BEFORE)
    assert found.people[person("ana")].gained_targets == {Target(PRODUCTION, "web/Deployer", True)}
    assert not found.roles_made


def test_the_dead_are_counted_and_concern_nobody() -> None:
    dead = "11111111-2222-3333-4444-555555555555"
    grants = {Assignment(group(dead), "Read", STAGING), Assignment(person(dead), "Read", STAGING)}
    before = replace(BEFORE, assignments=BEFORE.assignments | grants)
    found = impact(wish(before, assignments=BEFORE.assignments), before)
    assert not found.people
    assert found.dangling == 2
    assert found.roles_gone == (("Read", STAGING),)


def test_deleting_a_group_takes_what_it_gave_and_deleting_a_person_all_they_had() -> None:
    changes = (DeleteGroup("ops", ""), DeleteUser(BEFORE.users["ana"]))
    before = replace(BEFORE, assignments=BEFORE.assignments | {Assignment(person("ana"), "Read", STAGING)})
    found = impact_of(Plan(changes, ACCOUNTS), wish(before), before)
    assert found.people[person("ben")].lost_targets == {Target(PRODUCTION, "Admin")}
    assert found.people[person("ana")].lost_targets == {Target(STAGING, "Read")}


def test_changed_contents_concern_those_who_have_and_keep_the_set() -> None:
    policy = ManagedPolicy("arn:aws:iam::aws:policy/ReadOnlyAccess")
    wider = replace(ADMIN, managed_policies=frozenset({policy}), session_seconds=7200)
    found = impact(wish(BEFORE, permission_sets={"Read": READ, "Admin": wider}), BEFORE)
    assert not found.people
    (content,) = found.contents
    assert (content.before, content.after) == (ADMIN, wider)
    assert content.people == {"ben"}
    assert content.accounts == (PRODUCTION,)


def test_a_role_goes_with_its_last_assignment_only() -> None:
    two = replace(BEFORE, assignments=BEFORE.assignments | {Assignment(person("ana"), "Admin", PRODUCTION)})
    one_left = impact(wish(two, assignments=BEFORE.assignments), two)
    assert not one_left.roles_gone
    handed_over = impact(
        wish(BEFORE, assignments=frozenset({Assignment(group("devs"), "Admin", PRODUCTION)})), BEFORE
    )
    assert not handed_over.roles_gone
    assert impact(wish(BEFORE, assignments=frozenset()), BEFORE).roles_gone == (("Admin", PRODUCTION),)


USERS = ("ana", "ben", "cleo", "dan")
GROUPS = ("devs", "ops", "audit", "external")
ROLES = tuple(RoleArn(f"arn:aws:iam::{account}:role/Deployer") for account in ACCOUNTS)
PRINCIPALS = [*map(person, USERS), *map(group, GROUPS), group("dead-0000"), person("dead-0001")]
GRANTS = st.frozensets(
    st.builds(
        Assignment,
        st.sampled_from(PRINCIPALS),
        st.sampled_from(["Read", "Admin"]),
        st.sampled_from(sorted(ACCOUNTS)),
    ),
    max_size=10,
)
ENTITLED = st.frozensets(
    st.builds(Entitlement, st.sampled_from(PRINCIPALS), st.sampled_from(ROLES)), max_size=4
)


@st.composite
def group_maps(draw: st.DrawFn) -> dict[str, Group]:
    names = draw(st.sets(st.sampled_from(GROUPS[:3])))
    inside = st.frozensets(st.sampled_from(USERS))
    return {name: Group(name, members=draw(inside)) for name in sorted(names)}


@st.composite
def worlds(draw: st.DrawFn) -> tuple[DesiredAccess, ActualAccess]:
    alive = [each for each in PRINCIPALS if not each.name.startswith("dead")]
    groups = draw(group_maps())
    unread = draw(st.frozensets(st.sampled_from(["external"])))
    there = {**groups, "external": Group("external", members=draw(st.frozensets(st.sampled_from(USERS))))}
    if unread:
        there["external"] = Group("external")
    actual = world(
        users=people(*draw(st.sets(st.sampled_from(USERS)))),
        groups=there,
        grants=set(draw(GRANTS)),
        entitlements=draw(ENTITLED),
        unread=Unread(members_of=unread),
    )
    wanted = draw(group_maps())
    known = {*map(person, USERS), *map(group, wanted), group("external")}
    desired = DesiredAccess(
        ACCOUNTS,
        people(*USERS),
        wanted,
        actual.permission_sets,
        frozenset(each for each in draw(GRANTS) if each.principal in known),
        frozenset(each for each in draw(ENTITLED) if each.principal in known),
        external_groups=frozenset({"external"}),
        roles=draw(st.sampled_from([frozenset(), frozenset({"Deployer"})])),
    )
    assert alive
    return desired, actual


Expanded = dict[Principal, dict[Target, set[str]]]


def expanded(
    grants: set[Assignment | Entitlement],
    inside: Mapping[str, set[str]],
    users: set[str],
    unread: frozenset[str],
) -> Expanded:
    """Everybody's access with the ways it comes, by plain expansion."""
    found: Expanded = defaultdict(lambda: defaultdict(set))
    for each in grants:
        who = each.principal
        if who.kind is PrincipalKind.USER:
            whom = [who] if who.name in users else []
        elif who.name in unread:
            whom = [who]
        else:
            whom = [person(name) for name in inside.get(who.name, ())]
        for one in whom:
            found[one][target_of(each)].add("" if who.kind is PrincipalKind.USER else who.name)
    return found


def before_and_after(plan: Plan, desired: DesiredAccess, actual: ActualAccess) -> tuple[Expanded, Expanded]:
    users = {*actual.users, *desired.users}
    unread = actual.unread.members_of
    inside = {name: set(each.members) for name, each in actual.groups.items()}
    grants: set[Assignment | Entitlement] = {*actual.assignments, *actual.entitlements}
    before = expanded(grants, inside, users, unread)
    for change in plan.changes:
        match change:
            case AddMember(group=name, user_name=user):
                inside.setdefault(name, set()).add(user)
            case RemoveMember(group=name, user_name=user):
                inside[name].remove(user)
            case CreateAssignment(assignment=each):
                grants.add(each)
            case CreateEntitlement(entitlement=role):
                grants.add(role)
            case DeleteAssignment(assignment=each):
                grants.remove(each)
            case DeleteEntitlement(entitlement=role):
                grants.remove(role)
            case _:
                pass
    return before, expanded(grants, inside, users, unread)


@pytest.mark.scale
@given(worlds())
@settings(max_examples=400, deadline=None)
def test_the_impact_is_what_plain_expansion_before_and_after_gives(
    both: tuple[DesiredAccess, ActualAccess],
) -> None:
    desired, actual = both
    plan = plan_changes(desired, actual)
    before, after = before_and_after(plan, desired, actual)
    found = impact_of(plan, desired, actual)
    for who in before.keys() | after.keys() | found.people.keys():
        had, has = before[who], after[who]
        each = found.people.get(who)
        assert (each.gained_targets if each else set()) == has.keys() - had.keys()
        assert (each.lost_targets if each else set()) == had.keys() - has.keys()
        rerouted = {target for target in had.keys() & has.keys() if had[target] != has[target]}
        assert (each.moved_targets if each else set()) == rerouted
        if each:
            for share in (*each.gained, *each.moved):
                via = "" if share.via == who and who.kind is PrincipalKind.USER else share.via.name
                assert all(via in has[target] for target in share.targets)
            for share in each.lost:
                via = "" if share.via == who and who.kind is PrincipalKind.USER else share.via.name
                assert all(via in had[target] for target in share.targets)
            everything = [target for share in (*each.gained, *each.lost) for target in share.targets]
            assert len(everything) == len(set(everything))


@given(worlds())
@settings(max_examples=200, deadline=None)
def test_a_role_goes_when_nobody_has_its_set_there_any_more(
    both: tuple[DesiredAccess, ActualAccess],
) -> None:
    desired, actual = both
    plan = plan_changes(desired, actual)
    before = {(each.permission_set, each.account_id) for each in actual.assignments}
    left = {each.assignment for each in plan.changes if isinstance(each, DeleteAssignment)}
    made = {each.assignment for each in plan.changes if isinstance(each, CreateAssignment)}
    after = {(each.permission_set, each.account_id) for each in (actual.assignments - left) | made}
    found = impact_of(plan, desired, actual)
    assert set(found.roles_gone) == before - after
    assert set(found.roles_made) == after - before


@pytest.mark.parametrize("size", [400])
def test_people_of_one_group_share_what_it_brings(size: int) -> None:
    crowd = tuple(f"user{number}" for number in range(size))
    before = world(users=people(*crowd), groups=members(devs=crowd), grants=set())
    grants = frozenset(
        Assignment(group("devs"), name, account) for name in ("Read", "Admin") for account in ACCOUNTS
    )
    found = impact(wish(before, assignments=grants), before)
    assert len(found.people) == size
    assert len({id(each.gained[0].targets) for each in found.people.values()}) == 1
