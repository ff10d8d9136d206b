"""Signing in with a password, and choosing a new one.

An unknown person, a disabled one and a wrong password get the same answer after the same work. Limits
are asked before anything is hashed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from usher.core.errors import SignInNeededError
from usher.core.secrets import Secret
from usher.server.decide import active_user
from usher.server.idp.browser_sessions import BrowserSession, open_signed_in_session
from usher.server.idp.limits import (
    PASSWORD,
    forgive,
    is_refusal_news,
    password_demands,
    take,
    take_or_find_empty,
)
from usher.server.idp.passwords import (
    end_all_sessions,
    fault_of_new_password,
    hash_password,
    needs_new_hash,
    verify_password,
)
from usher.server.store.database import Connection, Database
from usher.server.store.identity import StoredUser, find_user_by_email, find_user_by_name, folded
from usher.server.store.sign_in import (
    SessionOwner,
    StoredPassword,
    read_browser_session,
    read_password,
    replace_hash,
    write_password,
)


class Refusal(Enum):
    """Why somebody may not sign in."""

    WRONG = auto()
    LAPSED = auto()  # the right one-time password, too late
    TOO_MANY_TRIES = auto()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody typed, and where from."""

    user_name: str
    password: Secret
    address: str


@dataclass(frozen=True, slots=True)
class PasswordChoice:
    """What somebody typed to change their password, and where from."""

    present: Secret
    new: Secret
    repeated: Secret
    address: str


def sign_in(
    database: Database, attempt: Attempt, session: BrowserSession, *, session_seconds: float
) -> BrowserSession | Refusal:
    """A new session, in place of the browser's `session`, for the person whose password this is.

    It remembers where they were headed while they must choose a new password first.

    Raises BusyError when too many passwords are being checked.
    """
    with database.read() as connection:
        user, stored = _find(connection, attempt.user_name)
    # By id: a person has one budget, whether their user name or their e-mail address was typed.
    demands = password_demands(user.id if user else folded(attempt.user_name), attempt.address)
    refused = take_or_find_empty(database, demands)
    if refused is not None:
        if is_refusal_news(database, refused):
            target = user.id if user else "unknown"
            _record_failure(database, target, attempt.address, Refusal.TOO_MANY_TRIES)
        return Refusal.TOO_MANY_TRIES
    right = verify_password(stored.hash if stored else None, attempt.password)
    if user is None or stored is None or not right:
        _record_failure(database, user.id if user else "unknown", attempt.address, Refusal.WRONG)
        return Refusal.WRONG
    if stored.valid_until is not None and stored.valid_until <= database.now():
        _record_failure(database, user.id, attempt.address, Refusal.LAPSED)
        return Refusal.LAPSED
    forgive(database, [demand for demand in demands if demand.limit is PASSWORD])
    if needs_new_hash(stored.hash):
        fresh = hash_password(attempt.password)
        with database.housekeeping() as connection:
            replace_hash(connection, user.id, stored.hash, fresh)
    return _open(database, user, stored, attempt.address, session, session_seconds)


def choose_password(
    database: Database, session: BrowserSession, choice: PasswordChoice, *, session_seconds: float
) -> BrowserSession | str:
    """Replace the signed-in person's password and give them a new session; all their others end.

    The present password is asked for, unless it is the one-time password they just signed in with.
    Returns what is wrong, as a sentence, when the choice is not accepted. Raises BusyError, and
    SignInNeededError when the session, person or password ended or changed while this was under way.
    """
    owner = session.owner
    if owner is None:
        raise SignInNeededError("nobody has signed in")
    fault = fault_of_new_password(choice.new, owner.user_name)
    if fault is None and choice.new != choice.repeated:
        fault = "The two passwords are not the same."
    if fault is not None:
        return fault
    with database.read() as connection:
        old = read_password(connection, owner.user_id)
    if old is None or verify_password(old.hash, choice.new):
        return "Choose one that differs from the password you have now."
    if not owner.must_change:
        demands = password_demands(owner.user_id, choice.address)
        if not take(database, demands) or not verify_password(old.hash, choice.present):
            return "The current password is not right."
    return _replace_password(database, session, owner, old, hash_password(choice.new), session_seconds)


def _find(connection: Connection, user_name: str) -> tuple[StoredUser | None, StoredPassword | None]:
    """The active person of that user name or e-mail address, and their password."""
    user = find_user_by_name(connection, user_name) or find_user_by_email(connection, user_name)
    if user is None or active_user(connection, user.id) is None:
        return None, None
    return user, read_password(connection, user.id)


def _open(
    database: Database,
    user: StoredUser,
    checked: StoredPassword,
    address: str,
    session: BrowserSession,
    session_seconds: float,
) -> BrowserSession | Refusal:
    with database.change(user.user_name) as change:
        # Both may have changed while the password was being checked.
        now_stored = read_password(change.connection, user.id)
        if active_user(change.connection, user.id) is None or now_stored is None:
            return Refusal.WRONG
        if now_stored.changed_at != checked.changed_at:
            return Refusal.WRONG
        change.record(
            "sign-in:UserAuthentication", user.id, credential="PASSWORD", result="Success", source=address
        )
        headed_for = session.headed_for if now_stored.must_change else ""
        return open_signed_in_session(
            change, user.id, session_seconds, instead_of=session, headed_for=headed_for
        )


def _replace_password(
    database: Database,
    session: BrowserSession,
    owner: SessionOwner,
    checked: StoredPassword,
    hashed: str,
    session_seconds: float,
) -> BrowserSession:
    with database.change(owner.user_name) as change:
        # A reset or a sign-out may have come while the passwords were being checked and hashed.
        present = read_browser_session(change.connection, session.id_hash)
        now_stored = read_password(change.connection, owner.user_id)
        if (
            present is None
            or active_user(change.connection, owner.user_id) is None
            or now_stored is None
            or now_stored.changed_at != checked.changed_at
        ):
            raise SignInNeededError("the password or the session changed meanwhile")
        write_password(change, StoredPassword(owner.user_id, hashed, False, None, change.now))
        end_all_sessions(change, owner.user_id)
        change.record("sign-in:UpdatePassword", owner.user_id)
        return open_signed_in_session(change, owner.user_id, session_seconds, instead_of=session)


def _record_failure(database: Database, target: str, address: str, refusal: Refusal) -> None:
    # What was typed as a name is not kept: people type passwords there.
    with database.change("anonymous") as change:
        change.record(
            "sign-in:UserAuthentication",
            target,
            credential="PASSWORD",
            result="Failure",
            reason=refusal.name,
            source=address,
        )
