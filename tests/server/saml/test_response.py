"""A signed response says exactly one thing, and both STS's rules and xmlsec1 believe it."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from usher.sandbox.saml import believe, read_metadata
from usher.sandbox.wire import AwsError
from usher.server.idp.saml.keys import SigningKeys
from usher.server.idp.saml.metadata import idp_metadata
from usher.server.idp.saml.response import RoleEntry, session_name, sign_response

_NS = {"saml": "urn:oasis:names:tc:SAML:2.0:assertion", "ds": "http://www.w3.org/2000/09/xmldsig#"}
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_sts_believes_it_word_for_word(keys: SigningKeys, entry: RoleEntry, public_url: str) -> None:
    issuer = read_metadata(idp_metadata(public_url, keys.certificates()))
    now = datetime.now(UTC)
    believed = believe(_encoded(sign_response(entry, keys.signer(), now)), issuer, now)
    assert believed.role_pairs == {(entry.role_arn, entry.provider_arn)}
    assert believed.subject == believed.session_name == "operator@mkdev.example"
    assert believed.session_seconds == 28_800
    assert not believed.has_session_tags


def test_it_is_worthless_after_five_minutes(keys: SigningKeys, entry: RoleEntry, public_url: str) -> None:
    issuer = read_metadata(idp_metadata(public_url, keys.certificates()))
    now = datetime.now(UTC)
    response = _encoded(sign_response(entry, keys.signer(), now - timedelta(minutes=6)))
    with pytest.raises(AwsError, match="redeemed within 5 minutes"):
        believe(response, issuer, now)


def test_every_part_says_for_whom_and_how_long(keys: SigningKeys, entry: RoleEntry) -> None:
    document = etree.fromstring(sign_response(entry, keys.signer(), NOW))
    conditions = document.find(".//saml:Conditions", _NS)
    confirmation = document.find(".//saml:SubjectConfirmationData", _NS)
    assert (
        document.get("Destination") == confirmation.get("Recipient") == "https://signin.aws.amazon.com/saml"
    )
    assert document.findtext(".//saml:Audience", namespaces=_NS) == "urn:amazon:webservices"
    assert conditions.get("NotBefore") == "2026-11-24T11:59:00.000Z"
    assert conditions.get("NotOnOrAfter") == confirmation.get("NotOnOrAfter") == "2026-11-24T12:05:00.000Z"


def test_the_signature_follows_the_issuer_as_the_schema_wants(keys: SigningKeys, entry: RoleEntry) -> None:
    assertion = etree.fromstring(sign_response(entry, keys.signer(), NOW)).find("saml:Assertion", _NS)
    names = [etree.QName(child).localname for child in assertion]
    assert names[:3] == ["Issuer", "Signature", "Subject"]


def test_two_responses_never_share_an_id(keys: SigningKeys, entry: RoleEntry) -> None:
    documents = [sign_response(entry, keys.signer(), NOW).decode() for _ in range(2)]
    ids = [found for text in documents for found in re.findall(r' ID="([^"]+)"', text)]
    assert len(ids) == len(set(ids)) == 4


def test_a_name_with_markup_stays_a_name(keys: SigningKeys, entry: RoleEntry, public_url: str) -> None:
    sly = replace(entry, user_name="a</saml:NameID><saml:NameID>root&b")
    issuer = read_metadata(idp_metadata(public_url, keys.certificates()))
    now = datetime.now(UTC)
    assert believe(_encoded(sign_response(sly, keys.signer(), now)), issuer, now).subject == sly.user_name


@pytest.mark.parametrize("name", ["operator@mkdev.example", "ab", "a" * 64, "first.last+tag=x,y-z_1"])
def test_a_name_that_aws_takes_is_the_session_name(name: str) -> None:
    assert session_name(name) == name


@pytest.mark.parametrize("name", ["a", "ümit@mkdev.example", "o'neil@mkdev.example", "a" * 65, "用户"])
def test_other_names_are_reduced_to_what_aws_takes(name: str) -> None:
    assert re.fullmatch(r"[\w+=,.@-]{2,64}", session_name(name), re.ASCII)


def test_two_people_never_share_a_reduced_name() -> None:
    names = ["o'neil", "o-neil", "o neil", "a" * 65, "a" * 66]
    assert len({session_name(name) for name in names}) == len(names)


@pytest.mark.client("xmlsec1")
def test_xmlsec1_verifies_the_signature(
    keys: SigningKeys, entry: RoleEntry, tmp_path: Path, find_client: Callable[[str], Path]
) -> None:
    response = sign_response(entry, keys.signer(), NOW)
    assert _xmlsec1_verifies(find_client("xmlsec1"), keys, response, tmp_path)
    forged = response.replace(b"AdministratorAccess", b"AdministratorExcess")
    assert forged != response
    assert not _xmlsec1_verifies(find_client("xmlsec1"), keys, forged, tmp_path)


def _xmlsec1_verifies(xmlsec1: Path, keys: SigningKeys, response: bytes, folder: Path) -> bool:
    document, certificate = folder / "response.xml", folder / "certificate.pem"
    document.write_bytes(response)
    certificate.write_bytes(keys.signer().certificate.public_bytes(Encoding.PEM))
    done = subprocess.run(
        [
            xmlsec1,
            "--verify",
            "--id-attr:ID",
            "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
            "--pubkey-cert-pem",
            certificate,
            "--enabled-key-data",
            "rsa",
            document,
        ],
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def _encoded(response: bytes) -> str:
    return base64.b64encode(response).decode()
