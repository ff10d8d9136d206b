"""A stand-in for AWS's console sign-in: session keys become a one-use token, the token opens a small page.

The real endpoint is `https://signin.aws.amazon.com/federation`; there is no console behind this one, so
the page says which account, role and session the real console would have opened, and where.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from urllib.parse import parse_qs

import jinja2

from usher.sandbox.moto_state import IssuedKey, account_name, find_key, find_role
from usher.sandbox.signatures import SignedRequest
from usher.sandbox.wire import Answer, AwsError

TOKEN_LIFETIME = timedelta(minutes=15)
_TEMPLATES = Path(__file__).with_name("templates")
_SAFE = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'",
    ),
)


class ConsoleSignIn:
    """The federation endpoint. Tokens live in memory, 15 minutes, and open one page once."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[IssuedKey, datetime, datetime]] = {}
        self._lock = Lock()
        loader = jinja2.FileSystemLoader(_TEMPLATES)
        environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
        self._page = environment.get_template("console.html")

    def answer(self, request: SignedRequest, now: datetime) -> Answer:
        """Answer `Action=getSigninToken` or `Action=login`. Raises AwsError when it is neither or refused."""
        query = parse_qs(request.target.partition("?")[2]) | parse_qs((request.body or b"").decode())
        fields = {name: values[0] for name, values in query.items()}
        match fields.get("Action"):
            case "getSigninToken":
                return self._give_token(fields, now)
            case "login":
                return self._open_console(fields, now)
            case _:
                raise AwsError("ValidationError", "Action must be getSigninToken or login")

    def _give_token(self, fields: Mapping[str, str], now: datetime) -> Answer:
        key = _session_key(fields.get("Session", ""), now)
        ends = key.expires or now
        duration = fields.get("SessionDuration", "")
        if duration:
            if not duration.isdigit() or not 900 <= int(duration) <= 43_200:
                raise AwsError("ValidationError", "SessionDuration must be 900 to 43200 seconds")
            ends = now + timedelta(seconds=int(duration))
        token = secrets.token_urlsafe(48)
        with self._lock:
            fresh = {kept: entry for kept, entry in self._waiting.items() if entry[1] > now}
            self._waiting = fresh | {token: (key, now + TOKEN_LIFETIME, ends)}
        body = json.dumps({"SigninToken": token}).encode()
        return Answer(200, [("Content-Type", "application/json"), ("Cache-Control", "no-store")], body)

    def _open_console(self, fields: Mapping[str, str], now: datetime) -> Answer:
        with self._lock:
            key, valid_until, ends = self._waiting.pop(fields.get("SigninToken", ""), (None, now, now))
        if key is None or now >= valid_until:
            raise AwsError("AccessDenied", "The sign-in token is unknown, already used or expired", 403)
        role = key.role_arn.rpartition("/")[2]
        page = self._page.render(
            account_id=key.account_id,
            account_name=account_name(key.account_id),
            role=role,
            permission_set=_permission_set(role),
            session_name=key.session_name,
            ends=ends.strftime("%Y-%m-%d %H:%M UTC"),
            destination=fields.get("Destination", ""),
            issuer=fields.get("Issuer", ""),
        )
        headers = [("Content-Type", "text/html; charset=utf-8")]
        style = page.partition("<style>")[2].partition("</style>")[0]
        headers += [(name, value.replace("{style}", _sha256(style))) for name, value in _SAFE]
        return Answer(200, headers, page.encode())


def _session_key(session: str, now: datetime) -> IssuedKey:
    """The live role session that `session` (sessionId, sessionKey, sessionToken as JSON) proves to hold."""
    refused = AwsError("AccessDenied", "The session's keys are unknown, wrong or expired", 403)
    try:
        parts = json.loads(session)
        shown = [str(parts[name]) for name in ("sessionId", "sessionKey", "sessionToken")]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise AwsError("ValidationError", "Session must hold sessionId, sessionKey, sessionToken") from None
    key = find_key(shown[0])
    if key is None or key.session_token is None or key.expires is None or now >= key.expires:
        raise refused
    kept = (key.secret.reveal(), key.session_token.reveal())
    same = [hmac.compare_digest(a.encode(), b.encode()) for a, b in zip(kept, shown[1:], strict=True)]
    if not all(same) or find_role(key.role_arn) is None:
        raise refused
    return key


def _permission_set(role: str) -> str:
    """The permission set behind a role name such as `UsherSSO_ReadOnlyAccess_0123456789abcdef`."""
    parts = role.split("_")
    is_ours = len(parts) > 2 and parts[0] in {"UsherSSO", "AWSReservedSSO"}
    return "_".join(parts[1:-1]) if is_ours else role


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
