"""Where in the console somebody wants to go: a service, the resource of an ARN, or a link they were sent.

A page is worked out without a host first; `address_of` puts it on the profile's own console. What is not
in the tables is left to the console's own finder, `/go/view`, which takes any ARN and any service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, quote, urlsplit

from usher.console.federation import ConsoleDoor
from usher.console.hosts import (
    check_region,
    console_host,
    is_console_host,
    partition_of_host,
    without_session,
)
from usher.console.pages import GLOBAL_SERVICES, PAGES
from usher.console.services import Service
from usher.core.errors import UsageError
from usher.core.ids import ACCOUNT_ID, AccountId
from usher.core.partitions import PARTITIONS, Partition

_LONGEST_ARN = 2048
_LONGEST_LINK = 8192
_ARN = re.compile(r"arn:([a-z-]+):([a-z0-9-]+):([a-z0-9-]*):([a-z0-9-]*):(.+)")
_PART = re.compile(r"\{([a-z]+|_)([*#6]?)\}")
_FIELD = re.compile(r"\{([a-z]+)(?:\|([a-z]+))?\}")
_CAPTURES = {"": "[^/:]+", "*": ".+?", "#": "[0-9]+", "6": "[A-Za-z0-9]{6}"}


@dataclass(frozen=True, slots=True)
class Arn:
    """A resource's name. `region` and `account_id` are None where the name has none."""

    text: str
    partition: Partition
    service: str
    region: str | None
    account_id: AccountId | None
    resource: str


@dataclass(frozen=True, slots=True)
class PastedLink:
    """A console's address as a browser shows it. `account_id` is the multi-session's that it was open in."""

    text: str
    scheme: str
    host: str
    account_id: AccountId | None
    page: str


@dataclass(frozen=True, slots=True)
class Page:
    """A console's page without its host: `path` has query and fragment. Global pages have no `region`.

    `host` is set where a service's console has a host of its own.
    """

    path: str
    region: str | None = None
    host: str = ""


def read_target(text: str) -> Arn | PastedLink:
    """What a person typed or pasted: an ARN or a console's address. Raises UsageError."""
    wanted = text.strip()
    return read_arn(wanted) if wanted.startswith("arn:") else read_link(wanted)


def looks_like_target(text: str) -> bool:
    """Whether `text` is meant as an ARN or an address rather than as a profile's name."""
    start = text.strip().partition(":")[0].lower()
    return start in {"arn", "https", "http", "javascript", "data"} and ":" in text


def read_arn(text: str) -> Arn:
    """An ARN's parts. Raises UsageError when it is none."""
    found = _ARN.fullmatch(text)
    if found is None or not text.isprintable() or len(text) > _LONGEST_ARN:
        raise UsageError(
            f"{text[:200]!r} is not an ARN", hint="it looks like arn:aws:lambda:eu-west-1:111122223333:..."
        )
    name, service, region, account, resource = found.groups()
    partition = next((each for each in PARTITIONS if each.name == name), None)
    if partition is None:
        raise UsageError(f"no partition is called {name!r}", hint=", ".join(each.name for each in PARTITIONS))
    if region:
        check_region(region, partition)
    owner = AccountId(account) if ACCOUNT_ID.fullmatch(account) else None
    return Arn(text, partition, service, region or None, owner, resource)


def read_link(text: str) -> PastedLink:
    """A pasted address, which may be one of a multi-session. Raises UsageError unless it is plain https."""
    parts = _split(text)
    host, account = without_session((parts.hostname or "").lower())
    page = parts.path or "/"
    page += f"?{parts.query}" if parts.query else ""
    page += f"#{parts.fragment}" if parts.fragment else ""
    return PastedLink(text, parts.scheme, host, AccountId(account) if account else None, page)


def service_page(service: Service, partition: Partition, region: str) -> Page:
    """The first page of a service's console."""
    if service.host:
        if partition.name == "aws":
            return Page(service.path, None, service.host)
        return Page(_with_region(f"/go/view?service={service.name}", region), region)
    if service.is_global:
        return Page(service.path)
    return Page(_with_region(service.path, region), region)


def arn_page(arn: Arn, region: str) -> Page:
    """The page of the resource; `region` is where to look at what has none in its name."""
    place = None if arn.service in GLOBAL_SERVICES else arn.region or region
    for resource, page in PAGES.get(arn.service, ()):
        found = _pattern(resource).fullmatch(arn.resource)
        if found is not None:
            path = _filled(page, _values(arn, place or "", found.groupdict()))
            if not _climbs(path):
                return Page(path, place)
    return Page(f"/go/view?arn={quote(arn.text, safe='')}", place)


def address_of(door: ConsoleDoor, page: Page) -> str:
    """The page on this console. Raises UsageError for a region that is not the console's."""
    if door.emulated_origin is not None:
        return door.emulated_origin + page.path
    host = page.host or console_host(door.partition, page.region)
    return f"https://{host}{page.path}"


def address_of_link(door: ConsoleDoor, link: PastedLink) -> str:
    """The pasted page on this console. Raises UsageError when it is another partition's or no console's."""
    if door.emulated_origin is not None and link.text.startswith(f"{door.emulated_origin}/"):
        return link.text
    if not is_console_host(door.partition, link.host):
        other = partition_of_host(link.host)
        if other is not None:
            raise UsageError(
                f"this link is of the partition {other.name}, the profile is of {door.partition.name}",
                hint="name a profile of that partition",
            )
        raise UsageError(
            f"{link.text[:200]!r} is not an address of this console",
            hint=f"it is on https://{door.partition.console_host} or a region's host below that",
        )
    if link.scheme != "https":
        raise UsageError(f"{link.text[:200]!r} is not https")
    if door.emulated_origin is not None:
        return door.emulated_origin + link.page
    return f"https://{link.host}{link.page}"


def _split(text: str) -> SplitResult:
    refused = UsageError(f"{text[:200]!r} is neither an ARN nor a console's address")
    if not text.isprintable() or "\\" in text or " " in text or len(text) > _LONGEST_LINK:
        raise refused
    try:
        parts = urlsplit(text)
        named = parts.username is not None or parts.password is not None
        host, port = parts.hostname, parts.port
    except ValueError:
        raise refused from None
    local = host in {"127.0.0.1", "localhost", "::1"}  # an emulated AWS; its origin is compared whole
    if parts.scheme not in {"https", "http"} or named or not host or (port not in {None, 443} and not local):
        raise refused
    return parts


def _with_region(path: str, region: str) -> str:
    address, mark, fragment = path.partition("#")
    return f"{address}{'&' if '?' in address else '?'}region={region}{mark}{fragment}"


@cache
def _pattern(resource: str) -> re.Pattern[str]:
    parts, at = [], 0
    for found in _PART.finditer(resource):
        capture = _CAPTURES[found[2]]
        parts.append(re.escape(resource[at : found.start()]))
        parts.append(f"({'?:' if found[1] == '_' else f'?P<{found[1]}>'}{capture})")
        at = found.end()
    return re.compile("".join(parts) + re.escape(resource[at:]), re.DOTALL)


def _values(arn: Arn, region: str, captured: Mapping[str, str]) -> dict[str, str]:
    account = arn.account_id or ""
    path = captured.get("path", "")
    return {
        **captured,
        "arn": arn.text,
        "account": account,
        "region": region,
        "queue": f"https://sqs.{region}.{arn.partition.dns_suffix}/{account}/{arn.resource}",
        # A name that is a path loses its first slash in the ARN (IAM's actions for Systems Manager).
        "parameter": f"/{path}" if "/" in path else path,
    }


def _filled(page: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda field: _encoded(values[field[1]], field[2] or ""), page)


def _encoded(value: str, way: str) -> str:
    once = quote(value, safe="/:" if way == "plain" else "")
    if way in {"twice", "dollar"}:
        twice = quote(once, safe="")
        return twice.replace("%", "$") if way == "dollar" else twice
    return once


def _climbs(path: str) -> bool:
    """Whether a browser would read parts of the path as steps to another page."""
    return any(part in {".", ".."} for part in re.split(r"[?#]", path, maxsplit=1)[0].split("/"))
