"""From an opened profile to the address that signs in to its console, and to what is known of that session.

`usher console` and the browser's extension open consoles by this one way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from usher.cli.console_pages import Wanted, destination
from usher.cli.looks import account_entry
from usher.cli.opening import OpenedProfile
from usher.cli.wire import SessionRooms
from usher.console.federation import ConsoleDoor, ConsoleKeys, check_destination, console_door, sign_in_url
from usher.console.portal_links import is_below_console_host, portal_link
from usher.console.sealed_links import ConsoleSession
from usher.core.errors import UsherError
from usher.core.looks import Look
from usher.core.partitions import partition_of_region
from usher.core.secrets import Secret


@dataclass(frozen=True, slots=True)
class ConsoleLink:
    """An address that signs in: as good as a password for 15 minutes. `session` is what it opens.

    `portal` leads there through the organization's directory, for a browser that keeps nothing apart; None
    where the directory has no page for it, or could not do what was asked for.
    """

    url: Secret
    door: ConsoleDoor
    session: ConsoleSession
    portal: str | None = None


def console_link(
    rooms: SessionRooms, opened: OpenedProfile, look: Look, wanted: Wanted, seconds: int | None
) -> ConsoleLink:
    """The link to what is wanted, with a session of `seconds`, or as long as the keys. Raises UsherError."""
    keys = opened.credentials
    if keys.session_token is None:
        raise UsherError(
            f"the profile '{opened.name}' has keys without a session: they open no console",
            hint="use a profile that assumes a role",
        )
    region = wanted.region or opened.region
    door = console_door(partition_of_region(opened.region), region, opened.endpoint_url)

    def exchange(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        answer = rooms.http.send(method, url, headers, body)
        return answer.status, answer.body

    url = sign_in_url(
        exchange,
        door,
        ConsoleKeys(keys.access_key_id, keys.secret_access_key, keys.session_token),
        destination=check_destination(door, destination(door, wanted, region)),
        issuer=opened.organization.start_url if opened.organization else door.home_url,
        session_seconds=seconds,
    )
    ends = keys.expires_at if seconds is None else rooms.clock() + seconds
    page = destination(door, wanted, region) if wanted != Wanted() else None
    portal = _portal(opened, door, page) if seconds is None else None
    return ConsoleLink(url, door, session_of(rooms, opened, look, region, ends), portal)


def _portal(opened: OpenedProfile, door: ConsoleDoor, page: str | None) -> str | None:
    """The link through the directory that says that it takes such links; not to hosts of a service's own."""
    organization, way = opened.organization, opened.target
    if organization is None or organization.console_url is None or way is None:
        return None
    if page is not None and door.emulated_origin is None and not is_below_console_host(door.partition, page):
        return None
    start_url, console_url = organization.start_url, organization.console_url
    return portal_link(start_url, console_url, way.account_id, way.permission_set, page)


def session_of(
    rooms: SessionRooms, opened: OpenedProfile, look: Look, region: str, ends: float | None
) -> ConsoleSession:
    """The console session of an opened profile, as browsers show it. `ends` is in Unix seconds."""
    account = opened.account_id
    known = account_entry(rooms.context, account, opened.role) if account else None
    return ConsoleSession(
        opened.name,
        opened.organization.name if opened.organization else "",
        account or "",
        known.account_name if known else "",
        opened.role,
        region,
        look.label,
        look.colour,
        ends,
    )
