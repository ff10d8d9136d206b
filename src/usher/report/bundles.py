"""Access in few pieces, so that a picture of it can be taken in.

Accounts are bundled by organizational unit, people by what they are members of, and groups and permission
sets that lead to the same places together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from usher.core.accounts import Account
from usher.core.assignments import Granted
from usher.core.ids import AccountId
from usher.core.principals import Principal, PrincipalKind
from usher.report.holdings import Caveat, Holdings, Target, target_of

_DIGITS = re.compile(r"\d+")
_FIRST_WORD = re.compile(r"[^-_./ ]+")
_LAST_WORD = re.compile(r"[-_./ ][^-_./ ]+$")


class BundleKind(StrEnum):
    """How a bundle is drawn."""

    ONE = "one"
    MANY = "many"
    REST = "rest"
    ADMINISTRATOR = "admin"
    DELETED = "deleted"
    UNKNOWN = "unknown"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Things that are drawn as one; `members` are their names, sorted."""

    label: str
    kind: BundleKind
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """How many bundles each column may have."""

    people: int = 12
    groups: int = 18
    targets: int = 16
    accounts: int = 16


BUDGET = Budget()


@dataclass(frozen=True, slots=True)
class Bundled:
    """Four columns and what flows between them; indexes are those of the columns.

    `joins` counts people per (people, groups) and `routes` grants per (groups, targets, accounts).
    """

    people: tuple[Bundle, ...]
    groups: tuple[Bundle, ...]
    targets: tuple[Bundle, ...]
    accounts: tuple[Bundle, ...]
    joins: Mapping[tuple[int, int], int]
    routes: Mapping[tuple[int, int, int], int]
    account_ids: tuple[tuple[AccountId, ...], ...]


def bundle(
    holdings: Holdings,
    administrators: frozenset[Target] = frozenset(),
    *,
    grants: Sequence[Granted] | None = None,
    people: frozenset[str] | None = None,
    budget: Budget = BUDGET,
) -> Bundled:
    """The grants (all, unless some are given) and the people that have them (all, unless some are given)."""
    chosen = holdings.granted if grants is None else grants
    accounts = _bundle_accounts(holdings, chosen, budget.accounts)
    place = {account: index for index, (_, ids) in enumerate(accounts) for account in ids}
    targets = _bundle_targets(chosen, place, administrators, budget.targets)
    target_at = {target: index for index, (_, found) in enumerate(targets) for target in found}
    groups = _bundle_principals(holdings, chosen, target_at, place, budget.groups)
    group_at = {principal: index for index, (_, found) in enumerate(groups) for principal in found}
    found_people, joins = _bundle_people(holdings, groups, group_at, people, budget.people)
    routes = Counter(
        (group_at[each.principal], target_at[target_of(each)], place[each.account_id]) for each in chosen
    )
    return Bundled(
        found_people,
        tuple(found for found, _ in groups),
        tuple(found for found, _ in targets),
        tuple(found for found, _ in accounts),
        joins,
        routes,
        tuple(ids for _, ids in accounts),
    )


def condense(
    names: Iterable[str],
    weight: Mapping[str, int],
    most: int,
    alike: Sequence[Callable[[str], Hashable]],
) -> list[list[str]]:
    """`names` in at most `most` parts, heaviest first; the last part may be the rest, of no likeness.

    Each of `alike` says in turn what names have in common, until they fit. The first says what is the same;
    a later one that would leave next to nothing to look at is passed over.
    """
    parts = [[name] for name in sorted(names)]
    for place, key in enumerate(alike):
        if len(parts) <= most:
            break
        merged: dict[Hashable, list[str]] = {}
        for part in parts:
            merged.setdefault(key(part[0]), []).extend(part)
        if place == 0 or len(merged) >= max(2, most // 3):
            parts = list(merged.values())
    parts.sort(key=lambda part: (-sum(weight.get(name, 0) for name in part), part))
    if len(parts) > most:
        rest = [name for part in parts[most - 1 :] for name in part]
        parts = [*parts[: most - 1], rest]
    return [sorted(part) for part in parts]


def common_label(names: Sequence[str], what: str) -> str:
    """What to call names that are drawn as one: their common shape, or how many they are."""
    if len(names) == 1:
        return names[0]
    shapes = {_stem(name) for name in names}
    if len(shapes) == 1:
        return next(iter(shapes)).replace("#", "…")
    words = {_first_word(name) for name in names}
    if len(words) == 1:
        return f"{next(iter(words))}…"
    endings = {_LAST_WORD.search(name) for name in names}
    last = {found[0] if found else "" for found in endings}
    if len(last) == 1 and "" not in last:
        return f"…{next(iter(last))}"
    return f"{len(names):,} {what}"


def _stem(name: str) -> str:
    return _DIGITS.sub("#", name)


def _first_word(name: str) -> str:
    found = _FIRST_WORD.search(name)
    return found[0] if found else name


def _bundle_targets(
    grants: Sequence[Granted],
    place: Mapping[AccountId, int],
    administrators: frozenset[Target],
    most: int,
) -> list[tuple[Bundle, tuple[Target, ...]]]:
    weight: Counter[str] = Counter()
    reach: dict[str, set[tuple[Principal, int]]] = {}
    by_words: dict[str, Target] = {}
    for each in grants:
        target = target_of(each)
        words = str(target)
        by_words[words] = target
        weight[words] += 1
        reach.setdefault(words, set()).add((each.principal, place[each.account_id]))
    same = {words: frozenset(found) for words, found in reach.items()}
    strong = {words for words, target in by_words.items() if target in administrators}
    parts: list[list[str]] = []
    rooms = (most, 0) if not strong else (most - max(2, most // 4), max(2, most // 4))
    for names, room in zip((by_words.keys() - strong, strong), rooms, strict=True):
        if names:
            parts += condense(names, weight, room, (lambda n: same[n], _stem, _first_word))
    parts.sort(key=lambda part: -sum(weight[name] for name in part))
    bundles = []
    for part in parts:
        kind = BundleKind.ADMINISTRATOR if part[0] in strong else _kind(part)
        found = Bundle(common_label(part, "permission sets"), kind, tuple(part))
        bundles.append((found, tuple(by_words[name] for name in part)))
    return bundles


def _bundle_principals(
    holdings: Holdings,
    grants: Sequence[Granted],
    target_at: Mapping[Target, int],
    place: Mapping[AccountId, int],
    most: int,
) -> list[tuple[Bundle, tuple[Principal, ...]]]:
    """The column of groups; all users with grants of their own pass through one bundle."""
    weight: Counter[str] = Counter()
    reach: dict[str, set[tuple[int, int]]] = {}
    direct: set[Principal] = set()
    deleted: set[Principal] = set()
    for each in grants:
        principal = each.principal
        if principal.kind is PrincipalKind.USER:
            direct.add(principal)
        elif not holdings.is_known(principal):
            deleted.add(principal)
        else:
            weight[principal.name] += 1
            reach.setdefault(principal.name, set()).add((target_at[target_of(each)], place[each.account_id]))
    same = {name: frozenset(found) for name, found in reach.items()}
    room = most - bool(direct) - bool(deleted)
    parts = condense(weight, weight, room, (lambda n: same[n], _stem, _first_word)) if weight else []
    bundles = [
        (
            Bundle(common_label(part, "groups"), _kind(part), tuple(part)),
            tuple(Principal(PrincipalKind.GROUP, name) for name in part),
        )
        for part in parts
    ]
    for label, kind, found in (
        ("directly, no group", BundleKind.DIRECT, direct),
        ("deleted groups", BundleKind.DELETED, deleted),
    ):
        if found:
            members = tuple(sorted(principal.name for principal in found))
            bundles.append((Bundle(label, kind, members), tuple(sorted(found))))
    return bundles


def _bundle_people(
    holdings: Holdings,
    groups: Sequence[tuple[Bundle, tuple[Principal, ...]]],
    group_at: Mapping[Principal, int],
    chosen: frozenset[str] | None,
    most: int,
) -> tuple[tuple[Bundle, ...], Mapping[tuple[int, int], int]]:
    """The column of people: those with the same memberships together."""
    memberships: dict[str, set[int]] = {}
    unknown: set[int] = set()
    deleted: set[str] = set()
    for principal, index in group_at.items():
        if principal.kind is PrincipalKind.USER:
            if holdings.is_known(principal):
                memberships.setdefault(principal.name, set()).add(index)
            else:
                deleted.add(principal.name)
            continue
        group = holdings.access.groups.get(principal.name)
        for member in group.members if group else ():
            memberships.setdefault(member, set()).add(index)
        if not (group and group.members) and _members_are_unknown(holdings, principal):
            unknown.add(index)
    same = {name: frozenset(found) for name, found in memberships.items() if chosen is None or name in chosen}
    room = most - bool(unknown) - bool(deleted)
    weight = dict.fromkeys(same, 1)
    parts = condense(same, weight, room, (lambda n: same[n],)) if same else []
    bundles = [Bundle(_people_label(part), _kind(part), tuple(part)) for part in parts]
    joins = Counter(
        (index, group) for index, part in enumerate(parts) for name in part for group in same[name]
    )
    if unknown:
        bundles.append(Bundle("members not known", BundleKind.UNKNOWN, ()))
        joins.update({(len(bundles) - 1, group): 1 for group in unknown})
    if deleted:
        bundles.append(Bundle("deleted users", BundleKind.DELETED, tuple(sorted(deleted))))
        direct = next(i for i, (found, _) in enumerate(groups) if found.kind is BundleKind.DIRECT)
        joins[len(bundles) - 1, direct] = len(deleted)
    return tuple(bundles), joins


def _members_are_unknown(holdings: Holdings, principal: Principal) -> bool:
    granted = holdings.of_principal[principal][0]
    caveats = next(holdings.expand(granted)).caveats
    return not {Caveat.MEMBERS_UNREAD, Caveat.MEMBERS_ELSEWHERE}.isdisjoint(caveats)


def _people_label(part: Sequence[str]) -> str:
    return part[0] if len(part) == 1 else f"{len(part):,} people"


def _kind(part: Sequence[str]) -> BundleKind:
    return BundleKind.ONE if len(part) == 1 else BundleKind.MANY


@dataclass(frozen=True, slots=True)
class _Unit:
    """A piece of the tree of organizational units; `rest` says that it is only part of its unit."""

    path: tuple[str, ...]
    accounts: tuple[Account, ...]
    label: str = ""

    @property
    def is_unit(self) -> bool:
        return not self.label


def _bundle_accounts(
    holdings: Holdings, grants: Sequence[Granted], most: int
) -> list[tuple[Bundle, tuple[AccountId, ...]]]:
    """The tree of units, opened from the top where most accounts are, as far as there is room."""
    known = holdings.access.accounts
    weight = Counter(each.account_id for each in grants)
    accounts = tuple(known.get(each, Account(each, each)) for each in sorted(weight))
    units = [_Unit((), accounts)] if accounts else []
    while True:
        units.sort(key=lambda unit: (-len(unit.accounts), unit.path, unit.label))
        opened = None
        for index, unit in enumerate(units):
            inner = _open(unit)
            if len(inner) > 1 and len(units) - 1 + len(inner) <= most:
                opened = index, inner
                break
        if opened is None:
            break
        units[opened[0] : opened[0] + 1] = opened[1]
    if len(units) == 1 and len(accounts) > 1:
        units = _split_by_access(units[0], grants, weight, most)
    units.sort(key=lambda unit: (unit.path, unit.label, unit.accounts[0].name))
    return [(_account_bundle(unit), tuple(account.id for account in unit.accounts)) for unit in units]


def _open(unit: _Unit) -> list[_Unit]:
    """The units directly below, and the unit's own accounts; an innermost unit opens into its accounts."""
    below: dict[tuple[str, ...], list[Account]] = {}
    own: list[Account] = []
    depth = len(unit.path) + 1
    for account in unit.accounts:
        if unit.is_unit and len(account.ou_names) >= depth:
            below.setdefault(account.ou_names[:depth], []).append(account)
        else:
            own.append(account)
    if not below:
        return [_Unit(unit.path, (account,), account.name) for account in own]
    inner = [_Unit(path, tuple(found)) for path, found in below.items()]
    if own:
        inner.append(_Unit(unit.path, tuple(own), "/".join(unit.path) or "the root"))
    if len(inner) == 1:
        return _open(inner[0])
    return inner


def _split_by_access(
    unit: _Unit, grants: Sequence[Granted], weight: Mapping[AccountId, int], most: int
) -> list[_Unit]:
    """Where no units tell accounts apart: those that the same principals enter in the same way together."""
    reach: dict[str, set[tuple[Principal, Target]]] = {}
    for each in grants:
        reach.setdefault(each.account_id, set()).add((each.principal, target_of(each)))
    same = {account: frozenset(found) for account, found in reach.items()}
    by_id = {str(account.id): account for account in unit.accounts}
    weights = {str(account): count for account, count in weight.items()}
    name_of = {account_id: account.name for account_id, account in by_id.items()}
    keys = (lambda n: same[n], lambda n: _stem(name_of[n]), lambda n: _first_word(name_of[n]))
    parts = condense(by_id, weights, most, keys)
    return [
        _Unit((), tuple(by_id[each] for each in part), common_label([name_of[n] for n in part], "accounts"))
        for part in parts
    ]


def _account_bundle(unit: _Unit) -> Bundle:
    names = tuple(sorted(account.name for account in unit.accounts))
    if len(names) == 1:
        return Bundle(names[0], BundleKind.ONE, names)
    label = unit.label or "/".join(unit.path) or f"{len(names):,} accounts"
    return Bundle(label, BundleKind.MANY, names)
