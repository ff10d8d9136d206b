"""Opening a profile: from its name to keys, whatever kind of profile it is."""

from __future__ import annotations

from dataclasses import dataclass

from usher.cli.signing_in import with_sign_in
from usher.cli.wire import SessionRooms, organization_of
from usher.core.credentials import Credentials
from usher.core.hops import Chain, Link, PortalHop
from usher.core.ids import AccountId
from usher.profiles.config_file import read_config
from usher.profiles.lookup import ProfileTarget, find_profile
from usher.session.errors import AccessRefusedError
from usher.session.organizations import PortalOrganization
from usher.session.portal import RoleCredentials
from usher.session.records import read_role
from usher.session.roles import role_credentials


@dataclass(frozen=True, slots=True)
class OpenedProfile:
    """A profile and keys for it.

    `region` is the profile's own, else its organization's. `endpoint_url` is where the AWS APIs live
    when AWS is emulated. `stamp` is the config file's state that all of this was read at. `chain` is the
    way that led to the keys. `organization` is whose portal that way starts at, None where it starts
    elsewhere; `target` is the way in when the profile itself is one, None for what is made of one.
    """

    name: str
    region: str
    credentials: Credentials
    endpoint_url: str | None
    stamp: str | None
    chain: Chain
    organization: PortalOrganization | None = None
    target: ProfileTarget | None = None

    @property
    def account_id(self) -> AccountId | None:
        """The account that the keys are for, None where nothing tells."""
        return self.credentials.account_id or self.chain.account_id

    @property
    def role(self) -> str:
        """The permission set's or role's name; empty for the keys of an IAM user."""
        return self.chain.role


def open_profile(rooms: SessionRooms, name: str) -> OpenedProfile:
    """Credentials for the profile `name`. Raises NotFoundError, SignInNeededError, NoAccessError."""
    stamp = rooms.shelf.stamp()
    path = rooms.context.aws_config_file
    target = find_profile(read_config(path), path, name)
    organization = organization_of(rooms, target)
    try:
        keys = with_sign_in(
            rooms,
            organization,
            lambda: role_credentials(rooms.keeper(organization), target.account_id, target.permission_set),
        )
    except AccessRefusedError:
        rooms.shelf.remove(name)
        raise
    hop = PortalHop(target.account_id, target.permission_set, target.organization, target.start_url)
    return OpenedProfile(
        target.name,
        target.region or organization.region,
        _plain(keys),
        organization.aws_endpoint_url,
        stamp,
        Chain(target.name, (Link(hop, target.name),), target.region),
        organization,
        target,
    )


def is_still_kept(rooms: SessionRooms, opened: OpenedProfile) -> bool:
    """Whether the vault still holds the keys of `opened`: a new login or a logout takes them away."""
    target, organization = opened.target, opened.organization
    if target is None or organization is None:
        return True
    kept = read_role(rooms.vault, organization.name, target.account_id, target.permission_set)
    return kept is not None and _plain(kept) == opened.credentials


def _plain(keys: RoleCredentials) -> Credentials:
    return Credentials(
        keys.access_key_id, keys.secret_access_key, keys.session_token, keys.expires_at, keys.account_id
    )
