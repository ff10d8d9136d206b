"""Signing a person in from the terminal: whose turn it is, and what has to end before."""

from __future__ import annotations

import contextlib

from usher.cli.inviting import Invitation, Wishes, by_browser, by_device
from usher.cli.sharing import with_sharing
from usher.cli.terminal import Terminal
from usher.cli.wire import SessionRooms
from usher.console.browsers import forget_own_browser
from usher.core.errors import UsherError
from usher.profiles.recent import forget_expiries
from usher.session.crawl import CRAWL_FOLDER, forget_crawl
from usher.session.one_login import sign_in_afresh, sign_in_if_needed, sign_in_on_request
from usher.session.organizations import PortalOrganization, save_organization
from usher.session.records import PortalSession


def sign_in_once(rooms: SessionRooms, organization: PortalOrganization, terminal: Terminal) -> PortalSession:
    """A session for a command that found none, however many find so together."""
    remembered = rooms.organizations.get(organization.name)
    organization = with_sharing(rooms, organization)
    invitation = Invitation(rooms, organization, terminal, Wishes())

    def enter() -> PortalSession:
        session = by_browser(invitation)
        if remembered is not None and organization.share is not remembered.share:
            save_organization(rooms.context.config_dir, organization)
        terminal.say(f"Signed in to {organization.name}.")
        return session

    return sign_in_if_needed(
        rooms.login_desk(organization), organization, enter, lambda: _say_waiting(invitation)
    )


def sign_in(rooms: SessionRooms, organization: PortalOrganization, wishes: Wishes) -> PortalSession:
    """Sign in because the person asked for it."""
    invitation = Invitation(rooms, organization, rooms.context.terminal, wishes)
    enter = by_device if wishes.device else by_browser
    return sign_in_on_request(
        rooms.login_desk(organization),
        organization,
        lambda: enter(invitation),
        lambda: _say_waiting(invitation),
    )


def sign_in_anew(rooms: SessionRooms, organization: PortalOrganization, wishes: Wishes) -> PortalSession:
    """A truly new session: a portal answers a new sign-in with the old one unless that is ended first."""
    invitation = Invitation(rooms, organization, rooms.context.terminal, wishes)
    enter = by_device if wishes.device else by_browser

    def start_over() -> PortalSession:
        end_session(rooms, organization, rooms.context.terminal)
        folder = invitation.own_folder()
        if folder is not None and not forget_own_browser(folder):
            rooms.context.terminal.say(
                f"The browser of {organization.name} is open; it keeps what it is signed in to."
            )
        return enter(invitation)

    return sign_in_afresh(
        rooms.login_desk(organization), organization, start_over, lambda: _say_waiting(invitation)
    )


def end_session(rooms: SessionRooms, organization: PortalOrganization, terminal: Terminal) -> None:
    """Sign out here and on the server, and say when the server could not be told."""
    rooms.shelf.clear()
    with contextlib.suppress(UsherError):
        forget_expiries(rooms.context.cache_dir)
    forget_crawl(rooms.context.cache_dir / CRAWL_FOLDER, organization.name)
    problem = rooms.keeper(organization).logout()
    rooms.shelf.clear()  # again: another process may have put keys there while the server was told
    if problem:
        terminal.say(terminal.style("warn", "warning: ") + f"the server could not be told: {problem}")


def _say_waiting(invitation: Invitation) -> None:
    name = invitation.organization.name
    invitation.terminal.say(f"Another usher is signing in to {name}; waiting for it.")
