"""Dropping rows that count no more, now and then, on the way of something else that writes."""

from __future__ import annotations

from usher.server.store.database import Connection, Database
from usher.server.store.oauth import drop_lapsed_grants
from usher.server.store.sign_in import drop_lapsed_sign_ins

# Ended sessions and used codes are remembered this long after they lapsed, so that replay is noticed.
_REMEMBERED_SECONDS = 24 * 3600.0
_BUCKETS_KEPT_SECONDS = 24 * 3600.0


def drop_lapsed_rows(database: Database, connection: Connection) -> None:
    """Drop what has lapsed, if this process has not done so within the last minute."""
    if not database.sweep_is_due():
        return
    now = database.now()
    drop_lapsed_sign_ins(connection, now, now - _BUCKETS_KEPT_SECONDS)
    drop_lapsed_grants(connection, now, now - _REMEMBERED_SECONDS)
