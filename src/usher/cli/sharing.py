"""One login for Usher and the AWS CLI: whether an organization's session is shared, and taking over one."""

from __future__ import annotations

from dataclasses import replace

from usher.cli.wire import SessionRooms
from usher.core.errors import UsageError
from usher.session.errors import NotSignedInError
from usher.session.login import replace_session
from usher.session.organizations import PortalOrganization
from usher.session.records import PortalSession, read_session


def with_sharing(
    rooms: SessionRooms, organization: PortalOrganization, *, share: bool | None, take: bool
) -> PortalOrganization:
    """`organization` shared or not, as was typed (`share`, None for neither) or by taking a session over.

    A session taken over stays shared: both tools refresh it, and each must see what the other did.
    """
    if take and share is False:
        raise UsageError(
            "a session taken over stays shared: both tools refresh it", hint="leave --no-share, or sign in"
        )
    if organization.share and share is False:
        session = read_session(rooms.vault, organization)
        if session is not None:
            rooms.aws_cli_cache.remove(organization, session.client)
    wanted = True if take else share
    return organization if wanted is None else replace(organization, share=wanted)


def take_over(rooms: SessionRooms, organization: PortalOrganization) -> PortalSession:
    """The AWS CLI's own session with this portal, now in the vault too. Raises NotSignedInError."""
    session = rooms.aws_cli_cache.find(organization, rooms.clock())
    if session is None:
        raise NotSignedInError(
            f"the AWS CLI has no session with {organization.start_url} that usher could use",
            hint="it must be refreshable and have the scope sso:account:access: run 'usher login'",
        )
    replace_session(rooms.login_desk(organization), organization, session)
    return session
