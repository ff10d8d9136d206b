"""What really goes to STS: xmlsec1 verifies it against the metadata in the account's own SAML provider."""

from __future__ import annotations

import base64
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from lxml import etree

from usher.core.ids import AccountId
from usher.sandbox.cloud import Cloud
from usher.server.role_credentials import RoleCredentialIssuer
from usher.server.store.identity import StoredUser, insert_user

_NS = {
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
NAME = "developer@mkdev.example"


@dataclass
class Wire:
    """A line to STS that keeps what goes over it."""

    url: str
    sent: list[dict[str, list[str]]] = field(default_factory=list)


@pytest.fixture
def wire(cloud: Cloud) -> Iterator[Wire]:
    class Line(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            wire.sent.append(parse_qs(body.decode()))
            onward = urllib.request.Request(cloud.url + self.path, body, dict(self.headers.items()))
            with urllib.request.urlopen(onward) as answer:
                content = answer.read()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Line)
    wire = Wire(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield wire
    server.shutdown()


@pytest.fixture
def response(directory: Any, wire: Wire) -> bytes:
    """The SAML response with which the developer enters staging as Look."""
    person = StoredUser("developer", NAME, "Developer", "E", "D", None, {}, True, 1, 0.0, 0.0)
    with directory.database.change("test") as change:
        insert_user(change, person)
    look = directory.permission_set("Look", session_duration="PT2H")
    directory.assign(look, "staging", "developer")
    issuer = RoleCredentialIssuer(
        directory.config,
        directory.instance,
        directory.database,
        directory.accounts,
        directory.signing_keys,
        replace(directory.aws, endpoint_url=wire.url),
    )
    issuer.issue("developer", AccountId(directory.mkdev.accounts["staging"]), "Look")
    (call,) = wire.sent
    assert call["Action"] == ["AssumeRoleWithSAML"]
    assert call["DurationSeconds"] == ["7200"]
    return base64.b64decode(call["SAMLAssertion"][0])


@pytest.mark.client("xmlsec1")
def test_xmlsec1_verifies_it_against_the_accounts_own_provider(
    directory: Any, response: bytes, tmp_path: Path, find_client: Callable[[str], Path]
) -> None:
    provider = directory.iam("staging").get_saml_provider(SAMLProviderArn=directory.provider("staging"))
    metadata = etree.fromstring(provider["SAMLMetadataDocument"].encode())
    certificate = "".join(metadata.findtext(".//ds:X509Certificate", namespaces=_NS).split())
    lines = [certificate[start : start + 64] for start in range(0, len(certificate), 64)]
    pem = tmp_path / "provider.pem"
    pem.write_text("\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""]))

    def verifies(content: bytes) -> bool:
        document = tmp_path / "response.xml"
        document.write_bytes(content)
        command = [find_client("xmlsec1"), "--verify", "--pubkey-cert-pem", pem, "--enabled-key-data", "rsa"]
        command += ["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion", document]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    assert verifies(response)
    assert not verifies(response.replace(NAME.encode(), b"operator@mkdev.example"))
    assert metadata.get("entityID") == etree.fromstring(response).findtext(".//saml:Issuer", namespaces=_NS)


def test_it_is_for_this_role_this_person_and_five_minutes(directory: Any, response: bytes) -> None:
    document = etree.fromstring(response)

    def attribute(name: str) -> str:
        path = f".//saml:Attribute[@Name='https://aws.amazon.com/SAML/Attributes/{name}']"
        return str(document.find(path, _NS).findtext("saml:AttributeValue", namespaces=_NS))

    role, _, provider = attribute("Role").partition(",")
    account = directory.mkdev.accounts["staging"]
    assert role.startswith(f"arn:aws:iam::{account}:role/usher/UsherSSO_Look_")
    assert provider == directory.provider("staging")
    assert attribute("RoleSessionName") == NAME
    assert attribute("SessionDuration") == "7200"
    assert document.findtext(".//saml:Audience", namespaces=_NS) == "urn:amazon:webservices"
    confirmation = document.find(".//saml:SubjectConfirmationData", _NS)
    assert confirmation.get("Recipient") == "https://signin.aws.amazon.com/saml"
    ends = datetime.fromisoformat(confirmation.get("NotOnOrAfter"))
    assert timedelta() < ends - datetime.now(UTC) <= timedelta(minutes=5)
