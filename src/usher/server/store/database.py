"""The database and its three kinds of transaction: read, change (audited) and housekeeping.

SQLite in WAL mode with full synchronisation; one writer at a time (`BEGIN IMMEDIATE`). A change
commits only together with at least one audit event.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, event, text
from sqlalchemy import Connection as Connection

from usher.server.audit.chain import AuditEvent
from usher.server.store.audit_events import append_events

_SWEPT_EVERY_SECONDS = 60.0

Clock = Callable[[], float]
"""The present as UTC epoch seconds."""


class UnauditedChangeError(RuntimeError):
    """A change tried to commit without an audit event: a fault in the program."""


class Change:
    """An open transaction that changes state. `record` what it does before it ends."""

    def __init__(self, connection: Connection, actor: str, now: float) -> None:
        self.connection = connection
        self.actor = actor
        self.now = now
        self.events: list[AuditEvent] = []

    def record(self, action: str, target: str, **details: str) -> None:
        """Note one state change (`sso-admin:CreatePermissionSet`, its target, details without secrets)."""
        self.events.append(AuditEvent(self.now, self.actor, action, target, details))


class Database:
    """The directory's state. Thread-safe; connections are per transaction."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._writer = threading.Lock()
        self._swept_at: float | None = None

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, for migrations."""
        return self._engine

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def now(self) -> float:
        """The present as UTC epoch seconds."""
        return self._clock()

    def sweep_is_due(self) -> bool:
        """Whether this process should drop lapsed rows now: true at most once a minute, for one asker.

        Asked inside a write.
        """
        now = self._clock()
        if self._swept_at is not None and abs(now - self._swept_at) < _SWEPT_EVERY_SECONDS:
            return False
        self._swept_at = now
        return True

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent read."""
        with self._engine.connect() as connection:
            connection.execute(text("BEGIN"))
            yield connection
            connection.rollback()

    @contextmanager
    def change(self, actor: str) -> Iterator[Change]:
        """A state change by `actor`: commits whole, with its audit events, or not at all.

        Raises UnauditedChangeError when nothing was recorded but rows were changed.
        """
        with self._writer, self._engine.connect() as connection:
            connection.execute(text("BEGIN IMMEDIATE"))
            change = Change(connection, actor, self._clock())
            before = _total_changes(connection)
            try:
                yield change
                if not change.events and _total_changes(connection) != before:
                    raise UnauditedChangeError(f"{actor} changed state without an audit event")
                append_events(connection, change.events)
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def housekeeping(self) -> Iterator[Connection]:
        """A write that is no change of access: counters, last-seen times, expired rows."""
        with self._writer, self._engine.connect() as connection:
            connection.execute(text("BEGIN IMMEDIATE"))
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()


def open_sqlite(path: Path, clock: Clock) -> Database:
    """The database in the file at `path`, made readable by its owner only."""
    path.touch(mode=0o600, exist_ok=True)
    engine = create_engine(
        # By parts, because a path may hold a question mark; rows never show in an error's text.
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": 30},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where this file says so
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    return Database(engine, clock)


def _total_changes(connection: Connection) -> int:
    driver = connection.connection.driver_connection
    return driver.total_changes if isinstance(driver, sqlite3.Connection) else 0
