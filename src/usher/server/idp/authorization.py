"""The authorization request (RFC 6749 section 4.1.1, RFC 7636): is it in order, and where does the answer go.

A request with an unknown client or address is shown to the person and answered to nobody; any other fault
is told to the client at its address, which is on the person's own machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from usher.server.idp.clients import CODE_GRANT, find_client, may_redirect
from usher.server.idp.refusals import OAuthError, OAuthRefusal
from usher.server.store.database import Database
from usher.server.store.oauth import StoredClient

REQUEST_FIELDS = (
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "code_challenge_method",
    "code_challenge",
    "scopes",  # the AWS CLI's spelling
    "scope",
)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_STATE = 512


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request in order. `fields` are what to send again with the person's decision."""

    client: StoredClient
    redirect_uri: str
    code_challenge: str
    state: str
    fields: Mapping[str, str]

    @property
    def origin(self) -> str:
        """The address's origin, `http://127.0.0.1:PORT`."""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"

    def answer(self, **values: str) -> str:
        """The client's address with the answer and its state."""
        return _answer(self.redirect_uri, self.state, values)


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A faulty request of a known client; `address` tells it so."""

    address: str


def read_authorization_request(
    database: Database, query: Mapping[str, str]
) -> AuthorizationRequest | RefusedRequest:
    """What a client asks of a person. Raises OAuthRefusal when it must not be answered at its address."""
    client = find_client(database, query.get("client_id", ""))
    if client is None:
        raise OAuthRefusal(OAuthError.INVALID_CLIENT, "The program is not registered here, or not any more")
    redirect_uri = query.get("redirect_uri", "")
    if not may_redirect(client, redirect_uri):
        raise OAuthRefusal(
            OAuthError.INVALID_REDIRECT_URI,
            "The program asks for the answer at an address it did not register",
        )
    state, challenge = query.get("state", ""), query.get("code_challenge", "")
    error = _fault(client, query)
    if error is not None:
        return RefusedRequest(_answer(redirect_uri, state, {"error": error}))
    fields = {name: query[name] for name in REQUEST_FIELDS if name in query}
    return AuthorizationRequest(client, redirect_uri, challenge, state, fields)


def _fault(client: StoredClient, query: Mapping[str, str]) -> OAuthError | None:
    if query.get("response_type") != "code":
        return OAuthError.UNSUPPORTED_RESPONSE_TYPE
    if CODE_GRANT not in client.grant_types:
        return OAuthError.UNAUTHORIZED_CLIENT
    scopes = (query.get("scopes") or query.get("scope") or "").split()
    if not set(scopes) <= set(client.scopes):
        return OAuthError.INVALID_SCOPE
    pinned = query.get("code_challenge_method") == "S256"
    if not pinned or not _CHALLENGE.fullmatch(query.get("code_challenge", "")):
        return OAuthError.INVALID_REQUEST
    return OAuthError.INVALID_REQUEST if len(query.get("state", "")) > _LONGEST_STATE else None


def _answer(redirect_uri: str, state: str, values: Mapping[str, str]) -> str:
    parts = urlsplit(redirect_uri)
    added = urlencode({**values, **({"state": state} if state else {})})
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))
