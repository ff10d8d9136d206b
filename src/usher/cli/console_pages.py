"""Which page of the console a person means, said back to them where it cannot be opened."""

from __future__ import annotations

from typing import NamedTuple

from usher.cli.context import Context
from usher.console.federation import ConsoleDoor
from usher.console.links import Arn, PastedLink, address_of, address_of_link, arn_page, service_page
from usher.console.services import Service, console_finds, find_service, service_names
from usher.core.errors import NoAccessError, UsageError
from usher.core.ids import AccountId
from usher.core.partitions import Partition
from usher.core.printable import printable
from usher.profiles.index import read_index
from usher.profiles.near import near_names

_MOST_PROFILES = 5


class Wanted(NamedTuple):
    """Where to go: nothing at all is the console's home."""

    target: Arn | PastedLink | None = None
    service: Service | None = None
    region: str | None = None


def named_service(name: str) -> Service:
    """The service that a person means by `name`. Raises UsageError with the nearest names."""
    found = find_service(name)
    if found is not None:
        return found
    from usher.aws.services import all_services  # brings botocore

    others = all_services()
    if name in others:
        return console_finds(name)
    near = near_names(name, [*service_names(), *others])
    raise UsageError(
        f"no service is called '{printable(name)}'",
        hint=f"did you mean: {', '.join(near)}?" if near else "Tab completes the names after --service",
    )


def check_wanted(wanted: Wanted) -> None:
    """Raises UsageError where what was asked for contradicts itself."""
    target, service, region = wanted
    if target is not None and service is not None:
        raise UsageError("an ARN or a link says which service it is", hint="leave --service away")
    if isinstance(target, PastedLink) and region is not None:
        raise UsageError("a link says which region it is", hint="leave --region away")
    if isinstance(target, Arn) and region is not None and target.region not in {None, region}:
        raise UsageError(f"the ARN is in {target.region}, not in {region}", hint="leave --region away")


def doubt_region(context: Context, region: str) -> None:
    """Say so when `region` is none that is known here: it may be new, or mistyped."""
    from usher.aws.regions import all_regions  # brings botocore

    known = all_regions()
    if region not in known:
        near = near_names(region, known)
        meant = f"; did you mean {', '.join(near)}?" if near else ""
        context.terminal.say(f"note: usher does not know the region {printable(region)}{meant}")


def check_account(context: Context, wanted: Wanted, account: AccountId | None, profile: str) -> None:
    """Refuse an ARN of another account than the profile's, with the profiles that lead to it."""
    target = wanted.target
    owner = target.account_id if isinstance(target, Arn) else None
    if owner is None or account is None or owner == account:
        return
    entries = [entry for entry in read_index(context.cache_dir) if entry.account_id == owner]
    name = f" ({printable(entries[0].account_name)})" if entries and entries[0].account_name else ""
    names = [printable(entry.profile) for entry in entries]
    more = f" and {len(names) - _MOST_PROFILES} more" if len(names) > _MOST_PROFILES else ""
    raise NoAccessError(
        f"the ARN is of account {owner}{name}; '{printable(profile)}' leads to {account}",
        hint=f"these lead there: {', '.join(names[:_MOST_PROFILES])}{more}"
        if names
        else "no profile that 'usher profiles sync' has seen leads there",
    )


def destination(door: ConsoleDoor, wanted: Wanted, region: str) -> str:
    """The address to open. Raises UsageError when it is not on this console."""
    match wanted:
        case Wanted(target=PastedLink() as link):
            return address_of_link(door, link)
        case Wanted(target=Arn() as arn):
            _check_partition(arn.partition, door.partition)
            return address_of(door, arn_page(arn, region))
        case Wanted(service=Service() as service):
            return address_of(door, service_page(service, door.partition, region))
    return door.home_url


def _check_partition(wanted: Partition, ours: Partition) -> None:
    if wanted is not ours:
        raise UsageError(
            f"the ARN is of the partition {wanted.name}, the profile is of {ours.name}",
            hint="name a profile of that partition",
        )
