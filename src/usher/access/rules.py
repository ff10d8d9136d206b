"""The `access` section: who gets which permission set where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from usher.access.accounts import ALL
from usher.access.diagnostics import Findings
from usher.access.fields import (
    one_of,
    read_fields,
    read_items,
    read_located_text,
    read_names,
    read_tag_values,
)
from usher.access.locate import Fields, Items, Located, Node, Scalar, describe
from usher.access.model import (
    AccountSelector,
    DeclaredAccount,
    EveryAccount,
    NamedAccounts,
    Rule,
    TaggedAccounts,
)
from usher.access.principals import check_declared
from usher.core.ids import ACCOUNT_ID
from usher.core.principals import Principal, PrincipalKind

_WHO = ("group", "groups", "user", "users")
_WHAT = ("permission_set", "permission_sets")
_RULE_KEYS = (*_WHO, *_WHAT, "accounts")
_SELECTORS = "write all, a name, [names] or {tags: {env: production}}"


@dataclass(frozen=True, slots=True)
class Declared:
    """What rules may refer to, by name."""

    accounts: Mapping[str, DeclaredAccount]
    users: Mapping[str, object]
    groups: Mapping[str, object]
    permission_sets: Mapping[str, object]


def read_rules(node: Node | None, declared: Declared, findings: Findings) -> tuple[Rule, ...]:
    """The rules in the file's order. Two rules may give the same access; it is given once."""
    if node is None:
        return ()
    rules: list[Rule] = []
    for number, item in enumerate(read_items(node, "access", findings), 1):
        rule = _read_rule(item, f"access rule {number}", declared, findings)
        if rule is not None:
            rules.append(rule)
    return tuple(rules)


def _read_rule(node: Node, what: str, declared: Declared, findings: Findings) -> Rule | None:
    fields = read_fields(node, what, _RULE_KEYS, findings)
    if not isinstance(node, Fields):
        return None
    principals = _read_principals(fields, node, what, declared, findings)
    chosen = one_of(fields, node.at, what, _WHAT, findings)
    sets = _read_references(chosen, "permission set", declared.permission_sets, findings) if chosen else ()
    if "accounts" not in fields:
        findings.add(node.at, f"{what} needs accounts", _SELECTORS)
        return None
    selector = _read_selector(fields["accounts"], what, declared.accounts, findings)
    return None if selector is None else Rule(principals, tuple(sets), selector)


def _read_principals(
    fields: Mapping[str, Node], node: Fields, what: str, declared: Declared, findings: Findings
) -> tuple[Principal, ...]:
    chosen = one_of(fields, node.at, what, _WHO, findings)
    if chosen is None:
        return ()
    if chosen[0] in ("group", "groups"):
        names = _read_references(chosen, "group", declared.groups, findings)
        return tuple(Principal(PrincipalKind.GROUP, name) for name in names)
    names = _read_references(chosen, "user", declared.users, findings)
    return tuple(Principal(PrincipalKind.USER, name) for name in names)


def _read_references(
    chosen: tuple[str, Node], kind: str, declared: Mapping[str, object], findings: Findings
) -> Sequence[str]:
    """The declared names under a key: one name when the key is singular, a list when it is plural."""
    key, node = chosen
    if key.endswith("s"):
        names = read_names(node, key, findings)
        if isinstance(node, Items) and not node.nodes:
            findings.add(node.at, f"{key} is empty", "name at least one")
    elif isinstance(node, Items):
        findings.add(node.at, f"{key} takes one name", f"write {key}s for a list")
        return ()
    else:
        name = read_located_text(node, key, findings)
        names = (name,) if name else ()
    return [name.value for name in names if check_declared(kind, name, declared, findings)]


def _read_selector(
    node: Node, what: str, accounts: Mapping[str, DeclaredAccount], findings: Findings
) -> AccountSelector | None:
    match node:
        case Scalar(value=str(text)) if text == ALL:
            return EveryAccount(node.at)
        case Scalar(value=str(text)):
            names: tuple[Located[str], ...] = (Located(text, node.at),)
        case Items():
            names = read_names(node, f"accounts of {what}", findings)
            if not node.nodes:
                findings.add(node.at, f"accounts of {what} is empty", _SELECTORS)
        case Fields():
            return _read_tag_selector(node, what, findings)
        case Scalar():
            hint = _SELECTORS if node.value is None else f'write it in quotes: "{node.text}"'
            findings.add(node.at, f"accounts of {what} cannot be {describe(node)}", hint)
            return None
    known = [name for name in names if _check_account(name, accounts, findings)]
    return NamedAccounts(tuple(known))


def _read_tag_selector(node: Fields, what: str, findings: Findings) -> AccountSelector | None:
    fields = read_fields(node, f"accounts of {what}", ("tags",), findings)
    if "tags" not in fields:
        if not node.entries:
            findings.add(node.at, f"accounts of {what} is empty", _SELECTORS)
        return None
    tags = read_tag_values(fields["tags"], f"accounts of {what}", findings)
    if isinstance(fields["tags"], Fields) and fields["tags"].entries:
        return TaggedAccounts(fields["tags"].at, tags) if tags else None
    if not tags and (isinstance(fields["tags"], Fields) or describe(fields["tags"]) == "nothing"):
        findings.add(
            fields["tags"].at, f"tags of {what} are empty", "they would mean every account: write all"
        )
    return None


def _check_account(name: Located[str], accounts: Mapping[str, DeclaredAccount], findings: Findings) -> bool:
    if name.value == ALL:
        findings.add(name.at, f"'{ALL}' stands alone", "write accounts: all")
        return False
    if ACCOUNT_ID.fullmatch(name.value) and name.value not in accounts:
        ids = [account.id.value for account in accounts.values() if account.id]
        # While some declared accounts have no id, only the organization can tell whose id this is.
        if name.value in ids or len(ids) < len(accounts):
            return True
        findings.add(
            name.at,
            f"no account in this file has the id {name.value}",
            findings.did_you_mean(name.value, ids),
        )
        return False
    return check_declared("account", name, accounts, findings)
