"""Composition of the crawl: one pace for all processes of this person, and where what was read is kept."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from usher.apply.shared_pace import SharedMemory
from usher.cli.text.progress import crawl_line
from usher.cli.wire import SessionRooms
from usher.core.pace import Pace
from usher.session.crawl import CRAWL_FOLDER, Crawl, crawl
from usher.session.organizations import PortalOrganization

# AWS documents 20 calls a second for all of Identity Center, which the portal seems to keep to as well.
PORTAL_CALLS_PER_SECOND = 20.0


def read_entrances(
    rooms: SessionRooms,
    organization: PortalOrganization,
    *,
    fresh: float = 0.0,
    calls_per_second: float = PORTAL_CALLS_PER_SECOND,
) -> Crawl:
    """Everything that may be entered, with progress on the terminal. Raises the crawl's errors."""
    context = rooms.context
    host = urlsplit(organization.portal_url).netloc.replace(":", "_")
    pace = Pace(
        calls_per_second,
        clock=time.time,
        sleep=time.sleep,
        memory=SharedMemory(context.cache_dir / "pace" / f"{host}.portal"),
    )
    began, first = time.monotonic(), list[int]()

    def tell(done: int, total: int) -> None:
        first[:] = first or [done]
        made = done - first[0]
        took = time.monotonic() - began
        left = (total - done) * took / made if made >= 5 else (total - done) / pace.per_second
        context.terminal.status(crawl_line(organization.name, done, total, left, context.terminal.columns))

    try:
        return crawl(rooms.keeper(organization), pace, context.cache_dir / CRAWL_FOLDER, tell, fresh=fresh)
    finally:
        context.terminal.status("")
