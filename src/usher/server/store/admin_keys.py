"""Administration keys: who signs control-plane calls. Secrets are sealed, for SigV4 needs them back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from usher.core.secrets import Secret
from usher.server.sealing import Sealer
from usher.server.store.database import Change
from usher.server.store.tables import admin_keys, users


@dataclass(frozen=True, slots=True)
class AdminKey:
    """One administration key. It is worth something while it and its owner (a user) are active."""

    access_key_id: str
    secret: Secret
    owner: str
    active: bool


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as administrators see it; `owner` is empty when the person was deleted."""

    access_key_id: str
    owner: str
    active: bool
    created_at: float


def insert_admin_key(change: Change, sealer: Sealer, key_id: str, secret: Secret, user_id: str) -> None:
    """Store an active key of that user, its secret sealed to its row."""
    change.connection.execute(
        insert(admin_keys).values(
            access_key_id=key_id,
            sealed_secret=sealer.seal(secret.reveal().encode(), _context(key_id)),
            user_id=user_id,
            active=True,
            created_at=change.now,
        )
    )
    change.record("directory:CreateAdminKey", key_id, user_id=user_id)


def disable_admin_key(change: Change, key_id: str) -> bool:
    """Switch a key off for good; False when there is none that is active."""
    done = change.connection.execute(
        update(admin_keys)
        .where(admin_keys.c.access_key_id == key_id, admin_keys.c.active)
        .values(active=False)
    )
    if done.rowcount:
        change.record("directory:DisableAdminKey", key_id)
    return done.rowcount == 1


def read_admin_key(connection: Connection, sealer: Sealer, key_id: str) -> AdminKey | None:
    """The key with that id, or None. It is inactive when its owner is disabled or deleted."""
    row = connection.execute(
        select(admin_keys, users.c.user_name, users.c.active.label("owner_active"))
        .outerjoin_from(admin_keys, users, users.c.id == admin_keys.c.user_id)
        .where(admin_keys.c.access_key_id == key_id)
    ).one_or_none()
    if row is None:
        return None
    secret = sealer.unseal(row.sealed_secret, _context(key_id)).decode()
    return AdminKey(key_id, Secret(secret), row.user_name or "", row.active and bool(row.owner_active))


def list_admin_keys(connection: Connection) -> list[ListedKey]:
    """Every key, oldest first."""
    rows = connection.execute(
        select(admin_keys, users.c.user_name)
        .outerjoin_from(admin_keys, users, users.c.id == admin_keys.c.user_id)
        .order_by(admin_keys.c.created_at)
    )
    return [ListedKey(row.access_key_id, row.user_name or "", row.active, row.created_at) for row in rows]


def _context(access_key_id: str) -> str:
    return f"admin_keys/{access_key_id}"
