"""One login for Usher and the AWS CLI: whether an organization's session is shared, and taking over one."""

from __future__ import annotations

from dataclasses import replace

from usher.cli.wire import SessionRooms
from usher.core.errors import UsageError
from usher.session.errors import NotSignedInError
from usher.session.login import replace_session
from usher.session.login_settings import sharing
from usher.session.organizations import PortalOrganization
from usher.session.records import PortalSession, read_session
from usher.session.settings import load_settings
from usher.session.vault.contract import UnreadableRecordError


def with_sharing(
    rooms: SessionRooms, organization: PortalOrganization, *, share: bool | None = None, take: bool = False
) -> PortalOrganization:
    """`organization` shared or not, as was typed (`share`, None for neither), else as the settings say.

    A session taken over stays shared: both tools refresh it, and each must see what the other did.
    """
    if share is None:
        share = sharing(load_settings(rooms.context.config_dir), organization.name)
    if take and share is False:
        raise UsageError(
            "a session taken over stays shared: both tools refresh it",
            hint="leave --no-share, or share = false in settings.toml; or sign in",
        )
    if organization.share and share is False:
        session = _session_that_opens(rooms, organization)
        if session is not None:
            rooms.aws_cli_cache.remove(organization, session.client)
    wanted = True if take else share
    return organization if wanted is None else replace(organization, share=wanted)


def _session_that_opens(rooms: SessionRooms, organization: PortalOrganization) -> PortalSession | None:
    try:
        return read_session(rooms.vault, organization)
    except UnreadableRecordError:  # what a login is about to replace; it names nothing that could be removed
        return None


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
