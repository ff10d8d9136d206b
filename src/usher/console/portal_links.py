"""Links to consoles through an organization's portal: they hold no secret, so that people may share them.

Whoever opens one signs in to the portal as themselves and gets there if they may. AWS calls them shortcut
links (IAM Identity Center user guide, "Creating shortcut links to AWS Management Console destinations"): what
stands behind `#` is read by the page in the browser. A directory may publish a page of its own for them.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

from usher.core.partitions import Partition


def portal_link(
    start_url: str, console_url: str | None, account_id: str, role: str, destination: str | None
) -> str:
    """The link to a console; without `destination` the portal chooses the page.

    `console_url` is the page that takes such links, None for AWS's access portal at `start_url`.
    """
    fields = {"account_id": account_id, "role_name": role}
    if destination is not None:
        fields["destination"] = destination
    page = console_url or f"{start_url.partition('#')[0].rstrip('/')}/#/console"
    return f"{page}?{urlencode(fields, quote_via=quote)}"


def is_below_console_host(partition: Partition, page: str) -> bool:
    """Whether `page` is on the partition's console host or a region's, as every portal takes it."""
    return f".{urlsplit(page).hostname}".endswith(f".{partition.console_host}")
