"""Programs that may ask people for access: their registration, and proof that one is the one it was.

Registration is open, as at AWS: it grants nothing. A redirect address must be on the person's own machine
(RFC 8252 section 7.3) as an IP literal, for `localhost` may resolve elsewhere; its port is free.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from usher.core.secrets import Secret
from usher.server.config import ServerConfig
from usher.server.idp.bearer import hash_bearer, new_bearer
from usher.server.idp.refusals import OAuthError, OAuthRefusal
from usher.server.idp.tokens import ACCOUNT_ACCESS
from usher.server.store.database import Database
from usher.server.store.instance import Instance
from usher.server.store.oauth import StoredClient, insert_client, read_client

CODE_GRANT = "authorization_code"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH_GRANT = "refresh_token"

_REGISTRATION_SECONDS = 90 * 24 * 3600.0
_GRANTS = (CODE_GRANT, DEVICE_GRANT, REFRESH_GRANT)
_DEVICE_CLIENT_GRANTS = (DEVICE_GRANT, REFRESH_GRANT)
_LONGEST_NAME = 255
_LONGEST_URI = 500
_MOST_REDIRECTS = 10
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A fresh registration, with the secret that is shown this once."""

    client: StoredClient
    secret: Secret


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """What a program says about itself. Empty `grant_types` stand for the device flow, as at AWS."""

    name: str
    type: str
    scopes: Sequence[str]
    grant_types: Sequence[str]
    redirect_uris: Sequence[str]


def register_client(database: Database, asked: ClientRequest) -> RegisteredClient:
    """Register a program for 90 days. Raises OAuthRefusal."""
    _check_request(asked)
    secret, now = new_bearer(), database.now()
    client = StoredClient(
        client_id=new_bearer().reveal(),
        secret_hash=hash_bearer(secret.reveal()),
        client_name=asked.name,
        scopes=list(asked.scopes),
        grant_types=list(asked.grant_types or _DEVICE_CLIENT_GRANTS),
        redirect_uris=list(asked.redirect_uris),
        issued_at=now,
        expires_at=now + _REGISTRATION_SECONDS,
    )
    with database.change("anonymous") as change:
        insert_client(change.connection, client)
        change.record("sso-oidc:RegisterClient", client.client_id, client_name=client.client_name)
    return RegisteredClient(client, secret)


def find_client(database: Database, client_id: str) -> StoredClient | None:
    """The registration with that id, unless it has lapsed."""
    with database.read() as connection:
        client = read_client(connection, client_id)
    return client if client is not None and client.expires_at > database.now() else None


def authenticate_client(database: Database, client_id: str, secret: Secret) -> StoredClient:
    """The program that knows this secret. Raises OAuthRefusal."""
    client = find_client(database, client_id)
    given = hash_bearer(secret.reveal())
    if client is None or not hmac.compare_digest(client.secret_hash, given):
        raise OAuthRefusal(OAuthError.INVALID_CLIENT, "The client is unknown or its registration has expired")
    return client


def check_grant(client: StoredClient, grant_type: str) -> None:
    """Raise OAuthRefusal unless the program registered for that grant."""
    if grant_type not in client.grant_types:
        raise OAuthRefusal(
            OAuthError.UNAUTHORIZED_CLIENT, f"The client is not registered for the grant {grant_type}"
        )


def may_redirect(client: StoredClient, redirect_uri: str) -> bool:
    """Whether the address is one that the program registered; only the port may differ."""
    if len(redirect_uri) > _LONGEST_URI:
        return False
    given = _loopback_address(redirect_uri)
    return given is not None and any(
        _without_port(given) == _without_port(known)
        for uri in client.redirect_uris
        if (known := _loopback_address(uri)) is not None
    )


def is_own_start_url(config: ServerConfig, instance: Instance, text: str) -> bool:
    """Whether a start or issuer URL is one of this instance's: its own, or one of its names at AWS.

    New AWS CLIs accept only start URLs with AWS's host names, so those stand for this instance too; they
    are never opened.
    """
    bare = re.sub("/?#?/?$", "", text, count=1)  # the portal's own pages are `…/start/#/…`
    region, instance_id = re.escape(instance.region), re.escape(instance.id)
    own = [
        re.escape(config.public_url) + "(/start)?",
        rf"https://{re.escape(instance.identity_store_id)}\.awsapps\.com/start",
        rf"https://{instance_id}\.portal\.{region}\.app\.aws",
        rf"https://{instance_id}\.{region}\.portal\.amazonaws\.com",
        rf"https://identitycenter\.amazonaws\.com/{instance_id}",
    ]
    return any(re.fullmatch(pattern, bare) for pattern in own)


def _check_request(asked: ClientRequest) -> None:
    if asked.type != "public":
        raise OAuthRefusal(OAuthError.INVALID_CLIENT_METADATA, "clientType must be public")
    if not asked.name.strip() or len(asked.name) > _LONGEST_NAME or not asked.name.isprintable():
        raise OAuthRefusal(
            OAuthError.INVALID_CLIENT_METADATA,
            f"clientName must have 1 to {_LONGEST_NAME} printable characters",
        )
    for scope in asked.scopes:
        if scope != ACCOUNT_ACCESS:
            raise OAuthRefusal(OAuthError.INVALID_SCOPE, f"The only scope here is {ACCOUNT_ACCESS}")
    for grant in asked.grant_types:
        if grant not in _GRANTS:
            raise OAuthRefusal(OAuthError.UNSUPPORTED_GRANT_TYPE, f"The grants are {', '.join(_GRANTS)}")
    _check_redirects(asked)


def _check_redirects(asked: ClientRequest) -> None:
    if CODE_GRANT in asked.grant_types and not asked.redirect_uris:
        raise OAuthRefusal(OAuthError.INVALID_REDIRECT_URI, f"{CODE_GRANT} needs redirectUris")
    too_many = len(asked.redirect_uris) > _MOST_REDIRECTS
    if too_many or any(
        len(uri) > _LONGEST_URI or _loopback_address(uri) is None for uri in asked.redirect_uris
    ):
        raise OAuthRefusal(
            OAuthError.INVALID_REDIRECT_URI,
            "redirectUris must be http on 127.0.0.1 or [::1], without fragment",
        )


def _loopback_address(uri: str) -> SplitResult | None:
    """The parts of an http address on this machine's loopback, or None for anything else."""
    if not _PRINTABLE.fullmatch(uri) or "#" in uri or "\\" in uri:
        return None
    try:
        parts = urlsplit(uri)
        port, host = parts.port, ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return None
    spelled = f"[{host}]" if host.version == 6 else str(host)
    plain = parts.netloc == (spelled if port is None else f"{spelled}:{port}")
    return parts if uri.startswith("http://") and plain and str(host) in {"127.0.0.1", "::1"} else None


def _without_port(parts: SplitResult) -> tuple[str | None, str, str]:
    return parts.hostname, parts.path, parts.query
