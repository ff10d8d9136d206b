"""The `sso-oidc` wire: RegisterClient, StartDeviceAuthorization, CreateToken and the authorize address.

JSON bodies in camelCase on unsigned requests, as the AWS CLI sends them. `/authorize` is not in AWS's
service model; it takes `scopes` (plural) and always lives at the endpoint's origin.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode, urlsplit

from usher.core.secrets import Secret
from usher.session.errors import OidcError, PortalUnavailableError
from usher.session.fields import number_field, optional_text_field, text_field, words_field
from usher.session.http import Answer, HttpClient

CLIENT_NAME = "usher"
REGISTERED_REDIRECT = "http://127.0.0.1/oauth/callback"
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class ClientKind(StrEnum):
    """What a registration is for; the portal ties a registration to its grants."""

    BROWSER = "browser"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered public client. `expires_at` in seconds since the epoch."""

    client_id: str
    client_secret: Secret
    expires_at: float


@dataclass(frozen=True, slots=True)
class DeviceAuthorization:
    """A started device sign-in: what to show, and how to ask whether it is done (seconds)."""

    device_code: Secret
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: float
    interval: float


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a grant yields. `expires_at` in seconds since the epoch by the local clock."""

    access_token: Secret
    expires_at: float
    refresh_token: Secret | None


class OidcClient:
    """Calls one `sso-oidc` endpoint."""

    def __init__(self, http: HttpClient, endpoint: str, clock: Callable[[], float]) -> None:
        self._http = http
        self._endpoint = endpoint.rstrip("/")
        self._clock = clock

    def register(self, kind: ClientKind, start_url: str, scopes: Sequence[str]) -> Registration:
        """Register a public client for `kind`."""
        body: dict[str, object] = {
            "clientName": CLIENT_NAME,
            "clientType": "public",
            "scopes": list(scopes),
        }
        if kind is ClientKind.BROWSER:
            body["grantTypes"] = ["authorization_code", "refresh_token"]
            body["redirectUris"] = [REGISTERED_REDIRECT]
            body["issuerUrl"] = start_url
        document = self._post("/client/register", body)
        return Registration(
            text_field(document, "clientId"),
            Secret(text_field(document, "clientSecret")),
            number_field(document, "clientSecretExpiresAt"),
        )

    def start_device(self, client: Registration, start_url: str) -> DeviceAuthorization:
        """Begin a device sign-in."""
        document = self._post("/device_authorization", {**_identify(client), "startUrl": start_url})
        address = text_field(document, "verificationUri")
        return DeviceAuthorization(
            Secret(text_field(document, "deviceCode")),
            text_field(document, "userCode"),
            address,
            optional_text_field(document, "verificationUriComplete") or address,
            number_field(document, "expiresIn"),
            number_field(document, "interval") if document.get("interval") else 5.0,
        )

    def authorize_url(
        self, client: Registration, redirect_uri: str, state: str, challenge: str, scopes: Sequence[str]
    ) -> str:
        """The address where a person signs in and consents (authorization code with PKCE S256)."""
        origin = urlsplit(self._endpoint)
        query = urlencode(
            {
                "response_type": "code",
                "client_id": client.client_id,
                "redirect_uri": redirect_uri,
                "state": state,
                "code_challenge_method": "S256",
                "scopes": " ".join(scopes),
                "code_challenge": challenge,
            }
        )
        return f"{origin.scheme}://{origin.netloc}/authorize?{query}"

    def exchange_code(self, client: Registration, code: str, redirect_uri: str, verifier: Secret) -> Tokens:
        """Tokens for an authorization code. Raises OidcError."""
        grant = {
            "grantType": "authorization_code",
            "code": code,
            "redirectUri": redirect_uri,
            "codeVerifier": verifier.reveal(),
        }
        return self._token(client, grant)

    def exchange_device_code(self, client: Registration, device_code: Secret) -> Tokens:
        """Tokens for an approved device code. Raises OidcError with `authorization_pending` until then."""
        return self._token(client, {"grantType": _DEVICE_GRANT, "deviceCode": device_code.reveal()})

    def refresh(self, client: Registration, refresh_token: Secret) -> Tokens:
        """New tokens for a refresh token, which is spent by this. Raises OidcError."""
        return self._token(client, {"grantType": "refresh_token", "refreshToken": refresh_token.reveal()})

    def _token(self, client: Registration, grant: Mapping[str, object]) -> Tokens:
        document = self._post("/token", {**_identify(client), **grant})
        refresh_token = optional_text_field(document, "refreshToken")
        return Tokens(
            Secret(text_field(document, "accessToken")),
            self._clock() + number_field(document, "expiresIn"),
            Secret(refresh_token) if refresh_token else None,
        )

    def _post(self, path: str, body: Mapping[str, object]) -> dict[str, object]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        answer = self._http.send("POST", self._endpoint + path, headers, json.dumps(body).encode())
        if answer.status == 200:
            return answer.json()
        raise _refusal(answer, urlsplit(self._endpoint).netloc)


def _identify(client: Registration) -> dict[str, object]:
    return {"clientId": client.client_id, "clientSecret": client.client_secret.reveal()}


def _refusal(answer: Answer, host: str) -> OidcError | PortalUnavailableError:
    if answer.status == 429 or answer.status >= 500:
        return PortalUnavailableError(
            f"{host} is overloaded or failing (HTTP {answer.status})", hint="run it again in a moment"
        )
    document = answer.json()
    code = words_field(document, "error") or f"http_{answer.status}"
    return OidcError(code, words_field(document, "error_description"))
