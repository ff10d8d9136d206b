"""The access file meets the organization: names become account ids, selectors become assignments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product

from usher.access.diagnostics import Findings, nearest
from usher.access.locate import Located
from usher.access.managed_policies import managed_policy_arn
from usher.access.model import (
    AccessFile,
    AccountSelector,
    DeclaredAccount,
    DeclaredPermissionSet,
    EveryAccount,
    NamedAccounts,
    TaggedAccounts,
)
from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.ids import AccountId
from usher.core.organization import MANAGED_BY_ACCESS_FILE, MANAGED_BY_TAG, DesiredAccess
from usher.core.partitions import AWS, Partition
from usher.core.permission_sets import ManagedPolicy, PermissionSet


def resolve_access(
    file: AccessFile, accounts: Sequence[Account], *, partition: Partition = AWS
) -> DesiredAccess:
    """What `file` asks for in the organization that has `accounts`.

    Raises AccessFileError with every account that the organization does not have, has twice, has
    suspended or calls otherwise, every selector that selects nothing, and every policy of another
    partition.
    """
    findings = Findings(file.name)
    declared = _match_accounts(file.accounts, accounts, findings)
    all_matched = len(declared) == len(file.accounts)
    assignments = frozenset(
        Assignment(principal, permission_set, account.id)
        for rule in file.rules
        for principal, permission_set, account in product(
            rule.principals,
            rule.permission_sets,
            _select(rule.accounts, declared, file, findings, all_matched=all_matched),
        )
    )
    permission_sets = {
        name: _resolve_permission_set(declared_set, partition, findings)
        for name, declared_set in file.permission_sets.items()
    }
    findings.raise_if_any()
    return DesiredAccess(
        accounts={account.id: account for account in declared.values()},
        users=file.users,
        groups=file.groups,
        permission_sets=permission_sets,
        assignments=assignments,
    )


def _match_accounts(
    declared: Mapping[str, DeclaredAccount], accounts: Sequence[Account], findings: Findings
) -> dict[str, Account]:
    by_id = {str(account.id): account for account in accounts}
    by_name: dict[str, list[Account]] = {}
    for account in accounts:
        by_name.setdefault(account.name, []).append(account)
    matched: dict[str, Account] = {}
    for wanted in declared.values():
        if wanted.id is None:
            found = _match_by_name(wanted, by_name, findings)
        else:
            found = _match_by_id(wanted.name, wanted.id, by_id, by_name, findings)
        if found is not None:
            matched[wanted.name] = replace(found, tags={**found.tags, **wanted.tags})
    return matched


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


def _select(
    selector: AccountSelector,
    declared: Mapping[str, Account],
    file: AccessFile,
    findings: Findings,
    *,
    all_matched: bool,
) -> Iterable[Account]:
    match selector:
        case NamedAccounts(names=names):
            return _select_named(names, declared, file, findings)
        case EveryAccount(at=at):
            chosen = [account for account in declared.values() if account.active]
            missing = "the file declares no active account"
            hint = ""
        case TaggedAccounts(at=at, tags=tags):
            chosen = [account for account in declared.values() if account.active and _carries(account, tags)]
            words = ", ".join(f"{key}: {value}" for key, value in tags.items())
            missing = f"no active account of this file has the tags {{{words}}}"
            hint = "" if chosen else _near_tag(tags, declared.values())
    # An account that could not be matched was noted already; this would only repeat it.
    if not chosen and all_matched:
        findings.add(at, missing, hint)
    return chosen


def _select_named(
    names: Sequence[Located[str]], declared: Mapping[str, Account], file: AccessFile, findings: Findings
) -> Iterable[Account]:
    by_id = {str(account.id): account for account in declared.values()}
    chosen: list[Account] = []
    for name in names:
        account = declared.get(name.value) or by_id.get(name.value)
        if account is None:
            if name.value not in file.accounts and len(declared) == len(file.accounts):
                findings.add(
                    name.at,
                    f"no account in this file has the id {name.value}",
                    findings.did_you_mean(name.value, by_id),
                )
        elif not account.active:
            findings.add(name.at, f"account {account} is suspended and takes no assignments")
        else:
            chosen.append(account)
    return chosen


def _carries(account: Account, tags: Mapping[str, str]) -> bool:
    return all(account.tags.get(key) == value for key, value in tags.items())


def _near_tag(tags: Mapping[str, str], accounts: Iterable[Account]) -> str:
    """A hint about the first key or value that no account has."""
    in_use: dict[str, set[str]] = {}
    for account in accounts:
        for key, value in account.tags.items():
            in_use.setdefault(key, set()).add(value)
    for key, value in tags.items():
        wrong, known = (value, in_use[key]) if key in in_use else (key, set(in_use))
        near = nearest(wrong, sorted(known))
        if near is not None and near != wrong:
            return f"did you mean '{near}'?"
    return ""


def _resolve_permission_set(
    declared: DeclaredPermissionSet, partition: Partition, findings: Findings
) -> PermissionSet:
    managed = [_managed_policy(policy, partition, findings) for policy in declared.managed_policies]
    boundary = declared.boundary
    return replace(
        declared.settings,
        managed_policies=frozenset(managed),
        boundary=_managed_policy(boundary, partition, findings)
        if isinstance(boundary, Located)
        else boundary,
        tags={**declared.settings.tags, MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE},
    )


def _managed_policy(policy: Located[str], partition: Partition, findings: Findings) -> ManagedPolicy:
    try:
        return ManagedPolicy(managed_policy_arn(policy.value, partition))
    except ValueError as error:
        findings.add(policy.at, str(error), f"its ARNs start with {partition.managed_policy_prefix}")
        return ManagedPolicy(policy.value)
