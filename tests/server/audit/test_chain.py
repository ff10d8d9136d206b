"""The audit chain finds every edit, deletion and reordering, and a change cannot go unrecorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from usher.server.audit.chain import AuditEvent, ChainedEvent, chain_event, first_broken_event
from usher.server.store.audit_events import read_events
from usher.server.store.database import Database, UnauditedChangeError, open_sqlite
from usher.server.store.tables import metadata, tags


def _chain(length: int) -> list[ChainedEvent]:
    events: list[ChainedEvent] = []
    for number in range(1, length + 1):
        event = AuditEvent(float(number), "admin", "sso-admin:TagResource", f"ps-{number}", {"key": "team"})
        events.append(chain_event(event, number, events[-1].hash if events else "0" * 64))
    return events


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_sqlite(tmp_path / "state.db", lambda: 1_700_000_000.0)
    metadata.create_all(database.engine)
    yield database
    database.engine.dispose()


def test_an_untouched_chain_holds() -> None:
    assert first_broken_event(_chain(20)) is None
    assert first_broken_event([]) is None


@pytest.mark.parametrize("member", ["actor", "action", "target", "details"])
def test_an_edited_event_is_found(member: str) -> None:
    events = _chain(5)
    events[2] = replace(events[2], **{member: "forged"})
    assert first_broken_event(events) == 3


def test_a_recomputed_forgery_breaks_the_next_event() -> None:
    events = _chain(5)
    forged = AuditEvent(3.0, "somebody", "sso-admin:TagResource", "ps-3", {})
    events[2] = chain_event(forged, 3, events[1].hash)
    assert first_broken_event(events) == 4


def test_a_dropped_or_reordered_event_is_found() -> None:
    events = _chain(5)
    assert first_broken_event(events[:2] + events[3:]) == 3
    assert first_broken_event([events[1], events[0], *events[2:]]) == 1


def test_a_change_commits_with_its_events(database: Database) -> None:
    with database.change("admin") as change:
        change.connection.execute(insert(tags).values(resource_arn="arn", key="team", value="red"))
        change.record("sso-admin:TagResource", "arn", key="team")
    with database.change("admin") as change:
        change.record("sso-admin:UntagResource", "arn", key="team")
    with database.read() as connection:
        events = list(read_events(connection))
    assert [event.action for event in events] == ["sso-admin:TagResource", "sso-admin:UntagResource"]
    assert first_broken_event(events) is None


def test_a_change_without_an_event_does_not_commit(database: Database) -> None:
    with pytest.raises(UnauditedChangeError), database.change("admin") as change:
        change.connection.execute(insert(tags).values(resource_arn="arn", key="team", value="red"))
    with database.read() as connection:
        assert connection.execute(select(tags)).all() == []


def test_a_change_that_fails_leaves_neither_rows_nor_events(database: Database) -> None:
    def fail() -> None:
        with database.change("admin") as change:
            change.connection.execute(insert(tags).values(resource_arn="arn", key="team", value="red"))
            change.record("sso-admin:TagResource", "arn")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with database.read() as connection:
        assert connection.execute(select(tags)).all() == []
        assert list(read_events(connection)) == []


def test_housekeeping_rolls_back_when_it_fails(database: Database) -> None:
    def fail() -> None:
        with database.housekeeping() as connection:
            connection.execute(insert(tags).values(resource_arn="arn", key="team", value="red"))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with database.read() as connection:
        assert connection.execute(select(tags)).all() == []


def test_the_database_file_is_readable_by_its_owner_only(database: Database, tmp_path: Path) -> None:
    assert (tmp_path / "state.db").stat().st_mode & 0o077 == 0
