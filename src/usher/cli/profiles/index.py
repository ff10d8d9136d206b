"""The index after a change of an organization's profiles: what was written, and what stays as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from usher.cli.context import Context
from usher.core.ids import AccountId
from usher.profiles.blocks import DEFAULT_PROFILE, way_of
from usher.profiles.config_text import Section
from usher.profiles.index import IndexEntry, read_index, write_index
from usher.profiles.ways import WayIn


def write_entries(
    context: Context, organization: str, profiles: Mapping[str, WayIn], kept: Iterable[Section]
) -> None:
    """Replace the organization's part of the index."""
    known = {e.profile: e for e in read_index(context.cache_dir) if e.organization == organization}
    written = [_entry(organization, name, way) for name, way in profiles.items() if name != DEFAULT_PROFILE]
    stays = [known.get(section.name) or _guess(organization, section) for section in kept]
    write_index(context.cache_dir, organization, [*written, *stays])


def _entry(organization: str, name: str, way: WayIn) -> IndexEntry:
    return IndexEntry(
        profile=name,
        organization=organization,
        account_id=way.account_id,
        account_name=way.alias or way.account_name,
        permission_set=way.permission_set,
        email=way.email,
        region=way.region,
        description=way.description,
        unit=way.unit,
        tags=dict(way.tags),
    )


def _guess(organization: str, section: Section) -> IndexEntry:
    """What a profile in the file says of itself."""
    account, permission_set = way_of(section) or (AccountId(""), "")
    region = section.values.get("region", "")
    return IndexEntry(section.name, organization, account, account, permission_set, region=region)
