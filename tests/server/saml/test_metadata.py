"""The metadata that AWS accounts hold: long enough for AWS, stable, and read as meant."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from typing import Any

from lxml import etree

from usher.sandbox.saml import read_metadata
from usher.server.idp.saml.keys import SigningKeys
from usher.server.idp.saml.metadata import entity_id, idp_metadata, is_same_metadata
from usher.server.idp.saml.routes import saml_routes


def test_it_names_the_directory_and_every_active_certificate(keys: SigningKeys, public_url: str) -> None:
    certificates = keys.certificates()
    issuer = read_metadata(idp_metadata(public_url, certificates))
    assert issuer.entity_id == "https://sso.mkdev.example/saml/metadata" == entity_id(public_url)
    assert issuer.certificates == tuple(certificates)


def test_it_has_the_length_that_aws_asks_for(keys: SigningKeys, public_url: str) -> None:
    assert 1_000 <= len(idp_metadata(public_url, keys.certificates())) <= 10_000_000


def test_it_is_the_same_text_for_the_same_keys(keys: SigningKeys, public_url: str) -> None:
    assert idp_metadata(public_url, keys.certificates()) == idp_metadata(public_url, keys.certificates())


def test_it_sends_people_to_the_portal(keys: SigningKeys, public_url: str) -> None:
    document = etree.fromstring(idp_metadata(public_url, keys.certificates()).encode())
    (service,) = document.iter("{urn:oasis:names:tc:SAML:2.0:metadata}SingleSignOnService")
    assert service.get("Location") == "https://sso.mkdev.example/start"


def test_the_way_it_is_written_down_makes_no_difference(keys: SigningKeys, public_url: str) -> None:
    text = idp_metadata(public_url, keys.certificates())
    rewritten = text.partition("?>")[2].strip() + "\n"
    assert is_same_metadata(text, rewritten)
    assert not is_same_metadata(text, text.replace("sso.mkdev", "evil.mkdev"))
    assert not is_same_metadata(text, "not XML")


def test_anybody_may_read_it_at_the_entity_id(
    keys: SigningKeys, public_url: str, serve: Callable[[list[Any]], str]
) -> None:
    origin = serve(saml_routes(public_url, keys))
    with urllib.request.urlopen(f"{origin}/saml/metadata") as answer:
        assert answer.read().decode() == idp_metadata(public_url, keys.certificates())
        assert answer.headers["content-type"].startswith("application/samlmetadata+xml")
