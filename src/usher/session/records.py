"""The session's values as the bytes that a vault keeps, and back. JSON with one version for all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.session.chain_records import forget_hops
from usher.session.fields import number_field, optional_text_field, text_field
from usher.session.oidc import ClientKind, Registration, Tokens
from usher.session.organizations import PortalOrganization
from usher.session.portal import RoleCredentials
from usher.session.vault.contract import UnreadableRecordError, Vault

ENDED = Tokens(Secret("ended"), 0.0, None)
"""What is left of a session that the portal has ended: that there was one."""


@dataclass(frozen=True, slots=True)
class PortalSession:
    """A signed-in session: its tokens and the registration that refreshes them.

    `signed_in_at` is when the person signed in, in seconds since the epoch; refreshing keeps it.
    """

    tokens: Tokens
    client: Registration
    kind: ClientKind = ClientKind.BROWSER
    signed_in_at: float = 0.0

    def is_refreshable(self, now: float) -> bool:
        """Whether a refresh can be tried: there is a refresh token and its client is still registered."""
        return self.tokens.refresh_token is not None and self.client.expires_at > now

    def is_usable(self, now: float) -> bool:
        """Whether it opens anything, as far as can be known without asking the portal."""
        return self.tokens.expires_at > now or self.is_refreshable(now)


def session_name(organization: str) -> str:
    """The vault's name for an organization's session."""
    return f"session/{organization}"


def registration_name(organization: str, kind: ClientKind) -> str:
    """The vault's name for a client registration."""
    return f"client/{organization}/{kind}"


def role_name(organization: str, account: AccountId, permission_set: str) -> str:
    """The vault's name for cached role credentials."""
    return f"role/{organization}/{account}/{permission_set}"


def read_session(vault: Vault, organization: PortalOrganization) -> PortalSession | None:
    """The stored session, or None; one of another portal or with other scopes is none.

    Raises UnreadableRecordError.
    """
    document = _read(vault, session_name(organization.name))
    if document is None or not _is_for(document, organization):
        return None
    refresh_token = optional_text_field(document, "refreshToken")
    tokens = Tokens(
        Secret(text_field(document, "accessToken")),
        number_field(document, "expiresAt"),
        Secret(refresh_token) if refresh_token else None,
    )
    return PortalSession(
        tokens,
        _registration(document),
        ClientKind(text_field(document, "kind")),
        number_field(document, "signedInAt"),
    )


def write_session(vault: Vault, organization: PortalOrganization, session: PortalSession) -> None:
    """Store the session, bound to the portal it came from: no other address ever gets its tokens."""
    refresh_token = session.tokens.refresh_token
    document = {
        "accessToken": session.tokens.access_token.reveal(),
        "expiresAt": session.tokens.expires_at,
        "refreshToken": refresh_token.reveal() if refresh_token else None,
        "kind": session.kind,
        "signedInAt": session.signed_in_at,
        **_registration_fields(session.client, organization),
    }
    vault.write(session_name(organization.name), json.dumps(document).encode())


def read_registration(
    vault: Vault, organization: PortalOrganization, kind: ClientKind
) -> Registration | None:
    """The stored registration with this portal; None when there is none that opens (it can be made again)."""
    try:
        document = _read(vault, registration_name(organization.name, kind))
    except UnreadableRecordError:
        return None
    if document is None or not _is_for(document, organization):
        return None
    return _registration(document)


def write_registration(
    vault: Vault, organization: PortalOrganization, kind: ClientKind, client: Registration
) -> None:
    """Store the registration."""
    content = json.dumps(_registration_fields(client, organization)).encode()
    vault.write(registration_name(organization.name, kind), content)


def read_role(
    vault: Vault, organization: PortalOrganization, account: AccountId, permission_set: str
) -> RoleCredentials | None:
    """Cached role credentials of this portal; None when there are none that open (they can be fetched)."""
    try:
        document = _read(vault, role_name(organization.name, account, permission_set))
    except UnreadableRecordError:
        return None
    if document is None or not _is_for(document, organization):
        return None
    return RoleCredentials(
        account,
        permission_set,
        text_field(document, "accessKeyId"),
        Secret(text_field(document, "secretAccessKey")),
        Secret(text_field(document, "sessionToken")),
        number_field(document, "expiresAt"),
    )


def write_role(vault: Vault, organization: PortalOrganization, role: RoleCredentials) -> None:
    """Store role credentials, bound to the portal that gave them."""
    document = {
        "accessKeyId": role.access_key_id,
        "secretAccessKey": role.secret_access_key.reveal(),
        "sessionToken": role.session_token.reveal(),
        "expiresAt": role.expires_at,
        **_belonging(organization),
    }
    name = role_name(organization.name, role.account_id, role.permission_set)
    vault.write(name, json.dumps(document).encode())


def stored_roles(vault: Vault, organization: str) -> list[tuple[AccountId, str]]:
    """The (account, permission set) pairs that have cached credentials."""
    prefix = f"role/{organization}/"
    names = (name.removeprefix(prefix).partition("/") for name in vault.names() if name.startswith(prefix))
    return [(AccountId(account), permission_set) for account, _, permission_set in names]


def forget_roles(vault: Vault, organization: str) -> None:
    """Remove all cached role credentials of the organization, and the keys that were made of them."""
    for account, permission_set in stored_roles(vault, organization):
        vault.delete(role_name(organization, account, permission_set))
    forget_hops(vault, organization)


def _read(vault: Vault, name: str) -> Mapping[str, object] | None:
    content = vault.read(name)
    if content is None:
        return None
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise _unreadable(name)
    return document


def _registration(document: Mapping[str, object]) -> Registration:
    return Registration(
        text_field(document, "clientId"),
        Secret(text_field(document, "clientSecret")),
        number_field(document, "clientExpiresAt"),
    )


def _registration_fields(client: Registration, organization: PortalOrganization) -> dict[str, object]:
    return {
        **_belonging(organization),
        "clientId": client.client_id,
        "clientSecret": client.client_secret.reveal(),
        "clientExpiresAt": client.expires_at,
    }


def _belonging(organization: PortalOrganization) -> dict[str, object]:
    """Whose a record is: all organizations of a region of AWS share one endpoint, so that is not enough."""
    return {
        "endpoint": organization.oidc_url,
        "startUrl": organization.start_url,
        "scopes": list(organization.scopes),
    }


def _is_for(document: Mapping[str, object], organization: PortalOrganization) -> bool:
    return all(document.get(key) == value for key, value in _belonging(organization).items())


def _unreadable(name: str) -> UnreadableRecordError:
    return UnreadableRecordError(
        f"the stored record '{name}' is not one of this version", hint="run 'usher login' to make a new one"
    )
