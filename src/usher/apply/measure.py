"""The counts that the cost depends on: expected from what is listed first, exact from what was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from usher.apply.cost import CostLine, Strategy, WorldSize, choose, pages, predict
from usher.apply.picture import Findings, People
from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.ids import AccountId
from usher.core.organization import DesiredAccess
from usher.core.principals import Principal, PrincipalKind


def forecast(
    *,
    accounts: Sequence[Account],
    tags_asked: int,
    unit_calls: int,
    sets: int,
    people: People,
    desired: DesiredAccess | None,
    strategy: Strategy | None,
) -> tuple[CostLine, ...]:
    """What reading will cost, from the first counts. Where nothing tells how many pairs of set and account
    there are, the most that the strategy will spend on them."""
    groups, users = len(people.groups), len(people.users)
    decided = sets if desired is None else min(sets, len(desired.permission_sets))
    pairs = None if desired is None else len(desired_pairs(desired))
    chosen = strategy or choose(principals=groups + users, sets=decided, expected_pairs=pairs)
    roles = desired is None or bool(desired.roles)
    size = WorldSize(
        accounts=len(accounts),
        tags_asked=tags_asked,
        unit_calls=unit_calls,
        permission_sets=sets,
        decided_sets=decided,
        groups=groups,
        users=users,
        member_pages=groups if desired is None else min(groups, len(_named_groups(desired))),
        group_pages=groups,
        user_pages=users,
        account_pages=decided,
        pair_pages=groups + users if pairs is None else pairs,
        hybrid_pages=groups + users,
        stale_pages=decided,
        entitlement_calls=2 + min(len(accounts), groups + users) if roles else 0,
    )
    return predict(size, chosen)


def measure(found: Findings, tags_asked: int, unit_calls: int) -> WorldSize:
    """The size of what was read: what was asked as it was, and the other lists by what they would hold."""
    decided = [found.sets.by_arn[arn].name for arn in found.sets.decided]
    in_pair = _per_pair(found.book.assignments, frozenset(decided))
    in_set = Counter(name for name, _ in in_pair)
    asked = found.pages
    groups, users = _principal_pages(found)
    groups = groups if asked.groups is None else asked.groups
    users = users if asked.users is None else asked.users
    account_pages = sum(pages(in_set[name]) for name in decided)
    return WorldSize(
        accounts=len(found.accounts),
        tags_asked=tags_asked,
        unit_calls=unit_calls,
        permission_sets=len(found.sets.by_arn),
        decided_sets=len(decided),
        doomed_sets=len(found.sets.doomed),
        groups=len(found.people.groups),
        users=len(found.people.users),
        member_pages=sum(pages(len(each)) for each in found.members.values()),
        group_pages=groups,
        user_pages=users,
        account_pages=account_pages if asked.accounts is None else asked.accounts,
        pair_pages=sum(map(pages, in_pair.values())) if asked.pairs is None else asked.pairs,
        hybrid_pages=groups + users if asked.hybrid is None else asked.hybrid,
        doomed_pages=asked.doomed,
        stale_pages=sum(pages(len(each)) for each in found.lagging.values()),
        entitlement_calls=found.entitlements.calls,
        sets_enabled=found.instance.permission_sets_enabled,
    )


def desired_pairs(desired: DesiredAccess) -> set[tuple[str, AccountId]]:
    """The pairs of permission set and account in which the file gives access."""
    return {(each.permission_set, each.account_id) for each in desired.assignments}


def _named_groups(desired: DesiredAccess) -> frozenset[str]:
    return frozenset(desired.groups) | desired.external_groups


def _per_pair(assignments: set[Assignment], decided: frozenset[str]) -> Mapping[tuple[str, AccountId], int]:
    return Counter(
        (each.permission_set, each.account_id) for each in assignments if each.permission_set in decided
    )


def _principal_pages(found: Findings) -> tuple[int, int]:
    """How many calls list what all groups were given, and all users; these with what their groups have."""
    held = Counter(each.principal for each in found.book.assignments)
    inherited: Counter[str] = Counter()
    for group_id, members in found.members.items():
        of_group = held[Principal(PrincipalKind.GROUP, found.people.groups[group_id].name)]
        for member in members:
            inherited[member.user_id] += of_group
    groups = (held[Principal(PrincipalKind.GROUP, group.name)] for group in found.people.groups.values())
    users = (
        held[Principal(PrincipalKind.USER, user.user_name)] + inherited[user_id]
        for user_id, user in found.people.users.items()
    )
    return sum(map(pages, groups)), sum(map(pages, users))
