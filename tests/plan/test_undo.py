"""What undoing leaves: what others have changed since, what was not read, and what cannot come back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, RoleArn
from usher.core.organization import ActualAccess, Instance, Unread
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
    PermissionSetSettings,
    ProvisioningReason,
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
from usher.plan.reverse import reverse_of
from usher.plan.undo import Undo, plan_undo

STAGING = AccountId("2" * 12)
ANA = User("ana", "Ana Lee", "Ana", "Lee")
ANN = replace(ANA, display_name="Ann Lee")
DEVELOPERS = Principal(PrincipalKind.GROUP, "developers")
GIVEN = Assignment(DEVELOPERS, "Read", STAGING)
TO_ANA = Assignment(Principal(PrincipalKind.USER, "ana"), "Read", STAGING)
ROLE = RoleArn(f"arn:aws:iam::{STAGING}:role/Deployer")
GIVEN_ROLE = Entitlement(DEVELOPERS, ROLE)
POLICY = ManagedPolicy("arn:aws:iam::aws:policy/ReadOnlyAccess")
TEAM = CustomerPolicy("Team")
INLINE, OTHER_INLINE = (
    policy_document({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
    for action in ("s3:*", "ec2:*")
)
SETTINGS = PermissionSetSettings("", 3600, "")
LONGER = PermissionSetSettings("", 7200, "")
EMPTY = ActualAccess(
    Instance(InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-1")),
    {STAGING: Account(STAGING, "staging")},
    {},
    {},
    {},
    frozenset(),
)


def world(
    *, read: PermissionSet | None = None, members: frozenset[str] | None = None, **fields: object
) -> ActualAccess:
    """A world with the set `read` and the group developers with `members`, where they are given."""
    sets = {read.name: read} if read else {}
    groups = {"developers": Group("developers", members=members)} if members is not None else {}
    return replace(EMPTY, **{"permission_sets": sets, "groups": groups, **fields})


def undo(*done: Change, there: ActualAccess) -> Undo:
    return plan_undo(done, (), there)


def why_left(*done: Change, there: ActualAccess) -> list[str]:
    found = undo(*done, there=there)
    assert found.plan.changes == ()
    return [why for _, why in found.left]


@pytest.mark.parametrize(
    ("change", "there"),
    [
        (CreateUser(ANA), world(users={"ana": ANN})),
        (UpdateUser(ANA, ANN), world(users={"ana": replace(ANA, email="a@mkdev.example")})),
        (DeleteUser(ANA), world(users={"ana": ANN})),
        (CreateGroup("developers", "old"), world(members=frozenset())),
        (UpdateGroup("developers", "old", "new"), world(members=frozenset())),
        (DeleteGroup("developers", "old"), world(members=frozenset())),
        (UpdatePermissionSet("Read", SETTINGS, LONGER), world(read=PermissionSet("Read", "by hand"))),
        (
            PutInlinePolicy("Read", INLINE, None),
            world(read=PermissionSet("Read", inline_policy=OTHER_INLINE)),
        ),
        (DeleteInlinePolicy("Read", INLINE), world(read=PermissionSet("Read", inline_policy=OTHER_INLINE))),
        (PutBoundary("Read", TEAM, None), world(read=PermissionSet("Read", boundary=POLICY))),
        (DeleteBoundary("Read", TEAM), world(read=PermissionSet("Read", boundary=POLICY))),
        (TagPermissionSet("Read", {"team": "web"}), world(read=PermissionSet("Read", tags={"team": "it"}))),
        (
            UntagPermissionSet("Read", ("team",), {"team": "web"}),
            world(read=PermissionSet("Read", tags={"team": "it"})),
        ),
        (CreatePermissionSet("Read", SETTINGS, {}), world(read=PermissionSet("Read", "by hand"))),
    ],
)
def test_what_others_have_changed_since_is_left_as_they_made_it(change: Change, there: ActualAccess) -> None:
    assert why_left(change, there=there) == ["others have changed it since"]


@pytest.mark.parametrize(
    "change",
    [
        UpdateUser(ANA, ANN),
        UpdateGroup("developers", "old", "new"),
        UpdatePermissionSet("Read", SETTINGS, LONGER),
        AttachManagedPolicy("Read", POLICY),
        TagPermissionSet("Read", {"team": "web"}),
    ],
)
def test_what_is_gone_cannot_be_changed_back(change: Change) -> None:
    assert why_left(change, there=EMPTY) == ["it no longer exists"]


@pytest.mark.parametrize(
    ("change", "unread"),
    [
        (AddMember("developers", "ana"), Unread(members_of=frozenset({"developers"}))),
        (CreateAssignment(GIVEN), Unread(assignments_of=frozenset({"Read"}))),
        (CreateAssignment(TO_ANA), Unread(user_grants=True)),
        (DeleteEntitlement(GIVEN_ROLE), Unread(entitlements=True)),
        (AttachCustomerPolicy("Read", TEAM), Unread(policies_of=frozenset({"Read"}))),
        (CreatePermissionSet("Read", SETTINGS, {}), Unread(policies_of=frozenset({"Read"}))),
    ],
)
def test_what_was_not_read_is_left(change: Change, unread: Unread) -> None:
    there = world(read=PermissionSet("Read"), members=frozenset(), unread=unread)
    assert why_left(change, there=there) == ["it was not read"]


def test_a_set_whose_policies_were_not_read_before_it_was_deleted_cannot_be_made_again() -> None:
    [why] = why_left(DeletePermissionSet("Read"), there=EMPTY)
    assert "cannot be made again" in why


def test_a_set_that_somebody_made_again_is_left() -> None:
    deleted = DeletePermissionSet("Read", PermissionSet("Read"))
    assert why_left(deleted, there=world(read=PermissionSet("Read", "other"))) == [
        "another of that name exists by now"
    ]
    assert undo(deleted, there=world(read=PermissionSet("Read"))).as_before == (deleted,)


def test_a_new_set_that_was_given_to_others_since_is_left_and_only_the_run_s_grant_goes() -> None:
    made = (CreatePermissionSet("Read", SETTINGS, {}), AttachManagedPolicy("Read", POLICY))
    given = (*made, CreateAssignment(GIVEN))
    read = PermissionSet("Read", managed_policies=frozenset({POLICY}))
    there = world(read=read, members=frozenset(), assignments=frozenset({GIVEN, TO_ANA}), users={"ana": ANA})
    found = undo(*given, there=there)
    assert found.plan.changes == (DeleteAssignment(GIVEN),)
    assert found.left == ((made[0], "it was given to others since"),)


def test_a_new_set_goes_with_its_contents_in_one_change() -> None:
    made = (
        CreatePermissionSet("Read", SETTINGS, {"team": "web"}),
        AttachManagedPolicy("Read", POLICY),
        AttachCustomerPolicy("Read", TEAM),
        PutInlinePolicy("Read", INLINE, None),
        PutBoundary("Read", TEAM, None),
    )
    read = PermissionSet(
        "Read",
        managed_policies=frozenset({POLICY}),
        customer_policies=frozenset({TEAM}),
        inline_policy=INLINE,
        boundary=TEAM,
        tags={"team": "web", "aws:own": "1"},
    )
    assert undo(*made, there=world(read=read)).plan.changes == (DeletePermissionSet("Read", read),)


def test_a_new_group_that_has_members_or_access_from_others_is_left() -> None:
    made = CreateGroup("developers", "")
    assert why_left(made, there=world(members=frozenset({"bob"}))) == ["it has members that came since"]
    given = world(members=frozenset(), assignments=frozenset({GIVEN}))
    assert why_left(made, there=given) == ["it was given access since"]
    unsure = world(members=frozenset(), unread=Unread(entitlements=True))
    assert why_left(made, there=unsure) == ["not all access was read, and it may have some"]


def test_a_new_user_who_joined_other_groups_is_left() -> None:
    there = world(users={"ana": ANA}, members=frozenset({"ana"}))
    assert why_left(CreateUser(ANA), there=there) == ["they are in groups that they joined since"]
    unsure = world(users={"ana": ANA}, unread=Unread(members_of=frozenset({"others"})))
    assert why_left(CreateUser(ANA), there=unsure) == ["not all groups were read, and they may be in one"]


def test_new_people_go_last_after_their_memberships_and_access() -> None:
    there = world(
        read=PermissionSet("Read"),
        users={"ana": ANA},
        members=frozenset({"ana"}),
        assignments=frozenset({GIVEN}),
        entitlements=frozenset({GIVEN_ROLE}),
    )
    made = (
        CreateUser(ANA),
        CreateGroup("developers", ""),
        AddMember("developers", "ana"),
        CreateAssignment(GIVEN),
        CreateEntitlement(GIVEN_ROLE),
    )
    plan = undo(*made, there=there).plan
    assert plan.changes == (
        DeleteAssignment(GIVEN),
        DeleteEntitlement(GIVEN_ROLE),
        RemoveMember("developers", "ana"),
        DeleteGroup("developers", ""),
        DeleteUser(ANA),
    )
    assert plan.managed_assignments == 2


def test_access_is_not_given_back_to_those_who_no_longer_exist() -> None:
    there = world(read=PermissionSet("Read"), members=frozenset())
    assert why_left(DeleteAssignment(TO_ANA), there=there) == ["the user ana no longer exists"]
    assert why_left(DeleteAssignment(GIVEN), there=world(members=frozenset())) == [
        "the permission set Read no longer exists"
    ]
    assert why_left(DeleteEntitlement(GIVEN_ROLE), there=EMPTY) == ["the group developers no longer exists"]
    assert why_left(RemoveMember("developers", "ana"), there=there) == ["the user ana no longer exists"]


def test_roles_follow_the_contents_that_change_back() -> None:
    there = world(
        read=PermissionSet("Read", session_seconds=7200),
        members=frozenset(),
        assignments=frozenset({GIVEN}),
    )
    done = (
        UpdatePermissionSet("Read", SETTINGS, LONGER),
        ProvisionPermissionSet("Read", ProvisioningReason.CHANGED, (STAGING,)),
    )
    assert undo(*done, there=there).plan.changes == (
        UpdatePermissionSet("Read", LONGER, SETTINGS),
        ProvisionPermissionSet("Read", ProvisioningReason.CHANGED, (STAGING,)),
    )


def test_what_nobody_knows_the_outcome_of_is_looked_up() -> None:
    uncertain = (UpdatePermissionSet("Read", SETTINGS, LONGER),)
    made = world(read=PermissionSet("Read", session_seconds=7200))
    assert plan_undo((), uncertain, made).plan.changes == (UpdatePermissionSet("Read", LONGER, SETTINGS),)
    not_made = plan_undo((), uncertain, world(read=PermissionSet("Read")))
    assert (not_made.plan.changes, not_made.as_before) == ((), uncertain)


def test_a_group_that_undoing_empties_keeps_access_that_nobody_has_and_that_is_noted() -> None:
    there = world(
        users={"ana": ANA},
        members=frozenset({"ana"}),
        assignments=frozenset({GIVEN}),
        entitlements=frozenset({GIVEN_ROLE}),
    )
    assert undo(AddMember("developers", "ana"), there=there).plan.emptied == (GIVEN, GIVEN_ROLE)


def test_a_set_alone_is_reversed_by_its_deletion_and_bringing_roles_up_to_date_by_nothing() -> None:
    made = CreatePermissionSet("Read", SETTINGS, {})
    there = world(read=PermissionSet("Read"))
    assert reverse_of(made, there) == (DeletePermissionSet("Read", PermissionSet("Read")),)
    assert reverse_of(ProvisionPermissionSet("Read", ProvisioningReason.STALE, (STAGING,)), there) == ()
