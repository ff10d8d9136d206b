"""What a person's tools need to find the demonstration: an AWS config file and Usher's own settings.

Both lie in the demonstration's data folder; the person's `~/.aws` is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from usher.aws.clients import AwsKeys
from usher.profiles.blocks import BlockStyle, Wanted, sync_block
from usher.profiles.config_file import edit_config
from usher.profiles.names import Naming, name_all
from usher.profiles.ways import WayIn
from usher.session.organizations import PortalOrganization, save_organization

ADMIN_PROFILE = "mkdev-admin"


def write_usher_settings(usher_home: Path, organization: PortalOrganization) -> None:
    """Make `organization` known to `usher login` under USHER_HOME."""
    save_organization(usher_home / "config", organization)


def write_aws_config(
    path: Path, organization: PortalOrganization, ways: Iterable[WayIn], admin: AwsKeys
) -> tuple[str, ...]:
    """Write one SSO profile per way in, and one with the directory's administrator key.

    The profiles work with any AWS tool before Usher's client has ever run. Returns their names.
    """
    style = BlockStyle(
        organization=organization.name,
        region=organization.region,
        command=("usher",),
        start_url=organization.profile_start_url,
        sso_region=organization.region,
        scopes=organization.scopes,
        portal_endpoint=organization.endpoint_url,
        aws_endpoint=organization.aws_endpoint_url,
        native=True,
    )
    wanted = Wanted(name_all(Naming("{organization}-{account}"), organization.name, ways))
    names: list[tuple[str, ...]] = []

    def edit(text: str) -> str:
        synced = sync_block(text, path, style, wanted, prune=True)
        names.append(synced.names)
        return synced.text + _admin_profile(organization, admin)

    edit_config(path, edit)
    return names[-1]


def _admin_profile(organization: PortalOrganization, admin: AwsKeys) -> str:
    # A throw-away key of a throw-away directory; the file is readable by its owner alone.
    return (
        f"\n[profile {ADMIN_PROFILE}]\n"
        f"aws_access_key_id = {admin.access_key_id}\n"
        f"aws_secret_access_key = {admin.secret_access_key.reveal()}\n"
        f"region = {organization.region}\n"
        f"endpoint_url = {organization.endpoint_url}\n"
    )
