"""Appending to the audit log, and finding the first event that was edited, dropped or reordered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from usher.server.store.tables import audit_events

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What happened: who did which action to what, when, with details that hold no secret."""

    at: float
    actor: str
    action: str
    target: str
    details: Mapping[str, str]


def append_events(connection: Connection, events: Iterable[AuditEvent]) -> None:
    """Append `events` to the chain inside the caller's transaction."""
    last = connection.execute(
        select(audit_events.c.sequence, audit_events.c.hash).order_by(audit_events.c.sequence.desc()).limit(1)
    ).first()
    sequence, previous = (last.sequence, last.hash) if last else (0, GENESIS)
    for event in events:
        sequence += 1
        details = json.dumps(dict(event.details), sort_keys=True, separators=(",", ":"))
        digest = _digest(sequence, event.at, event.actor, event.action, event.target, details, previous)
        connection.execute(
            insert(audit_events).values(
                sequence=sequence,
                at=event.at,
                actor=event.actor,
                action=event.action,
                target=event.target,
                details=details,
                previous_hash=previous,
                hash=digest,
            )
        )
        previous = digest


def first_broken_event(connection: Connection) -> int | None:
    """The sequence number of the first event that does not fit the chain; None when all do."""
    previous = GENESIS
    rows = connection.execute(select(audit_events).order_by(audit_events.c.sequence))
    for sequence, row in enumerate(rows, 1):
        digest = _digest(row.sequence, row.at, row.actor, row.action, row.target, row.details, previous)
        if row.sequence != sequence or row.previous_hash != previous or row.hash != digest:
            return sequence
        previous = digest
    return None


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()
