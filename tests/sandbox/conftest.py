"""A running cloud with mkdev in it, an identity provider that signs what it is told, and a role to enter."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import XMLSigner

from usher.aws.clients import AwsKeys, AwsSettings, make_client
from usher.core.secrets import Secret
from usher.sandbox.cloud import Cloud, start_cloud
from usher.sandbox.organization import ENTRY_ROLE, SandboxOrganization, create_mkdev

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/"


@dataclass(frozen=True)
class Claims:
    """What a response says. Times are seconds from now."""

    roles: tuple[str, ...] = ()
    session_name: str = "developer@mkdev.example"
    issuer: str = "https://directory.mkdev.example/saml"
    audience: str = "urn:amazon:webservices"
    recipient: str = "https://signin.aws.amazon.com/saml"
    issued: float = 0
    not_before: float = -5
    not_on_or_after: float = 300
    session_duration: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"


class IdentityProvider:
    """Signs SAML responses with its own key, true or false ones."""

    def __init__(self, entity_id: str = "https://directory.mkdev.example/saml") -> None:
        self.entity_id = entity_id
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test identity provider")])
        now = datetime.now(UTC)
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .sign(self._key, hashes.SHA256())
        )

    def metadata(self) -> str:
        der = base64.b64encode(self._certificate.public_bytes(Encoding.DER)).decode()
        return (
            f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{self.entity_id}">'
            '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            '<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>'
            f"<X509Certificate>{der}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
            "<SingleSignOnService "
            'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://x.example/sso"/>'
            "</IDPSSODescriptor></EntityDescriptor>"
        )

    def response(self, claims: Claims) -> etree._Element:
        """An unsigned response."""
        return etree.fromstring(_response_xml(claims))

    def sign_assertion(self, response: etree._Element) -> etree._Element:
        """The response with its assertion signed, the way the directory does it."""
        assertion = response.find(f"{{{SAML}}}Assertion")
        signed = self._signer().sign(
            assertion,
            key=self._key,
            cert=[self._certificate],
            reference_uri="#" + assertion.get("ID"),
            id_attribute="ID",
        )
        response.replace(assertion, signed)
        return response

    def sign_response(self, response: etree._Element) -> etree._Element:
        """The response signed as a whole."""
        return self._signer().sign(
            response,
            key=self._key,
            cert=[self._certificate],
            reference_uri="#" + response.get("ID"),
            id_attribute="ID",
        )

    @staticmethod
    def _signer() -> XMLSigner:
        return XMLSigner(c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")


def _time(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _attribute(name: str, *values: str) -> str:
    inner = "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
    return f'<saml:Attribute Name="{ATTRIBUTE}{name}">{inner}</saml:Attribute>'


def _response_xml(claims: Claims) -> str:
    attributes = _attribute("Role", *claims.roles) + _attribute("RoleSessionName", claims.session_name)
    if claims.session_duration is not None:
        attributes += _attribute("SessionDuration", claims.session_duration)
    attributes += "".join(_attribute(f"PrincipalTag:{key}", value) for key, value in claims.tags)
    return f"""<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_{uuid4().hex}" Version="2.0"
 IssueInstant="{_time(claims.issued)}"><saml:Issuer>{claims.issuer}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="{claims.status}"/></samlp:Status>
<saml:Assertion ID="_{uuid4().hex}" Version="2.0" IssueInstant="{_time(claims.issued)}">
<saml:Issuer>{claims.issuer}</saml:Issuer>
<saml:Subject>
<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{claims.session_name}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
<saml:SubjectConfirmationData NotOnOrAfter="{_time(claims.not_on_or_after)}"
 Recipient="{claims.recipient}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{_time(claims.not_before)}" NotOnOrAfter="{_time(claims.not_on_or_after)}">
<saml:AudienceRestriction><saml:Audience>{claims.audience}</saml:Audience></saml:AudienceRestriction>
</saml:Conditions>
<saml:AuthnStatement AuthnInstant="{_time(claims.issued)}"><saml:AuthnContext><saml:AuthnContextClassRef>
urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext>
</saml:AuthnStatement>
<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>"""


@cache
def _anybody(url: str) -> Any:
    """An STS client without keys."""
    return make_client("sts", AwsSettings("eu-central-1", endpoint_url=url), unsigned=True)


@dataclass(frozen=True)
class Door:
    """One role that a SAML provider of its account may open."""

    cloud: Cloud
    account_id: str
    role_arn: str
    provider_arn: str

    @property
    def pair(self) -> str:
        return f"{self.role_arn},{self.provider_arn}"

    def claims(self, **changes: Any) -> Claims:
        return replace(Claims(roles=(self.pair,)), **changes)

    def knock(self, response: etree._Element | bytes, **changes: Any) -> dict[str, Any]:
        """Call AssumeRoleWithSAML with `response`."""
        document = response if isinstance(response, bytes) else etree.tostring(response)
        parameters = {
            "RoleArn": self.role_arn,
            "PrincipalArn": self.provider_arn,
            "SAMLAssertion": base64.b64encode(document).decode(),
        }
        return _anybody(self.cloud.url).assume_role_with_saml(**(parameters | changes))


def trust(provider_arn: str, **changes: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
        "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | changes]})


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    running = start_cloud()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def mkdev(cloud: Cloud) -> SandboxOrganization:
    return create_mkdev(cloud)


@pytest.fixture(scope="session")
def directory(cloud: Cloud, mkdev: SandboxOrganization) -> AwsSettings:
    """The directory process's own access to the management account."""
    return AwsSettings(mkdev.region, endpoint_url=cloud.url, keys=mkdev.directory_keys)


@pytest.fixture(scope="session")
def as_keys(cloud: Cloud) -> Callable[[dict[str, Any]], AwsSettings]:
    """Settings from the Credentials element of an STS answer."""

    def settings(credentials: dict[str, Any]) -> AwsSettings:
        keys = AwsKeys(
            credentials["AccessKeyId"],
            Secret(credentials["SecretAccessKey"]),
            Secret(credentials["SessionToken"]),
        )
        return AwsSettings("eu-central-1", endpoint_url=cloud.url, keys=keys)

    return settings


@pytest.fixture(scope="session")
def inside(
    mkdev: SandboxOrganization, directory: AwsSettings, as_keys: Callable[[dict[str, Any]], AwsSettings]
) -> Callable[[str], AwsSettings]:
    """Administrative access to an account by name, through its entry role."""

    @cache
    def enter(name: str) -> AwsSettings:
        role = f"arn:aws:iam::{mkdev.accounts[name]}:role/{ENTRY_ROLE}"
        answer = make_client("sts", directory).assume_role(RoleArn=role, RoleSessionName="tests")
        return as_keys(answer["Credentials"])

    return enter


@pytest.fixture(scope="session")
def idp() -> IdentityProvider:
    return IdentityProvider()


@pytest.fixture(scope="session")
def stranger() -> IdentityProvider:
    """Another key under the same name."""
    return IdentityProvider()


@pytest.fixture
def make_door(
    cloud: Cloud, mkdev: SandboxOrganization, inside: Callable[[str], AwsSettings]
) -> Callable[..., Door]:
    """`make_door("staging", idp)` puts a provider and a role that trusts it into the account."""

    def make(account: str, provider: IdentityProvider, *, max_session: int = 3600, **changes: Any) -> Door:
        iam = make_client("iam", inside(account))
        mark = uuid4().hex[:16]
        provider_arn = iam.create_saml_provider(
            SAMLMetadataDocument=provider.metadata(), Name=f"Usher_{mark}"
        )["SAMLProviderArn"]
        role = iam.create_role(
            Path="/usher/",
            RoleName=f"UsherSSO_ReadOnlyAccess_{mark}",
            AssumeRolePolicyDocument=trust(provider_arn, **changes),
            MaxSessionDuration=max_session,
        )["Role"]
        return Door(cloud, mkdev.accounts[account], role["Arn"], provider_arn)

    return make


@pytest.fixture
def door(make_door: Callable[..., Door], idp: IdentityProvider) -> Door:
    return make_door("staging", idp)


@pytest.fixture(scope="session")
def make_idp() -> type[IdentityProvider]:
    return IdentityProvider


@pytest.fixture(scope="session")
def make_trust() -> Callable[..., str]:
    return trust
