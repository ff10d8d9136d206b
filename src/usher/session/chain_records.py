"""The keys that hops gave, kept in the vault until shortly before they end."""

from __future__ import annotations

import json
from typing import Any

from usher.core.credentials import Credentials
from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.session.vault.contract import UnreadableRecordError, Vault

NO_ORGANIZATION = "-"


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


def write_hop(vault: Vault, record: str, keys: Credentials) -> None:
    """Keep keys that end."""
    document = {
        "accessKeyId": keys.access_key_id,
        "secretAccessKey": keys.secret_access_key.reveal(),
        "sessionToken": keys.session_token.reveal() if keys.session_token else None,
        "expiresAt": keys.expires_at,
        "accountId": keys.account_id,
    }
    vault.write(record, json.dumps(document).encode())


def forget_hops(vault: Vault, organization: str | None) -> None:
    """Remove everything that was made of the organization's keys."""
    prefix = chain_record(organization, "")
    for name in vault.names():
        if name.startswith(prefix):
            vault.delete(name)
