"""Many accounts and many names in few words, without saying more than is true; and what is production."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.plan.words import account_words

_NAMED = 3
_WORD = re.compile(r"[^a-z0-9]+")
_NUMBER = re.compile(r"\d+$")


@dataclass(frozen=True, slots=True)
class ProductionSigns:
    """How production accounts are recognised: by a tag that says it, else by a word in their unit or name.

    A tag that says otherwise decides too. `refuted_by` are words that, before the word, turn it round
    (`non-prod`). All in lower case.
    """

    tags: frozenset[str] = frozenset({"env", "environment", "stage"})
    words: frozenset[str] = frozenset({"prod", "production", "prd"})
    refuted_by: frozenset[str] = frozenset({"non", "not", "no", "pre"})


PRODUCTION = ProductionSigns()


def is_production(account: Account, signs: ProductionSigns = PRODUCTION) -> bool:
    """Whether `account` is one of production, as far as its tags, units and name tell."""
    said = [value.lower() for key, value in account.tags.items() if key.lower() in signs.tags]
    if said:
        return any(_says_so(value, signs) for value in said)
    return any(_says_so(name.lower(), signs) for name in (*account.ou_names, account.name))


def _says_so(text: str, signs: ProductionSigns) -> bool:
    words = [_NUMBER.sub("", word) for word in _WORD.split(text)]
    return any(
        word in signs.words and before not in signs.refuted_by
        for before, word in zip(["", *words], words, strict=False)
    )


class Places:
    """An organization's accounts, to speak of many of them shortly."""

    def __init__(self, accounts: Mapping[AccountId, Account]) -> None:
        self._accounts = accounts
        self._active = {each.id for each in accounts.values() if each.active}
        self._by_prefix: Mapping[str, set[AccountId]] = _grouped(
            (_prefix(each.name), each.id) for each in accounts.values()
        )
        self._by_unit: Mapping[str, set[AccountId]] = _grouped(
            ("/".join(each.ou_names[:depth]), each.id)
            for each in accounts.values()
            for depth in range(1, len(each.ou_names) + 1)
        )

    def words(self, accounts: Iterable[AccountId]) -> str:
        """`accounts` as `production (333333333333)`, `40 accounts: prod-*`, `all 300 accounts`."""
        chosen = sorted(set(accounts))
        if len(chosen) <= _NAMED:
            return " and ".join(_comma_separated([account_words(each, self._accounts) for each in chosen]))
        whole = set(chosen)
        if whole >= self._active:
            return f"all {len(chosen)} accounts"
        units = [unit for unit, inside in self._by_unit.items() if inside == whole]
        if units:
            return f"all {len(chosen)} accounts of {min(units, key=len)}"
        around = [unit for unit, inside in self._by_unit.items() if inside > whole and inside < self._active]
        if around:
            unit = min(around, key=lambda each: (len(self._by_unit[each]), -len(each)))
            count = f"{len(chosen)} of {len(self._by_unit[unit])} accounts of {unit}"
        else:
            count = f"{len(chosen)} accounts"
        return f"{count}: {self._patterns(whole)}"

    def _patterns(self, whole: set[AccountId]) -> str:
        """Name patterns that are exact, then some names, then how many are left."""
        named: list[str] = []
        left = set(whole)
        prefixes = sorted(
            (prefix for prefix in {_prefix(self._name(each)) for each in whole} if prefix),
            key=lambda prefix: (-len(self._by_prefix.get(prefix, ())), prefix),
        )
        for prefix in prefixes:
            inside = self._by_prefix.get(prefix, set())
            if len(named) < _NAMED and len(inside) > 1 and inside <= whole:
                named.append(f"{prefix}* ({len(inside)})" if inside != whole else f"{prefix}*")
                left -= inside
        names = sorted(self._name(each) for each in left)
        room = max(_NAMED - len(named), 0)
        if len(names) == room + 1:
            room += 1
        named += names[:room]
        more = len(names) - room
        return ", ".join(named) + (f" and {more} more" if more > 0 else "")

    def _name(self, account_id: AccountId) -> str:
        account = self._accounts.get(account_id)
        return account.name if account else account_id


def names_in_words(names: Sequence[str], most: int = 4) -> str:
    """`names` as `ana, ben and cleo`, or `ana, ben, cleo and 11 more`."""
    if len(names) <= most:
        return " and ".join(_comma_separated(list(names)))
    return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"


def counted(count: int, one: str, many: str = "") -> str:
    """`1 person`, `1,200 people`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _comma_separated(names: list[str]) -> list[str]:
    """All but the last joined by commas, and the last."""
    return names if len(names) < 3 else [", ".join(names[:-1]), names[-1]]


def _prefix(name: str) -> str:
    """`prod-` of `prod-eu-1`; empty for a name of one word."""
    head, dash, _ = name.partition("-")
    return head + dash if dash else ""


def _grouped(pairs: Iterable[tuple[str, AccountId]]) -> dict[str, set[AccountId]]:
    found: dict[str, set[AccountId]] = defaultdict(set)
    for key, account_id in pairs:
        if key:
            found[key].add(account_id)
    return found
