"""Differences as a person reads them: alike in many accounts is one line."""

from __future__ import annotations

from datetime import UTC, datetime

from usher.access.load import load_access_file
from usher.apply.attribution import NOT_ASKED, Attribution
from usher.cli.text.drift import adoption_lines, drift_lines
from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.audit_events import AuditEvent
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, RoleArn
from usher.core.organization import ActualAccess, DesiredAccess, Instance
from usher.core.principals import Principal, PrincipalKind
from usher.core.rules import DriftMode, Place
from usher.plan.changes import Change, DeleteAssignment, Difference, DifferenceKind, Plan, RemoveMember
from usher.plan.drift import Drifted, drift_of

ACCOUNTS = {
    AccountId(f"{n:012}"): Account(AccountId(f"{n:012}"), f"team-{n}" if n < 40 else f"other-{n}")
    for n in range(1, 51)
}
ACTUAL = ActualAccess(
    Instance(InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-1")),
    ACCOUNTS,
    {},
    {},
    {},
    frozenset(),
)
EMPTY = DesiredAccess({}, {}, {}, {}, frozenset())
DEVS, BOB = Principal(PrincipalKind.GROUP, "devs"), Principal(PrincipalKind.USER, "bob")
FILE = """
version: 1
accounts: [team-1, team-2]
groups: {ops: {}}
permission_sets: {Read: {managed_policies: [ReadOnlyAccess]}}
roles: {Deployer: {path: /web/}}
access:
  - {group: ops, permission_set: Read, accounts: all, drift: adopt}
  - {group: ops, role: Deployer, accounts: all, drift: adopt}
"""


def no_style(_name: str, text: str) -> str:
    return text


def given(count: int) -> list[Change]:
    return [DeleteAssignment(Assignment(DEVS, "Read", AccountId(f"{n:012}"))) for n in range(1, count + 1)]


def lines(drift: tuple[Drifted, ...], attribution: Attribution, *, details: bool = False) -> list[str]:
    found = drift_lines(drift, attribution, ACTUAL, ACCOUNTS, "access.yaml", no_style, details=details)
    return list(found)


def test_the_same_access_in_many_accounts_is_one_line() -> None:
    drift = drift_of(Plan((*given(39), RemoveMember("devs", "bob")), ACCOUNTS), EMPTY)
    assert lines(drift, NOT_ASKED) == [
        "There, and not in the file:",
        "  + devs has Read in 39 accounts: team-*",
        "      apply takes it away",
        "  + bob is in devs",
        "      apply takes it away",
        "",
        "40 differences between the accounts and access.yaml.",
    ]
    assert len(lines(drift, NOT_ASKED, details=True)) == 2 * 40 + 3


def test_what_different_people_gave_is_told_apart_with_the_last_time() -> None:
    drift = drift_of(Plan(tuple(given(3)), ACCOUNTS), EMPTY)
    moments = [datetime(2026, 3, day, 12, tzinfo=UTC) for day in (1, 2, 3)]
    makers = ("ana", "ana", "bob")
    events = {
        each: AuditEvent("CreateAccountAssignment", at, by, frozenset())
        for each, at, by in zip(drift, moments, makers, strict=True)
    }
    told = lines(drift, Attribution(events))
    assert "      by ana, last 2026-03-02 12:00 UTC" in told
    assert "      by bob, 2026-03-03 12:00 UTC" in told


def test_that_nobody_knows_who_it_was_is_told_once_when_the_log_is_closed() -> None:
    drift = drift_of(Plan(tuple(given(1)), ACCOUNTS), EMPTY)
    assert "      by whom is not known" in lines(drift, Attribution({}))
    closed = lines(drift, Attribution({}, "AccessDenied"))
    assert closed[-1] == "who made them is not known: AccessDenied"
    assert "      by whom is not known" not in closed


def test_adopted_access_becomes_lines_with_the_principals_that_the_file_lacks() -> None:
    one, two = (AccountId(f"{n:012}") for n in (1, 2))
    role = RoleArn(f"arn:aws:iam::{one}:role/web/Deployer")
    adopted = (
        Assignment(DEVS, "Read", one),
        Assignment(DEVS, "Read", two),
        Assignment(BOB, "Read", one),
        Entitlement(Principal(PrincipalKind.GROUP, "ops"), role),
    )
    at = (Place("access.yaml", 8),)
    differences = tuple(Difference(each, DifferenceKind.SURPLUS, DriftMode.ADOPT, at) for each in adopted)
    drift = drift_of(Plan((), ACCOUNTS, differences=differences), EMPTY)
    assert adoption_lines(drift, load_access_file(FILE, "access.yaml"), ACCOUNTS) == [
        "groups:",
        "  devs: {external: true}",
        "users:",
        "  bob: {external: true}",
        "access:",
        "  - {group: devs, permission_set: Read, accounts: [team-1, team-2]}",
        "  - {group: ops,  role: Deployer,       accounts: [team-1]}",
        "  - {user: bob,   permission_set: Read, accounts: [team-1]}",
    ]
    assert adoption_lines((), load_access_file(FILE, "access.yaml"), ACCOUNTS) == []
