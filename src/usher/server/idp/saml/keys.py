"""The keys that SAML responses are signed with: RSA-2048 under a self-signed certificate of ten years.

AWS pins the certificate through the account's SAML provider and reads nothing else in it, so nobody
but ourselves has to vouch for it. The private key rests sealed in the database.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import NameOID

from usher.core.errors import UsherError
from usher.server.sealing import Sealer
from usher.server.store.database import Database
from usher.server.store.signing_keys import StoredSigningKey, active_signing_keys, insert_signing_key

_KEY_BITS = 2_048
_VALID_FOR = timedelta(days=3_652)
# A certificate that begins now would be refused by machines whose clocks run a little behind.
_CLOCK_SKEW = timedelta(hours=1)
_ACTOR = "directory"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key ready to sign, with the certificate that the metadata publishes."""

    certificate: x509.Certificate
    private_key: RSAPrivateKey = field(repr=False)


class SigningKeys:
    """The directory's signing keys. Thread-safe; the first key is made when it is first needed."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        *,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._new_id = new_id
        self._lock = threading.Lock()
        self._opened: dict[str, SigningKey] = {}

    def signer(self) -> SigningKey:
        """The newest active key. Raises UsherError when its sealed private key does not open."""
        newest = self._active()[0]
        with self._lock:
            if newest.id not in self._opened:
                self._opened[newest.id] = self._open(newest)
            return self._opened[newest.id]

    def certificates(self) -> list[x509.Certificate]:
        """The certificates of all active keys, the signing one first."""
        return [x509.load_pem_x509_certificate(key.certificate_pem.encode()) for key in self._active()]

    def _active(self) -> list[StoredSigningKey]:
        with self._database.read() as connection:
            found = active_signing_keys(connection)
        return found or self._create_first()

    def _create_first(self) -> list[StoredSigningKey]:
        made = _generate(self._new_id(), self._sealer, self._database.now())
        with self._database.change(_ACTOR) as change:
            found = active_signing_keys(change.connection)  # another process may have been faster
            if found:
                return found
            insert_signing_key(change, made)
        return [made]

    def _open(self, stored: StoredSigningKey) -> SigningKey:
        private_key = load_der_private_key(
            self._sealer.unseal(stored.sealed_private_key, _context(stored.id)), password=None
        )
        if not isinstance(private_key, RSAPrivateKey):
            raise UsherError(f"the signing key {stored.id} is not an RSA key")
        return SigningKey(x509.load_pem_x509_certificate(stored.certificate_pem.encode()), private_key)


def _generate(key_id: str, sealer: Sealer, now: float) -> StoredSigningKey:
    private_key = generate_private_key(public_exponent=65_537, key_size=_KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Usher directory {key_id}")])
    begins = datetime.fromtimestamp(now, UTC) - _CLOCK_SKEW
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + _VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private_key, hashes.SHA256())
    )
    plain = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return StoredSigningKey(
        id=key_id,
        certificate_pem=certificate.public_bytes(Encoding.PEM).decode(),
        sealed_private_key=sealer.seal(plain, _context(key_id)),
        active=True,
        created_at=now,
    )


def _context(key_id: str) -> str:
    return f"signing_keys/{key_id}"
