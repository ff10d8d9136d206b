"""The accounts in scope: those that the file declares, matched with the organization, or all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from usher.access.diagnostics import Findings
from usher.access.locate import Located
from usher.access.model import AccessFile, DeclaredAccount
from usher.core.accounts import Account
from usher.core.ids import AccountId


@dataclass(frozen=True, slots=True)
class Scope:
    """The accounts in scope by id, with the file's tags; `complete` is False when some were not found.

    `by_name` has the accounts of each name: more than one only in an organization whose accounts are
    discovered.
    """

    accounts: Mapping[AccountId, Account]
    by_name: Mapping[str, Sequence[Account]]
    complete: bool
    discovered: bool


def find_scope(file: AccessFile, accounts: Sequence[Account], findings: Findings) -> Scope:
    """The scope of `file` in the organization that has `accounts`; notes what it does not have."""
    by_name: dict[str, list[Account]] = {}
    for account in accounts:
        by_name.setdefault(account.name, []).append(account)
    by_id = {str(account.id): account for account in accounts}
    matched: dict[AccountId, Account] = {}
    for wanted in file.accounts.values():
        if wanted.id is None:
            found = _match_by_name(wanted, by_name, findings)
        else:
            found = _match_by_id(wanted.name, wanted.id, by_id, by_name, findings)
        if found is not None:
            matched[found.id] = replace(found, tags={**found.tags, **wanted.tags}) if wanted.tags else found
    complete = len(matched) == len(file.accounts)
    if not file.discovers:
        return Scope(matched, _by_name(matched), complete, discovered=False)
    every = {account.id: matched.get(account.id, account) for account in accounts}
    return Scope(every, _by_name(every), complete, discovered=True)


def _by_name(accounts: Mapping[AccountId, Account]) -> Mapping[str, Sequence[Account]]:
    found: dict[str, list[Account]] = {}
    for account in accounts.values():
        found.setdefault(account.name, []).append(account)
    return found


def _match_by_name(
    wanted: DeclaredAccount, by_name: Mapping[str, list[Account]], findings: Findings
) -> Account | None:
    found = by_name.get(wanted.name, [])
    if len(found) == 1:
        return found[0]
    if found:
        ids = " or ".join(f'"{account.id}"' for account in found)
        findings.add(
            wanted.at,
            f"the organization has {len(found)} accounts called '{wanted.name}'",
            f"give the id: {ids}",
        )
    else:
        hint = findings.did_you_mean(wanted.name, by_name)
        findings.add(wanted.at, f"the organization has no account '{wanted.name}'", hint)
    return None


def _match_by_id(
    name: str,
    account_id: Located[AccountId],
    by_id: Mapping[str, Account],
    by_name: Mapping[str, list[Account]],
    findings: Findings,
) -> Account | None:
    found = by_id.get(account_id.value)
    same_name = by_name.get(name, [])
    hint = f"'{name}' has the id {same_name[0].id}" if len(same_name) == 1 else ""
    if found is None:
        hint = hint or findings.did_you_mean(account_id.value, by_id)
        findings.add(account_id.at, f"the organization has no account {account_id.value}", hint)
        return None
    if found.name != name:
        findings.add(
            account_id.at, f"the organization calls account {found.id} '{found.name}', not '{name}'", hint
        )
        return None
    return found
