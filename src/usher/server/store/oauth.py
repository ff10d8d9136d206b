"""Rows of programs that act for people: clients, device codes, authorization codes, sessions, tokens.

What may be used once is taken by one `UPDATE … WHERE`, whose row count says who came first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, delete, insert, select, update

from usher.server.store.database import Change
from usher.server.store.tables import (
    authorization_codes,
    device_authorizations,
    oidc_clients,
    portal_sessions,
    tokens,
    users,
)

ACCESS = "ACCESS"
REFRESH = "REFRESH"
PENDING = "PENDING"
APPROVED = "APPROVED"
DENIED = "DENIED"
REDEEMED = "REDEEMED"


@dataclass(frozen=True, slots=True)
class StoredClient:
    """A registered program. Its secret proves only that it is the one that registered."""

    client_id: str
    secret_hash: str
    client_name: str
    scopes: Sequence[str]
    grant_types: Sequence[str]
    redirect_uris: Sequence[str]
    issued_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class StoredDevice:
    """A device authorization: PENDING, then APPROVED or DENIED by a person, then REDEEMED."""

    device_code_hash: str
    user_code: str
    client_id: str
    status: str
    user_id: str | None
    source_address: str
    last_poll_at: float | None
    polls: int
    created_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class StoredCode:
    """An authorization code. `portal_session_id` is set when it is redeemed."""

    code_hash: str
    client_id: str
    user_id: str
    redirect_uri: str
    code_challenge: str
    portal_session_id: str | None
    created_at: float
    expires_at: float
    redeemed_at: float | None


@dataclass(frozen=True, slots=True)
class StoredPortalSession:
    """What one sign-in gave a program; ending it ends its tokens."""

    id: str
    user_id: str
    client_id: str
    client_name: str
    created_at: float
    expires_at: float
    ended_at: float | None


@dataclass(frozen=True, slots=True)
class StoredToken:
    """An access or refresh token of a portal session; `predecessor_hash` names what it was given for."""

    token_hash: str
    kind: str
    portal_session_id: str
    client_id: str
    scopes: Sequence[str]
    created_at: float
    expires_at: float
    replaced_at: float | None
    predecessor_hash: str | None


@dataclass(frozen=True, slots=True)
class TokenInUse:
    """A token whose session has not ended and whose person is active."""

    token: StoredToken
    session: StoredPortalSession
    user_name: str


def insert_client(connection: Connection, client: StoredClient) -> None:
    """Store a registration."""
    connection.execute(insert(oidc_clients).values(asdict(client)))


def read_client(connection: Connection, client_id: str) -> StoredClient | None:
    """The registration with that id, or None."""
    row = _one(connection, oidc_clients, oidc_clients.c.client_id == client_id)
    return StoredClient(**row) if row else None


def insert_device(connection: Connection, device: StoredDevice) -> None:
    """Store a device authorization."""
    connection.execute(insert(device_authorizations).values(asdict(device)))


def read_device(connection: Connection, device_code_hash: str) -> StoredDevice | None:
    """The device authorization with that device code, or None."""
    row = _one(
        connection, device_authorizations, device_authorizations.c.device_code_hash == device_code_hash
    )
    return StoredDevice(**row) if row else None


def find_device(connection: Connection, user_code: str) -> StoredDevice | None:
    """The device authorization with that user code, or None."""
    row = _one(connection, device_authorizations, device_authorizations.c.user_code == user_code)
    return StoredDevice(**row) if row else None


def note_poll(connection: Connection, device_code_hash: str, now: float) -> None:
    """Count one question about a pending device code."""
    connection.execute(
        update(device_authorizations)
        .where(device_authorizations.c.device_code_hash == device_code_hash)
        .values(polls=device_authorizations.c.polls + 1, last_poll_at=now)
    )


def answer_device(change: Change, user_code: str, user_id: str, status: str) -> bool:
    """Let a person approve or deny a device; False when it was answered before or has lapsed."""
    done = change.connection.execute(
        update(device_authorizations)
        .where(
            device_authorizations.c.user_code == user_code,
            device_authorizations.c.status == PENDING,
            device_authorizations.c.expires_at > change.now,
        )
        .values(status=status, user_id=user_id)
    )
    return done.rowcount == 1


def take_device(change: Change, device_code_hash: str) -> bool:
    """Redeem an approved device code; False when it was redeemed before or has lapsed."""
    done = change.connection.execute(
        update(device_authorizations)
        .where(
            device_authorizations.c.device_code_hash == device_code_hash,
            device_authorizations.c.status == APPROVED,
            device_authorizations.c.expires_at > change.now,
        )
        .values(status=REDEEMED)
    )
    return done.rowcount == 1


def insert_code(connection: Connection, code: StoredCode) -> None:
    """Store an authorization code."""
    connection.execute(insert(authorization_codes).values(asdict(code)))


def read_code(connection: Connection, code_hash: str) -> StoredCode | None:
    """The authorization code with that hash, or None."""
    row = _one(connection, authorization_codes, authorization_codes.c.code_hash == code_hash)
    return StoredCode(**row) if row else None


def take_code(change: Change, code_hash: str, portal_session_id: str) -> bool:
    """Redeem an authorization code for that session; False when it was redeemed before or has lapsed."""
    done = change.connection.execute(
        update(authorization_codes)
        .where(
            authorization_codes.c.code_hash == code_hash,
            authorization_codes.c.redeemed_at.is_(None),
            authorization_codes.c.expires_at > change.now,
        )
        .values(redeemed_at=change.now, portal_session_id=portal_session_id)
    )
    return done.rowcount == 1


def insert_portal_session(connection: Connection, session: StoredPortalSession) -> None:
    """Store a new portal session."""
    connection.execute(insert(portal_sessions).values(asdict(session)))


def read_portal_session(connection: Connection, portal_session_id: str) -> StoredPortalSession | None:
    """The portal session with that id, ended or not, or None."""
    row = _one(connection, portal_sessions, portal_sessions.c.id == portal_session_id)
    return StoredPortalSession(**row) if row else None


def end_session(connection: Connection, portal_session_id: str, now: float) -> bool:
    """End a portal session and all its tokens; False when it had ended before."""
    done = connection.execute(
        update(portal_sessions)
        .where(portal_sessions.c.id == portal_session_id, portal_sessions.c.ended_at.is_(None))
        .values(ended_at=now)
    )
    return done.rowcount == 1


def end_portal_sessions_of(connection: Connection, user_id: str, now: float) -> None:
    """End every portal session of one person."""
    connection.execute(
        update(portal_sessions)
        .where(portal_sessions.c.user_id == user_id, portal_sessions.c.ended_at.is_(None))
        .values(ended_at=now)
    )


def insert_token(connection: Connection, token: StoredToken) -> None:
    """Store a token."""
    connection.execute(insert(tokens).values(asdict(token)))


def read_token(connection: Connection, token_hash: str) -> StoredToken | None:
    """The token with that hash, in use or not, or None."""
    row = _one(connection, tokens, tokens.c.token_hash == token_hash)
    return StoredToken(**row) if row else None


def read_token_in_use(connection: Connection, token_hash: str, kind: str, now: float) -> TokenInUse | None:
    """The token of that kind, unless it, its session or its person has ended."""
    token = read_token(connection, token_hash)
    if token is None or token.kind != kind or token.expires_at <= now:
        return None
    session = read_portal_session(connection, token.portal_session_id)
    if session is None or session.ended_at is not None or session.expires_at <= now:
        return None
    name = connection.execute(
        select(users.c.user_name).where(users.c.id == session.user_id, users.c.active)
    ).scalar_one_or_none()
    return TokenInUse(token, session, name) if name is not None else None


def take_refresh_token(change: Change, token_hash: str) -> bool:
    """Rotate a refresh token out; False when it was replaced before."""
    done = change.connection.execute(
        update(tokens)
        .where(tokens.c.token_hash == token_hash, tokens.c.kind == REFRESH, tokens.c.replaced_at.is_(None))
        .values(replaced_at=change.now)
    )
    return done.rowcount == 1


def is_successor_spent(connection: Connection, token_hash: str) -> bool:
    """Whether a refresh token that was given for this one has been used itself."""
    spent = tokens.c.predecessor_hash == token_hash, tokens.c.replaced_at.is_not(None)
    return connection.execute(select(tokens.c.token_hash).where(*spent).limit(1)).first() is not None


def drop_lapsed_grants(connection: Connection, now: float, keep_after: float) -> None:
    """Drop registrations that lapsed, and what was granted, with its tokens, if it lapsed before
    `keep_after`.
    """
    connection.execute(delete(oidc_clients).where(oidc_clients.c.expires_at < now))
    for table in (device_authorizations, authorization_codes, portal_sessions):
        connection.execute(delete(table).where(table.c.expires_at < keep_after))


def _one(connection: Connection, table: Table, condition: ColumnElement[bool]) -> RowMapping | None:
    return connection.execute(select(table).where(condition)).mappings().one_or_none()
