"""A program as AWS's clients are: boto3 for the API, and the person's answers without a browser."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from usher.core.secrets import Secret
from usher.server.idp.clients import find_client
from usher.server.idp.grants import decide_device, issue_code

SCOPE = "sso:account:access"
REDIRECT = "http://127.0.0.1/oauth/callback"
VERIFIER = "v" * 64


@dataclass
class Program:
    """A registered client of `site` and what it may do next."""

    site: Any
    api: Any
    client: dict[str, Any]

    @property
    def keys(self) -> dict[str, str]:
        return {"clientId": self.client["clientId"], "clientSecret": self.client["clientSecret"]}

    def start_device(self, **changed: str) -> dict[str, Any]:
        given = {**self.keys, "startUrl": f"{self.site.url}/start", **changed}
        return self.api.start_device_authorization(**given)

    def poll(self, device_code: str, **changed: str) -> dict[str, Any]:
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        return self.api.create_token(
            **{**self.keys, "grantType": grant, "deviceCode": device_code, **changed}
        )

    def decide(self, user_code: str, *, allow: bool = True) -> bool:
        site = self.site
        return decide_device(site.services.database, site.user_id, site.user_name, user_code, allow=allow)

    def code(self, redirect_uri: str = "http://127.0.0.1:43210/oauth/callback") -> str:
        database = self.site.services.database
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
        stored = find_client(database, self.client["clientId"])
        assert stored is not None
        issued = issue_code(database, self.site.user_id, self.site.user_name, stored, redirect_uri, challenge)
        return issued.reveal()

    def redeem(self, code: str, **changed: str) -> dict[str, Any]:
        given = {
            **self.keys,
            "grantType": "authorization_code",
            "code": code,
            "redirectUri": "http://127.0.0.1:43210/oauth/callback",
            "codeVerifier": VERIFIER,
            **changed,
        }
        return self.api.create_token(**given)

    def refresh(self, refresh_token: str, **changed: str) -> dict[str, Any]:
        given = {**self.keys, "grantType": "refresh_token", "refreshToken": refresh_token, **changed}
        return self.api.create_token(**given)

    def secret(self) -> Secret:
        return Secret(self.client["clientSecret"])


@pytest.fixture
def api(site: Any) -> Any:
    """boto3's sso-oidc client of the site."""
    return boto3.client(
        "sso-oidc",
        region_name="eu-central-1",
        endpoint_url=site.url,
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def legacy(site: Any, api: Any) -> Program:
    """The AWS CLI with a legacy profile: no scopes."""
    return Program(site, api, api.register_client(clientName="botocore-client-1", clientType="public"))


@pytest.fixture
def program(site: Any, api: Any) -> Program:
    """The AWS CLI with an sso-session, device flow."""
    named = {"clientName": "botocore-client-mkdev", "clientType": "public", "scopes": [SCOPE]}
    return Program(site, api, api.register_client(**named))


@pytest.fixture
def pkce(site: Any, api: Any) -> Program:
    """The AWS CLI with an sso-session, as it registers for PKCE."""
    client = api.register_client(
        clientName="botocore-client-mkdev",
        clientType="public",
        scopes=[SCOPE],
        grantTypes=["authorization_code", "refresh_token"],
        redirectUris=[REDIRECT],
        issuerUrl=f"{site.url}/start",
    )
    return Program(site, api, client)
