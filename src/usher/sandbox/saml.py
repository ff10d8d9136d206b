"""What AWS STS checks in a SAML response before it believes a word of it.

The signature is verified against certificates pinned by the account's SAML provider, and everything is
then read from the verified bytes alone, so that an element wrapped around, before or after the signed one
is never seen (SAML Core 2.0; OWASP "XML signature wrapping"). AWS accepts the same assertion more than
once while it is fresh, so there is no replay check here either.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidInput, SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from usher.core.partitions import AWS
from usher.sandbox.wire import AwsError

AUDIENCE = "urn:amazon:webservices"
RECIPIENT = AWS.saml_recipient
MAX_RESPONSE_BYTES = 100_000
# AWS: "Token must be redeemed within 5 minutes of issuance".
REDEEM_WITHIN = timedelta(minutes=5)
# Our servers and STS share one clock; AWS's own tolerance is not published.
CLOCK_SKEW = timedelta(seconds=30)

_SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_MD = "urn:oasis:names:tc:SAML:2.0:metadata"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_NS = {"samlp": _SAMLP, "saml": _SAML, "md": _MD, "ds": _DS}
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/"
_TRANSFORMS = {
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
}
_SIGNATURES = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """The identity provider an account trusts: what its SAML provider's metadata says."""

    entity_id: str
    certificates: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Assertion:
    """A believed assertion. `role_pairs` holds (role ARN, provider ARN); `latest_end` bounds the session."""

    issuer: str
    subject: str
    subject_format: str
    session_name: str
    role_pairs: frozenset[tuple[str, str]]
    session_seconds: int | None
    latest_end: datetime | None
    has_session_tags: bool


def read_metadata(document: str) -> TrustedIssuer:
    """The issuer described by an IdP metadata document. Raises AwsError when it is not one."""
    root = _parse(document.encode())
    if root.tag != f"{{{_MD}}}EntityDescriptor":
        raise _invalid("Issuer not present in specified provider")
    certificates = []
    for key in root.iterfind("md:IDPSSODescriptor/md:KeyDescriptor", _NS):
        if key.get("use", "signing") != "signing":
            continue
        for text in key.iterfind(".//ds:X509Certificate", _NS):
            certificates.append(_certificate(text.text or ""))
    if not certificates:
        raise _invalid("The specified provider has no signing certificate")
    return TrustedIssuer(root.get("entityID", ""), tuple(certificates))


def believe(encoded: str, issuer: TrustedIssuer, now: datetime) -> Assertion:
    """The assertion in a base64 SAML response, once every check has passed.

    Raises AwsError with STS's codes: InvalidIdentityToken (malformed, wrongly signed or addressed),
    ExpiredTokenException (too old), IDPRejectedClaim (the provider says no), ValidationError (attributes).
    """
    response = _parse(_decode(encoded))
    element = _verified_assertion(response, issuer, now)
    if _text(element, "saml:Issuer") != issuer.entity_id:
        raise _invalid("Issuer not present in specified provider")
    _check_times(element, now)
    _check_audience(element)
    _check_subject(element, now)
    return _read_assertion(element)


def _decode(encoded: str) -> bytes:
    if len(encoded) > MAX_RESPONSE_BYTES * 4 // 3 + 4:
        raise AwsError("ValidationError", "The SAML assertion is longer than 100000 characters")
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise _invalid("Invalid base64 SAMLResponse") from None


def _parse(document: bytes) -> etree._Element:
    if len(document) > MAX_RESPONSE_BYTES:
        raise AwsError("ValidationError", "The SAML document is longer than 100000 bytes")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError:
        raise _invalid("The SAML document is not well-formed XML") from None
    docinfo = root.getroottree().docinfo
    if docinfo.internalDTD is not None or docinfo.externalDTD is not None or docinfo.doctype:
        raise _invalid("The SAML document must not have a document type declaration")
    return root


def _verified_assertion(response: etree._Element, issuer: TrustedIssuer, now: datetime) -> etree._Element:
    if response.tag != f"{{{_SAMLP}}}Response":
        raise _invalid("The document is not a SAML 2.0 Response")
    if len(list(response.iter(f"{{{_SAMLP}}}Response"))) != 1:
        raise _invalid("The document must hold exactly one Response")
    if len(list(response.iter(f"{{{_SAML}}}Assertion"))) != 1:
        raise _invalid("The response must hold exactly one Assertion")
    status = response.find("samlp:Status/samlp:StatusCode", _NS)
    if status is None or status.get("Value") != _SUCCESS:
        raise AwsError("IDPRejectedClaim", "The identity provider reported that authentication failed", 403)
    on_response = response.findall("ds:Signature", _NS)
    on_assertion = response.findall("saml:Assertion/ds:Signature", _NS)
    everywhere = list(response.iter(f"{{{_DS}}}Signature"))
    if not everywhere:
        raise _invalid("The response is not signed")
    if len(on_response) > 1 or len(on_assertion) > 1 or len(everywhere) != len(on_response + on_assertion):
        raise _invalid("Response Signature Invalid")
    signed = None
    if on_response:
        whole = _verify(response, "./", issuer, now, expected=f"{{{_SAMLP}}}Response")
        signed = whole.find("saml:Assertion", _NS)
    if on_assertion:
        signed = _verify(response, "./saml:Assertion/", issuer, now, expected=f"{{{_SAML}}}Assertion")
    if signed is None:
        raise _invalid("Response Signature Invalid")
    return signed


def _verify(
    response: etree._Element, location: str, issuer: TrustedIssuer, now: datetime, *, expected: str
) -> etree._Element:
    """The element that a signature at `location` covers, rebuilt from the verified bytes."""
    place = location.replace("saml:", f"{{{_SAML}}}")
    config = SignatureConfiguration(
        location=place,
        signature_methods=_SIGNATURES,
        digest_algorithms=_DIGESTS,
        verification_time=now,
    )
    transforms = response.iterfind(f"{place}{{{_DS}}}Signature//{{{_DS}}}Transform")
    if any(transform.get("Algorithm") not in _TRANSFORMS for transform in transforms):
        raise _invalid("Response Signature Invalid")
    for certificate in issuer.certificates:
        try:
            result = XMLVerifier().verify(
                response, x509_cert=certificate, expect_config=config, id_attribute="ID"
            )
        except (SignXMLException, InvalidInput, etree.LxmlError, ValueError):
            continue
        signed = None if isinstance(result, list) else result.signed_xml
        if signed is not None and signed.tag == expected:
            return signed
    raise _invalid("Response Signature Invalid")


def _check_times(assertion: etree._Element, now: datetime) -> None:
    issued = _instant(assertion.get("IssueInstant"))
    if issued is None or issued > now + CLOCK_SKEW:
        raise _invalid("The assertion's IssueInstant is missing or in the future")
    if now > issued + REDEEM_WITHIN:
        raise AwsError("ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance")
    conditions = assertion.find("saml:Conditions", _NS)
    if conditions is None:
        raise _invalid("The assertion has no Conditions")
    begins, ends = _instant(conditions.get("NotBefore")), _instant(conditions.get("NotOnOrAfter"))
    if begins is not None and now < begins - CLOCK_SKEW:
        raise _invalid("The assertion is not yet valid")
    if ends is not None and now >= ends + CLOCK_SKEW:
        raise AwsError("ExpiredTokenException", "The assertion has expired")


def _check_audience(assertion: etree._Element) -> None:
    audiences = assertion.findall("saml:Conditions/saml:AudienceRestriction", _NS)
    if not audiences:
        raise _invalid("The assertion names no audience")
    for restriction in audiences:
        if AUDIENCE not in {item.text for item in restriction.iterfind("saml:Audience", _NS)}:
            raise _invalid(f"The assertion's audience is not {AUDIENCE}")


def _check_subject(assertion: etree._Element, now: datetime) -> None:
    expired = False
    for confirmation in assertion.iterfind("saml:Subject/saml:SubjectConfirmation", _NS):
        data = confirmation.find("saml:SubjectConfirmationData", _NS)
        if confirmation.get("Method") != _BEARER or data is None or data.get("Recipient") != RECIPIENT:
            continue
        ends, begins = _instant(data.get("NotOnOrAfter")), _instant(data.get("NotBefore"))
        if ends is None or (begins is not None and now < begins - CLOCK_SKEW):
            continue
        if now < ends + CLOCK_SKEW:
            return
        expired = True
    if expired:
        raise AwsError("ExpiredTokenException", "The assertion's subject confirmation has expired")
    raise _invalid(f"The assertion has no bearer confirmation for recipient {RECIPIENT}")


def _read_assertion(assertion: etree._Element) -> Assertion:
    attributes = _attributes(assertion)
    names = attributes.get(_ATTRIBUTE + "RoleSessionName", ())
    if len(names) != 1:
        raise AwsError("ValidationError", "RoleSessionName is required in AuthnResponse")
    ends = [
        _instant(statement.get("SessionNotOnOrAfter"))
        for statement in assertion.iterfind("saml:AuthnStatement", _NS)
    ]
    name_id = assertion.find("saml:Subject/saml:NameID", _NS)
    return Assertion(
        issuer=_text(assertion, "saml:Issuer"),
        subject="" if name_id is None else (name_id.text or ""),
        subject_format="" if name_id is None else name_id.get("Format", ""),
        session_name=names[0],
        role_pairs=frozenset(_role_pairs(attributes.get(_ATTRIBUTE + "Role", ()))),
        session_seconds=_session_seconds(attributes.get(_ATTRIBUTE + "SessionDuration", ())),
        latest_end=min((end for end in ends if end is not None), default=None),
        has_session_tags=any(
            name.startswith((_ATTRIBUTE + "PrincipalTag:", _ATTRIBUTE + "TransitiveTagKeys"))
            for name in attributes
        ),
    )


def _attributes(assertion: etree._Element) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for attribute in assertion.iterfind("saml:AttributeStatement/saml:Attribute", _NS):
        values = tuple((value.text or "").strip() for value in attribute.iterfind("saml:AttributeValue", _NS))
        name = attribute.get("Name", "")
        found[name] = found.get(name, ()) + values
    return found


def _role_pairs(values: Sequence[str]) -> list[tuple[str, str]]:
    pairs = []
    for value in values:
        parts = [part.strip() for part in value.split(",")]
        if len(parts) != 2:
            raise AwsError("ValidationError", f"'{value}' is not a pair of a role ARN and a provider ARN")
        role, provider = parts if ":saml-provider/" in parts[1] else (parts[1], parts[0])
        pairs.append((role, provider))
    return pairs


def _session_seconds(values: Sequence[str]) -> int | None:
    if not values:
        return None
    if len(values) != 1 or not values[0].isascii() or not values[0].isdigit():
        raise AwsError("ValidationError", "SessionDuration in AuthnResponse must be a number of seconds")
    seconds = int(values[0])
    if not 900 <= seconds <= 43_200:
        raise AwsError("ValidationError", "SessionDuration in AuthnResponse must be 900 to 43200 seconds")
    return seconds


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise _invalid(f"'{text}' is not a time") from None
    if instant.tzinfo is None:
        raise _invalid(f"'{text}' has no time zone")
    return instant


def _text(element: etree._Element, path: str) -> str:
    return (element.findtext(path, default="", namespaces=_NS) or "").strip()


def _certificate(text: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(base64.b64decode("".join(text.split()), validate=True))
    except (ValueError, binascii.Error):
        raise _invalid("The specified provider's certificate cannot be read") from None


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidIdentityToken", message)
