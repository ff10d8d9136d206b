"""From role credentials to a console session: the federation endpoint's two steps (AWS IAM user guide).

First the credentials are traded for a sign-in token, then an address with that token opens the
console; it is a bearer for 15 minutes. The credentials go as a form, so that they are in no URL; an
endpoint that takes no forms gets the GET request that AWS documents.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from usher.console.hosts import console_host, is_console_host
from usher.core.errors import UnavailableError, UsageError, UsherError
from usher.core.partitions import Partition
from usher.core.secrets import Secret

SHORTEST_SESSION_SECONDS = 900
LONGEST_SESSION_SECONDS = 43_200
_TAKES_NO_FORM = {400, 404, 405, 501}

Exchange = Callable[[str, str, Mapping[str, str], bytes | None], tuple[int, bytes]]
"""Sends (method, url, headers, body) and gives (status, body)."""


@dataclass(frozen=True, slots=True)
class ConsoleDoor:
    """Where a console is: its federation endpoint and the addresses that belong to it.

    `emulated_origin` is set when AWS is emulated; then only that origin is a destination.
    """

    federation_url: str
    home_url: str
    partition: Partition
    emulated_origin: str | None = None


@dataclass(frozen=True, slots=True)
class ConsoleKeys:
    """The role credentials to sign in with."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret


def console_door(partition: Partition, region: str | None, aws_endpoint_url: str | None) -> ConsoleDoor:
    """The console of a partition, or of an emulated AWS at `aws_endpoint_url`."""
    if aws_endpoint_url is not None:
        base = aws_endpoint_url.rstrip("/")
        return ConsoleDoor(f"{base}/federation", f"{base}/", partition, _origin(base))
    home = f"https://{console_host(partition, region)}/console/home"
    return ConsoleDoor(partition.federation_url, f"{home}?region={region}" if region else home, partition)


def check_destination(door: ConsoleDoor, destination: str) -> str:
    """`destination` if it lies on this console, else UsageError: a console link must lead nowhere else.

    Multi-session consoles live on subdomains of the console's host, so those are accepted.
    """
    parts = urlsplit(destination)
    plain = destination.isprintable() and "\\" not in destination and parts.username is None
    if door.emulated_origin is not None:
        accepted = _origin(destination) == door.emulated_origin
    else:
        on_console = is_console_host(door.partition, parts.hostname or "")
        accepted = parts.scheme == "https" and parts.netloc == parts.hostname and on_console
    if not plain or not accepted:
        wanted = door.emulated_origin or f"https://{door.partition.console_host}"
        raise UsageError(
            f"{destination!r} is not an address of this console", hint=f"it starts with {wanted}"
        )
    return destination


def sign_in_url(
    exchange: Exchange,
    door: ConsoleDoor,
    keys: ConsoleKeys,
    *,
    destination: str,
    issuer: str,
    session_seconds: int | None = None,
) -> Secret:
    """The address that opens the console signed in. `issuer` is where "sign in again" leads.

    Without `session_seconds` the console session lasts as long as the credentials. Raises
    UnavailableError or UsherError when the endpoint gives no token.
    """
    session = {
        "sessionId": keys.access_key_id,
        "sessionKey": keys.secret_access_key.reveal(),
        "sessionToken": keys.session_token.reveal(),
    }
    form = {"Action": "getSigninToken", "Session": json.dumps(session)}
    if session_seconds is not None:
        form["SessionDuration"] = str(session_seconds)
    token = _sign_in_token(exchange, door, form)
    query = {"Action": "login", "Issuer": issuer, "Destination": destination, "SigninToken": token}
    return Secret(f"{door.federation_url}?{urlencode(query)}")


def _sign_in_token(exchange: Exchange, door: ConsoleDoor, form: Mapping[str, str]) -> str:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    status, body = exchange("POST", door.federation_url, headers, urlencode(form).encode())
    if status in _TAKES_NO_FORM:
        status, body = exchange("GET", f"{door.federation_url}?{urlencode(form)}", {}, None)
    host = urlsplit(door.federation_url).netloc
    if status == 429 or status >= 500:
        raise UnavailableError(
            f"{host} is overloaded or failing (HTTP {status})", hint="run it again in a moment"
        )
    try:
        token = json.loads(body).get("SigninToken") if status == 200 else None
    except (ValueError, AttributeError):
        token = None
    if not isinstance(token, str) or not token:
        raise UsherError(
            f"{host} gave no console sign-in token (HTTP {status})",
            hint="a --duration above the role's own limit is refused; so are keys that have just ended",
        )
    return token


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
