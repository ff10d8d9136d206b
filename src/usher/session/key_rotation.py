"""New access keys for old ones, so that a kill at any moment never loses the only key that works.

    intent   the vault notes that a key is about to be made
    made     the new key lies in the vault beside the old one, which still counts
    switched the new key counts; the old one is to be switched off and deleted

Every step can be done again. A key that was made while the process died before its secret was noted is
of no use to anybody; it is known by the time of the intent and deleted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from usher.core.access_keys import MOST_KEYS, AccessKey, KeyLimitError, NewAccessKey
from usher.core.credentials import Credentials
from usher.core.errors import UnavailableError, UsherError
from usher.core.secrets import Secret
from usher.core.sts_refusals import StsReason, StsRefusedError
from usher.session.fields import number_field, optional_text_field, text_field
from usher.session.locks import exclusive
from usher.session.static_keys import StoredKeys, read_keys, write_keys
from usher.session.vault.contract import Vault

SETTLING_SECONDS = 60.0
PAUSE_SECONDS = 2.0
CLOCK_SLACK_SECONDS = 120.0


class AccessKeys(Protocol):
    """The access keys of one user at AWS."""

    def caller(self, keys: Credentials) -> str:
        """Whose keys these are."""

    def read(self, keys: Credentials) -> list[AccessKey]:
        """All keys of the user."""

    def make(self, keys: Credentials) -> NewAccessKey:
        """A further key."""

    def switch_off(self, keys: Credentials, access_key_id: str) -> None:
        """Make a key inactive."""

    def delete(self, keys: Credentials, access_key_id: str) -> None:
        """Delete a key."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What is noted of a rotation under way. `new_id` is None until the new key is known."""

    began_at: float
    old_id: str
    new_id: str | None = None
    new_secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class RotationDesk:
    """What rotating needs. `signer` gives what IAM is asked with: the stored keys, or a session with MFA."""

    vault: Vault
    locks: Path
    keys: AccessKeys
    signer: Callable[[StoredKeys], Credentials]
    clock: Callable[[], float]
    sleep: Callable[[float], None]


def rotate_keys(desk: RotationDesk, name: str) -> StoredKeys:
    """Replace the keys `name`, or end a rotation that was interrupted. Returns the new keys."""
    with exclusive(desk.locks / f"rotate-{name.encode().hex()[:80]}.lock"):
        stored = read_keys(desk.vault, name)
        rotation = read_rotation(desk.vault, name)
        if rotation is None:
            rotation = _begin(desk, stored)
        elif rotation.new_id is None:
            _clear_orphan(desk, stored, rotation)
            rotation = _make(desk, stored, rotation)
        if stored.access_key_id == rotation.old_id:
            stored = _switch(desk, stored, rotation)
        _retire(desk, stored, rotation.old_id)
        desk.vault.delete(_record(name))
        return stored


def read_rotation(vault: Vault, name: str) -> Rotation | None:
    """The rotation of `name` that is under way, if one is."""
    content = vault.read(_record(name))
    if content is None:
        return None
    document = json.loads(content)
    secret = optional_text_field(document, "newSecret")
    return Rotation(
        number_field(document, "beganAt"),
        text_field(document, "oldId"),
        optional_text_field(document, "newId"),
        Secret(secret) if secret else None,
    )


def _begin(desk: RotationDesk, stored: StoredKeys) -> Rotation:
    there = desk.keys.read(desk.signer(stored))
    others = [key for key in there if key.id != stored.access_key_id]
    if len(there) >= MOST_KEYS:
        raise _no_room(stored, others[0])
    rotation = Rotation(desk.clock(), stored.access_key_id)
    _note(desk, stored.name, rotation)
    return _make(desk, stored, rotation)


def _make(desk: RotationDesk, stored: StoredKeys, rotation: Rotation) -> Rotation:
    try:
        made = desk.keys.make(desk.signer(stored))
    except KeyLimitError:
        desk.vault.delete(_record(stored.name))
        raise
    rotation = replace(rotation, new_id=made.id, new_secret=made.secret)
    _note(desk, stored.name, rotation)
    return rotation


def _clear_orphan(desk: RotationDesk, stored: StoredKeys, rotation: Rotation) -> None:
    """Delete the key that was made while nobody was left to note its secret."""
    signer = desk.signer(stored)
    for key in desk.keys.read(signer):
        made_then = key.created_at >= rotation.began_at - CLOCK_SLACK_SECONDS and key.used_at is None
        if key.id != stored.access_key_id and made_then:
            desk.keys.delete(signer, key.id)


def _switch(desk: RotationDesk, stored: StoredKeys, rotation: Rotation) -> StoredKeys:
    """Let the new key count, once AWS knows it everywhere that matters."""
    new_id, secret = rotation.new_id or "", rotation.new_secret or Secret("")
    fresh = replace(stored, access_key_id=new_id, secret_access_key=secret, stored_at=desk.clock())
    arn = _known_to_aws(desk, fresh.credentials)
    if arn != stored.user_arn:
        raise UsherError(
            f"the new key {new_id} is one of {arn}, not of {stored.user_arn}; the old one still counts"
        )
    write_keys(desk.vault, fresh)
    return fresh


def _known_to_aws(desk: RotationDesk, keys: Credentials) -> str:
    give_up = desk.clock() + SETTLING_SECONDS
    while True:
        try:
            return desk.keys.caller(keys)
        except StsRefusedError as refusal:
            if refusal.reason is not StsReason.KEYS:
                raise
            if desk.clock() >= give_up:
                raise UnavailableError(
                    f"AWS does not know the new key {keys.access_key_id} yet; the old one still counts",
                    hint="run the same command again: it goes on where it stopped",
                ) from None
        desk.sleep(PAUSE_SECONDS)


def _retire(desk: RotationDesk, stored: StoredKeys, old_id: str) -> None:
    signer = desk.signer(stored)
    desk.keys.switch_off(signer, old_id)
    desk.keys.delete(signer, old_id)


def _no_room(stored: StoredKeys, other: AccessKey) -> KeyLimitError:
    state = "active" if other.active else "inactive"
    used = "used before" if other.used_at is not None else "never used"
    return KeyLimitError(
        f"{stored.user_arn} has two access keys, and AWS allows no third: {stored.access_key_id} is in the "
        f"vault, {other.id} ({state}, {used}) is not",
        hint=f"if nothing uses it, delete it first: aws iam delete-access-key --access-key-id {other.id}",
    )


def _note(desk: RotationDesk, name: str, rotation: Rotation) -> None:
    secret = rotation.new_secret
    document = {
        "beganAt": rotation.began_at,
        "oldId": rotation.old_id,
        "newId": rotation.new_id,
        "newSecret": secret.reveal() if secret else None,
    }
    desk.vault.write(_record(name), json.dumps(document).encode())


def _record(name: str) -> str:
    return f"rotation/{name}"
