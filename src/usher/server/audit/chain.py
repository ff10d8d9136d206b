"""The hash chain of the audit log: each event carries the hash of the one before it.

Pure: `store.audit_events` reads and writes the rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What happened: who did which action to what, when, with details that hold no secret."""

    at: float
    actor: str
    action: str
    target: str
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ChainedEvent:
    """An event in its place. `details` is canonical JSON; hashes are SHA-256 in hex."""

    sequence: int
    at: float
    actor: str
    action: str
    target: str
    details: str
    previous_hash: str
    hash: str


def chain_event(event: AuditEvent, sequence: int, previous_hash: str) -> ChainedEvent:
    """`event` as number `sequence`, after the event whose hash is `previous_hash`."""
    details = json.dumps(dict(event.details), sort_keys=True, separators=(",", ":"))
    digest = _digest(sequence, event.at, event.actor, event.action, event.target, details, previous_hash)
    return ChainedEvent(
        sequence, event.at, event.actor, event.action, event.target, details, previous_hash, digest
    )


def first_broken_event(events: Iterable[ChainedEvent]) -> int | None:
    """The place of the first event that was edited, dropped or reordered; None when the chain holds.

    Events cut off at the end leave a whole, shorter chain: compare its length with a kept anchor.
    """
    previous = GENESIS
    for place, event in enumerate(events, 1):
        digest = _digest(
            event.sequence, event.at, event.actor, event.action, event.target, event.details, previous
        )
        if event.sequence != place or event.previous_hash != previous or event.hash != digest:
            return place
        previous = event.hash
    return None


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()
