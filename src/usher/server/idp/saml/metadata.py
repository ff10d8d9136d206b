"""The metadata document that each account's SAML provider holds: who we are and which keys we sign with."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from lxml.builder import ElementMaker

_MD = "urn:oasis:names:tc:SAML:2.0:metadata"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
NAME_ID_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"

_md = ElementMaker(namespace=_MD, nsmap={"md": _MD, "ds": _DS})
_ds = ElementMaker(namespace=_DS, nsmap={"ds": _DS})


def entity_id(public_url: str) -> str:
    """The name under which the directory issues assertions; it answers with its metadata there."""
    return f"{public_url}/saml/metadata"


def idp_metadata(public_url: str, certificates: Sequence[x509.Certificate]) -> str:
    """The IdP metadata (SAML Metadata 2.0, section 2.4), the same text for the same keys.

    AWS asks for 1,000 characters at least; one certificate alone is longer.
    """
    document = _md.EntityDescriptor(
        _md.IDPSSODescriptor(
            *(_key_descriptor(certificate) for certificate in certificates),
            _md.NameIDFormat(NAME_ID_FORMAT),
            # Sign-in begins at the portal: AWS never sends a request of its own.
            _md.SingleSignOnService(Binding=_REDIRECT, Location=f"{public_url}/start"),
            protocolSupportEnumeration=_PROTOCOL,
            WantAuthnRequestsSigned="false",
        ),
        entityID=entity_id(public_url),
    )
    text: bytes = etree.tostring(document, xml_declaration=True, encoding="UTF-8")
    return text.decode()


def is_same_metadata(one: str, other: str) -> bool:
    """Whether two documents say the same, however they are written down. Broken XML is never the same."""
    try:
        return _canonical(one) == _canonical(other)
    except etree.XMLSyntaxError:
        return False


def _key_descriptor(certificate: x509.Certificate) -> etree._Element:
    encoded = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    return _md.KeyDescriptor(
        _ds.KeyInfo(_ds.X509Data(_ds.X509Certificate(encoded))),
        use="signing",
    )


def _canonical(text: str) -> bytes:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    canonical: bytes = etree.tostring(etree.fromstring(text.strip().encode(), parser), method="c14n")
    return canonical
