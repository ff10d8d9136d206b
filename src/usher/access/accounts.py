"""The `accounts` section: which accounts the file speaks about."""

from __future__ import annotations

from collections.abc import Sequence

from usher.access.diagnostics import Findings
from usher.access.fields import (
    has_length,
    note_same_name,
    read_fields,
    read_names,
    read_section,
    read_tags,
    read_text,
)
from usher.access.locate import Items, Located, Node, Position, Scalar, is_nothing
from usher.access.model import DeclaredAccount
from usher.access.selectors import WORDS
from usher.core.ids import ACCOUNT_ID, AccountId, account_id


def read_accounts(nodes: Sequence[Node], findings: Findings) -> dict[str, DeclaredAccount]:
    """The declared accounts by name: lists of names, or mappings from name to id and tags."""
    accounts: list[DeclaredAccount] = []
    for node in nodes:
        if isinstance(node, Items):
            names = read_names(node, "accounts", findings)
            accounts += [DeclaredAccount(name.value, name.at) for name in names]
        else:
            accounts += [
                _read_account(entry.key, entry.node, findings)
                for entry in read_section((node,), "account", findings)
            ]
    by_name: dict[str, DeclaredAccount] = {}
    for account in accounts:
        first = by_name.setdefault(account.name.casefold(), account)
        if first is not account:
            note_same_name("account", account.name, account.at, Located(first.name, first.at), findings)
    for account in by_name.values():
        _check_name(account.name, account.at, findings)
    _check_ids_differ(list(by_name.values()), findings)
    return {account.name: account for account in by_name.values()}


def _read_account(key: Scalar, node: Node, findings: Findings) -> DeclaredAccount:
    what = f"account '{key.text}'"
    if is_nothing(node):
        return DeclaredAccount(key.text, key.at)
    fields = read_fields(node, what, ("id", "tags"), findings)
    tags = read_tags(fields["tags"], what, findings) if "tags" in fields else {}
    return DeclaredAccount(key.text, key.at, _read_id(fields.get("id"), what, findings), tags)


def _read_id(node: Node | None, what: str, findings: Findings) -> Located[AccountId] | None:
    if node is None:
        return None
    text = read_text(node, f"the id of {what}", findings)
    if text is None:
        return None
    try:
        return Located(account_id(text), node.at)
    except ValueError as error:
        findings.add(node.at, str(error))
        return None


def _check_name(name: str, at: Position, findings: Findings) -> None:
    if not has_length(name, at, "the account's name", 1, 128, findings):
        return
    if name in WORDS:
        findings.add(at, f"an account cannot be called '{name}' here: rules mean {WORDS[name]} by it")
    if ACCOUNT_ID.fullmatch(name):
        findings.add(at, f"'{name}' is an id, not a name", f'write NAME: {{id: "{name}"}}')


def _check_ids_differ(accounts: list[DeclaredAccount], findings: Findings) -> None:
    seen: dict[AccountId, DeclaredAccount] = {}
    for account in accounts:
        if account.id is None:
            continue
        first = seen.setdefault(account.id.value, account)
        if first is not account:
            findings.add(account.id.at, f"account id {account.id.value} is that of '{first.name}' too")
