"""The rows of the keys that sign SAML responses. Private keys are sealed before they come here."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from usher.server.store.database import Change
from usher.server.store.tables import signing_keys


@dataclass(frozen=True, slots=True)
class StoredSigningKey:
    """One signing key with its certificate. `created_at` is UTC epoch seconds."""

    id: str
    certificate_pem: str
    sealed_private_key: bytes
    active: bool
    created_at: float


def insert_signing_key(change: Change, key: StoredSigningKey) -> None:
    """Store a key."""
    values = {column.name: getattr(key, column.name) for column in signing_keys.columns}
    change.connection.execute(insert(signing_keys).values(values))
    change.record("saml:CreateSigningKey", key.id)


def active_signing_keys(connection: Connection) -> list[StoredSigningKey]:
    """The active keys, the newest first: that one signs, all of them are believed."""
    rows = connection.execute(
        select(signing_keys)
        .where(signing_keys.c.active)
        .order_by(signing_keys.c.created_at.desc(), signing_keys.c.id)
    )
    return [StoredSigningKey(**row) for row in rows.mappings()]
