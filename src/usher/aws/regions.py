"""The regions that botocore knows, of every partition."""

from __future__ import annotations

from botocore.loaders import create_loader


def all_regions() -> list[str]:
    """Every region's name, in the order of their partitions; no pseudo-region such as `aws-global`."""
    partitions = create_loader().load_data("partitions")["partitions"]
    names = [name for partition in partitions for name in partition["regions"]]
    return [str(name) for name in names if not str(name).endswith("-global")]
