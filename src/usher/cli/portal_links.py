"""`usher console --portal`: the link through the organization's own portal, for oneself or for others."""

from __future__ import annotations

from usher.cli.console_pages import Wanted, destination
from usher.cli.context import Context
from usher.cli.opening import LAST_RESORT_REGION
from usher.cli.wire import SessionRooms, organization_of
from usher.cli.wire_chains import target_of
from usher.console.federation import check_destination, console_door
from usher.console.portal_links import portal_link
from usher.core.errors import UsageError
from usher.core.hops import Chain, PortalHop
from usher.core.partitions import partition_of_region
from usher.core.printable import printable
from usher.session.errors import NotSignedInError
from usher.session.organizations import check_address


def link_through_portal(rooms: SessionRooms, chain: Chain, wanted: Wanted) -> str:
    """The portal's link to what is wanted. It needs no session and holds no secret. Raises UsageError."""
    hop = chain.links[-1].hop
    if not isinstance(hop, PortalHop):
        raise UsageError(
            f"'{printable(chain.profile)}' is no permission set of a portal: no portal has a link to it",
            hint="leave --portal: the console opens with the profile's own keys",
        )
    start_url, console_url, region, endpoint = _portal(rooms, chain, hop)
    page = None
    if wanted != Wanted():
        region = wanted.region or region
        door = console_door(partition_of_region(region), region, endpoint)
        page = check_destination(door, destination(door, wanted, region))
    return portal_link(start_url, console_url, hop.account_id, hop.permission_set, page)


def open_through_portal(context: Context, link: str, chain: Chain, browser: str | None) -> bool:
    """Open the portal's link in `browser`, else the one that the settings name, else the desktop's own."""
    from usher.cli.browser.plain import opener_of
    from usher.cli.browser.settings import console_settings
    from usher.session.settings import load_settings

    hop = chain.links[-1].hop
    organization = hop.organization if isinstance(hop, PortalHop) else None
    settings = console_settings(load_settings(context.config_dir)).of(organization or "")
    return opener_of(context, settings.in_browser(browser) if browser else settings)(link)


def _portal(rooms: SessionRooms, chain: Chain, hop: PortalHop) -> tuple[str, str | None, str, str | None]:
    """The portal's address, its page for consoles, the profile's region, and where AWS is emulated."""
    try:
        organization = organization_of(rooms, target_of(hop, chain.profile, chain.region))
    except NotSignedInError:
        if hop.start_url is None:
            raise
        check_address(hop.start_url, "start URL")  # from a file that others may share; browsers open it
        region = chain.region or hop.sso_region or LAST_RESORT_REGION
        return hop.start_url, None, region, chain.endpoint_url
    return (
        organization.start_url,
        organization.console_url,
        chain.region or organization.region,
        chain.endpoint_url or organization.aws_endpoint_url,
    )
