"""Signing a person in from the terminal: when a command may ask for it, and the way to the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.cli.wire import SessionRooms
from usher.console.browser import open_browser
from usher.core.errors import SignInNeededError
from usher.session.login import SignInPage, login_with_browser, login_with_device
from usher.session.oidc import DeviceAuthorization
from usher.session.one_login import sign_in_if_needed, sign_in_on_request
from usher.session.organizations import PortalOrganization
from usher.session.records import PortalSession

T = TypeVar("T")

VISIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the person wants to sign in this time."""

    device: bool = False
    browser: bool = True


def with_sign_in(rooms: SessionRooms, organization: PortalOrganization, call: Callable[[], T]) -> T:
    """What `call` gives; when it needs a sign-in and a person is here, sign in once and call again.

    Without a person it raises at once what `call` raised (SignInNeededError, exit code 3). However many
    processes get here together, one opens a browser and the others share its session.
    """
    try:
        return call()
    except SignInNeededError:
        if not may_ask(rooms.context):
            raise
    desk = rooms.login_desk(organization)
    sign_in_if_needed(
        desk,
        organization,
        lambda: _by_browser(rooms, organization, Wishes()),
        lambda: _say_waiting(rooms, organization),
    )
    return call()


def may_ask(context: Context) -> bool:
    """Whether a person is at this terminal who can sign in now; never in continuous integration."""
    return context.terminal.interactive and not context.environ.get("CI")


def sign_in(rooms: SessionRooms, organization: PortalOrganization, wishes: Wishes) -> PortalSession:
    """Sign in because the person asked for it."""
    way = _by_device if wishes.device else _by_browser
    return sign_in_on_request(
        rooms.login_desk(organization),
        organization,
        lambda: way(rooms, organization, wishes),
        lambda: _say_waiting(rooms, organization),
    )


def _by_browser(rooms: SessionRooms, organization: PortalOrganization, wishes: Wishes) -> PortalSession:
    terminal = rooms.context.terminal

    def show(page: SignInPage) -> None:
        if wishes.browser:
            terminal.say("Opening the sign-in page in your browser. To see its address instead: --no-browser")
            if open_browser(page.listener.one_time_address) and page.listener.was_visited(VISIT_SECONDS):
                return
        terminal.say(f"Open this address in a browser on this machine:\n  {page.url.reveal()}")
        terminal.say(terminal.style("dim", "  (for a browser elsewhere: usher login --device)"))

    _say_where(rooms, organization)
    return login_with_browser(rooms.login_desk(organization), organization, show)


def _by_device(rooms: SessionRooms, organization: PortalOrganization, wishes: Wishes) -> PortalSession:
    terminal = rooms.context.terminal

    def show(started: DeviceAuthorization) -> None:
        terminal.say(f"Open  {printable(started.verification_uri)}")
        terminal.say(f"and enter the code  {terminal.style('strong', printable(started.user_code))}")
        terminal.say(f"or open  {printable(started.verification_uri_complete)}  and compare the code.")

    _say_where(rooms, organization)
    return login_with_device(rooms.login_desk(organization), organization, show)


def _say_where(rooms: SessionRooms, organization: PortalOrganization) -> None:
    rooms.context.terminal.say(f"Signing in to {organization.name} ({organization.start_url})")


def _say_waiting(rooms: SessionRooms, organization: PortalOrganization) -> None:
    rooms.context.terminal.say(f"Another usher is signing in to {organization.name}; waiting for it.")
