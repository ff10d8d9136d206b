"""What holds for every plan: carried out, it gives exactly the file, and touches nothing else.

Random worlds are compared; the plan is then carried out by a strict interpreter, which refuses what AWS
would refuse (a member of a missing group, deleting a set in use, granting what is not there).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, assert_never

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
)
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import policy_document
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.plan.changes import (
    AddMember,
    AttachCustomerPolicy,
    AttachManagedPolicy,
    Change,
    CreateAssignment,
    CreateEntitlement,
    CreateGroup,
    CreatePermissionSet,
    CreateUser,
    DeleteAssignment,
    DeleteBoundary,
    DeleteEntitlement,
    DeleteGroup,
    DeleteInlinePolicy,
    DeletePermissionSet,
    DeleteUser,
    DetachCustomerPolicy,
    DetachManagedPolicy,
    Plan,
    ProvisionPermissionSet,
    PutBoundary,
    PutInlinePolicy,
    RemoveMember,
    TagPermissionSet,
    UntagPermissionSet,
    UpdateGroup,
    UpdatePermissionSet,
    UpdateUser,
)
from usher.plan.diff import is_managed, plan_changes
from usher.plan.order import needs, settles, stage
from usher.plan.undo import plan_undo
from usher.plan.words import sign_of, words_of

pytestmark = pytest.mark.scale

INSTANCE = Instance(
    InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-0123456789")
)
ACCOUNTS = {AccountId(digit * 12): Account(AccountId(digit * 12), f"account{digit}") for digit in "123"}
USERS = ("ana", "ben", "cleo", "dan")
GROUPS = ("devs", "ops", "audit")
SETS = ("Admin", "Read", "Bill")
POLICIES = [ManagedPolicy(f"arn:aws:iam::aws:policy/{name}") for name in ("A", "B", "C")]
CUSTOMER = [CustomerPolicy("Team"), CustomerPolicy("Team", "/web/")]
INLINE = [
    policy_document({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
    for action in ("s3:*", "ec2:*")
]
ROLES = [RoleArn(f"arn:aws:iam::{account}:role/Deployer") for account in ACCOUNTS]
TEXTS = st.sampled_from(["", "one", "two"])


# Strategies that do not change are made once: making them costs more than drawing from them.
SOME_USERS = st.dictionaries(
    st.sampled_from(USERS),
    st.builds(lambda text, email: ("Display " + text, "Given", "Family", email), TEXTS, TEXTS),
).map(lambda found: {name: User(name, *fields) for name, fields in found.items()})
SOME_GROUPS = st.sets(st.sampled_from(GROUPS)).map(sorted)
SOME_SETS = st.sets(st.sampled_from(SETS)).map(sorted)
TAGS = st.dictionaries(st.sampled_from(["team", "cost", "aws:own"]), st.sampled_from(["1", "2"]))
CONTENTS = st.tuples(
    TEXTS,
    st.sampled_from([3600, 7200]),
    TEXTS,
    st.frozensets(st.sampled_from(POLICIES)),
    st.frozensets(st.sampled_from(CUSTOMER)),
    st.none() | st.sampled_from(INLINE),
    st.none() | st.sampled_from([*POLICIES, *CUSTOMER]),
)
ALWAYS, EITHER = st.just(True), st.booleans()


@st.composite
def groups_of(draw: st.DrawFn, members: tuple[str, ...]) -> dict[str, Group]:
    inside = some_of(members)
    return {name: Group(name, draw(TEXTS), draw(inside)) for name in draw(SOME_GROUPS)}


@cache
def some_of(members: tuple[Any, ...]) -> st.SearchStrategy[frozenset[Any]]:
    return st.frozensets(st.sampled_from(members)) if members else st.just(frozenset())


@st.composite
def permission_sets(draw: st.DrawFn, managed: st.SearchStrategy[bool]) -> dict[str, PermissionSet]:
    found = {}
    for name in draw(SOME_SETS):
        tags = draw(TAGS)
        if draw(managed):
            tags = {**tags, MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE}
        found[name] = PermissionSet(name, *draw(CONTENTS), tags)
    return found


@cache
def assignments_of(
    principals: tuple[Principal, ...], sets: tuple[str, ...]
) -> st.SearchStrategy[frozenset[Assignment]]:
    if not principals or not sets:
        return st.just(frozenset())
    one = st.builds(
        Assignment, st.sampled_from(principals), st.sampled_from(sets), st.sampled_from(sorted(ACCOUNTS))
    )
    return st.frozensets(one, max_size=12)


@cache
def entitlements_of(principals: tuple[Principal, ...]) -> st.SearchStrategy[frozenset[Entitlement]]:
    if not principals:
        return st.just(frozenset())
    return st.frozensets(
        st.builds(Entitlement, st.sampled_from(principals), st.sampled_from(ROLES)), max_size=4
    )


def principals_in(users: dict[str, User], groups: dict[str, Group]) -> tuple[Principal, ...]:
    people = tuple(Principal(PrincipalKind.USER, name) for name in sorted(users))
    return (*people, *(Principal(PrincipalKind.GROUP, name) for name in groups))


@st.composite
def desired_worlds(draw: st.DrawFn) -> DesiredAccess:
    users = draw(SOME_USERS)
    groups = draw(groups_of(tuple(sorted(users))))
    sets = {
        name: replace(each, tags={key: v for key, v in each.tags.items() if key != "aws:own"})
        for name, each in draw(permission_sets(ALWAYS)).items()
    }
    principals = principals_in(users, groups)
    grants = draw(assignments_of(principals, tuple(sets)))
    roles = draw(entitlements_of(principals))
    decided = frozenset({"Deployer"}) if roles or draw(EITHER) else frozenset()
    return DesiredAccess(ACCOUNTS, users, groups, sets, grants, roles, roles=decided)


@st.composite
def actual_worlds(draw: st.DrawFn) -> ActualAccess:
    users = draw(SOME_USERS)
    groups = draw(groups_of(tuple(sorted(users))))
    sets = draw(permission_sets(EITHER))
    gone = Principal(PrincipalKind.GROUP, "11111111-2222-3333-4444-555555555555")
    principals = (*principals_in(users, groups), gone)
    grants = draw(assignments_of(principals, tuple(sets)))
    stale = draw(some_of(tuple(sorted({(grant.permission_set, grant.account_id) for grant in grants}))))
    roles = draw(entitlements_of(principals))
    return ActualAccess(INSTANCE, ACCOUNTS, users, groups, sets, grants, stale=stale, entitlements=roles)


@dataclass
class World:
    """What a plan is carried out on. Every step checks what AWS would check."""

    actual: ActualAccess
    users: dict[str, User] = field(init=False)
    groups: dict[str, Group] = field(init=False)
    sets: dict[str, PermissionSet] = field(init=False)
    grants: set[Assignment] = field(init=False)
    stale: set[tuple[str, AccountId]] = field(init=False)
    entitlements: set[Entitlement] = field(init=False)

    def __post_init__(self) -> None:
        self.users = dict(self.actual.users)
        self.groups = dict(self.actual.groups)
        self.sets = dict(self.actual.permission_sets)
        self.grants = set(self.actual.assignments)
        self.stale = set(self.actual.stale)
        self.entitlements = set(self.actual.entitlements)

    def carry_out(self, plan: Plan) -> ActualAccess:
        for change in plan.changes:
            self.make(change)
        return self.picture()

    def picture(self) -> ActualAccess:
        return replace(
            self.actual,
            users=dict(self.users),
            groups=dict(self.groups),
            permission_sets=dict(self.sets),
            assignments=frozenset(self.grants),
            stale=frozenset(self.stale),
            entitlements=frozenset(self.entitlements),
        )

    def make(self, change: Change) -> None:  # noqa: C901 -- one arm per kind of change
        match change:
            case CreateUser(user=user):
                assert user.user_name not in self.users
                self.users[user.user_name] = user
            case UpdateUser(before=before, after=after):
                assert self.users[after.user_name] == before
                self.users[after.user_name] = after
            case CreateGroup(group=group, description=description):
                assert group not in self.groups
                self.groups[group] = Group(group, description)
            case UpdateGroup(group=group, before=before, after=after):
                assert self.groups[group].description == before
                self.groups[group] = replace(self.groups[group], description=after)
            case AddMember(group=group, user_name=user_name):
                assert user_name in self.users
                assert user_name not in self.groups[group].members
                self.members(group, self.groups[group].members | {user_name})
            case RemoveMember(group=group, user_name=user_name):
                assert user_name in self.groups[group].members
                self.members(group, self.groups[group].members - {user_name})
            case DeleteGroup(group=group, description=description):
                assert not self.access_of(Principal(PrincipalKind.GROUP, group))
                assert self.groups.pop(group).description == description
            case DeleteUser(user=user):
                assert not self.access_of(Principal(PrincipalKind.USER, user.user_name))
                assert self.users.pop(user.user_name) == user
            case CreateEntitlement(entitlement=entitlement):
                assert entitlement not in self.entitlements
                self.entitlements.add(entitlement)
            case DeleteEntitlement(entitlement=entitlement):
                self.entitlements.remove(entitlement)
            case CreatePermissionSet(name=name, settings=new, tags=tags):
                assert name not in self.sets
                self.sets[name] = PermissionSet(
                    name, new.description, new.session_seconds, new.relay_state, tags=tags
                )
            case DeletePermissionSet(name=name, content=content):
                assert self.sets[name] == content
                assert not any(grant.permission_set == name for grant in self.grants)
                del self.sets[name]
            case TagPermissionSet(name=name, tags=tags, before=before):
                there = self.sets[name].tags
                assert before == {key: there[key] for key in tags if key in there}
                self.sets[name] = replace(self.sets[name], tags={**self.sets[name].tags, **tags})
            case UntagPermissionSet(name=name, keys=keys, before=before):
                assert before == {key: self.sets[name].tags[key] for key in keys}
                kept = {key: value for key, value in self.sets[name].tags.items() if key not in keys}
                self.sets[name] = replace(self.sets[name], tags=kept)
            case ProvisionPermissionSet(name=name):
                assert any(grant.permission_set == name for grant in self.grants)
                self.stale = {pair for pair in self.stale if pair[0] != name}
            case CreateAssignment(assignment=assignment):
                assert assignment not in self.grants
                assert assignment.permission_set in self.sets
                known = self.users if assignment.principal.kind is PrincipalKind.USER else self.groups
                assert assignment.principal.name in known
                self.grants.add(assignment)
            case DeleteAssignment(assignment=assignment):
                self.grants.remove(assignment)
                if not any(
                    (each.permission_set, each.account_id)
                    == (assignment.permission_set, assignment.account_id)
                    for each in self.grants
                ):
                    self.stale.discard((assignment.permission_set, assignment.account_id))
            case _:
                self.contents(change)

    def access_of(self, principal: Principal) -> bool:
        return any(each.principal == principal for each in self.grants | self.entitlements)

    def contents(self, change: Change) -> None:
        assert not isinstance(change, CreateUser)
        there = self.sets[change.name]
        match change:
            case UpdatePermissionSet(before=before, after=after):
                assert (there.description, there.session_seconds, there.relay_state) == (
                    before.description,
                    before.session_seconds,
                    before.relay_state,
                )
                new = replace(
                    there,
                    description=after.description,
                    session_seconds=after.session_seconds,
                    relay_state=after.relay_state,
                )
            case AttachManagedPolicy(policy=policy):
                assert policy not in there.managed_policies
                new = replace(there, managed_policies=there.managed_policies | {policy})
            case DetachManagedPolicy(policy=policy):
                assert policy in there.managed_policies
                new = replace(there, managed_policies=there.managed_policies - {policy})
            case AttachCustomerPolicy(policy=policy):
                new = replace(there, customer_policies=there.customer_policies | {policy})
            case DetachCustomerPolicy(policy=policy):
                new = replace(there, customer_policies=there.customer_policies - {policy})
            case PutInlinePolicy(policy=policy, before=before):
                assert there.inline_policy == before
                new = replace(there, inline_policy=policy)
            case DeleteInlinePolicy(before=before):
                assert there.inline_policy == before
                new = replace(there, inline_policy=None)
            case PutBoundary(boundary=boundary, before=before):
                assert there.boundary == before
                new = replace(there, boundary=boundary)
            case DeleteBoundary(before=before):
                assert there.boundary == before
                new = replace(there, boundary=None)
            case _:
                assert_never(change)
        assert new != there
        self.sets[change.name] = new
        self.stale |= {
            (g.permission_set, g.account_id) for g in self.grants if g.permission_set == change.name
        }

    def members(self, group: str, members: frozenset[str]) -> None:
        self.groups[group] = replace(self.groups[group], members=members)


worlds = given(desired_worlds(), actual_worlds())
thorough = settings(max_examples=150, deadline=None)


def without_aws_tags(each: PermissionSet) -> PermissionSet:
    return replace(each, tags={key: value for key, value in each.tags.items() if not key.startswith("aws:")})


def without_mark(each: PermissionSet) -> PermissionSet:
    return replace(each, tags={key: value for key, value in each.tags.items() if key != MANAGED_BY_TAG})


@worlds
@thorough
def test_a_plan_carried_out_gives_exactly_what_the_file_says(
    desired: DesiredAccess, actual: ActualAccess
) -> None:
    plan = plan_changes(desired, actual)
    after = World(actual).carry_out(plan)
    for name, user in desired.users.items():
        assert after.users[name] == user
    for name, group in desired.groups.items():
        assert after.groups[name] == group
    for name, wanted in desired.permission_sets.items():
        expected = without_mark(wanted) if name in plan.unmarked else wanted
        assert without_aws_tags(after.permission_sets[name]) == expected
    decided = {each for each in after.assignments if each.permission_set in desired.permission_sets}
    assert decided == desired.assignments
    assert {each for each in after.entitlements if each.role_name in desired.roles} == desired.entitlements
    assert not {pair for pair in after.stale if pair[0] in desired.permission_sets}


@worlds
@thorough
def test_after_a_plan_there_is_nothing_left_to_plan(desired: DesiredAccess, actual: ActualAccess) -> None:
    after = World(actual).carry_out(plan_changes(desired, actual))
    assert plan_changes(desired, after).changes == ()


@worlds
@thorough
def test_a_plan_is_minimal_no_change_can_be_left_out(desired: DesiredAccess, actual: ActualAccess) -> None:
    plan = plan_changes(desired, actual)
    goal = World(actual).carry_out(plan)
    for left_out in plan.changes:
        world = World(actual)
        try:
            after = world.carry_out(
                replace(plan, changes=tuple(c for c in plan.changes if c is not left_out))
            )
        except (AssertionError, KeyError):  # what the change was needed for can no longer be done
            continue
        assert after != goal


@worlds
@thorough
def test_no_change_is_without_effect(desired: DesiredAccess, actual: ActualAccess) -> None:
    world = World(actual)
    for change in plan_changes(desired, actual).changes:
        before = world.picture()
        world.make(change)
        assert world.picture() != before


@worlds
@thorough
def test_what_the_file_does_not_name_stays_as_it_is(desired: DesiredAccess, actual: ActualAccess) -> None:
    plan = plan_changes(desired, actual)
    after = World(actual).carry_out(plan)
    others = [name for name in actual.permission_sets if name in plan.left_alone.permission_sets]
    for name in others:
        assert after.permission_sets[name] == actual.permission_sets[name]
        assert not is_managed(actual.permission_sets[name])
    assert {a for a in after.assignments if a.permission_set in others} == {
        a for a in actual.assignments if a.permission_set in others
    }
    for name in plan.left_alone.users:
        assert after.users[name] == actual.users[name]
    for name in plan.left_alone.groups:
        assert after.groups[name] == actual.groups[name]


@worlds
@thorough
def test_permission_sets_the_file_made_and_no_longer_names_go_with_their_assignments(
    desired: DesiredAccess, actual: ActualAccess
) -> None:
    after = World(actual).carry_out(plan_changes(desired, actual))
    for name in after.permission_sets.keys() - desired.permission_sets.keys():
        assert not is_managed(after.permission_sets[name])
    assert all(each.permission_set in after.permission_sets for each in after.assignments)


@worlds
@thorough
def test_an_assignment_that_stays_is_neither_removed_nor_made_again(
    desired: DesiredAccess, actual: ActualAccess
) -> None:
    changes = plan_changes(desired, actual).changes
    made = {each.assignment for each in changes if isinstance(each, CreateAssignment)}
    removed = {each.assignment for each in changes if isinstance(each, DeleteAssignment)}
    assert not made & removed
    assert not (made | removed) & (desired.assignments & actual.assignments)
    assert max(Counter(map(str, changes)).values(), default=1) == 1


@worlds
@thorough
def test_what_comes_is_made_before_what_goes_is_removed(desired: DesiredAccess, actual: ActualAccess) -> None:
    kinds = [type(each) for each in plan_changes(desired, actual).changes]
    last_grant = max((i for i, kind in enumerate(kinds) if kind is CreateAssignment), default=-1)
    removing = (DeleteAssignment, RemoveMember, DeletePermissionSet)
    first_removal = min((i for i, kind in enumerate(kinds) if kind in removing), default=len(kinds))
    assert last_grant < first_removal


@worlds
@thorough
def test_a_set_is_provisioned_at_most_once_and_only_where_a_role_stays(
    desired: DesiredAccess, actual: ActualAccess
) -> None:
    changes = plan_changes(desired, actual).changes
    provisioned = [each for each in changes if isinstance(each, ProvisionPermissionSet)]
    assert max(Counter(each.name for each in provisioned).values(), default=1) == 1
    before, after = (
        {(a.permission_set, a.account_id) for a in world.assignments} for world in (actual, desired)
    )
    for each in provisioned:
        assert {(each.name, account) for account in each.accounts} <= before & after
        assert each.accounts


@worlds
@thorough
def test_a_change_waits_for_what_it_needs(desired: DesiredAccess, actual: ActualAccess) -> None:
    changes = plan_changes(desired, actual).changes
    for change in changes:
        for other in changes:
            if set(settles(other)) & set(needs(change)) and type(other) in (
                CreateUser,
                CreateGroup,
                CreatePermissionSet,
            ):
                assert other is change or stage(other) < stage(change)


@worlds
@thorough
def test_every_change_has_words_that_name_its_object(desired: DesiredAccess, actual: ActualAccess) -> None:
    plan = plan_changes(desired, actual)
    for change in plan.changes:
        assert sign_of(change) in "+~-"
        subjects = [
            str(value) for value in (getattr(change, "name", ""), getattr(change, "group", "")) if value
        ]
        words = words_of(change, plan.accounts)
        assert all(subject in words for subject in subjects)


def comparable(world: ActualAccess, but: set[Assignment | Entitlement]) -> ActualAccess:
    """`world` without what undoing cannot bring back: grants of the dead, AWS's own tags, lagging roles."""
    return replace(
        world,
        permission_sets={name: without_aws_tags(each) for name, each in world.permission_sets.items()},
        assignments=world.assignments - but,
        entitlements=world.entitlements - but,
        stale=frozenset(),
    )


def grants_of_the_dead(plan: Plan) -> set[Assignment | Entitlement]:
    return {
        change.assignment if isinstance(change, DeleteAssignment) else change.entitlement
        for change in plan.removals
        if change.dangling
    }


@worlds
@thorough
def test_undone_a_plan_leaves_the_world_as_it_was(desired: DesiredAccess, actual: ActualAccess) -> None:
    plan = plan_changes(desired, actual)
    undo = plan_undo(plan.changes, (), World(actual).carry_out(plan))
    after = World(World(actual).carry_out(plan)).carry_out(undo.plan)
    dead = grants_of_the_dead(plan)
    assert comparable(after, dead) == comparable(actual, dead)
    assert {type(change) for change, _ in undo.left} <= {DeleteAssignment, DeleteEntitlement}
    assert len(undo.left) == len(dead)


@given(desired_worlds(), actual_worlds(), st.integers(0, 30), st.booleans())
@thorough
def test_undone_after_an_interruption_a_plan_leaves_the_world_as_it_was(
    desired: DesiredAccess, actual: ActualAccess, done: int, last_was_made: bool
) -> None:
    changes = plan_changes(desired, actual).changes
    world = World(actual)
    for change in changes[: done + last_was_made]:
        world.make(change)
    undo = plan_undo(changes[:done], changes[done : done + 1], world.picture())
    after = World(world.picture()).carry_out(undo.plan)
    dead = grants_of_the_dead(Plan(changes, {}))
    assert comparable(after, dead) == comparable(actual, dead)


@worlds
@thorough
def test_undoing_the_undoing_gives_the_file_again(desired: DesiredAccess, actual: ActualAccess) -> None:
    plan = plan_changes(desired, actual)
    there = World(actual).carry_out(plan)
    undo = plan_undo(plan.changes, (), there)
    back = World(there).carry_out(undo.plan)
    again = plan_undo(undo.plan.changes, (), back)
    assert comparable(World(back).carry_out(again.plan), set()) == comparable(there, set())


@worlds
@thorough
def test_a_plan_undone_already_is_undone_by_nothing(desired: DesiredAccess, actual: ActualAccess) -> None:
    plan = plan_changes(desired, actual)
    undo = plan_undo(plan.changes, (), actual)
    assert undo.plan.changes == ()
