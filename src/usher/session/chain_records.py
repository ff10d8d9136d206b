"""The keys that hops gave, kept in the vault until shortly before they end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from usher.core.credentials import Credentials
from usher.core.hops import Hop, ProcessHop, words_of
from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.session.vault.contract import UnreadableRecordError, Vault

NO_ORGANIZATION = "-"


@dataclass(frozen=True, slots=True)
class StoredHop:
    """What is kept of one hop, without its keys. `organization` is None where no portal is at the root."""

    organization: str | None
    what: str
    expires_at: float


def chain_record(organization: str | None, key: str) -> str:
    """The vault's name for what the way `key` gave; an organization's go with its login."""
    return f"chain/{organization or NO_ORGANIZATION}/{key}"


def read_hop(vault: Vault, record: str) -> Credentials | None:
    """What is kept; None when there is nothing or it does not open (it can be made again)."""
    try:
        content = vault.read(record)
        document: dict[str, Any] = json.loads(content) if content else {}
        account = document["accountId"]
        return Credentials(
            document["accessKeyId"],
            Secret(document["secretAccessKey"]),
            Secret(document["sessionToken"]) if document["sessionToken"] else None,
            float(document["expiresAt"]),
            AccountId(account) if account else None,
        )
    except (UnreadableRecordError, ValueError, KeyError, TypeError):
        return None


def stored_hops(vault: Vault) -> list[StoredHop]:
    """Every hop that keys are kept of, those that have ended too."""
    found = (_stored(vault, record) for record in vault.names() if record.startswith("chain/"))
    return [hop for hop in found if hop is not None]


def write_hop(vault: Vault, record: str, hop: Hop, keys: Credentials) -> None:
    """Keep keys that end, and in words what they are of."""
    document = {
        # A program's arguments may hold what only that program should know.
        "what": "another program's keys" if isinstance(hop, ProcessHop) else words_of(hop),
        "accessKeyId": keys.access_key_id,
        "secretAccessKey": keys.secret_access_key.reveal(),
        "sessionToken": keys.session_token.reveal() if keys.session_token else None,
        "expiresAt": keys.expires_at,
        "accountId": keys.account_id,
    }
    vault.write(record, json.dumps(document).encode())


def _stored(vault: Vault, record: str) -> StoredHop | None:
    organization = record.split("/")[1]
    try:
        document: dict[str, Any] = json.loads(vault.read(record) or b"{}")
        whose = None if organization == NO_ORGANIZATION else organization
        return StoredHop(whose, str(document["what"]), float(document["expiresAt"]))
    except (UnreadableRecordError, ValueError, KeyError, TypeError):
        return None


def forget_hops(vault: Vault, organization: str | None) -> None:
    """Remove everything that was made of the organization's keys."""
    prefix = chain_record(organization, "")
    for name in vault.names():
        if name.startswith(prefix):
            vault.delete(name)
