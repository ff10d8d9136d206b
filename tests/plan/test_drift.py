"""Differences in words, and what an audit log would hold about each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.audit_events import AuditEvent
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, PermissionSetArn, PrincipalId, RoleArn
from usher.core.organization import ActualAccess, DesiredAccess, Instance
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy
from usher.core.policy_document import policy_document
from usher.core.principals import Principal, PrincipalKind, User
from usher.core.rules import DriftMode, Place, RuleNote
from usher.plan.changes import (
    AddMember,
    AttachCustomerPolicy,
    AttachManagedPolicy,
    Change,
    CreateAssignment,
    CreateEntitlement,
    CreateUser,
    DeleteAssignment,
    DeleteBoundary,
    DeleteEntitlement,
    DeleteInlinePolicy,
    DetachCustomerPolicy,
    DetachManagedPolicy,
    Difference,
    DifferenceKind,
    PermissionSetSettings,
    Plan,
    ProvisioningReason,
    ProvisionPermissionSet,
    PutInlinePolicy,
    RemoveMember,
    TagPermissionSet,
    UntagPermissionSet,
    UpdateGroup,
    UpdatePermissionSet,
    UpdateUser,
)
from usher.plan.clues import Clue, clue_of, who_made
from usher.plan.drift import Drifted, DriftKind, drift_of, drift_words

STAGING = AccountId("2" * 12)
ACCOUNTS = {STAGING: Account(STAGING, "staging")}
DEVELOPERS, ANA = Principal(PrincipalKind.GROUP, "developers"), Principal(PrincipalKind.USER, "ana")
GIVEN = Assignment(DEVELOPERS, "Read", STAGING)
ROLE = RoleArn(f"arn:aws:iam::{STAGING}:role/Deployer")
GIVEN_ROLE = Entitlement(DEVELOPERS, ROLE)
ARN = PermissionSetArn("arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef")
GROUP_ID, USER_ID = PrincipalId("group-id"), PrincipalId("user-id")
ACTUAL = ActualAccess(
    Instance(InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-1")),
    ACCOUNTS,
    {},
    {},
    {},
    frozenset(),
    principal_ids={DEVELOPERS: GROUP_ID, ANA: USER_ID},
    permission_set_arns={"Read": ARN},
)
HERE = Place("access.yaml", 7)
FILE = DesiredAccess({}, {}, {}, {}, frozenset(), rules=(RuleNote(HERE),), origins={GIVEN: (0,)})
POLICY, TEAM = ManagedPolicy("arn:aws:iam::aws:policy/ReadOnlyAccess"), CustomerPolicy("Team")
INLINE = policy_document({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
SETTINGS = PermissionSetSettings("", 3600, "")
USER = User("ana", "Ana Lee", "Ana", "Lee")


def drifted(*changes: Change) -> list[Drifted]:
    return list(drift_of(Plan(changes, ACCOUNTS), FILE))


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (CreateAssignment(GIVEN), DriftKind.MISSING, "developers lacks Read in staging (222222222222)"),
        (DeleteAssignment(GIVEN), DriftKind.GIVEN, "developers has Read in staging (222222222222)"),
        (
            CreateEntitlement(GIVEN_ROLE),
            DriftKind.MISSING,
            "developers lacks the role Deployer in staging (222222222222)",
        ),
        (
            DeleteEntitlement(GIVEN_ROLE),
            DriftKind.GIVEN,
            "developers has the role Deployer in staging (222222222222)",
        ),
        (AddMember("developers", "ana"), DriftKind.MISSING, "ana is not in developers"),
        (RemoveMember("developers", "ana"), DriftKind.GIVEN, "ana is in developers"),
        (AttachManagedPolicy("Read", POLICY), DriftKind.CHANGED, "Read gets the AWS policy ReadOnlyAccess"),
    ],
)
def test_a_difference_is_told_as_it_is_and_contents_as_what_apply_does(
    change: Change, kind: DriftKind, words: str
) -> None:
    [found] = drifted(change)
    assert (found.kind, found.mode, drift_words(found, ACCOUNTS)) == (kind, DriftMode.ENFORCE, words)


def test_missing_access_names_the_rules_that_give_it() -> None:
    assert drifted(CreateAssignment(GIVEN))[0].rules == (HERE,)


def test_bringing_roles_up_to_date_is_a_difference_only_where_nothing_else_changes() -> None:
    lagging = ProvisionPermissionSet("Read", ProvisioningReason.STALE, (STAGING,))
    following = ProvisionPermissionSet("Read", ProvisioningReason.CHANGED, (STAGING,))
    assert [each.what for each in drifted(lagging, following)] == [lagging]


def test_what_modes_leave_standing_is_drift_too() -> None:
    left = Difference(GIVEN, DifferenceKind.SURPLUS, DriftMode.OBSERVE, (HERE,))
    lacking = Difference(GIVEN_ROLE, DifferenceKind.MISSING, DriftMode.OBSERVE)
    given, missing = drift_of(Plan((), ACCOUNTS, differences=(left, lacking)), FILE)
    assert (given.kind, given.mode, given.rules) == (DriftKind.GIVEN, DriftMode.OBSERVE, (HERE,))
    assert drift_words(missing, ACCOUNTS) == "developers lacks the role Deployer in staging (222222222222)"


# --- who it was -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "name", "mentions"),
    [
        (DeleteAssignment(GIVEN), "CreateAccountAssignment", {GROUP_ID, ARN, STAGING}),
        (CreateAssignment(GIVEN), "DeleteAccountAssignment", {GROUP_ID, ARN, STAGING}),
        (DeleteEntitlement(GIVEN_ROLE), "CreateEntitlement", {GROUP_ID, ROLE}),
        (RemoveMember("developers", "ana"), "CreateGroupMembership", {GROUP_ID, USER_ID}),
        (AddMember("developers", "ana"), "RemoveMemberFromGroup", {GROUP_ID, USER_ID}),
        (UpdateUser(USER, replace(USER, email="a")), "UpdateUser", {USER_ID}),
        (UpdateGroup("developers", "", "new"), "UpdateGroup", {GROUP_ID}),
        (TagPermissionSet("Read", {"a": "b"}), "UntagResource", {ARN}),
        (UntagPermissionSet("Read", ("a",)), "TagResource", {ARN}),
        (UpdatePermissionSet("Read", SETTINGS, SETTINGS), "UpdatePermissionSet", {ARN}),
        (AttachManagedPolicy("Read", POLICY), "DetachManagedPolicyFromPermissionSet", {ARN, POLICY.arn}),
        (DetachManagedPolicy("Read", POLICY), "AttachManagedPolicyToPermissionSet", {ARN, POLICY.arn}),
        (
            AttachCustomerPolicy("Read", TEAM),
            "DetachCustomerManagedPolicyReferenceFromPermissionSet",
            {ARN, "Team"},
        ),
        (
            DetachCustomerPolicy("Read", TEAM),
            "AttachCustomerManagedPolicyReferenceToPermissionSet",
            {ARN, "Team"},
        ),
        (PutInlinePolicy("Read", INLINE, None), "DeleteInlinePolicyFromPermissionSet", {ARN}),
        (DeleteInlinePolicy("Read", INLINE), "PutInlinePolicyToPermissionSet", {ARN}),
        (DeleteBoundary("Read", TEAM), "PutPermissionsBoundaryToPermissionSet", {ARN}),
    ],
)
def test_a_difference_is_looked_for_by_the_event_that_makes_it(
    change: Change, name: str, mentions: set[str]
) -> None:
    [found] = drifted(change)
    clue = clue_of(found, ACTUAL)
    assert clue is not None
    assert name in clue.names
    assert clue.mentions == mentions


@pytest.mark.parametrize(
    "change",
    [
        CreateUser(USER),
        CreateEntitlement(GIVEN_ROLE),
        CreateAssignment(replace(GIVEN, permission_set="Gone")),
        AddMember("gone", "ana"),
        ProvisionPermissionSet("Read", ProvisioningReason.STALE, (STAGING,)),
    ],
)
def test_what_is_gone_with_its_ids_cannot_be_looked_for(change: Change) -> None:
    [found] = drifted(change)
    assert clue_of(found, ACTUAL) is None


def test_a_difference_that_stays_is_looked_for_alike() -> None:
    left = Difference(GIVEN, DifferenceKind.SURPLUS, DriftMode.OBSERVE)
    [found] = drift_of(Plan((), ACCOUNTS, differences=(left,)), FILE)
    assert clue_of(found, ACTUAL) == Clue(("CreateAccountAssignment",), frozenset({GROUP_ID, ARN, STAGING}))


def test_an_id_of_the_store_becomes_a_name_and_a_stranger_s_stays_an_id() -> None:
    event = AuditEvent("UpdateUser", datetime(2026, 3, 1, tzinfo=UTC), "", frozenset(), USER_ID)
    assert who_made(event, ACTUAL) == "ana"
    assert who_made(replace(event, by_user_id=None, by="arn:x"), ACTUAL) == "arn:x"
    stranger = replace(event, by_user_id=PrincipalId("gone"))
    assert who_made(stranger, ACTUAL) == "the user gone, who no longer exists"
    assert who_made(replace(stranger, by="bob"), ACTUAL) == "bob"
