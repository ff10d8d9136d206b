"""Names as people write them in a question: exact, in another case, or as a pattern with `*`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from usher.core.accounts import Account
from usher.core.errors import NotFoundError
from usher.core.ids import AccountId
from usher.core.printable import printable

_MOST_NEAR = 3


def find_names(text: str, names: Iterable[str], what: str) -> frozenset[str]:
    """The names that `text` means: itself, else itself in another case, else all that its pattern fits.

    Raises NotFoundError with near names; `what` says what was looked for, for example `group`.
    """
    known = sorted(names)
    found = _matching(text, known)
    if not found:
        raise NotFoundError(f"there is no {what} '{printable(text)}'", hint=did_you_mean(text, known))
    return frozenset(found)


def find_accounts(text: str, accounts: Mapping[AccountId, Account]) -> frozenset[AccountId]:
    """The accounts that `text` means: an id, a name, or a pattern of names. Raises NotFoundError."""
    if text in accounts:
        return frozenset({AccountId(text)})
    names = {account.name for account in accounts.values()}
    chosen = find_names(text, names, "account")
    return frozenset(account.id for account in accounts.values() if account.name in chosen)


def find_accounts_of_unit(text: str, accounts: Mapping[AccountId, Account]) -> frozenset[AccountId]:
    """The accounts below an organizational unit, by path, id, or a pattern of paths. Raises NotFoundError."""
    wanted = text.strip("/")
    paths = {account.id: _paths_of(account) for account in accounts.values()}
    chosen = find_names(wanted, {path for found in paths.values() for path in found}, "organizational unit")
    return frozenset(account for account, found in paths.items() if not chosen.isdisjoint(found))


def did_you_mean(text: str, names: Iterable[str]) -> str:
    """A hint with the names most like `text`; empty when none is."""
    by_folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(text.casefold(), by_folded, _MOST_NEAR)
    listed = " or ".join(f"'{printable(by_folded[each])}'" for each in near)
    return f"did you mean {listed}?" if listed else ""


def _matching(text: str, names: Iterable[str]) -> set[str]:
    exact = {name for name in names if name == text}
    if exact:
        return exact
    folded = text.casefold()
    same = {name for name in names if name.casefold() == folded}
    if same or not any(sign in text for sign in "*?["):
        return same
    return {name for name in names if fnmatchcase(name.casefold(), folded)}


def _paths_of(account: Account) -> frozenset[str]:
    """The unit that holds the account and all above it, as paths and as ids."""
    names = account.ou_names
    return frozenset({"/".join(names[: depth + 1]) for depth in range(len(names))} | set(account.ou_ids))
