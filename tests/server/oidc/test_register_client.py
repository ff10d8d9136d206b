"""RegisterClient: open to every program, for addresses on the person's own machine only."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from usher.server.idp.limits import REGISTRATION, Demand, take

CODE = {"grantTypes": ["authorization_code", "refresh_token"]}


def register(api: Any, **changed: Any) -> dict[str, Any]:
    return api.register_client(**{"clientName": "a program", "clientType": "public", **changed})


def refused(api: Any, **changed: Any) -> str:
    with pytest.raises(ClientError) as caught:
        register(api, **changed)
    return str(caught.value.response["Error"]["Code"])


def test_a_registration_lasts_ninety_days_and_names_the_endpoints(api: Any, site: Any, clock: Any) -> None:
    client = register(api)
    assert client["clientIdIssuedAt"] == int(clock.now)
    assert client["clientSecretExpiresAt"] == int(clock.now + 90 * 86400)
    assert client["authorizationEndpoint"] == f"{site.url}/authorize"
    assert client["tokenEndpoint"] == f"{site.url}/token"


def test_every_name_of_this_instance_is_an_issuer(api: Any, site: Any) -> None:
    instance = site.services.instance
    for issuer in (
        site.url,
        f"{site.url}/start",
        f"{site.url}/start/",
        f"{site.url}/start/#/",
        f"{site.url}/start#",
        f"https://{instance.identity_store_id}.awsapps.com/start",
        f"https://{instance.identity_store_id}.awsapps.com/start/#",
        f"https://{instance.id}.portal.eu-central-1.app.aws",
        f"https://{instance.id}.portal.eu-central-1.app.aws/",
        f"https://{instance.id}.eu-central-1.portal.amazonaws.com",
        f"https://identitycenter.amazonaws.com/{instance.id}",
    ):
        register(api, issuerUrl=issuer)


@pytest.mark.parametrize(
    "issuer",
    [
        "https://d-9999999999.awsapps.com/start",
        "https://d-0123456789.awsapps.com.example/start",
        "https://d-0123456789xawsapps.com/start",
        "https://ssoins-0123456789abcdef.portal.us-east-1.app.aws",
        "http://127.0.0.1/start",
        "https://identitycenter.amazonaws.com/ssoins-9999999999999999",
    ],
)
def test_another_instances_name_is_no_issuer(api: Any, issuer: str) -> None:
    assert refused(api, issuerUrl=issuer) == "InvalidRequestException"


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/oauth/callback",
        "http://127.0.0.1:8080/oauth/callback",
        "http://[::1]/oauth/callback",
        "http://[::1]:9/",
    ],
)
def test_an_address_on_this_machine_may_be_redirected_to(api: Any, uri: str) -> None:
    register(api, **CODE, redirectUris=[uri])


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost/oauth/callback",
        "https://127.0.0.1/oauth/callback",
        "http://127.0.0.1.example/oauth/callback",
        "http://127.0.0.1@example.com/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1\\@example.com/",
        "http://127.1/",
        "http://2130706433/",
        "http://127.0.0.2/",
        "http://127.0.0.1:/",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://127.0.0.1/#fragment",
        "http://127.0.0.1/a b",
        "http:///oauth/callback",
        "//127.0.0.1/",
        "javascript:alert(1)",
        "http://127.0.0.1/" + "a" * 600,
    ],
)
def test_any_other_address_is_refused(api: Any, uri: str) -> None:
    assert refused(api, **CODE, redirectUris=[uri]) == "InvalidRedirectUriException"


def test_a_code_needs_an_address_to_go_to(api: Any) -> None:
    assert refused(api, **CODE) == "InvalidRedirectUriException"
    assert refused(api, **CODE, redirectUris=["http://127.0.0.1/"] * 11) == "InvalidRedirectUriException"


def test_what_this_directory_does_not_do_is_said(api: Any) -> None:
    assert refused(api, clientType="confidential") == "InvalidClientMetadataException"
    assert refused(api, clientName=" ") == "InvalidClientMetadataException"
    assert refused(api, clientName="x" * 256) == "InvalidClientMetadataException"
    assert refused(api, scopes=["codewhisperer:completions"]) == "InvalidScopeException"
    assert refused(api, grantTypes=["implicit"]) == "UnsupportedGrantTypeException"


def test_one_address_cannot_flood_the_directory(api: Any, site: Any, clock: Any) -> None:
    while take(site.services.database, [Demand(REGISTRATION, "127.0.0.1")]):
        pass
    assert refused(api) == "SlowDownException"
    clock.now += 1
    register(api)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b"[" * 60_000,
        b'{"clientName": 1, "clientType": "public"}',
        b'{"clientName": null, "clientType": "public"}',
        b'{"clientName": "x\\ud800", "clientType": "public"}',
        b'{"clientName": "x", "clientType": "public", "scopes": "sso:account:access"}',
        b'{"clientName": "x", "clientType": "public", "scopes": [1]}',
        b'{"clientName": "x", "clientType": "public", "scopes": [' + b",".join([b'"a"'] * 51) + b"]}",
    ],
)
def test_a_body_that_is_not_a_request_is_refused_as_aws_does(site: Any, body: bytes) -> None:
    status, answer, kind = post(site.url + "/client/register", body)
    assert (status, answer["error"], kind) == (400, "invalid_request", "InvalidRequestException")
    assert answer["error_description"]


def test_a_huge_body_is_not_read(site: Any) -> None:
    assert post(site.url + "/client/register", b" " * 70_000)[0] == 413


def test_the_form_of_the_trusted_identity_operation_is_not_offered(site: Any) -> None:
    assert post(site.url + "/token?aws_iam=t", b"{}")[0] == 400


def test_an_empty_issuer_is_none_and_null_lists_are_empty(site: Any) -> None:
    body = {"clientName": "x", "clientType": "public", "issuerUrl": None, "scopes": None}
    assert post(site.url + "/client/register", json.dumps(body).encode())[0] == 200


def post(url: str, body: bytes) -> tuple[int, dict[str, Any], str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, method="POST")) as answer:
            return answer.status, json.load(answer), ""
    except urllib.error.HTTPError as error:
        return error.code, json.load(error), error.headers["x-amzn-ErrorType"]
