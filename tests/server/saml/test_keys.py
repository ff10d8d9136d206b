"""Signing keys: one is made when first needed, kept sealed, and found again after a restart."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from usher.core.errors import UsherError
from usher.server.idp.saml.keys import SigningKeys
from usher.server.sealing import Sealer, create_sealing_key
from usher.server.store.audit_events import read_events
from usher.server.store.database import Database
from usher.server.store.signing_keys import active_signing_keys, insert_signing_key


def test_the_first_key_is_rsa_2048_for_ten_years(keys: SigningKeys) -> None:
    key = keys.signer()
    assert isinstance(key.private_key, RSAPrivateKey)
    assert key.private_key.key_size == 2048
    assert key.certificate.not_valid_before_utc < datetime.now(UTC)
    assert key.certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=3_650)
    assert key.certificate.public_key() == key.private_key.public_key()


def test_the_key_is_the_same_after_a_restart(database: Database, sealer: Sealer) -> None:
    first = SigningKeys(database, sealer).signer()
    again = SigningKeys(database, sealer)
    assert again.signer().certificate == first.certificate
    assert again.certificates() == [first.certificate]


def test_many_askers_get_one_key(database: Database, sealer: Sealer) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: SigningKeys(database, sealer).signer().certificate, range(4)))
    assert len({certificate.serial_number for certificate in found}) == 1
    with database.read() as connection:
        assert [event.action for event in read_events(connection)] == ["saml:CreateSigningKey"]


def test_the_private_key_rests_sealed(keys: SigningKeys, database: Database, tmp_path: Path) -> None:
    keys.signer()
    with database.read() as connection:
        (stored,) = active_signing_keys(connection)
    assert b"rsaEncryption" not in stored.sealed_private_key
    stranger = create_sealing_key(tmp_path / "other.key")
    with pytest.raises(UsherError, match="does not open"):
        SigningKeys(database, stranger).signer()


def test_a_key_does_not_show_its_private_part(keys: SigningKeys) -> None:
    assert "private_key" not in repr(keys.signer())


def test_a_key_of_another_kind_never_signs(database: Database, sealer: Sealer, keys: SigningKeys) -> None:
    keys.signer()
    with database.read() as connection:
        (stored,) = active_signing_keys(connection)
    elliptic = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    )
    sealed = sealer.seal(elliptic, "signing_keys/elliptic")
    newer = replace(stored, id="elliptic", sealed_private_key=sealed, created_at=stored.created_at + 1)
    with database.change("test") as change:
        insert_signing_key(change, newer)
    with pytest.raises(UsherError, match="not an RSA key"):
        SigningKeys(database, sealer).signer()
