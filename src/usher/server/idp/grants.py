"""The grants that end in tokens: device code (RFC 8628), authorization code with PKCE, refresh token.

Each is a small state machine whose steps are single atomic updates: a device code goes from pending to
approved or denied to redeemed; an authorization code is redeemed once; a refresh token is replaced once.
Whoever shows a spent one again ends the session it led to (RFC 9700 sections 2.2.2 and 4.14).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from uuid import uuid4

from usher.core.secrets import Secret
from usher.server.decide import active_user
from usher.server.idp.bearer import hash_bearer, new_bearer
from usher.server.idp.clients import CODE_GRANT, DEVICE_GRANT, REFRESH_GRANT, check_grant
from usher.server.idp.refusals import OAuthError, OAuthRefusal
from usher.server.idp.tokens import (
    IssuedTokens,
    end_portal_session,
    issue_tokens,
    open_portal_session,
)
from usher.server.store.database import Change, Connection, Database
from usher.server.store.oauth import (
    APPROVED,
    DENIED,
    PENDING,
    REFRESH,
    StoredClient,
    StoredCode,
    StoredDevice,
    answer_device,
    find_device,
    insert_code,
    insert_device,
    is_successor_spent,
    note_poll,
    read_client,
    read_code,
    read_device,
    read_token,
    read_token_in_use,
    take_code,
    take_device,
    take_refresh_token,
)

DEVICE_SECONDS = 600
POLL_SECONDS = 1
CODE_SECONDS = 60
# Longer than clients wait for an answer (botocore: 60 s), so that they may ask again for a lost one.
GRACE_SECONDS = 90.0

# Consonants only: no words come about, and no letter looks like a digit that could be meant.
_USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
_USER_CODE_HALF = 4
_POLLS_WITHOUT_PACE = 2  # the AWS CLI asks once before it shows the code and at once again after it
_CLEARLY_FASTER = 0.5
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class StartedDevice:
    """A device authorization as the program learns it."""

    device_code: Secret
    user_code: str


@dataclass(frozen=True, slots=True)
class WaitingDevice:
    """A device authorization as a person sees it. `age_seconds` is since the program started it."""

    user_code: str
    client_name: str
    source_address: str
    age_seconds: float


@dataclass(frozen=True, slots=True)
class _Refused:
    """An outcome that must be committed before it is raised."""

    error: OAuthError
    description: str


def start_device(database: Database, client: StoredClient, source_address: str) -> StartedDevice:
    """Begin a device authorization, valid for ten minutes. Raises OAuthRefusal."""
    check_grant(client, DEVICE_GRANT)
    device_code, now = new_bearer(), database.now()
    user_code = _new_user_code()
    device = StoredDevice(
        device_code_hash=hash_bearer(device_code.reveal()),
        user_code=user_code,
        client_id=client.client_id,
        status=PENDING,
        user_id=None,
        source_address=source_address,
        last_poll_at=None,
        polls=0,
        created_at=now,
        expires_at=now + DEVICE_SECONDS,
    )
    with database.change("anonymous") as change:
        insert_device(change.connection, device)
        change.record(
            "sso-oidc:StartDeviceAuthorization", client.client_id, source=source_address, user_code=user_code
        )
    return StartedDevice(device_code, user_code)


def read_waiting_device(database: Database, typed_code: str) -> WaitingDevice | None:
    """The device that waits under a code as a person typed it; None when none does."""
    with database.read() as connection:
        device = find_device(connection, user_code_as_shown(typed_code))
        client = read_client(connection, device.client_id) if device else None
    now = database.now()
    if device is None or client is None or device.status != PENDING or device.expires_at <= now:
        return None
    return WaitingDevice(
        device.user_code, client.client_name, device.source_address, max(0.0, now - device.created_at)
    )


def decide_device(database: Database, user_id: str, user_name: str, typed_code: str, *, allow: bool) -> bool:
    """Let a person allow or deny a waiting device; False when it waits no more."""
    user_code = user_code_as_shown(typed_code)
    with database.change(user_name) as change:
        done = answer_device(change, user_code, user_id, APPROVED if allow else DENIED)
        if done:
            change.record(
                "sign-in:ApproveDevice" if allow else "sign-in:DenyDevice", user_id, user_code=user_code
            )
    return done


def redeem_device(database: Database, client: StoredClient, device_code: str, seconds: float) -> IssuedTokens:
    """Tokens for an approved device code, for a session of at most `seconds`. Raises OAuthRefusal."""
    check_grant(client, DEVICE_GRANT)
    code_hash, now = hash_bearer(device_code), database.now()
    with database.read() as connection:
        device = read_device(connection, code_hash)
        user_name = _active_name(connection, device.user_id) if device and device.user_id else None
    if device is None or device.client_id != client.client_id:
        raise OAuthRefusal(OAuthError.INVALID_GRANT, "The device code is unknown")
    if device.expires_at <= now:
        raise OAuthRefusal(OAuthError.EXPIRED_TOKEN, "The device code has expired")
    if device.status == PENDING:
        raise _still_pending(database, device, now)
    if device.status == DENIED:
        raise OAuthRefusal(OAuthError.ACCESS_DENIED, "The person denied the request")
    if device.user_id is None or user_name is None:
        raise OAuthRefusal(OAuthError.ACCESS_DENIED, "The person may not sign in")
    with database.change(user_name) as change:
        if take_device(change, code_hash):
            session = open_portal_session(change, client, device.user_id, seconds)
            _record(change, session.id, client, DEVICE_GRANT)
            return issue_tokens(change, client, session)
    raise OAuthRefusal(OAuthError.INVALID_GRANT, "The device code has been used")


def issue_code(
    database: Database, user_id: str, user_name: str, client: StoredClient, redirect_uri: str, challenge: str
) -> Secret:
    """A code that the program may redeem within a minute, once, with the verifier of that challenge."""
    code, now = new_bearer(), database.now()
    stored = StoredCode(
        code_hash=hash_bearer(code.reveal()),
        client_id=client.client_id,
        user_id=user_id,
        redirect_uri=redirect_uri,
        code_challenge=challenge,
        portal_session_id=None,
        created_at=now,
        expires_at=now + CODE_SECONDS,
        redeemed_at=None,
    )
    with database.change(user_name) as change:
        insert_code(change.connection, stored)
        change.record("sign-in:ApproveClient", user_id, client=client.client_id, name=client.client_name)
    return code


def deny_client(database: Database, user_id: str, user_name: str, client: StoredClient) -> None:
    """Note that a person said no to a program that asked for a code."""
    with database.change(user_name) as change:
        change.record("sign-in:DenyClient", user_id, client=client.client_id, name=client.client_name)


def redeem_code(
    database: Database, client: StoredClient, code: str, redirect_uri: str, verifier: str, seconds: float
) -> IssuedTokens:
    """Tokens for an authorization code, for a session of at most `seconds`. Raises OAuthRefusal."""
    check_grant(client, CODE_GRANT)
    with database.read() as connection:
        stored = read_code(connection, hash_bearer(code))
        user_name = _active_name(connection, stored.user_id) if stored else None
    if stored is None or stored.client_id != client.client_id or user_name is None:
        raise OAuthRefusal(OAuthError.INVALID_GRANT, "The authorization code is unknown")
    if stored.redeemed_at is None:
        _check_code(stored, redirect_uri, verifier, database.now())
    with database.change(user_name) as change:
        outcome = _take_code(change, client, stored, seconds)
    return _raised(outcome)


def refresh(database: Database, client: StoredClient, refresh_token: str) -> IssuedTokens:
    """New tokens for a refresh token, which is spent by this. Raises OAuthRefusal.

    A spent one is accepted again for 90 seconds, for the answer may have been lost on the way, until what
    was given for it has been used: then two hold it, and the session ends.
    """
    check_grant(client, REFRESH_GRANT)
    token_hash = hash_bearer(refresh_token)
    with database.read() as connection:
        found = read_token_in_use(connection, token_hash, REFRESH, database.now())
    if found is None or found.token.client_id != client.client_id:
        raise OAuthRefusal(OAuthError.INVALID_GRANT, "The refresh token is unknown or its session has ended")
    with database.change(found.user_name) as change:
        outcome: IssuedTokens | _Refused
        if read_token_in_use(change.connection, token_hash, REFRESH, change.now) is None:
            outcome = _Refused(OAuthError.INVALID_GRANT, "The session has ended")
        elif take_refresh_token(change, token_hash) or _within_grace(change, token_hash):
            _record(change, found.session.id, client, REFRESH_GRANT)
            outcome = issue_tokens(change, client, found.session, token_hash)
        else:
            end_portal_session(change, found.session.id, reason="a spent refresh token was shown")
            outcome = _Refused(
                OAuthError.INVALID_GRANT, "The refresh token has been used; the session has ended"
            )
    return _raised(outcome)


def user_code_as_shown(typed: str) -> str:
    """A code as a person typed it, in the form in which it was shown: `ABCD-EFGH`."""
    letters = re.sub(r"[^A-Z]", "", typed.upper()[:32])
    return f"{letters[:_USER_CODE_HALF]}-{letters[_USER_CODE_HALF:]}"


def _still_pending(database: Database, device: StoredDevice, now: float) -> OAuthRefusal:
    with database.housekeeping() as connection:
        note_poll(connection, device.device_code_hash, now)
    paced = device.polls < _POLLS_WITHOUT_PACE or device.last_poll_at is None
    if not paced and now - (device.last_poll_at or 0.0) < POLL_SECONDS * _CLEARLY_FASTER:
        return OAuthRefusal(OAuthError.SLOW_DOWN, f"Ask every {POLL_SECONDS} s, and 5 s slower from now on")
    return OAuthRefusal(OAuthError.AUTHORIZATION_PENDING, "The person has not decided yet")


def _check_code(stored: StoredCode, redirect_uri: str, verifier: str, now: float) -> None:
    if stored.expires_at <= now:
        raise OAuthRefusal(OAuthError.INVALID_GRANT, "The authorization code has expired")
    if redirect_uri != stored.redirect_uri:
        raise OAuthRefusal(OAuthError.INVALID_GRANT, "redirectUri is not the one that was authorized")
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if not _VERIFIER.fullmatch(verifier) or not hmac.compare_digest(challenge, stored.code_challenge):
        raise OAuthRefusal(OAuthError.INVALID_GRANT, "codeVerifier does not fit the challenge")


def _take_code(
    change: Change, client: StoredClient, stored: StoredCode, seconds: float
) -> IssuedTokens | _Refused:
    portal_session_id = str(uuid4())
    if take_code(change, stored.code_hash, portal_session_id):
        session = open_portal_session(change, client, stored.user_id, seconds, portal_session_id)
        _record(change, session.id, client, CODE_GRANT)
        return issue_tokens(change, client, session)
    spent = read_code(change.connection, stored.code_hash)
    if spent is not None and spent.portal_session_id is not None:
        end_portal_session(change, spent.portal_session_id, reason="an authorization code was shown twice")
    return _Refused(OAuthError.INVALID_GRANT, "The authorization code has been used")


def _within_grace(change: Change, token_hash: str) -> bool:
    token = read_token(change.connection, token_hash)
    spent_at = token.replaced_at if token else None
    if spent_at is None or change.now - spent_at > GRACE_SECONDS:
        return False
    return not is_successor_spent(change.connection, token_hash)


def _raised(outcome: IssuedTokens | _Refused) -> IssuedTokens:
    if isinstance(outcome, _Refused):
        raise OAuthRefusal(outcome.error, outcome.description)
    return outcome


def _record(change: Change, portal_session_id: str, client: StoredClient, grant: str) -> None:
    change.record(
        "sso-oidc:CreateToken",
        portal_session_id,
        grant=grant,
        client=client.client_id,
        name=client.client_name,
    )


def _active_name(connection: Connection, user_id: str) -> str | None:
    user = active_user(connection, user_id)
    return user.user_name if user else None


def _new_user_code() -> str:
    halves = ("".join(secrets.choice(_USER_CODE_ALPHABET) for _ in range(_USER_CODE_HALF)) for _ in range(2))
    return "-".join(halves)
