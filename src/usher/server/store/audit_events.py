"""The rows of the audit log: appended inside the caller's transaction, read in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select

from usher.server.audit.chain import GENESIS, AuditEvent, ChainedEvent, chain_event
from usher.server.store.tables import audit_events


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are looked for. `since` and `until` are UTC epoch seconds, both included."""

    actions: tuple[str, ...]
    since: float | None = None
    until: float | None = None
    actor: str | None = None
    target: str | None = None


def append_events(connection: Connection, events: Iterable[AuditEvent]) -> None:
    """Append `events` to the chain, in order."""
    newest = select(audit_events.c.sequence, audit_events.c.hash).order_by(audit_events.c.sequence.desc())
    last = connection.execute(newest.limit(1)).first()
    sequence, previous = (last.sequence, last.hash) if last else (0, GENESIS)
    for event in events:
        sequence += 1
        chained = chain_event(event, sequence, previous)
        connection.execute(insert(audit_events).values(asdict(chained)))
        previous = chained.hash


def read_events(connection: Connection) -> Iterator[ChainedEvent]:
    """Every event, oldest first, without holding them all in memory."""
    rows = connection.execution_options(yield_per=1_000).execute(
        select(audit_events).order_by(audit_events.c.sequence)
    )
    for row in rows:
        yield ChainedEvent(*row)


def find_events(connection: Connection, wanted: EventFilter, before: int, limit: int) -> list[ChainedEvent]:
    """The `wanted` events, newest first, at most `limit` of those before the one with number `before`."""
    query = select(audit_events).where(
        audit_events.c.sequence < before, audit_events.c.action.in_(wanted.actions)
    )
    if wanted.since is not None:
        query = query.where(audit_events.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(audit_events.c.at <= wanted.until)
    if wanted.actor is not None:
        query = query.where(audit_events.c.actor == wanted.actor)
    if wanted.target is not None:
        query = query.where(audit_events.c.target == wanted.target)
    rows = connection.execute(query.order_by(audit_events.c.sequence.desc()).limit(limit))
    return [ChainedEvent(*row) for row in rows]
