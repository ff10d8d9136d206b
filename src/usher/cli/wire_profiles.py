"""Composition of the crawl: one pace for all processes of this person, and where what was read is kept."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from urllib.parse import urlsplit

from usher.apply.shared_pace import SharedMemory
from usher.cli.text.progress import crawl_line
from usher.cli.wire import SessionRooms
from usher.core.pace import Pace
from usher.session.crawl import CRAWL_FOLDER, Crawl, crawl
from usher.session.errors import PortalUnavailableError
from usher.session.organizations import PortalOrganization
from usher.session.portal import PortalClient

# AWS documents 20 calls a second for all of Identity Center, which the portal seems to keep to as well.
PORTAL_CALLS_PER_SECOND = 20.0


class _Nap:
    """Sleep that ends when the crawl does, so that Ctrl-C need not wait for a portal that throttles."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def sleep(self, seconds: float) -> None:
        if self._over.wait(seconds):
            raise PortalUnavailableError("the crawl was stopped")

    def end(self) -> None:
        self._over.set()


def read_entrances(
    rooms: SessionRooms,
    organization: PortalOrganization,
    *,
    fresh: float = 0.0,
    calls_per_second: float = PORTAL_CALLS_PER_SECOND,
) -> Crawl:
    """Everything that may be entered, with progress on the terminal. Raises the crawl's errors."""
    context, nap = rooms.context, _Nap()
    portal = PortalClient(rooms.http, organization.portal_url, sleep=nap.sleep)
    keeper = replace(rooms.keeper(organization), portal=portal)
    host = urlsplit(organization.portal_url).netloc.replace(":", "_")
    pace = Pace(
        calls_per_second,
        clock=time.time,
        sleep=nap.sleep,
        memory=SharedMemory(context.cache_dir / "pace" / f"{host}.portal"),
    )
    began, first = time.monotonic(), list[int]()

    def tell(done: int, total: int) -> None:
        first[:] = first or [done]
        made = done - first[0]
        took = time.monotonic() - began
        left = (total - done) * took / made if made >= 5 else (total - done) / pace.per_second
        context.terminal.status(crawl_line(organization.name, done, total, left, context.terminal.columns))

    def wait() -> None:
        context.terminal.say(
            f"Another usher is reading what you may enter in {organization.name}; waiting for it."
        )

    try:
        return crawl(keeper, pace, context.cache_dir / CRAWL_FOLDER, tell, fresh=fresh, on_wait=wait)
    except KeyboardInterrupt:
        context.terminal.say("stopped; what was read is kept, and the next sync goes on there")
        raise
    finally:
        nap.end()
        context.terminal.status("")
