"""What is asked of the extension: which place a session lives in, and the sealed link that says so."""

from __future__ import annotations

import re

from usher.cli.browser.installs import Install
from usher.cli.browser.link_key import link_key
from usher.cli.browser.settings import ChromiumWay, ConsoleSettings, console_settings
from usher.cli.browser.templates import container_name
from usher.cli.console_links import ConsoleLink
from usher.cli.context import Context
from usher.cli.wire import SessionRooms
from usher.console.browsers import Family
from usher.console.hosts import hosts_by_partition
from usher.console.sealed_links import ConsoleSession, Place, Visit, seal_visit
from usher.core.ids import ACCOUNT_ID
from usher.core.secrets import Secret
from usher.session.settings import load_settings

KINDS = ("container", "group", "plain")

# As in `extension/src/shared/hosts.ts`: an AWS that is emulated elsewhere is no console to the extension.
_THIS_MACHINE = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}")


def can_be_visited(link: ConsoleLink) -> bool:
    """Whether the extension opens `link`: it is for accounts that are known, on consoles that it knows."""
    if not ACCOUNT_ID.fullmatch(link.session.account_id):
        return False
    if link.door.emulated_origin is not None:
        return _THIS_MACHINE.fullmatch(link.door.emulated_origin) is not None
    return link.door.partition.name in hosts_by_partition()


def settings_for(context: Context, session: ConsoleSession) -> ConsoleSettings:
    """How the person wants that session's console opened. Raises UsageError for settings that are wrong."""
    return console_settings(load_settings(context.config_dir)).of(session.organization)


def place_of(
    install: Install, session: ConsoleSession, settings: ConsoleSettings, kind: str | None = None
) -> Place:
    """Where `session` lives in that browser; `kind` is what the extension wants, where it asked itself."""
    name = container_name(settings.container, session)
    return Place(kind or _kind(install, settings), name, settings.icon)


def _kind(install: Install, settings: ConsoleSettings) -> str:
    if install.family is Family.FIREFOX:
        return "container"
    # A group says that its tabs are one session's. Without AWS's multi-session all tabs have one.
    several = settings.chromium is ChromiumWay.MULTI_SESSION and install.jar is None
    return "group" if several else "plain"


def sealed_link(rooms: SessionRooms, link: ConsoleLink, place: Place, window: str | None = None) -> Secret:
    """The link that makes the extension open `link` in `place`. Raises VaultLockedError."""
    visit = Visit(link.url, link.door.partition.name, link.session, place, link.door.emulated_origin, window)
    return seal_visit(visit, link_key(rooms), rooms.clock())
