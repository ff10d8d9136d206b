"""What reading an Identity Center costs in calls, before it is read and after: the formula, one line each.

The strategies and their costs are those of AWS's list operations: no call lists all assignments, so they
are read per principal (what was each group and user given?) or per pair (who has each permission set in
each account where it is provisioned?).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PAGE = 100
ACCOUNTS_PAGE = 20
FULL_CALLS = 6  # settings, tags, AWS policies, customer policies, inline policy, boundary
NAME_CALLS = 2  # settings, tags


class Strategy(StrEnum):
    """The two ways to read assignments."""

    PER_PRINCIPAL = "per-principal"
    PER_PAIR = "per-pair"


@dataclass(frozen=True, slots=True)
class WorldSize:
    """The counts that the cost depends on.

    `declared_sets` exist and are named by the file, `doomed_sets` exist, were made by the file and are no
    longer named; `pairs` and `doomed_pairs` are their (permission set, account) pairs with assignments.
    `member_pages` and `principal_pages` are pages of 100, at least one each. `assigned_sets` are declared
    sets with an assignment. `tags_asked` are accounts whose tags the file needs from the organization.
    """

    accounts: int
    tags_asked: int
    permission_sets: int
    declared_sets: int
    doomed_sets: int
    groups: int
    users: int
    member_pages: int
    principal_pages: int
    pairs: int
    doomed_pairs: int
    assigned_sets: int


@dataclass(frozen=True, slots=True)
class CostLine:
    """One part of the cost: what for, the formula in words, and its value."""

    what: str
    formula: str
    calls: int


def predict(size: WorldSize, strategy: Strategy) -> tuple[CostLine, ...]:
    """The calls that a complete reading of a world of `size` takes with `strategy`."""
    others = size.permission_sets - size.declared_sets
    detail_calls = FULL_CALLS * size.declared_sets + NAME_CALLS * others
    return (
        CostLine(
            "instance and accounts",
            "2 + ⌈accounts/20⌉ + accounts whose tags are asked",
            2 + pages(size.accounts, ACCOUNTS_PAGE) + size.tags_asked,
        ),
        CostLine(
            "permission sets",
            "⌈sets/100⌉ + 6 · sets in the file + 2 · other sets",
            pages(size.permission_sets) + detail_calls,
        ),
        CostLine(
            "users and groups",
            "⌈groups/100⌉ + ⌈users/100⌉ + groups in the file",
            pages(size.groups) + pages(size.users) + size.member_pages,
        ),
        _assignments(size, strategy),
        CostLine("roles that lag behind", "sets in the file with assignments", size.assigned_sets),
    )


def total(lines: tuple[CostLine, ...]) -> int:
    """The sum of a prediction."""
    return sum(line.calls for line in lines)


def best(size: WorldSize) -> int:
    """The calls of the cheapest strategy for a world of `size`."""
    return min(total(predict(size, strategy)) for strategy in Strategy)


def choose(*, principals: int, sets: int, expected_pairs: int) -> Strategy:
    """The cheaper strategy, from what is known before assignments are read.

    At equal cost pairs win: they also show the assignments of principals that no longer exist.
    """
    return Strategy.PER_PRINCIPAL if principals < sets + expected_pairs else Strategy.PER_PAIR


def pages(items: int, size: int = PAGE) -> int:
    """How many calls list `items`: at least one."""
    return max(1, -(-items // size))


def _assignments(size: WorldSize, strategy: Strategy) -> CostLine:
    doomed = size.doomed_sets + size.doomed_pairs
    if not size.declared_sets:
        return CostLine("assignments", "sets to delete + their pairs", doomed)
    match strategy:
        case Strategy.PER_PRINCIPAL:
            formula, calls = "groups + users + sets to delete + their pairs", size.principal_pages + doomed
        case Strategy.PER_PAIR:
            formula, calls = "sets + pairs of set and account", size.declared_sets + size.pairs + doomed
    return CostLine("assignments", formula, calls)
