"""What reading an Identity Center costs in calls, before it is read and after: the formula, one line each.

The strategies and their costs are those of AWS's list operations: no call lists all assignments, so they
are read per principal (what was each group and user given?), per pair (who has each permission set in each
account where it is provisioned?), or both, each where it is cheaper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

PAGE = 100
ACCOUNTS_PAGE = 20
FULL_CALLS = 6  # settings, tags, AWS policies, customer policies, inline policy, boundary
NAME_CALLS = 2  # settings, tags

ORGANIZATIONS = "organizations"
SSO_ADMIN = "sso-admin"
IDENTITY_STORE = "identitystore"
ACCOUNT_ACCESS = "account-access"


class Strategy(StrEnum):
    """The ways to read assignments."""

    PER_PRINCIPAL = "per-principal"
    PER_PAIR = "per-pair"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class WorldSize:
    """The counts that the cost depends on. Pages are calls of one list: at least one, even for nothing.

    `decided_sets` exist and are read in full: those the file names, or all. `doomed_sets` exist, were made
    by the file and are no longer named. `account_pages` list where each decided set is provisioned,
    `pair_pages` who has it there, over all its pairs with an account; `group_pages` and `user_pages` what
    each principal was given. `hybrid_pages` are what the hybrid strategy asks after the lists of accounts.
    `doomed_pages` are both lists of the sets to delete. `stale_pages` list where the roles of an assigned set
    lag behind. `tags_asked` are accounts asked for their tags, `unit_calls` what the units' names took.
    `entitlement_calls` read access to owned roles. Without `sets_enabled` the instance has no permission
    sets to list.
    """

    accounts: int
    tags_asked: int = 0
    unit_calls: int = 0
    permission_sets: int = 0
    decided_sets: int = 0
    doomed_sets: int = 0
    groups: int = 0
    users: int = 0
    member_pages: int = 0
    group_pages: int = 0
    user_pages: int = 0
    account_pages: int = 0
    pair_pages: int = 0
    hybrid_pages: int = 0
    doomed_pages: int = 0
    stale_pages: int = 0
    entitlement_calls: int = 0
    sets_enabled: bool = True


@dataclass(frozen=True, slots=True)
class CostLine:
    """One part of the cost: what for, the formula in words, its value, and the service that is asked."""

    what: str
    formula: str
    calls: int
    service: str = SSO_ADMIN


def predict(size: WorldSize, strategy: Strategy) -> tuple[CostLine, ...]:
    """The calls that reading a world of `size` takes with `strategy`."""
    in_full = size.decided_sets + size.doomed_sets
    detail_calls = FULL_CALLS * in_full + NAME_CALLS * (size.permission_sets - in_full)
    lines = [
        CostLine(
            "instance and accounts",
            "3 + ⌈accounts/20⌉ + accounts whose tags are asked + units whose names are",
            3 + pages(size.accounts, ACCOUNTS_PAGE) + size.tags_asked + size.unit_calls,
            ORGANIZATIONS,
        ),
        CostLine(
            "permission sets",
            "⌈sets/100⌉ + 6 · sets read in full + 2 · other sets",
            (pages(size.permission_sets) if size.sets_enabled else 0) + detail_calls,
        ),
        CostLine(
            "users and groups",
            "⌈groups/100⌉ + ⌈users/100⌉ + groups whose members are read",
            pages(size.groups) + pages(size.users) + size.member_pages,
            IDENTITY_STORE,
        ),
        _assignments(size, strategy),
        CostLine("roles that lag behind", "sets read in full that are assigned", size.stale_pages),
    ]
    if size.entitlement_calls:
        formula = "1 + applications + the smaller of accounts and principals"
        lines.append(CostLine("owned roles", formula, size.entitlement_calls, ACCOUNT_ACCESS))
    return tuple(lines)


def total(lines: Sequence[CostLine]) -> int:
    """The sum of a prediction."""
    return sum(line.calls for line in lines)


def seconds(lines: Sequence[CostLine], calls_per_second: float) -> float:
    """How long a prediction's calls take at this pace; the services are asked side by side."""
    calls: dict[str, int] = {}
    for line in lines:
        calls[line.service] = calls.get(line.service, 0) + line.calls
    return max(calls.values(), default=0) / calls_per_second


def best(size: WorldSize) -> int:
    """The calls of the cheapest strategy for a world of `size`."""
    return min(total(predict(size, strategy)) for strategy in Strategy)


def choose(*, principals: int, sets: int, expected_pairs: int | None) -> Strategy:
    """The strategy to begin with, from what is known before assignments are read.

    `expected_pairs` are those of the file; None when nothing tells how many there are. At equal cost pairs
    win: they also show the assignments of principals that no longer exist.
    """
    return Strategy.PER_PRINCIPAL if principals < sets + (expected_pairs or 0) else Strategy.PER_PAIR


def choose_again(*, principals: int, pairs: int) -> Strategy:
    """The strategy to go on with, once the lists of accounts have told how many pairs there are."""
    return Strategy.HYBRID if principals < pairs else Strategy.PER_PAIR


def pages(items: int, size: int = PAGE) -> int:
    """How many calls list `items`: at least one."""
    return max(1, -(-items // size))


def _assignments(size: WorldSize, strategy: Strategy) -> CostLine:
    if not size.decided_sets:
        return CostLine("assignments", "sets to delete + their pairs", size.doomed_pages)
    principals = size.group_pages + size.user_pages
    match strategy:
        case Strategy.PER_PRINCIPAL:
            formula, calls = "groups + users + sets to delete + their pairs", principals
        case Strategy.PER_PAIR:
            formula, calls = "sets + pairs of set and account", size.account_pages + size.pair_pages
        case Strategy.HYBRID:
            formula = "sets + groups + users + pairs that nobody explains"
            calls = size.account_pages + size.hybrid_pages
    return CostLine("assignments", formula, calls + size.doomed_pages)
