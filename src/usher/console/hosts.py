"""The hosts that consoles answer on: the partition's own, one for each region, and a few services' own.

A console link signs somebody in where it leads, so that nothing else counts as a console's host.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from usher.core.errors import UsageError
from usher.core.partitions import PARTITIONS, Partition, partition_of_region

_REGION = re.compile(r"[a-z]{2,5}(?:-[a-z]+){1,3}-[0-9]{1,2}")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
# What AWS's multi-session puts before the host: the account and a differentiator.
_SESSION = re.compile(r"([0-9]{12})-[a-z0-9]{4,16}\.(.+)")

# Consoles that are not below the partition's console host. Where none is known, the console is asked
# for the service by name instead.
_OWN_HOSTS: Mapping[str, tuple[str, ...]] = {
    "aws": ("health.aws.amazon.com", "lightsail.aws.amazon.com", "quicksight.aws.amazon.com"),
}
# AWS documents no console host without a region there (docs.aws.eu, endpoints of the console).
_REGIONAL_ONLY = {"aws-eusc"}


def console_host(partition: Partition, region: str | None) -> str:
    """The console's host for `region`, or the one for what has no region. Raises UsageError, UsherError."""
    host = partition.console_host
    if region is None:
        return f"{partition.default_region}.{host}" if partition.name in _REGIONAL_ONLY else host
    return f"{check_region(region, partition)}.{host}"


def check_region(region: str, partition: Partition) -> str:
    """`region` if it can be one of `partition`, else UsageError: it becomes part of a host's name."""
    if not _REGION.fullmatch(region):
        raise UsageError(f"{region!r} cannot be a region", hint="a region looks like eu-west-1")
    if partition_of_region(region) is not partition:
        raise UsageError(f"the region {region} is not in the partition {partition.name}")
    return region


def is_console_host(partition: Partition, host: str) -> bool:
    """Whether `host`, in lower case, belongs to the consoles of `partition`."""
    if not _HOST.fullmatch(host):
        return False
    ours = (partition.known_console_host, *_OWN_HOSTS.get(partition.name, ()))
    return any(host == own or host.endswith(f".{own}") for own in ours if own)


def partition_of_host(host: str) -> Partition | None:
    """The partition whose console answers on `host`; None for any other host."""
    return next((each for each in PARTITIONS if is_console_host(each, host)), None)


def without_session(host: str) -> tuple[str, str | None]:
    """The host that a multi-session host stands for, and the account that it names."""
    found = _SESSION.fullmatch(host)
    return (found[2], found[1]) if found else (host, None)


def hosts_by_partition() -> dict[str, dict[str, list[str]]]:
    """Each known partition's sign-in hosts and console hosts, as the browser extension is given them."""
    return {
        partition.name: {
            "signIn": [partition.known_signin_host],
            "consoles": [partition.known_console_host, *_OWN_HOSTS.get(partition.name, ())],
        }
        for partition in PARTITIONS
        if partition.known_console_host and partition.known_signin_host
    }
