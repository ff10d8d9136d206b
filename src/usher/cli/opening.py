"""Opening a profile: from its name to keys, whatever kind of profile it is."""

from __future__ import annotations

from dataclasses import dataclass

from usher.cli.context import Context
from usher.cli.program_trust import check_programs
from usher.cli.signing_in import with_sign_in
from usher.cli.wire import SessionRooms
from usher.cli.wire_chains import chain_walker, target_of
from usher.core.credentials import Credentials
from usher.core.hops import Chain, PortalHop, RoleHop, SessionTokenHop, WebIdentityHop
from usher.core.ids import AccountId
from usher.core.sts_refusals import StsRefusedError
from usher.profiles.aws_files import AwsFiles, read_aws_files
from usher.profiles.chain import read_chain
from usher.profiles.config_file import read_config
from usher.profiles.lookup import ProfileTarget, match_name
from usher.profiles.sts_place import environment_region
from usher.session.chains import ChainWalker
from usher.session.errors import AccessRefusedError
from usher.session.organizations import PortalOrganization
from usher.session.process import refuse_circle

LAST_RESORT_REGION = "us-east-1"


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
    chain = chain_of(rooms.context, name)
    check_programs(rooms.context, chain)
    walker = chain_walker(rooms, chain)
    try:
        start = walker.organization
        keys = with_sign_in(rooms, start, walker.keys) if start else walker.keys()
    except (AccessRefusedError, StsRefusedError):
        rooms.shelf.remove(name)
        raise
    emulated = walker.organization.aws_endpoint_url if walker.organization else None
    return OpenedProfile(
        chain.profile,
        region_of(chain, walker, rooms.context),
        keys,
        chain.endpoint_url or emulated,
        stamp,
        chain,
        walker.organization,
        _target(chain),
    )


def aws_files(context: Context) -> AwsFiles:
    """The person's AWS config and credentials files, read."""
    config, credentials = context.aws_config_file, context.aws_credentials_file
    return read_aws_files(read_config(config), config, read_config(credentials), credentials)


def chain_of(context: Context, name: str) -> Chain:
    """The way of the profile that `name` means, without a call. Raises NotFoundError and UsageError."""
    files = aws_files(context)
    full_name = match_name(files, name)
    refuse_circle(context.environ, full_name)
    return read_chain(files, full_name, context.environ)


def region_of(chain: Chain, walker: ChainWalker, context: Context) -> str:
    """The region to work in: the profile's, its organization's, the environment's, that of the last STS."""
    organization = walker.organization.region if walker.organization else None
    last = chain.links[-1].hop
    sts = last.sts.region if isinstance(last, RoleHop | SessionTokenHop | WebIdentityHop) else None
    return chain.region or organization or environment_region(context.environ) or sts or LAST_RESORT_REGION


def is_still_kept(rooms: SessionRooms, opened: OpenedProfile) -> bool:
    """Whether the keys of `opened` may still be given out: a new login or a logout takes them away."""
    return chain_walker(rooms, opened.chain).is_still_kept(opened.credentials)


def _target(chain: Chain) -> ProfileTarget | None:
    hop = chain.links[-1].hop
    return target_of(hop, chain.profile, chain.region) if isinstance(hop, PortalHop) else None
