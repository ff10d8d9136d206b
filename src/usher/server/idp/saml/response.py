"""The signed SAML response that opens one role: what STS AssumeRoleWithSAML and AWS sign-in ask for.

The assertion is signed, enveloped, RSA-SHA256 over exclusive canonical XML (SAML Core 2.0, section 5;
IAM user guide, "Configure SAML assertions for the authentication response").
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from lxml import etree
from lxml.builder import ElementMaker
from signxml import methods
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from usher.server.idp.saml.keys import SigningKey
from usher.server.idp.saml.metadata import NAME_ID_FORMAT

AUDIENCE = "urn:amazon:webservices"

_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105 (a name)
_URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/"

# AWS takes a response for five minutes after it was issued; its clock may run a little behind ours.
_BEFORE = timedelta(seconds=60)
_AFTER = timedelta(seconds=300)

_NOT_IN_SESSION_NAME = re.compile(r"[^\w+=,.@-]+", re.ASCII)
_SESSION_NAME_MIN, _SESSION_NAME_MAX = 2, 64
_MARK_LENGTH = 8

_saml = ElementMaker(namespace=_SAML, nsmap={"saml": _SAML})
_samlp = ElementMaker(namespace=_SAMLP, nsmap={"samlp": _SAMLP, "saml": _SAML})


@dataclass(frozen=True, slots=True)
class RoleEntry:
    """What a response says: this person may enter that role, vouched for by that provider.

    `recipient` is the sign-in endpoint of the partition; `session_seconds` the longest session.
    """

    issuer: str
    user_name: str
    role_arn: str
    provider_arn: str
    recipient: str
    session_seconds: int


def sign_response(
    entry: RoleEntry,
    key: SigningKey,
    now: datetime,
    *,
    new_id: Callable[[], str] = lambda: f"_{token_hex(20)}",
) -> bytes:
    """The SAML response for `entry`, issued at `now` (with a time zone), its assertion signed by `key`."""
    assertion = _assertion(entry, now, new_id())
    signed = XMLSigner(
        method=methods.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    ).sign(
        assertion,
        key=key.private_key,
        cert=[key.certificate],
        reference_uri=f"#{assertion.get('ID')}",
        id_attribute="ID",
    )
    response = _samlp.Response(
        _saml.Issuer(entry.issuer),
        _samlp.Status(_samlp.StatusCode(Value=_SUCCESS)),
        signed,
        ID=new_id(),
        Version="2.0",
        IssueInstant=_instant(now),
        Destination=entry.recipient,
    )
    document: bytes = etree.tostring(response)
    return document


def session_name(user_name: str) -> str:
    r"""`user_name` as AWS takes a role session's name: `[\w+=,.@-]{2,64}`.

    A name that has to be changed gets a mark of its own, so that two people never share one.
    """
    cleaned = _NOT_IN_SESSION_NAME.sub("-", user_name)
    if cleaned == user_name and _SESSION_NAME_MIN <= len(cleaned) <= _SESSION_NAME_MAX:
        return cleaned
    mark = hashlib.sha256(user_name.encode()).hexdigest()[:_MARK_LENGTH]
    return f"{cleaned[: _SESSION_NAME_MAX - _MARK_LENGTH - 1]}-{mark}"


def _assertion(entry: RoleEntry, now: datetime, assertion_id: str) -> etree._Element:
    begins, ends = _instant(now - _BEFORE), _instant(now + _AFTER)
    return _saml.Assertion(
        _saml.Issuer(entry.issuer),
        # The schema wants the signature here; signxml puts it in this place.
        etree.Element(f"{{{_DS}}}Signature", nsmap={"ds": _DS}, Id="placeholder"),
        _saml.Subject(
            _saml.NameID(entry.user_name, Format=NAME_ID_FORMAT),
            _saml.SubjectConfirmation(
                _saml.SubjectConfirmationData(NotOnOrAfter=ends, Recipient=entry.recipient),
                Method=_BEARER,
            ),
        ),
        _saml.Conditions(
            _saml.AudienceRestriction(_saml.Audience(AUDIENCE)), NotBefore=begins, NotOnOrAfter=ends
        ),
        _saml.AuthnStatement(
            _saml.AuthnContext(_saml.AuthnContextClassRef(_PASSWORD)), AuthnInstant=_instant(now)
        ),
        _saml.AttributeStatement(
            _attribute("Role", f"{entry.role_arn},{entry.provider_arn}"),
            _attribute("RoleSessionName", session_name(entry.user_name)),
            _attribute("SessionDuration", str(entry.session_seconds)),
        ),
        ID=assertion_id,
        Version="2.0",
        IssueInstant=_instant(now),
    )


def _attribute(name: str, value: str) -> etree._Element:
    return _saml.Attribute(_saml.AttributeValue(value), Name=f"{_ATTRIBUTE}{name}", NameFormat=_URI)


def _instant(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
