"""The block for `~/.aws/config` that gives a person keys without ever writing one to disk."""

from __future__ import annotations

import re
from dataclasses import dataclass

from usher.core.accounts import Account
from usher.server.config import ServerConfig
from usher.server.store.instance import Instance


@dataclass(frozen=True, slots=True)
class ProfileBlock:
    """A profile's name, and the text with everything it needs."""

    name: str
    text: str


def profile_block(
    config: ServerConfig, instance: Instance, account: Account, permission_set: str
) -> ProfileBlock:
    """A profile for that way in. Its start URL is the alias that every version of the AWS CLI accepts."""
    name = f"{_plain(account.name) or account.id}-{permission_set}"
    session = _plain(instance.name) or "usher"
    lines = [
        f"[profile {name}]",
        f"sso_session = {session}",
        f"sso_account_id = {account.id}",
        f"sso_role_name = {permission_set}",
        f"region = {config.region}",
        f"services = {session}",
        "",
        f"[sso-session {session}]",
        f"sso_start_url = {instance.alias_start_url}",
        f"sso_region = {instance.region}",
        "sso_registration_scopes = sso:account:access",
        "",
        f"[services {session}]",
        "sso =",
        f"  endpoint_url = {config.public_url}",
        "sso_oidc =",
        f"  endpoint_url = {config.public_url}",
    ]
    return ProfileBlock(name, "\n".join(lines))


def _plain(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-")
