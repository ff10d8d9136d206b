"""What the rooms of the server share, as one frozen value that the composition root builds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.server.accounts import AccountList
from usher.server.config import ServerConfig
from usher.server.sealing import Sealer
from usher.server.store.database import Database
from usher.server.store.instance import Instance


@dataclass(frozen=True, slots=True)
class RoleCredentials:
    """Temporary keys of a role session; `expiration` is UTC epoch seconds."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret
    expiration: float


class Jobs(Protocol):
    """Takes up asynchronous requests; the work itself is an `operations` row."""

    def submit(self, request_id: str) -> None:
        """Work on that request soon. Losing this call loses nothing: rows are picked up at the start."""


class RoleCredentialSource(Protocol):
    """Gives role credentials to people who may have them."""

    def issue(self, user_id: str, account_id: AccountId, permission_set_name: str) -> RoleCredentials:
        """Credentials of that role session, or an error that says why not."""


class OrganizationReads(Protocol):
    """Answers the reading operations of AWS Organizations."""

    def read(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer as JSON 1.1 carries it."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a room may ask for. Without `organization` AWS answers for it."""

    config: ServerConfig
    instance: Instance
    database: Database
    sealer: Sealer
    accounts: AccountList
    jobs: Jobs
    role_credentials: RoleCredentialSource
    organization: OrganizationReads | None = None
