"""Rows of sign-in: passwords, browser sessions and rate limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Float, case, delete, literal, select, update
from sqlalchemy.dialects.sqlite import insert

from usher.server.store.database import Change
from usher.server.store.tables import browser_sessions, passwords, rate_limits, users


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """A person's password. A one-time password must be changed and lapses at `valid_until`."""

    user_id: str
    hash: str
    must_change: bool
    valid_until: float | None
    changed_at: float


@dataclass(frozen=True, slots=True)
class StoredBrowserSession:
    """A browser's session; without `user_id` nobody has signed in yet. Times are UTC epoch seconds."""

    id_hash: str
    user_id: str | None
    csrf_token: str
    state: Mapping[str, str]
    created_at: float
    last_seen_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class SessionOwner:
    """Who a browser session belongs to. `must_change` holds while they have a one-time password."""

    user_id: str
    user_name: str
    display_name: str
    must_change: bool


def read_password(connection: Connection, user_id: str) -> StoredPassword | None:
    """The person's password, or None when they have none."""
    row = connection.execute(select(passwords).where(passwords.c.user_id == user_id)).mappings().one_or_none()
    return StoredPassword(**row) if row else None


def write_password(change: Change, password: StoredPassword) -> None:
    """Store the person's only password. The caller records what it was for."""
    values = {
        "hash": password.hash,
        "must_change": password.must_change,
        "valid_until": password.valid_until,
        "changed_at": password.changed_at,
    }
    statement = insert(passwords).values(user_id=password.user_id, **values)
    change.connection.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))


def replace_hash(connection: Connection, user_id: str, old: str, new: str) -> None:
    """Store the same password under newer hashing parameters, unless it was changed meanwhile."""
    same = passwords.c.user_id == user_id, passwords.c.hash == old
    connection.execute(update(passwords).where(*same).values(hash=new))


def insert_browser_session(connection: Connection, session: StoredBrowserSession) -> None:
    """Store a new session."""
    connection.execute(
        insert(browser_sessions).values(
            id_hash=session.id_hash,
            user_id=session.user_id,
            csrf_token=session.csrf_token,
            state=dict(session.state),
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
        )
    )


def read_browser_session(connection: Connection, id_hash: str) -> StoredBrowserSession | None:
    """The session with that id, whether it still counts or not; None when there is none."""
    row = (
        connection.execute(select(browser_sessions).where(browser_sessions.c.id_hash == id_hash))
        .mappings()
        .one_or_none()
    )
    return StoredBrowserSession(**row) if row else None


def read_session_owner(connection: Connection, user_id: str) -> SessionOwner | None:
    """The active person behind a session; None when they are disabled or have no password any more."""
    row = connection.execute(
        select(users.c.id, users.c.user_name, users.c.display_name, passwords.c.must_change)
        .join(passwords, passwords.c.user_id == users.c.id)
        .where(users.c.id == user_id, users.c.active)
    ).one_or_none()
    return SessionOwner(row.id, row.user_name, row.display_name, row.must_change) if row else None


def touch_browser_session(connection: Connection, id_hash: str, now: float) -> None:
    """Note that the session was used."""
    connection.execute(
        update(browser_sessions).where(browser_sessions.c.id_hash == id_hash).values(last_seen_at=now)
    )


def write_session_state(connection: Connection, id_hash: str, state: Mapping[str, str]) -> None:
    """Replace what the session remembers."""
    connection.execute(
        update(browser_sessions).where(browser_sessions.c.id_hash == id_hash).values(state=dict(state))
    )


def delete_browser_session(connection: Connection, id_hash: str) -> None:
    """End one session."""
    connection.execute(delete(browser_sessions).where(browser_sessions.c.id_hash == id_hash))


def delete_browser_sessions_of(connection: Connection, user_id: str) -> None:
    """End every session of one person."""
    connection.execute(delete(browser_sessions).where(browser_sessions.c.user_id == user_id))


def take_token(connection: Connection, key: str, *, capacity: float, per_second: float, now: float) -> bool:
    """Take one token out of a bucket that refills steadily; False when it is empty. One statement."""
    refilled = _at_most(
        capacity,
        rate_limits.c.tokens + _at_least(0, literal(now, Float) - rate_limits.c.updated_at) * per_second,
    )
    statement = insert(rate_limits).values(key=key, tokens=capacity - 1, updated_at=now)
    taken = connection.execute(
        statement.on_conflict_do_update(
            index_elements=["key"], set_={"tokens": refilled - 1, "updated_at": now}, where=refilled >= 1
        ).returning(rate_limits.c.tokens)
    )
    return taken.one_or_none() is not None


def fill_bucket(connection: Connection, key: str) -> None:
    """Make the bucket full again."""
    connection.execute(delete(rate_limits).where(rate_limits.c.key == key))


def fill_buckets_below(connection: Connection, key: str) -> None:
    """Make every bucket full again whose key is `key`, a colon and more."""
    below = rate_limits.c.key > f"{key}:", rate_limits.c.key < f"{key};"  # `;` comes after `:`
    connection.execute(delete(rate_limits).where(*below))


def drop_lapsed_sign_ins(connection: Connection, now: float, used_before: float) -> None:
    """Drop sessions that ended by themselves, and buckets last used before then: they are full again."""
    connection.execute(delete(browser_sessions).where(browser_sessions.c.expires_at < now))
    connection.execute(delete(rate_limits).where(rate_limits.c.updated_at < used_before))


def _at_most(limit: float, value: ColumnElement[float]) -> ColumnElement[float]:
    return case((value > limit, limit), else_=value)


def _at_least(limit: float, value: ColumnElement[float]) -> ColumnElement[float]:
    return case((value < limit, limit), else_=value)
