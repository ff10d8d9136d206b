"""The organization's accounts with all that selects them: their tags, and where each of them is.

AWS tells an account's path by ids in the list of accounts (`Paths`), which leaves the units' names to be
asked, once each. Where the list tells no paths, the tree is walked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from usher.apply.cost import ACCOUNTS_PAGE, pages
from usher.apply.side_by_side import WORKERS, each
from usher.aws.calls import ServiceCalls
from usher.aws.organizations import ACCOUNTS_PER_PAGE, account_of, list_account_items, read_tags
from usher.core.accounts import Account
from usher.core.ids import AccountId


@dataclass(frozen=True, slots=True)
class PlacedAccounts:
    """Accounts with their organizational units, and what these took beside the list of accounts.

    `organization_id` is empty where the accounts' ARNs do not tell it.
    """

    accounts: tuple[Account, ...]
    unit_calls: int
    organization_id: str = ""


@dataclass(frozen=True, slots=True)
class _Unit:
    id: str
    names: tuple[str, ...]
    ids: tuple[str, ...]


def list_accounts_alone(calls: ServiceCalls) -> PlacedAccounts:
    """Every account without the units that hold it, in the same order."""
    items = list_account_items(calls)
    accounts = tuple(account_of(item, management) for item, management in items)
    return PlacedAccounts(accounts, 0, _organization_id(items))


def list_accounts_in_units(calls: ServiceCalls) -> PlacedAccounts:
    """Every account with the units that hold it, the management account first, then by name."""
    items = list_account_items(calls)
    accounts = [account_of(item, management) for item, management in items]
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="read-units") as pool:
        if all(item.get("Paths") for item, _ in items):
            unit_ids = {item["Id"]: _unit_ids(item["Paths"][0]) for item, _ in items}
            placed = _with_names(calls, accounts, unit_ids, pool)
        else:
            placed = _walk(calls, accounts, pool)
    return replace(placed, organization_id=_organization_id(items))


def _organization_id(items: Sequence[tuple[Mapping[str, Any], str | None]]) -> str:
    """`o-…` from an account's ARN: arn:aws:organizations::MANAGEMENT:account/o-…/ACCOUNT."""
    parts = items[0][0].get("Arn", "").split("/") if items else []
    return parts[1] if len(parts) == 3 else ""


def with_their_tags(
    calls: ServiceCalls, accounts: Sequence[Account], asked: Iterable[Account]
) -> tuple[Account, ...]:
    """`accounts`, those that are `asked` with their tags: one call for each, side by side."""
    with tags_beside(calls, asked) as read:
        tags = read()
    return tuple(replace(account, tags=tags.get(account.id, account.tags)) for account in accounts)


@contextmanager
def tags_beside(
    calls: ServiceCalls, asked: Iterable[Account]
) -> Iterator[Callable[[], Mapping[AccountId, Mapping[str, str]]]]:
    """Read the tags of accounts while something else goes on; what is given waits for them.

    On an error what has not been asked by then is not.
    """
    with ExitStack() as stack:
        beside = ThreadPoolExecutor(1, thread_name_prefix="read-tags")
        stack.callback(beside.shutdown, cancel_futures=True)
        pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="read-tags-of")
        stack.callback(pool.shutdown, cancel_futures=True)
        answers = beside.submit(lambda: list(each(pool, partial(read_tags, calls), asked)))
        yield lambda: {account.id: tags for account, tags in answers.result()}


def _unit_ids(path: str) -> tuple[str, ...]:
    """The units in `o-exampleorgid/r-examplerootid/ou-…/ou-…/111111111111/`."""
    return tuple(part for part in path.split("/") if part.startswith("ou-"))


def _with_names(
    calls: ServiceCalls,
    accounts: Sequence[Account],
    unit_ids: Mapping[str, tuple[str, ...]],
    pool: Executor,
) -> PlacedAccounts:
    distinct = sorted({unit for path in unit_ids.values() for unit in path})

    def name_of(unit: str) -> str:
        what = f"reading the organizational unit {unit}"
        answer = calls.call("DescribeOrganizationalUnit", what, OrganizationalUnitId=unit)
        return str(answer["OrganizationalUnit"].get("Name") or unit)

    names = dict(each(pool, name_of, distinct))
    placed = (
        replace(account, ou_ids=path, ou_names=tuple(names[unit] for unit in path))
        for account, path in ((account, unit_ids[account.id]) for account in accounts)
    )
    return PlacedAccounts(tuple(placed), len(distinct))


def _walk(calls: ServiceCalls, accounts: Sequence[Account], pool: Executor) -> PlacedAccounts:
    roots = list(calls.pages("ListRoots", "Roots", "reading the organization's root"))
    level = [_Unit(root["Id"], (), ()) for root in roots]
    count = pages(len(roots), ACCOUNTS_PAGE)
    holder: dict[str, _Unit] = {}
    while level:
        below: list[_Unit] = []
        for parent, (units, held) in each(pool, lambda unit: _children(calls, unit), level):
            count += pages(len(units), ACCOUNTS_PAGE) + pages(len(held), ACCOUNTS_PAGE)
            holder.update({account["Id"]: parent for account in held})
            below.extend(_below(parent, units))
        level = below
    placed = (
        replace(account, ou_names=holder[account.id].names, ou_ids=holder[account.id].ids)
        if account.id in holder
        else account
        for account in accounts
    )
    return PlacedAccounts(tuple(placed), count)


def _children(calls: ServiceCalls, parent: _Unit) -> tuple[list[Any], list[Any]]:
    """The units and the accounts directly below `parent`."""
    what = f"reading what is below {'/'.join(parent.names) or 'the root'}"
    limits = {"ParentId": parent.id, "MaxResults": ACCOUNTS_PER_PAGE}
    return (
        list(calls.pages("ListOrganizationalUnitsForParent", "OrganizationalUnits", what, **limits)),
        list(calls.pages("ListAccountsForParent", "Accounts", what, **limits)),
    )


def _below(parent: _Unit, units: Iterable[Mapping[str, Any]]) -> list[_Unit]:
    return [
        _Unit(unit["Id"], (*parent.names, unit.get("Name") or unit["Id"]), (*parent.ids, unit["Id"]))
        for unit in units
    ]
