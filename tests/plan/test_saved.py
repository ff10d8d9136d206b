"""A saved plan comes back as it was, and is carried out only on the world that it was made from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.errors import UsageError
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, RoleArn
from usher.core.organization import (
    MANAGED_BY_ACCESS_FILE,
    MANAGED_BY_TAG,
    ActualAccess,
    DesiredAccess,
    Instance,
)
from usher.core.permission_sets import PermissionSet
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.plan.changes import Change, Plan
from usher.plan.diff import plan_changes
from usher.plan.saved import (
    SavedPlan,
    WorldChangedError,
    change_from_value,
    change_to_value,
    changes_since,
    check_unchanged,
    is_saved_plan,
    load_plan,
    plan_from_json,
    plan_to_json,
    save_plan,
    world_fingerprint,
)
from usher.plan.world_facts import world_facts

STAGING, PRODUCTION = AccountId("2" * 12), AccountId("3" * 12)
ACCOUNTS = {STAGING: Account(STAGING, "staging"), PRODUCTION: Account(PRODUCTION, "production")}
DEVS, SCIM = (Principal(PrincipalKind.GROUP, name) for name in ("devs", "scim"))
ANA, BEN = (User(name, name, name, name) for name in ("ana", "ben"))
READ = PermissionSet("Read", tags={MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE, "aws:own": "1"})
OTHER = PermissionSet("Other", tags={"team": "web"})
ROLE = RoleArn(f"arn:aws:iam::{STAGING}:role/Deployer")
THERE = ActualAccess(
    Instance(InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-0123456789")),
    ACCOUNTS,
    {"ana": ANA, "ben": BEN},
    {"devs": Group("devs", members=frozenset({"ana"})), "scim": Group("scim"), "else": Group("else")},
    {"Read": READ, "Other": OTHER},
    frozenset({Assignment(DEVS, "Read", STAGING), Assignment(DEVS, "Other", STAGING)}),
    entitlements=frozenset({Entitlement(DEVS, ROLE)}),
)
WISH = DesiredAccess(
    ACCOUNTS,
    {"ana": ANA},
    {"devs": Group("devs", members=frozenset({"ana"}))},
    {"Read": READ},
    frozenset({Assignment(DEVS, "Read", STAGING), Assignment(SCIM, "Read", PRODUCTION)}),
    frozenset({Entitlement(DEVS, ROLE)}),
    external_groups=frozenset({"scim"}),
    roles=frozenset({"Deployer"}),
)


def saved(actual: ActualAccess = THERE, desired: DesiredAccess = WISH) -> SavedPlan:
    return SavedPlan(
        plan_changes(desired, actual),
        world_facts(actual, desired),
        "access.yaml",
        "0" * 64,
        actual.instance.arn,
        "111111111111",
        datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        "0.1.0",
    )


patient = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(st.from_type(Change))
@patient
def test_every_kind_of_change_comes_back_as_it_was(change: Change) -> None:
    value = json.loads(json.dumps(change_to_value(change)))
    assert change_from_value(value) == change
    assert type(change_from_value(value)) is type(change)


@given(st.from_type(Plan))
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_plan_comes_back_as_it_was(plan: Plan) -> None:
    assert plan_from_json(plan_to_json(plan)) == plan


def test_a_saved_plan_comes_back_with_what_it_was_made_from() -> None:
    text = save_plan(saved())
    assert is_saved_plan(text)
    assert load_plan(text) == saved()
    assert load_plan(text).fingerprint == world_fingerprint(THERE, WISH)
    assert not changes_since(load_plan(text), THERE, WISH)
    check_unchanged(load_plan(text), THERE, WISH)


def edited(edit: Callable[[dict[str, object]], object]) -> str:
    document = json.loads(save_plan(saved()))
    edit(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "damaged"),
        ("{", "damaged"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "not a saved plan"),
        ('{"version": 1}', "not a saved plan"),
        (save_plan(saved())[:-40], "damaged"),
        (edited(lambda it: it.update(usher_plan=2)), "has format 2, and this Usher reads format 1"),
        (edited(lambda it: it.update(file="other.yaml")), "checksum"),
        (edited(lambda it: it.pop("checksum")), "checksum"),
    ],
)
def test_a_damaged_foreign_or_newer_file_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        load_plan(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("null", "plan is not of type plan"),
        ('{"type": "plan"}', "other fields than type plan"),
        ("not json", "damaged"),
    ],
)
def test_what_is_no_plan_is_not_read_as_one(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        plan_from_json(text)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "change is missing"),
        ({"type": "launch_rocket"}, "no type that is known here: 'launch_rocket'"),
        ({"type": 7}, "no type that is known here: 7"),
        ({"type": "create_group", "group": "a"}, "other fields than type create_group: description"),
        ({"type": "create_group", "group": 1, "description": ""}, "change.group is not a text"),
        (
            {"type": "provision_permission_set", "name": "a", "reason": "why", "accounts": []},
            "reason is none of",
        ),
        (
            {"type": "provision_permission_set", "name": "a", "reason": "its contents change", "accounts": 1},
            "accounts is not a list",
        ),
        (
            {"type": "create_assignment", "assignment": {"type": "entitlement"}},
            "change.assignment is not of type assignment",
        ),
        (
            {
                "type": "create_permission_set",
                "name": "a",
                "settings": {
                    "type": "permission_set_settings",
                    "description": "",
                    "session_seconds": True,
                    "relay_state": "",
                },
                "tags": {},
            },
            "session_seconds is not a whole number",
        ),
        ({"type": "untag_permission_set", "name": "a", "keys": [], "before": []}, "before is not an object"),
    ],
)
def test_an_odd_change_is_refused_with_its_place(value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        change_from_value(value)


def with_groups(**members: tuple[str, ...]) -> ActualAccess:
    changed = {name: Group(name, members=frozenset(inside)) for name, inside in members.items()}
    return replace(THERE, groups={**THERE.groups, **changed})


def without(actual: ActualAccess, *, user: str = "", group: str = "") -> ActualAccess:
    return replace(
        actual,
        users={name: each for name, each in actual.users.items() if name != user},
        groups={name: each for name, each in actual.groups.items() if name != group},
    )


@pytest.mark.parametrize(
    "later",
    [
        replace(
            THERE, permission_sets={**THERE.permission_sets, "Other": replace(OTHER, tags={"team": "x"})}
        ),
        replace(THERE, permission_sets={**THERE.permission_sets, "New": PermissionSet("New")}),
        replace(THERE, users={**THERE.users, "cleo": User("cleo", "c", "c", "c")}),
        without(THERE, user="ben"),
        replace(THERE, assignments=THERE.assignments | {Assignment(DEVS, "Other", PRODUCTION)}),
        with_groups(scim=("ana", "ben")),
        with_groups(**{"else": ("ana",)}),
        replace(THERE, stale=frozenset({("Other", STAGING)})),
        replace(
            THERE,
            permission_sets={
                **THERE.permission_sets,
                "Read": replace(READ, tags={**READ.tags, "aws:own": "2"}),
            },
        ),
        replace(THERE, accounts={**ACCOUNTS, AccountId("4" * 12): Account(AccountId("4" * 12), "new")}),
    ],
)
def test_what_the_file_does_not_decide_about_does_not_spoil_a_plan(later: ActualAccess) -> None:
    assert world_fingerprint(later, WISH) == world_fingerprint(THERE, WISH)
    check_unchanged(saved(), later, WISH)


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (
            replace(THERE, permission_sets={**THERE.permission_sets, "Read": replace(READ, description="x")}),
            "permission set Read changed",
        ),
        (
            replace(
                THERE,
                permission_sets={
                    **THERE.permission_sets,
                    "Old": PermissionSet("Old", tags={MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE}),
                },
            ),
            "permission set Old is new",
        ),
        (
            replace(
                THERE,
                assignments=THERE.assignments
                | {Assignment(Principal(PrincipalKind.USER, "ben"), "Read", STAGING)},
            ),
            "others have Read in staging (222222222222) now",
        ),
        (
            replace(THERE, assignments=THERE.assignments | {Assignment(SCIM, "Read", PRODUCTION)}),
            "somebody has Read in production (333333333333) now",
        ),
        (
            replace(THERE, assignments=frozenset()),
            "nobody has Read in staging (222222222222) now",
        ),
        (
            replace(THERE, entitlements=frozenset()),
            "nobody has the role Deployer in staging (222222222222) now",
        ),
        (with_groups(devs=("ana", "ben")), "group devs changed"),
        (without(THERE, user="ana"), "user ana is gone"),
        (
            replace(THERE, stale=frozenset({("Read", STAGING)})),
            "the role of Read in staging (222222222222) lags behind now",
        ),
        (
            replace(THERE, accounts={**ACCOUNTS, STAGING: replace(ACCOUNTS[STAGING], active=False)}),
            "account staging (222222222222) is suspended now",
        ),
    ],
)
def test_what_the_file_decides_about_spoils_the_plan_and_is_named(later: ActualAccess, words: str) -> None:
    assert words in changes_since(saved(), later, WISH)
    assert world_fingerprint(later, WISH) != world_fingerprint(THERE, WISH)
    with pytest.raises(WorldChangedError, match="the world has changed since the plan was saved") as refusal:
        check_unchanged(saved(), later, WISH)
    assert words in refusal.value.message


def test_a_role_that_no_longer_lags_spoils_the_plan() -> None:
    lagging = replace(THERE, stale=frozenset({("Read", STAGING)}))
    assert changes_since(saved(lagging), THERE, WISH) == (
        "the role of Read in staging (222222222222) was brought up to date",
    )


def test_a_file_that_asks_for_something_else_spoils_the_plan() -> None:
    more = replace(WISH, assignments=WISH.assignments | {Assignment(DEVS, "Read", PRODUCTION)})
    fewer = replace(WISH, assignments=frozenset({Assignment(DEVS, "Read", STAGING)}))
    words = "devs gains Read in production (333333333333)"
    assert changes_since(saved(), THERE, more) == (f"to be done as well: + {words}",)
    assert f"no longer to be done: + {words.replace('devs', 'scim')}" in changes_since(saved(), THERE, fewer)


def test_many_changes_are_counted_after_the_first_twenty() -> None:
    accounts = {AccountId(f"{n:012d}"): Account(AccountId(f"{n:012d}"), f"a{n:02d}") for n in range(30)}
    later = replace(
        THERE, accounts=accounts, assignments=frozenset(Assignment(DEVS, "Read", each) for each in accounts)
    )
    with pytest.raises(WorldChangedError, match="and 11 more"):
        check_unchanged(saved(), later, WISH)
