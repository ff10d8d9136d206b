"""Role credentials through one portal session.

Credentials are cached sealed until shortly before they expire. A token the portal refuses is
refreshed once; a refused permission set is forgotten at once.
"""

from __future__ import annotations

from usher.core.ids import AccountId
from usher.session.errors import AccessRefusedError
from usher.session.keeper import SessionKeeper
from usher.session.locks import exclusive
from usher.session.portal import RoleCredentials
from usher.session.records import read_role, role_name


def role_credentials(keeper: SessionKeeper, account: AccountId, permission_set: str) -> RoleCredentials:
    """Keys that hold for the keeper's margin, cached or new. Raises AccessRefusedError and the keeper's."""
    cached = _usable(keeper, account, permission_set)
    if cached is not None:
        return cached
    keeper.expect_session()
    organization = keeper.organization.name
    with exclusive(keeper.locks / f"{organization}.{account}.{_plain(permission_set)}.lock"):
        cached = _usable(keeper, account, permission_set)
        if cached is not None:
            return cached
        try:
            fetched, token = keeper.with_token(
                lambda token: (keeper.portal.role_credentials(token, account, permission_set), token)
            )
        except AccessRefusedError:
            keeper.vault.delete(role_name(organization, account, permission_set))
            raise
        keeper.keep_role(fetched, token)
        return fetched


def _usable(keeper: SessionKeeper, account: AccountId, permission_set: str) -> RoleCredentials | None:
    cached = read_role(keeper.vault, keeper.organization, account, permission_set)
    if cached is None or cached.expires_at <= keeper.clock() + keeper.keys_margin:
        return None
    return cached


def _plain(permission_set: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in permission_set)[:64]
