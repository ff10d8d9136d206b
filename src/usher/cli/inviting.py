"""Bringing a person to the sign-in page, wherever this process and their browser are."""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from usher.cli.terminal import Terminal, printable
from usher.cli.text import sign_in as words
from usher.cli.text.qr import qr_code
from usher.cli.wire import SessionRooms
from usher.console.browser import open_browser
from usher.console.browsers import (
    OWN,
    browser_command,
    chosen,
    find_browser,
    folder_of_own,
    start_browser,
)
from usher.console.windows import open_in_windows
from usher.core.errors import UsageError
from usher.session.callback import CallbackPlace, outward_address
from usher.session.login import Knocks, SignInPage, login_with_browser, login_with_device
from usher.session.login_settings import read_login_settings
from usher.session.oidc import DeviceAuthorization
from usher.session.organizations import PortalOrganization
from usher.session.records import PortalSession
from usher.session.settings import load_settings
from usher.session.surroundings import Ssh, Surroundings, Way, look_around, read_local_file, tunnel_command
from usher.session.vault.files import make_private_folder

VISIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the person wants to sign in this time. `here` says that a browser of this machine was named."""

    device: bool = False
    browser: bool = True
    here: bool = False
    port: int | None = None
    published: bool = False


@dataclass(frozen=True, slots=True)
class Invitation:
    """One sign-in to be shown to a person at `terminal`."""

    rooms: SessionRooms
    organization: PortalOrganization
    terminal: Terminal
    wishes: Wishes

    def own_folder(self) -> Path | None:
        """The folder of the browser that is set apart for the organization, None without one."""
        if self.organization.browser_profile != OWN:
            return None
        context, choice = self.rooms.context, chosen(self.organization.browser, OWN)
        browser = find_browser(choice, context.environ)
        return folder_of_own(browser, context.data_dir, context.home, self.organization.name)


def by_browser(invitation: Invitation) -> PortalSession:
    """Sign in by authorization code with PKCE, whatever is between the browser and us."""
    rooms, organization = invitation.rooms, invitation.organization
    place, surroundings = _place(invitation), _surroundings(invitation)

    def report(knocks: Knocks) -> None:
        if knocks.ignored:
            _note(invitation, words.knock_words(knocks))

    _say_where(invitation)
    return login_with_browser(
        rooms.login_desk(organization),
        organization,
        lambda page: _invite(invitation, surroundings, place, page),
        place=place,
        report=report,
    )


def by_device(invitation: Invitation) -> PortalSession:
    """Sign in by device code, the fallback where no browser can come back to us."""
    terminal = invitation.terminal

    def show(started: DeviceAuthorization) -> None:
        code = terminal.style("strong", printable(started.user_code))
        complete = printable(started.verification_uri_complete)
        terminal.say(
            f"On any device, open  {printable(started.verification_uri)}\nand enter the code  {code}"
        )
        terminal.say(f"or open  {complete}  and compare the code.")
        picture = qr_code(complete, terminal.columns, colour=terminal.colours) if terminal.redraws else None
        if picture:
            terminal.say(f"For a phone:\n{picture}")
        terminal.say(terminal.style("warn", words.phishing_words()))

    _say_where(invitation)
    desk = invitation.rooms.login_desk(invitation.organization)
    return login_with_device(desk, invitation.organization, show)


def _say_where(invitation: Invitation) -> None:
    organization = invitation.organization
    invitation.terminal.say(f"Signing in to {organization.name} ({organization.start_url})")


def _surroundings(invitation: Invitation) -> Surroundings:
    has_desktop = sys.platform in {"darwin", "win32"}
    return look_around(invitation.rooms.context.environ, read_local_file, has_desktop=has_desktop)


def _place(invitation: Invitation) -> CallbackPlace:
    wishes = invitation.wishes
    settings = read_login_settings(load_settings(invitation.rooms.context.config_dir))
    port = settings.callback_port if wishes.port is None else wishes.port
    container = _surroundings(invitation).container
    if not (wishes.published or (settings.callback_published and container)):
        return CallbackPlace(port)
    if not container:
        raise UsageError(
            "--callback-published is for containers, and this is none",
            hint="elsewhere the sign-in listens on loopback only",
        )
    if not port:
        raise UsageError(
            "--callback-published needs the published port",
            hint="for example: docker run -p 127.0.0.1:8400:8400, then --callback-port 8400",
        )
    return CallbackPlace(port, outward_address())


def _invite(
    invitation: Invitation, surroundings: Surroundings, place: CallbackPlace, page: SignInPage
) -> None:
    terminal, listener = invitation.terminal, page.listener
    way = _way(invitation, surroundings)
    url = page.url.reveal()
    match way:
        case Way.HERE | Way.EDITOR | Way.WINDOWS:
            terminal.say(words.opening_words(way, listener.port))
            if _start_browser(invitation, way, listener.one_time_address) and listener.was_visited(
                VISIT_SECONDS
            ):
                return
            terminal.say(words.not_visited_words(way, listener.port, listener.address, url))
        case Way.TUNNEL:
            ssh = surroundings.ssh or Ssh()
            command = tunnel_command(ssh, _user(invitation), socket.gethostname(), listener.port)
            terminal.say(words.tunnel_words(command, listener.address))
        case Way.CODESPACE:
            codespace = printable(surroundings.codespace or "")
            terminal.say(words.codespace_words(codespace, listener.port, listener.address))
        case Way.CONTAINER:
            published = place.published is not None
            terminal.say(words.container_words(listener.port, listener.address, published=published))
        case Way.SHOWN:
            terminal.say(words.shown_words(url))
    terminal.say(words.WAIT)
    hint = words.fallback_words(invitation.organization.name, way, listener.port, fixed=bool(place.port))
    terminal.say(terminal.style("dim", hint))


def _user(invitation: Invitation) -> str:
    environ = invitation.rooms.context.environ
    return printable(environ.get("USER") or environ.get("LOGNAME") or "YOU")


def _way(invitation: Invitation, surroundings: Surroundings) -> Way:
    wishes, organization = invitation.wishes, invitation.organization
    way = Way.HERE if wishes.here else surroundings.way
    if way is Way.WINDOWS and (organization.browser or organization.browser_profile):
        way = Way.HERE  # the person chose a browser of WSL's own
    starts_browser = way in {Way.HERE, Way.EDITOR, Way.WINDOWS}
    return Way.SHOWN if starts_browser and not wishes.browser else way


def _start_browser(invitation: Invitation, way: Way, address: str) -> bool:
    context, organization = invitation.rooms.context, invitation.organization
    if organization.browser is not None or organization.browser_profile is not None:
        choice = chosen(organization.browser, organization.browser_profile)
        browser = find_browser(choice, context.environ)
        folder = folder_of_own(browser, context.data_dir, context.home, organization.name)
        if choice.profile == OWN:
            make_private_folder(folder)
        return start_browser(browser_command(browser, choice.profile, folder, address), context.environ)
    if way is Way.WINDOWS:
        return open_in_windows(address, context.environ)
    return open_browser(address)


def _note(invitation: Invitation, text: str) -> None:
    invitation.terminal.say(invitation.terminal.style("warn", "note: ") + text)
