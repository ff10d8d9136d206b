"""Whose tags the organization must be asked for: accounts on which a rule depends and the file is silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from usher.access.model import AccessFile, DeclaredAccount, TaggedAccounts
from usher.core.accounts import Account
from usher.core.ids import AccountId


def accounts_to_ask_for_tags(file: AccessFile, accounts: Iterable[Account]) -> frozenset[AccountId]:
    """The ids of those of `accounts` whose tags can decide a rule of `file`.

    An account whose own tags in the file settle every rule, one way or the other, needs no asking.
    """
    selectors = [rule.accounts.tags for rule in file.rules if isinstance(rule.accounts, TaggedAccounts)]
    undecided = [
        declared for declared in file.accounts.values() if any(_is_open(declared, tags) for tags in selectors)
    ]
    ids = {declared.id.value for declared in undecided if declared.id is not None}
    names = {declared.name for declared in undecided if declared.id is None}
    return frozenset(account.id for account in accounts if account.id in ids or account.name in names)


def _is_open(declared: DeclaredAccount, wanted: Mapping[str, str]) -> bool:
    known = wanted.keys() & declared.tags.keys()
    return len(known) < len(wanted) and all(declared.tags[key] == wanted[key] for key in known)
