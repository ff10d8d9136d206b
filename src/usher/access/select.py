"""Selectors to accounts, by indexes: thousands of rules meet thousands of accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from functools import cached_property

from usher.access.diagnostics import Findings
from usher.access.locate import Located
from usher.access.model import (
    AccountSelector,
    EveryAccount,
    MatchingAccounts,
    MemberAccounts,
    NamedAccounts,
)
from usher.access.patterns import is_pattern, matches
from usher.access.scope import Scope
from usher.access.selectors import ROOT, UNIT_ID
from usher.core.accounts import Account
from usher.core.ids import ACCOUNT_ID, AccountId

Ids = Set[AccountId]
_NONE: Ids = frozenset()


class AccountIndex:
    """Selects among the accounts in scope; notes what selects nothing or names what is not there."""

    def __init__(self, scope: Scope, findings: Findings) -> None:
        self._scope = scope
        self._findings = findings
        self._active = frozenset(each.id for each in scope.accounts.values() if each.active)
        self._management = frozenset(each.id for each in scope.accounts.values() if each.is_management)
        self._by_pattern: dict[str, Ids] = {}

    def select(self, selector: AccountSelector) -> Ids:
        """The active accounts that `selector` means; none, after noting it, when it means none."""
        before = len(self._findings)
        chosen = self.limit(selector)
        # What was noted already, and an account that could not be matched, would only be repeated.
        if not chosen and self._scope.complete and len(self._findings) == before:
            self._findings.add(selector.at, self._missing_words(selector), self._hint(selector))
        return chosen

    def limit(self, selector: AccountSelector) -> Ids:
        """The active accounts that `selector` means, which may be none."""
        match selector:
            case EveryAccount():
                return self._active
            case MemberAccounts():
                return self._active - self._management
            case NamedAccounts(names=names):
                return self._named(names)
            case MatchingAccounts():
                return self._matching(selector)

    def _named(self, names: Sequence[Located[str]], *, excluding: bool = False) -> Ids:
        """Accounts by name, id or pattern; notes a suspended one, and a pattern that fits none."""
        chosen: set[AccountId] = set()
        for name in names:
            account = self._find(name)
            if account is not None and account.active:
                chosen.add(account.id)
            elif account is not None and not excluding:
                self._findings.add(name.at, f"account {account} is suspended and takes no assignments")
            elif account is None and is_pattern(name.value):
                like = self._like(name.value)
                chosen |= like if excluding else like - self._management
                if not like and not excluding and self._scope.complete:
                    self._findings.add(name.at, f"no active account has a name like '{name.value}'")
        return chosen

    def _find(self, name: Located[str]) -> Account | None:
        """The one account of this name or id; notes it when there is none or when there are several."""
        scope = self._scope
        same_name = scope.by_name.get(name.value, ())
        if len(same_name) == 1:
            return same_name[0]
        if same_name:
            ids = " or ".join(f'"{account.id}"' for account in same_name)
            self._findings.add(
                name.at,
                f"the organization has {len(same_name)} accounts called '{name.value}'",
                f"give the id: {ids}",
            )
            return None
        found = scope.accounts.get(AccountId(name.value))
        if found is None and not is_pattern(name.value) and scope.complete:
            self._note_unknown(name)
        return found

    def _note_unknown(self, name: Located[str]) -> None:
        is_id = ACCOUNT_ID.fullmatch(name.value)
        if self._scope.discovered:
            words = f"the organization has no account {name.value if is_id else repr(name.value)}"
        else:
            words = f"no account in this file has the {'id' if is_id else 'name'} {name.value}"
        known = self._ids if is_id else self._names
        self._findings.add(name.at, words, self._findings.did_you_mean(name.value, known))

    def _like(self, pattern: str) -> Ids:
        found = self._by_pattern.get(pattern)
        if found is None:
            accounts = self._scope.accounts.values()
            like = (each.id for each in accounts if each.active and matches(pattern, each.name))
            found = self._by_pattern[pattern] = frozenset(like)
        return found

    def _matching(self, selector: MatchingAccounts, *, excluding: bool = False) -> Ids:
        chosen: Ids = self._active
        named: Ids = _NONE
        if selector.names:
            chosen = self._named(selector.names, excluding=excluding)
            named = chosen & self._management
        for key, values in selector.tags.items():
            chosen = chosen & _union(self._tagged.get((key, value), _NONE) for value in values)
        if selector.units:
            chosen = chosen & self._in_units(selector.units, self._below)
        if selector.direct_units:
            chosen = chosen & self._in_units(selector.direct_units, self._directly_in)
        if not selector.management and not excluding:
            chosen = chosen - (self._management - named)
        if selector.excluded is not None:
            chosen = chosen - self._excluded(selector.excluded)
        return chosen

    def _excluded(self, selector: AccountSelector) -> Ids:
        """What an exclusion takes away; patterns, tags and units take the management account as well."""
        match selector:
            case NamedAccounts(names=names):
                return self._named(names, excluding=True)
            case MatchingAccounts():
                return self._matching(selector, excluding=True)
        return self.limit(selector)

    @cached_property
    def _ids(self) -> Sequence[str]:
        return list(self._scope.accounts)

    @cached_property
    def _names(self) -> Sequence[str]:
        return list(self._scope.by_name)

    @cached_property
    def _tagged(self) -> Mapping[tuple[str, str], Ids]:
        found: dict[tuple[str, str], set[AccountId]] = {}
        for account in self._scope.accounts.values():
            if account.active:
                for pair in account.tags.items():
                    found.setdefault(pair, set()).add(account.id)
        return found

    @cached_property
    def _below(self) -> Mapping[str, Ids]:
        """The active accounts in each unit and in the units below it, by path and by id."""
        found: dict[str, set[AccountId]] = {ROOT: set()}
        for account in self._scope.accounts.values():
            if account.active:
                depth = range(1, len(account.ou_names) + 1)
                paths = ["/".join(account.ou_names[:count]) for count in depth]
                for unit in (ROOT, *paths, *account.ou_ids):
                    found.setdefault(unit, set()).add(account.id)
        return found

    @cached_property
    def _directly_in(self) -> Mapping[str, Ids]:
        """The active accounts directly in each unit, by path and by id."""
        found: dict[str, set[AccountId]] = {ROOT: set()}
        for account in self._scope.accounts.values():
            if account.active:
                for unit in (account.ou or ROOT, *account.ou_ids[-1:]):
                    found.setdefault(unit, set()).add(account.id)
        return found

    @cached_property
    def _paths(self) -> Sequence[str]:
        return sorted(unit for unit in self._below if not UNIT_ID.fullmatch(unit))

    @cached_property
    def _tag_keys(self) -> Mapping[str, Sequence[str]]:
        """The values in use of each tag in use."""
        found: dict[str, list[str]] = {}
        for key, value in sorted(self._tagged):
            found.setdefault(key, []).append(value)
        return found

    def _in_units(self, units: Sequence[Located[str]], members: Mapping[str, Ids]) -> Ids:
        for unit in units:
            if unit.value not in self._below and self._scope.complete:
                self._findings.add(
                    unit.at,
                    f"no active account in scope is in an organizational unit '{unit.value}'",
                    self._findings.did_you_mean(unit.value, self._paths),
                )
        return _union(members.get(unit.value, _NONE) for unit in units)

    def _missing_words(self, selector: AccountSelector) -> str:
        scope = "the organization has" if self._scope.discovered else "the file declares"
        match selector:
            case EveryAccount():
                return f"{scope} no active account"
            case MemberAccounts():
                return f"{scope} no active account but the management account"
            case MatchingAccounts(tags=tags) if tags and selector == MatchingAccounts(selector.at, tags):
                words = ", ".join(f"{key}: {_value_words(values)}" for key, values in tags.items())
                whose = "the organization" if self._scope.discovered else "this file"
                return f"no active account of {whose} has the tags {{{words}}}"
        return "no active account fits all of this"

    def _hint(self, selector: AccountSelector) -> str:
        if not isinstance(selector, MatchingAccounts):
            return ""
        if not selector.management and self._matching(replace(selector, management=True)):
            return "only the management account does: add management: true"
        return self._near_tag(selector.tags)

    def _near_tag(self, tags: Mapping[str, tuple[str, ...]]) -> str:
        """A hint about the first key or value that no account has."""
        for key, values in tags.items():
            wrong, known = (
                (values[0], self._tag_keys[key]) if key in self._tag_keys else (key, [*self._tag_keys])
            )
            hint = "" if wrong in known else self._findings.did_you_mean(wrong, known)
            if hint:
                return hint
        return ""


def _union(sets: Iterable[Ids]) -> Ids:
    return frozenset[AccountId]().union(*sets)


def _value_words(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"[{', '.join(values)}]"
