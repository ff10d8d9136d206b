"""A browser's session: a cookie whose hash is a row, with who signed in and where they were headed.

It gets a new id whenever what it may do changes, so that an id planted before is worth nothing after. It
ends an hour after its last use, when the portal session's time is over, and at once when its person is
disabled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import cookies

from usher.core.secrets import Secret
from usher.server.idp.bearer import hash_bearer, new_bearer
from usher.server.idp.lapsed import drop_lapsed_rows
from usher.server.store.database import Change, Connection, Database
from usher.server.store.sign_in import (
    SessionOwner,
    StoredBrowserSession,
    delete_browser_session,
    insert_browser_session,
    read_browser_session,
    read_session_owner,
    touch_browser_session,
    write_session_state,
)

IDLE_SECONDS = 3600.0
_TOUCHED_EVERY_SECONDS = 60.0
_HEADED_FOR = "headed_for"
_LONGEST_DESTINATION = 2000


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A live session. Without `owner` nobody has signed in. `cookie` is set when the browser needs it."""

    id_hash: str
    csrf_token: str
    headed_for: str
    owner: SessionOwner | None
    cookie: Secret | None


NO_SESSION = BrowserSession("", "", "", None, None)
"""What a browser has that has been given none yet: no form of it is accepted."""


def cookie_name(public_url: str) -> str:
    """The cookie's name; with TLS, one that browsers accept only from this very host."""
    return "__Host-usher" if public_url.startswith("https://") else "usher_session"


def cookie_header(public_url: str, value: Secret | None) -> str:
    """The Set-Cookie header that gives the browser a session, or without a value takes it away."""
    jar: cookies.SimpleCookie = cookies.SimpleCookie()
    name = cookie_name(public_url)
    jar[name] = value.reveal() if value else ""
    jar[name]["path"] = "/"
    jar[name]["httponly"] = True
    jar[name]["samesite"] = "Lax"
    if public_url.startswith("https://"):
        jar[name]["secure"] = True
    if value is None:
        jar[name]["max-age"] = 0
    return jar[name].OutputString()


def find_session(database: Database, cookie: str | None) -> BrowserSession | None:
    """The live session behind a cookie's value, noted as used; None when there is none."""
    if not cookie:
        return None
    id_hash, now = hash_bearer(cookie), database.now()
    with database.read() as connection:
        stored = read_browser_session(connection, id_hash)
        if stored is None or stored.expires_at <= now or now - stored.last_seen_at > IDLE_SECONDS:
            return None
        owner = read_session_owner(connection, stored.user_id) if stored.user_id else None
        if stored.user_id is not None and owner is None:
            return None
    if now - stored.last_seen_at > _TOUCHED_EVERY_SECONDS:
        with database.housekeeping() as connection:
            touch_browser_session(connection, id_hash, now)
    return BrowserSession(id_hash, stored.csrf_token, stored.state.get(_HEADED_FOR, ""), owner, None)


def open_anonymous_session(database: Database, headed_for: str = "") -> BrowserSession:
    """A session for a browser that nobody has signed in with yet, on its way to `headed_for`."""
    with database.housekeeping() as connection:
        drop_lapsed_rows(database, connection)
        return _insert(connection, None, database.now(), IDLE_SECONDS, _state(headed_for))


def open_signed_in_session(
    change: Change, user_id: str, seconds: float, *, instead_of: BrowserSession, headed_for: str = ""
) -> BrowserSession:
    """A session with a new id for a person who proved who they are, in place of the browser's old one."""
    delete_browser_session(change.connection, instead_of.id_hash)
    return _insert(change.connection, user_id, change.now, seconds, _state(headed_for))


def head_for(database: Database, session: BrowserSession, destination: str) -> None:
    """Remember where the person wanted to go, for after they have signed in."""
    with database.housekeeping() as connection:
        write_session_state(connection, session.id_hash, _state(destination))


def close_session(database: Database, session: BrowserSession) -> None:
    """Sign the person out of this browser."""
    actor = session.owner.user_name if session.owner else "anonymous"
    with database.change(actor) as change:
        delete_browser_session(change.connection, session.id_hash)
        change.record("sign-in:SignOut", session.owner.user_id if session.owner else "nobody")


def _insert(
    connection: Connection, user_id: str | None, now: float, seconds: float, state: Mapping[str, str]
) -> BrowserSession:
    cookie = new_bearer()
    stored = StoredBrowserSession(
        id_hash=hash_bearer(cookie.reveal()),
        user_id=user_id,
        csrf_token=new_bearer().reveal(),
        state=state,
        created_at=now,
        last_seen_at=now,
        expires_at=now + seconds,
    )
    insert_browser_session(connection, stored)
    owner = read_session_owner(connection, user_id) if user_id else None
    return BrowserSession(stored.id_hash, stored.csrf_token, state.get(_HEADED_FOR, ""), owner, cookie)


def _state(headed_for: str) -> dict[str, str]:
    """Only paths of ours that were asked for are remembered: nobody can plant another site."""
    own = headed_for.startswith("/") and not headed_for.startswith("//")
    return {_HEADED_FOR: headed_for} if own and len(headed_for) <= _LONGEST_DESTINATION else {}
