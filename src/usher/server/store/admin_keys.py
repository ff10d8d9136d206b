"""Administration keys: who signs control-plane calls. Secrets are sealed, for SigV4 needs them back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from usher.core.secrets import Secret
from usher.server.sealing import Sealer
from usher.server.store.database import Change
from usher.server.store.tables import admin_keys


@dataclass(frozen=True, slots=True)
class AdminKey:
    """One administration key of `owner` (a user name)."""

    access_key_id: str
    secret: Secret
    owner: str
    active: bool


def insert_admin_key(change: Change, sealer: Sealer, key: AdminKey) -> None:
    """Store `key`, its secret sealed to its row."""
    sealed = sealer.seal(key.secret.reveal().encode(), _context(key.access_key_id))
    change.connection.execute(
        insert(admin_keys).values(
            access_key_id=key.access_key_id,
            sealed_secret=sealed,
            owner=key.owner,
            active=key.active,
            created_at=change.now,
        )
    )
    change.record("directory:CreateAdminKey", key.access_key_id, owner=key.owner)


def read_admin_key(connection: Connection, sealer: Sealer, access_key_id: str) -> AdminKey | None:
    """The key with that id, or None."""
    row = connection.execute(
        select(admin_keys).where(admin_keys.c.access_key_id == access_key_id)
    ).one_or_none()
    if row is None:
        return None
    secret = sealer.unseal(row.sealed_secret, _context(access_key_id)).decode()
    return AdminKey(row.access_key_id, Secret(secret), row.owner, row.active)


def _context(access_key_id: str) -> str:
    return f"admin_keys/{access_key_id}"
