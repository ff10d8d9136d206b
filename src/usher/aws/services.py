"""The services that botocore knows, by the names of their clients."""

from __future__ import annotations

from botocore.loaders import create_loader


def all_services() -> list[str]:
    """Every service's name, sorted."""
    return [str(name) for name in create_loader().list_available_services("service-2")]
