"""Portal sessions and their tokens: giving them out, recognising them, ending them.

A client without scopes gets what AWS gives legacy profiles: an eight-hour access token and nothing to
renew it with. A client with `sso:account:access` gets an hour, and a refresh token until the session ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from usher.core.secrets import Secret
from usher.server.idp.bearer import hash_bearer, new_bearer
from usher.server.store.database import Change, Database
from usher.server.store.oauth import (
    ACCESS,
    REFRESH,
    StoredClient,
    StoredPortalSession,
    StoredToken,
    end_session,
    insert_portal_session,
    insert_token,
    read_token_in_use,
)

ACCOUNT_ACCESS = "sso:account:access"
LEGACY_TOKEN_SECONDS = 8 * 3600
TOKEN_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class PortalSession:
    """Who an access token stands for. `expires_at` is the token's end, UTC epoch seconds."""

    portal_session_id: str
    user_id: str
    user_name: str
    client_id: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class IssuedTokens:
    """What CreateToken answers with. `expires_in` is the access token's life in seconds."""

    access_token: Secret
    expires_in: int
    refresh_token: Secret | None


def identify(database: Database, bearer: str) -> PortalSession | None:
    """Who shows this access token; None when it, its session or its person has ended, or never was."""
    with database.read() as connection:
        found = read_token_in_use(connection, hash_bearer(bearer), ACCESS, database.now())
    if found is None:
        return None
    session = found.session
    return PortalSession(
        session.id, session.user_id, found.user_name, session.client_id, found.token.expires_at
    )


def open_portal_session(
    change: Change, client: StoredClient, user_id: str, seconds: float, portal_session_id: str | None = None
) -> StoredPortalSession:
    """A new session of that program for that person, which lasts at most `seconds`."""
    legacy = ACCOUNT_ACCESS not in client.scopes
    session = StoredPortalSession(
        id=portal_session_id or str(uuid4()),
        user_id=user_id,
        client_id=client.client_id,
        client_name=client.client_name,
        created_at=change.now,
        expires_at=change.now + (min(seconds, LEGACY_TOKEN_SECONDS) if legacy else seconds),
        ended_at=None,
    )
    insert_portal_session(change.connection, session)
    return session


def issue_tokens(
    change: Change, client: StoredClient, session: StoredPortalSession, predecessor_hash: str | None = None
) -> IssuedTokens:
    """Tokens of that session, which never outlive it. The caller records which grant they are for.

    The refresh token remembers its predecessor, the one that it was given for.
    """
    renewable = ACCOUNT_ACCESS in client.scopes
    wanted = TOKEN_SECONDS if renewable else LEGACY_TOKEN_SECONDS
    ends = min(change.now + wanted, session.expires_at)
    access = _store(change, ACCESS, client, session, ends)
    if not renewable:
        return IssuedTokens(access, int(ends - change.now), None)
    refresh = _store(change, REFRESH, client, session, session.expires_at, predecessor_hash)
    return IssuedTokens(access, int(ends - change.now), refresh)


def end_portal_session(change: Change, portal_session_id: str, *, reason: str = "Logout") -> None:
    """End a portal session and all its tokens at once. Role credentials live on until they expire."""
    if end_session(change.connection, portal_session_id, change.now):
        change.record("sso:EndSession", portal_session_id, reason=reason)


def _store(
    change: Change,
    kind: str,
    client: StoredClient,
    session: StoredPortalSession,
    expires_at: float,
    predecessor_hash: str | None = None,
) -> Secret:
    bearer = new_bearer()
    token = StoredToken(
        token_hash=hash_bearer(bearer.reveal()),
        kind=kind,
        portal_session_id=session.id,
        client_id=client.client_id,
        scopes=list(client.scopes),
        created_at=change.now,
        expires_at=expires_at,
        replaced_at=None,
        predecessor_hash=predecessor_hash,
    )
    insert_token(change.connection, token)
    return bearer
