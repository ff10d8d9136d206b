"""What was read, kept on this machine to answer questions about the past: one small database per instance.

A snapshot is only a cache: every reading is made from AWS, and losing or spoiling the file changes no result.
What stays the same between two snapshots is stored once, with the snapshots from and until which it held,
so that a snapshot a day of a large organization costs what changed on that day.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from usher.apply.snapshot_facts import Fact, FactKind, facts_of, from_facts
from usher.core.errors import UsherError
from usher.core.organization import ActualAccess

FILE_NAME = "snapshots.db"
SCHEMA_VERSION = 1
_BUSY_SECONDS = 20.0

_SCHEMA = """
CREATE TABLE snapshot (number INTEGER PRIMARY KEY, taken_at TEXT NOT NULL UNIQUE);
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE fact (
    kind INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, c INTEGER NOT NULL, d INTEGER NOT NULL,
    since INTEGER NOT NULL, until INTEGER
);
CREATE INDEX current ON fact (since) WHERE until IS NULL;
"""

_Coded = tuple[int, int, int, int, int]
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an instance had at `taken_at` (UTC)."""

    actual: ActualAccess
    taken_at: datetime


class NewerSnapshotsError(UsherError):
    """The snapshots were written by a later version of Usher, which this one cannot read."""


class SnapshotStore:
    """The snapshots of one instance, in `folder`, which is made when the first one is kept.

    `say` is told when a spoilt file is set aside. Safe between processes: each takes its turn. Every method
    raises NewerSnapshotsError, and OSError where the file cannot be used.
    """

    def __init__(self, folder: Path, say: Callable[[str], None] = lambda _words: None) -> None:
        self._path = folder / FILE_NAME
        self._say = say

    def save(self, actual: ActualAccess, taken_at: datetime) -> None:
        """Keep `actual` as it was at `taken_at`; one that is not newer than the newest is not kept."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for _ in range(2):  # again after a spoilt file was set aside
            # SQLite would make the file as the umask says.
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            if self._use(lambda database: _save(database, actual, taken_at), otherwise=False):
                return

    def load(self, moment: datetime) -> Snapshot | None:
        """The newest snapshot taken at or before `moment`, or None."""
        return self._use(lambda database: _load(database, moment), otherwise=None)

    def moments(self) -> Sequence[datetime]:
        """When snapshots were taken, the oldest first."""
        return self._use(_moments, otherwise=())

    def prune(self, before: datetime) -> int:
        """Forget the snapshots taken before `before`, never the newest; how many were forgotten."""
        return self._use(lambda database: _prune(database, before), otherwise=0)

    def _use(self, work: Callable[[sqlite3.Connection], _Answer], *, otherwise: _Answer) -> _Answer:
        """What `work` gives; `otherwise` where there is no database or a spoilt one, which is set aside."""
        if not self._path.exists():
            return otherwise
        try:
            with closing(self._connect()) as database:
                return work(database)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:  # busy, full, protected: the file is sound
                raise OSError(f"{self._path}: {error}") from error
            self._set_aside(error)
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            self._set_aside(error)
        return otherwise

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            database.close()
            raise NewerSnapshotsError(
                f"{self._path} was written by a newer version of usher (its form is {version})",
                hint="update usher, or delete the file: it only keeps the past",
            )
        if not version:
            with database:
                database.execute("BEGIN IMMEDIATE")
                _make_schema(database)
        return database

    def _set_aside(self, error: Exception) -> None:
        aside = self._path.with_name(f"{FILE_NAME}.spoilt")
        self._path.replace(aside)
        self._say(f"the kept snapshots could not be read ({error}); they are set aside as {aside}")


def _make_schema(database: sqlite3.Connection) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if not version:  # another process may have made it meanwhile
        for statement in _SCHEMA.split(";"):
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _save(database: sqlite3.Connection, actual: ActualAccess, taken_at: datetime) -> bool:
    with database:
        database.execute("BEGIN IMMEDIATE")
        newest, newest_at = database.execute(
            "SELECT coalesce(max(number), 0), coalesce(max(taken_at), '') FROM snapshot"
        ).fetchone()
        if _text(taken_at) > newest_at:
            _write(database, newest + 1, facts_of(actual))
            database.execute("INSERT INTO snapshot VALUES (?, ?)", [newest + 1, _text(taken_at)])
    return True


def _write(database: sqlite3.Connection, number: int, facts: Iterable[Fact]) -> None:
    """Bring what holds now in line with `facts`."""
    ids: dict[str, int] = {
        "": 0,
        **{text: each for each, text in database.execute("SELECT id, text FROM word")},
    }
    known = len(ids)
    next_id = max(ids.values()) + 1

    def code(text: str) -> int:
        nonlocal next_id
        found = ids.get(text)
        if found is None:
            found = ids[text] = next_id
            next_id += 1
        return found

    wanted: set[_Coded] = {(int(kind), code(a), code(b), code(c), code(d)) for kind, a, b, c, d in facts}
    database.executemany("INSERT INTO word (text, id) VALUES (?, ?)", islice(ids.items(), known, None))
    held: dict[_Coded, int] = {
        (kind, a, b, c, d): row
        for row, kind, a, b, c, d in database.execute(
            "SELECT rowid, kind, a, b, c, d FROM fact WHERE until IS NULL"
        )
    }
    gone = [(number, row) for fact, row in held.items() if fact not in wanted]
    database.executemany("UPDATE fact SET until = ? WHERE rowid = ?", gone)
    database.executemany(
        "INSERT INTO fact VALUES (?, ?, ?, ?, ?, ?, NULL)",
        ((*fact, number) for fact in sorted(wanted - held.keys())),
    )


def _load(database: sqlite3.Connection, moment: datetime) -> Snapshot | None:
    with database:
        database.execute("BEGIN")
        row = database.execute(
            "SELECT number, taken_at FROM snapshot WHERE taken_at <= ? ORDER BY taken_at DESC LIMIT 1",
            [_text(moment)],
        ).fetchone()
        if row is None:
            return None
        number, taken_at = row
        return Snapshot(from_facts(_facts_at(database, number)), datetime.fromisoformat(taken_at))


def _facts_at(database: sqlite3.Connection, number: int) -> Iterator[Fact]:
    words = {0: "", **dict(database.execute("SELECT id, text FROM word"))}
    try:
        for kind, a, b, c, d in database.execute(
            "SELECT kind, a, b, c, d FROM fact WHERE since <= ?1 AND (until IS NULL OR ?1 < until)", [number]
        ):
            yield FactKind(kind), words[a], words[b], words[c], words[d]
    except KeyError as error:
        raise ValueError(f"the word {error} is missing") from None


def _moments(database: sqlite3.Connection) -> Sequence[datetime]:
    rows = database.execute("SELECT taken_at FROM snapshot ORDER BY taken_at")
    return tuple(datetime.fromisoformat(taken_at) for (taken_at,) in rows)


def _prune(database: sqlite3.Connection, before: datetime) -> int:
    with database:
        database.execute("BEGIN IMMEDIATE")
        gone = database.execute(
            "DELETE FROM snapshot WHERE taken_at < ? AND number < (SELECT max(number) FROM snapshot)",
            [_text(before)],
        ).rowcount
        if not gone:
            return 0
        database.execute(
            "DELETE FROM fact WHERE NOT EXISTS"
            " (SELECT 1 FROM snapshot WHERE number >= since AND (until IS NULL OR number < until))"
        )
        database.execute(
            "DELETE FROM word WHERE id NOT IN"
            " (SELECT a FROM fact UNION SELECT b FROM fact UNION SELECT c FROM fact UNION SELECT d FROM fact)"
        )
    database.execute("VACUUM")
    return gone


def _text(moment: datetime) -> str:
    """A moment as it is kept and compared: UTC, always with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
