"""What the organization must be asked for: tags and units of accounts on which a selector depends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from usher.access.model import AccessFile, AccountSelector, MatchingAccounts
from usher.core.accounts import Account
from usher.core.ids import AccountId

_Wanted = Mapping[str, tuple[str, ...]]


def accounts_to_ask_for_tags(file: AccessFile, accounts: Iterable[Account]) -> frozenset[AccountId]:
    """The ids of those of `accounts` whose tags can decide a selector of `file`.

    An account whose own tags in the file settle every selector, one way or the other, needs no asking; nor
    does the management account where no selector with tags can reach it, nor a suspended one.
    """
    wanted = [each for each in _matching(file) if each.tags]
    if not wanted:
        return frozenset()
    by_id = {declared.id.value: declared for declared in file.accounts.values() if declared.id is not None}
    by_name = {declared.name: declared for declared in file.accounts.values() if declared.id is None}
    tags = list({tuple(sorted(each.tags.items())): each.tags for each in wanted}.values())
    reaching = [each.tags for each in wanted if each.management or each.names or each.excluded]
    asked: set[AccountId] = set()
    for account in accounts:
        declared = by_id.get(account.id) or by_name.get(account.name)
        if not account.active or (declared is None and not file.discovers):
            continue
        known = declared.tags if declared else {}
        if any(_is_open(known, each) for each in (reaching if account.is_management else tags)):
            asked.add(account.id)
    return frozenset(asked)


def needs_units(file: AccessFile) -> bool:
    """Whether a selector of `file` asks for organizational units, so that they must be read."""
    return any(each.units or each.direct_units for each in _matching(file))


def selectors_of(file: AccessFile) -> Iterator[AccountSelector]:
    """Every selector of the file: of rules and their limits, variants, tests and duties."""
    for rule in file.rules:
        yield rule.accounts
        if rule.within is not None:
            yield rule.within
    for permission_set in file.permission_sets.values():
        yield from (variant.accounts for variant in permission_set.variants)
    yield from (test.accounts for test in file.tests)
    for separation in file.separations:
        yield from (duty.accounts for duty in separation.duties if duty.accounts is not None)


def _matching(file: AccessFile) -> Iterator[MatchingAccounts]:
    """The selectors by tag, unit or name, with the exclusions inside them."""
    for selector in selectors_of(file):
        inner: AccountSelector | None = selector
        while isinstance(inner, MatchingAccounts):
            yield inner
            inner = inner.excluded


def _is_open(known: Mapping[str, str], wanted: _Wanted) -> bool:
    """Whether tags that the file does not know can decide: it knows some too few, and none against it."""
    return any(key not in known for key in wanted) and all(
        known[key] in values for key, values in wanted.items() if key in known
    )
