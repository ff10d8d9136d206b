"""What an audit log tells of a change: when, by whom, and which objects it was about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from usher.core.ids import PrincipalId


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One change that was made, as the audit log has it.

    `at` is in UTC. `by` is who made it, as far as the log names them; `by_user_id` is their id in the
    identity store, where the log has no more than that. `mentions` holds every id and ARN of the request.
    """

    name: str
    at: datetime
    by: str
    mentions: frozenset[str]
    by_user_id: PrincipalId | None = None
