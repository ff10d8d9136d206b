"""The AWS CLI's token cache, `~/.aws/sso/cache`: one login for `aws`, the SDKs and Usher, when wanted.

What lies there is plain text, so nothing is written unless the organization is shared. A shared session is
written whole (botocore needs eight keys to refresh it) under both names that the AWS CLI looks it up by,
with the client registration beside it. Whoever refreshes spends the refresh token, so Usher reads what the
others left before it refreshes itself. Other programs' files are half-written, old or foreign at times:
what does not fit in every part counts as not there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from usher.core.secrets import Secret
from usher.session.oidc import ClientKind, Registration, Tokens
from usher.session.organizations import PortalOrganization, same_start_url
from usher.session.records import PortalSession
from usher.session.vault.contract import UnsafePlaceError
from usher.session.vault.files import read_private, write_private

_LONGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class AwsCliCache:
    """The folder of the AWS CLI's tokens.

    `lookups` gives what the AWS config file looks tokens up by, each with its start URL: the names of its
    sso-sessions, and the start URLs that profiles hold themselves, as they stand there.
    """

    folder: Path
    lookups: Callable[[], Iterable[tuple[str, str]]] = tuple

    def write(self, organization: PortalOrganization, session: PortalSession) -> None:
        """Write the session and its registration (0600). Raises UnsafePlaceError."""
        content = json.dumps(_token_document(organization, session)).encode()
        for path in self._token_files(organization):
            write_private(path, content)
        registration = json.dumps(_registration_document(organization, session)).encode()
        for path in self._registration_files(organization):
            write_private(path, registration)

    def follow(self, organization: PortalOrganization, session: PortalSession) -> None:
        """Write the session that Usher refreshed, unless a login of the AWS CLI's own is there by now."""
        others = (_document(path) for path in self._token_files(organization))
        if any(found and found.get("clientId") != session.client.client_id for found in others):
            return
        # Where it cannot be written the session is safe in the vault, and `aws` asks its person to log in.
        with suppress(UnsafePlaceError):
            self.write(organization, session)

    def refreshed(self, organization: PortalOrganization, session: PortalSession) -> Tokens | None:
        """The tokens of this very session that another program refreshed since, if any."""
        newest: Tokens | None = None
        for path in self._token_files(organization):
            found = _session(path, organization)
            if found is None or found.client.client_id != session.client.client_id:
                continue
            tokens = found.tokens
            if tokens.access_token == session.tokens.access_token:
                continue
            # Files hold whole seconds.
            if tokens.expires_at >= int((newest or session.tokens).expires_at):
                newest = tokens
        return newest

    def find(self, organization: PortalOrganization, now: float) -> PortalSession | None:
        """A session of the AWS CLI's own that opens accounts: right portal, right scopes, refreshable."""
        for path in self._every_token_file(organization):
            found = _session(path, organization)
            if found is None or not found.is_refreshable(now):
                continue
            registration = self._registration_of(found.client)
            scopes = registration.get("scopes")
            if isinstance(scopes, list) and set(organization.scopes) <= {str(scope) for scope in scopes}:
                kind = ClientKind.BROWSER if registration.get("grantTypes") else ClientKind.DEVICE
                return PortalSession(found.tokens, found.client, kind, now)
        return None

    def remove(self, organization: PortalOrganization, client: Registration) -> None:
        """Take away what belongs to `client`; a login of the AWS CLI's own stays."""
        for path in (*self._token_files(organization), *self._registration_files(organization)):
            found = _document(path)
            if found is not None and found.get("clientId") == client.client_id:
                path.unlink(missing_ok=True)

    def _token_files(self, organization: PortalOrganization) -> list[Path]:
        """For profiles that name a session, and for those that hold the start URL themselves."""
        return [self._file(key) for key in self._keys(organization)]

    def _keys(self, organization: PortalOrganization) -> dict[str, str]:
        """What this portal's tokens are looked up by, with the start URL as it stands there."""
        url = organization.profile_start_url
        found = {key: at for key, at in self.lookups() if same_start_url(at, url)}
        return {organization.name: url, url: url, **found}

    def _every_token_file(self, organization: PortalOrganization) -> Iterator[Path]:
        yield from self._token_files(organization)
        yield from sorted(self.folder.glob("*.json"))

    def _registration_files(self, organization: PortalOrganization) -> Iterator[Path]:
        for name, start_url in self._keys(organization).items():
            if name != start_url:
                key = {
                    "tool": "botocore",
                    "startUrl": start_url,
                    "region": organization.region,
                    "scopes": list(organization.scopes),
                    "session_name": name,
                }
                yield self._file(json.dumps(key, sort_keys=True))

    def _file(self, key: str) -> Path:
        # The AWS CLI's own choice of hash: a file's name, not a safeguard.
        return self.folder / f"{hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()}.json"

    def _registration_of(self, client: Registration) -> Mapping[str, object]:
        """The registration file of a client, which alone tells its scopes."""
        for path in sorted(self.folder.glob("*.json")):
            found = _document(path)
            if found and found.get("clientId") == client.client_id and "scopes" in found:
                return found
        return {}


def _token_document(organization: PortalOrganization, session: PortalSession) -> dict[str, str]:
    document = {
        "startUrl": organization.profile_start_url,
        "region": organization.region,
        "accessToken": session.tokens.access_token.reveal(),
        "expiresAt": _written(session.tokens.expires_at),
        "clientId": session.client.client_id,
        "clientSecret": session.client.client_secret.reveal(),
        "registrationExpiresAt": _written(session.client.expires_at),
    }
    if session.tokens.refresh_token is not None:
        document["refreshToken"] = session.tokens.refresh_token.reveal()
    return document


def _registration_document(organization: PortalOrganization, session: PortalSession) -> dict[str, object]:
    document: dict[str, object] = {
        "clientId": session.client.client_id,
        "clientSecret": session.client.client_secret.reveal(),
        "expiresAt": _written(session.client.expires_at),
        "scopes": list(organization.scopes),
    }
    if session.kind is ClientKind.BROWSER:
        document["grantTypes"] = ["authorization_code", "refresh_token"]
    return document


def _session(path: Path, organization: PortalOrganization) -> PortalSession | None:
    """A complete token file of this portal, else None."""
    document = _document(path) or {}
    text = {key: value for key, value in document.items() if isinstance(value, str) and value}
    expires_at, registered_until = (_read(text.get(key)) for key in ("expiresAt", "registrationExpiresAt"))
    needed = ("startUrl", "region", "accessToken", "clientId", "clientSecret", "refreshToken")
    if expires_at is None or registered_until is None or any(key not in text for key in needed):
        return None
    if text["region"] != organization.region or not any(
        same_start_url(text["startUrl"], url)
        for url in (organization.start_url, organization.profile_start_url)
    ):
        return None
    return PortalSession(
        Tokens(Secret(text["accessToken"]), expires_at, Secret(text["refreshToken"])),
        Registration(text["clientId"], Secret(text["clientSecret"]), registered_until),
    )


def _document(path: Path) -> Mapping[str, object] | None:
    try:
        content = read_private(path)
        document = json.loads(content) if content is not None and len(content) <= _LONGEST else None
    except (UnsafePlaceError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _written(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(text: str | None) -> float | None:
    """A moment as the AWS CLI writes it: `Z`, or `UTC` from its older versions."""
    try:
        moment = datetime.fromisoformat((text or "").replace("UTC", "+00:00"))
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None
