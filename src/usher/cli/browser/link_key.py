"""The key of sealed links: one for this person's usher, in the vault, made when it is first needed."""

from __future__ import annotations

import base64
import binascii

from usher.cli.wire import SessionRooms
from usher.console.sealed_links import KEY_BYTES, new_link_key
from usher.core.secrets import Secret
from usher.session.locks import exclusive
from usher.session.vault.contract import UnreadableRecordError
from usher.session.vault.keys import VaultKeyGoneError, VaultLockedError

RECORD = "browser-link-key"


def link_key(rooms: SessionRooms) -> Secret:
    """The key; however many ask at once, one makes it. Raises VaultLockedError, VaultKeyGoneError."""
    known = _read(rooms)
    if known is not None:
        return known
    with exclusive(rooms.context.cache_dir / "locks" / f"{RECORD}.lock"):
        known = _read(rooms)
        if known is not None:
            return known
        made = new_link_key()
        rooms.vault.write(RECORD, made.reveal().encode())
        return made


def _read(rooms: SessionRooms) -> Secret | None:
    """The stored key; None for one that does not open: nothing is lost with it but 30 seconds of links."""
    try:
        content = rooms.vault.read(RECORD)
    except (VaultLockedError, VaultKeyGoneError):
        raise
    except UnreadableRecordError:
        return None
    return Secret(content.decode()) if content is not None and _is_key(content) else None


def _is_key(content: bytes) -> bool:
    try:
        return len(base64.b64decode(content + b"=", altchars=b"-_", validate=True)) == KEY_BYTES
    except binascii.Error:
        return False
