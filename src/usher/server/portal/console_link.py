"""From role credentials to an open console: AWS's federation endpoint, asked by the server.

The person's browser sees only the one-use address; the credentials stay here.
"""

from __future__ import annotations

import http.client
import json
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from usher.core.errors import UnavailableError, UsageError
from usher.core.secrets import Secret
from usher.server.config import ServerConfig
from usher.server.services import RoleCredentials

_TIMEOUT_SECONDS = 20.0
_LARGEST_ANSWER_BYTES = 64 * 1024
_LONGEST_DESTINATION = 1500


@dataclass(frozen=True, slots=True)
class ConsolePlace:
    """A console: where sessions are made, its home page, and the host or origin that belongs to it."""

    federation_url: str
    home: str
    host: str
    emulated_origin: str | None

    @property
    def form_targets(self) -> tuple[str, ...]:
        """Where the browser goes on the way in: the federation endpoint, and AWS's hosts after it."""
        if self.emulated_origin is not None:
            return (self.emulated_origin,)
        return (_origin(self.federation_url), f"https://*.{self.host.partition('.')[2]}")

    def accepts(self, destination: str) -> bool:
        """Whether an address lies on this console. Multi-session consoles are subdomains of its host."""
        if not destination.isprintable() or "\\" in destination or len(destination) > _LONGEST_DESTINATION:
            return False
        try:
            parts = urlsplit(destination)
            host, named = parts.hostname or "", parts.username is not None or parts.password is not None
        except ValueError:
            return False
        if named or not destination:
            return False
        if self.emulated_origin is not None:
            return _origin(destination) == self.emulated_origin
        return parts.scheme == "https" and (host == self.host or host.endswith(f".{self.host}"))

    def check(self, destination: str) -> str:
        """`destination`, if it lies on this console. Raises UsageError: a link must lead nowhere else."""
        if not self.accepts(destination):
            raise UsageError("the link's destination is not an address of this console")
        return destination


def console_place(config: ServerConfig) -> ConsolePlace:
    """The console of the directory's partition, or of an emulated AWS that was configured."""
    host = config.partition.console_host
    home = f"https://{host}/console/home?region={config.region}"
    url = config.console_federation_url
    if url == config.partition.federation_url:
        return ConsolePlace(url, home, host, None)
    return ConsolePlace(url, f"{_origin(url)}/", "", _origin(url))


def sign_in_address(place: ConsolePlace, keys: RoleCredentials, destination: str, issuer: str) -> Secret:
    """The address that opens the console, good for one use within 15 minutes.

    `issuer` is where the console's "sign in again" leads. Raises UnavailableError.
    """
    session = {
        "sessionId": keys.access_key_id,
        "sessionKey": keys.secret_access_key.reveal(),
        "sessionToken": keys.session_token.reveal(),
    }
    form = urlencode({"Action": "getSigninToken", "Session": json.dumps(session)}).encode()
    query = {
        "Action": "login",
        "Issuer": issuer,
        "Destination": destination,
        "SigninToken": _sign_in_token(place.federation_url, form),
    }
    return Secret(f"{place.federation_url}?{urlencode(query)}")


def _sign_in_token(url: str, form: bytes) -> str:
    refused = UnavailableError("the console's sign-in endpoint gave no answer that can be used")
    request = urllib.request.Request(url, form)  # noqa: S310 (the configured endpoint)
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            token = json.loads(answer.read(_LARGEST_ANSWER_BYTES)).get("SigninToken")
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        raise refused from None
    if not isinstance(token, str) or not token:
        raise refused
    return token


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
