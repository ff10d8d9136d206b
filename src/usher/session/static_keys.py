"""The keys of IAM users, kept in the vault under a name."""

from __future__ import annotations

import json
from dataclasses import dataclass

from usher.core.credentials import Credentials
from usher.core.errors import NotFoundError
from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.session.fields import number_field, optional_text_field, text_field
from usher.session.vault.contract import UnreadableRecordError, Vault

_PREFIX = "keys/"


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """One user's keys. `user_arn` is whose STS said they are; `stored_at` when they came to the vault."""

    name: str
    access_key_id: str
    secret_access_key: Secret
    user_arn: str
    account_id: AccountId
    stored_at: float

    @property
    def credentials(self) -> Credentials:
        """The keys to sign with."""
        return Credentials(self.access_key_id, self.secret_access_key, account_id=self.account_id)


def keys_record(name: str) -> str:
    """The vault's name for the keys `name`."""
    return _PREFIX + name


def read_keys(vault: Vault, name: str) -> StoredKeys:
    """The keys `name`. Raises NotFoundError, or UnreadableRecordError when they do not open."""
    content = vault.read(keys_record(name))
    if content is None:
        raise NotFoundError(
            f"the vault holds no keys called '{name}'",
            hint=f"'usher keys import --profile {name}' puts them there; 'usher keys list' shows all",
        )
    return keys_from_json(name, content)


def keys_from_json(name: str, content: bytes) -> StoredKeys:
    """Stored keys out of their record. Raises UnreadableRecordError."""
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise UnreadableRecordError(
            f"the stored keys '{name}' are not of this version", hint=f"run 'usher keys remove {name}'"
        )
    return StoredKeys(
        name,
        text_field(document, "accessKeyId"),
        Secret(text_field(document, "secretAccessKey")),
        optional_text_field(document, "userArn") or "",
        AccountId(text_field(document, "accountId")),
        number_field(document, "storedAt"),
    )


def keys_to_json(keys: StoredKeys) -> bytes:
    """The record of stored keys."""
    document = {
        "accessKeyId": keys.access_key_id,
        "secretAccessKey": keys.secret_access_key.reveal(),
        "userArn": keys.user_arn,
        "accountId": keys.account_id,
        "storedAt": keys.stored_at,
    }
    return json.dumps(document).encode()


def write_keys(vault: Vault, keys: StoredKeys) -> None:
    """Store the keys in place of others of that name."""
    vault.write(keys_record(keys.name), keys_to_json(keys))


def stored_key_names(vault: Vault) -> list[str]:
    """The names of all stored keys."""
    return [name.removeprefix(_PREFIX) for name in vault.names() if name.startswith(_PREFIX)]
