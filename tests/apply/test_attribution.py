"""Asking an audit log who it was: no more than is needed, and no error when it is closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from usher.apply.attribution import MOST_EVENTS_PER_NAME, attribute
from usher.core.assignments import Assignment
from usher.core.audit_events import AuditEvent
from usher.core.errors import NoAccessError
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, PermissionSetArn, PrincipalId
from usher.core.organization import ActualAccess, DesiredAccess, Instance
from usher.core.principals import Principal, PrincipalKind, User
from usher.plan.changes import Change, CreateUser, DeleteAssignment, Plan, RemoveMember
from usher.plan.drift import Drifted, drift_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ARN = PermissionSetArn("arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef")
DEVS, ANA = Principal(PrincipalKind.GROUP, "devs"), Principal(PrincipalKind.USER, "ana")
ACTUAL = ActualAccess(
    Instance(InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-1")),
    {},
    {},
    {},
    {},
    frozenset(),
    principal_ids={DEVS: PrincipalId("devs-id"), ANA: PrincipalId("ana-id")},
    permission_set_arns={"Read": ARN},
)


@dataclass
class Log:
    """An audit log in memory; `told` counts what was read of it."""

    kept: dict[str, list[AuditEvent]] = field(default_factory=dict)
    told: int = 0

    def events(self, name: str) -> Iterator[AuditEvent]:
        for event in self.kept.get(name, []):
            self.told += 1
            yield event


class ClosedLog:
    def events(self, name: str) -> Iterator[AuditEvent]:
        raise NoAccessError(f"looking for {name} in CloudTrail: AccessDenied")


def event(name: str, *mentions: str, hours_ago: int = 0) -> AuditEvent:
    return AuditEvent(name, NOON - timedelta(hours=hours_ago), "bob", frozenset(mentions))


def granted(account: str) -> Change:
    return DeleteAssignment(Assignment(DEVS, "Read", AccountId(account)))


def drift(*changes: Change) -> tuple[Drifted, ...]:
    return drift_of(Plan(changes, {}), DesiredAccess({}, {}, {}, {}, frozenset()))


def test_the_newest_event_counts_and_reading_stops_when_all_is_found() -> None:
    made = [event("CreateAccountAssignment", "devs-id", ARN, "1", hours_ago=hours) for hours in range(1, 100)]
    log = Log({"CreateAccountAssignment": made})
    [found] = drift(granted("1"))
    assert attribute([found], ACTUAL, log).events == {found: made[0]}
    assert log.told == 1


def test_each_kind_of_event_is_asked_for_once_and_not_for_ever() -> None:
    many = [event("CreateAccountAssignment", "others")] * (MOST_EVENTS_PER_NAME + 500)
    log = Log({"CreateAccountAssignment": many})
    answer = attribute(drift(granted("1"), granted("2")), ACTUAL, log)
    assert (answer.events, answer.unanswered) == ({}, "")
    assert log.told == MOST_EVENTS_PER_NAME


def test_of_two_names_for_one_thing_the_newer_event_counts() -> None:
    [joined] = drift(RemoveMember("devs", "ana"))
    by_api = event("CreateGroupMembership", "devs-id", "ana-id", hours_ago=2)
    by_console = event("AddMemberToGroup", "devs-id", "ana-id", hours_ago=1)
    log = Log({"CreateGroupMembership": [by_api], "AddMemberToGroup": [by_console]})
    assert attribute([joined], ACTUAL, log).events == {joined: by_console}
    newer = event("CreateGroupMembership", "devs-id", "ana-id")
    log = Log({"CreateGroupMembership": [newer], "AddMemberToGroup": [by_console]})
    assert attribute([joined], ACTUAL, log).events == {joined: newer}


def test_a_closed_log_is_told_and_no_error() -> None:
    answer = attribute(drift(granted("1")), ACTUAL, ClosedLog())
    assert answer.events == {}
    assert "AccessDenied" in answer.unanswered


def test_what_cannot_be_looked_for_asks_nothing() -> None:
    assert attribute(drift(CreateUser(User("x", "X", "X", "Y"))), ACTUAL, ClosedLog()).unanswered == ""
