"""What is asked of the extension: which place a session lives in, and the sealed link that says so."""

from __future__ import annotations

import re

from usher.cli.browser.installs import Install
from usher.cli.browser.link_key import link_key
from usher.cli.console_links import ConsoleLink
from usher.cli.wire import SessionRooms
from usher.console.browsers import Family
from usher.console.hosts import hosts_by_partition
from usher.console.sealed_links import ConsoleSession, Place, Visit, seal_visit
from usher.core.ids import ACCOUNT_ID
from usher.core.printable import printable
from usher.core.secrets import Secret

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


def place_of(install: Install, session: ConsoleSession, kind: str | None = None) -> Place:
    """Where `session` lives in that browser; `kind` is what the extension wants, where it asked itself."""
    own = "container" if install.family is Family.FIREFOX else "group"
    if install.jar is not None:  # the whole browser is one session's
        own = "plain"
    name = f"{session.account_name or session.account_id}/{session.role}"
    return Place(kind or own, printable(name))


def sealed_link(rooms: SessionRooms, link: ConsoleLink, place: Place, window: str | None = None) -> Secret:
    """The link that makes the extension open `link` in `place`. Raises VaultLockedError."""
    visit = Visit(link.url, link.door.partition.name, link.session, place, link.door.emulated_origin, window)
    return seal_visit(visit, link_key(rooms), rooms.clock())
