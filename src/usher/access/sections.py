"""The sections of an access file as lines of text, from core values: what `import` writes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from usher.access.compress import FoundRule, Target
from usher.access.managed_policies import JOB_FUNCTIONS, managed_policy_arn
from usher.access.selections import Selection
from usher.access.yaml_text import WIDTH, Value, block, entry, flow, item, scalar
from usher.core.accounts import Account
from usher.core.durations import PERMISSION_SET_SESSION_MIN, plain_duration
from usher.core.ids import ACCOUNT_ID, AccountId
from usher.core.organization import MANAGED_BY_TAG
from usher.core.partitions import Partition
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.principals import Group, PrincipalKind, User

_AWS_OWN_TAG = "aws:"
_POLICY_KEYS = ("Version", "Id", "Statement")
_STATEMENT_KEYS = (
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource"),
    "Condition",
)
# Columns are worth it while they are narrow.
_WIDEST_COLUMN = 44


def user_lines(user: User) -> list[str]:
    """One user that the file decides about."""
    value: dict[str, Value] = {}
    full_name = f"{user.given_name} {user.family_name}"
    if user.given_name and (*user.given_name.split(), user.family_name) == tuple(full_name.split()):
        value["name"] = full_name
    else:
        value |= {"given_name": user.given_name, "family_name": user.family_name}
    if user.display_name != full_name:
        value["display_name"] = user.display_name
    if user.email != (user.user_name if "@" in user.user_name else ""):
        value["email"] = user.email
    return list(entry(user.user_name, value, 2))


def group_lines(group: Group) -> list[str]:
    """One group that the file decides about."""
    value: dict[str, Value] = {}
    if group.description:
        value["description"] = group.description
    if group.members:
        value["members"] = sorted(group.members)
    return list(entry(group.name, value or None, 2))


def external_lines(name: str) -> list[str]:
    """A user or group that a directory elsewhere decides about."""
    return list(entry(name, {"external": True}, 2))


def permission_set_lines(permission_set: PermissionSet, partition: Partition) -> list[str]:
    """One permission set with all that it has; its policy as a block that can be read."""
    value: dict[str, Value] = {}
    if permission_set.description:
        value["description"] = permission_set.description
    if permission_set.managed_policies:
        value["managed_policies"] = [
            _policy_name(policy, partition) for policy in sorted(permission_set.managed_policies)
        ]
    if permission_set.customer_policies:
        value["customer_policies"] = [
            _customer_policy(policy) for policy in sorted(permission_set.customer_policies)
        ]
    if permission_set.boundary is not None:
        value["boundary"] = _boundary(permission_set.boundary, partition)
    if permission_set.session_seconds != PERMISSION_SET_SESSION_MIN:
        value["session"] = plain_duration(permission_set.session_seconds)
    if permission_set.relay_state:
        value["relay_state"] = permission_set.relay_state
    tags = own_tags(permission_set)
    if tags:
        value["tags"] = tags
    if permission_set.inline_policy is None:
        return list(entry(permission_set.name, value or None, 2))
    return [
        *entry(permission_set.name, None, 2),
        *block(value, 4),
        *entry("inline_policy", None, 4),
        *block(_readable_policy(json.loads(permission_set.inline_policy.json)), 6),
    ]


def own_tags(permission_set: PermissionSet) -> dict[str, str]:
    """The tags that a file says: without AWS's own and the one that marks a set as a file's."""
    return {
        key: value
        for key, value in sorted(permission_set.tags.items())
        if key != MANAGED_BY_TAG and not key.startswith(_AWS_OWN_TAG)
    }


def role_lines(key: str, path_and_name: str) -> list[str]:
    """An owned role under the name that rules call it by."""
    path, _, name = path_and_name.rpartition("/")
    value: dict[str, Value] = {}
    if name != key:
        value["name"] = name
    if path:
        value["path"] = f"/{path}/"
    return list(entry(key, value or None, 2))


def role_keys(path_and_names: Iterable[str]) -> dict[str, str]:
    """What rules call each role: its name, with its path where names are the same."""
    chosen = sorted(set(path_and_names))
    names = [name.rpartition("/")[2].casefold() for name in chosen]
    return {
        each: each.rpartition("/")[2] if names.count(name) == 1 else each
        for each, name in zip(chosen, names, strict=True)
    }


class RuleWriter:
    """Writes rules about the accounts of one organization: by name where the name is clear, else by id."""

    def __init__(self, accounts: Collection[Account], roles: Mapping[str, str]) -> None:
        names = [account.name.casefold() for account in accounts]
        self._names = {account.id: account.name for account in accounts if _is_clear(account, names)}
        self._roles = roles

    def lines(self, rules: Sequence[FoundRule]) -> Iterator[str]:
        """The rules in order, in columns where they fit."""
        values = [self.rule(rule) for rule in rules]
        cells = [[f"{scalar(key)}: {flow(part)}" for key, part in value.items()] for value in values]
        rows = [row for row in cells if len("  - {}" + ", ".join(row)) <= WIDTH]
        widths = [
            max((len(row[place]) for row in rows if len(row[place]) <= _WIDEST_COLUMN), default=0)
            for place in range(2)
        ]
        for value, row in zip(values, cells, strict=True):
            first, second, last = row
            columns = f"{first + ',':<{widths[0] + 1}} {second + ',':<{widths[1] + 1}} {last}"
            if len("  - {}" + columns) <= WIDTH:
                yield f"  - {{{columns}}}"
            else:
                yield from item(value, 2)

    def rule(self, rule: FoundRule) -> dict[str, Value]:
        """One rule as it stands in the file."""
        who = "user" if rule.principals[0].kind is PrincipalKind.USER else "group"
        what = "role" if rule.targets[0].is_role else "permission_set"
        return {
            **_one_or_more(who, [principal.name for principal in rule.principals]),
            **_one_or_more(what, [self._target(target) for target in rule.targets]),
            "accounts": self.accounts(rule.selection),
        }

    def accounts(self, selection: Selection) -> Value:
        """What stands under `accounts:`."""
        if selection.every and not selection.exceptions:
            return "all" if selection.management else "members"
        names = [*selection.patterns, *self._names_of(selection.names)]
        value: dict[str, Value] = {}
        if selection.units:
            value["ou_direct" if selection.direct else "ou"] = _one_or_list(selection.units)
        if selection.tags:
            value["tags"] = {key: _one_or_list(values) for key, values in selection.tags}
        if names and not selection.exceptions and not selection.management:
            return _one_or_list(names) if selection.patterns else names
        if names:
            value["names"] = names
        if selection.management:
            value["management"] = True
        if selection.exceptions:
            value["except"] = self._names_of(selection.exceptions)
        return value

    def _target(self, target: Target) -> str:
        return self._roles[target.name] if target.is_role else target.name

    def _names_of(self, ids: Iterable[AccountId]) -> list[str]:
        return [self._names.get(each, each) for each in ids]


def _is_clear(account: Account, all_names: Sequence[str]) -> bool:
    """Whether a rule can call the account by its name."""
    name = account.name
    if not 1 <= len(name) <= 128 or name in ("all", "members") or ACCOUNT_ID.fullmatch(name):
        return False
    return not any(mark in name for mark in "*?") and all_names.count(name.casefold()) == 1


def _one_or_more(key: str, names: Sequence[str]) -> dict[str, Value]:
    return {key: names[0]} if len(names) == 1 else {f"{key}s": list(names)}


def _one_or_list(names: Sequence[str]) -> Value:
    return names[0] if len(names) == 1 else list(names)


def _policy_name(policy: ManagedPolicy, partition: Partition) -> str:
    written = policy.arn.removeprefix(partition.managed_policy_prefix)
    if policy.name in JOB_FUNCTIONS and managed_policy_arn(policy.name, partition) == policy.arn:
        return policy.name
    return written


def _customer_policy(policy: CustomerPolicy) -> Value:
    return policy.name if policy.path == "/" else {"name": policy.name, "path": policy.path}


def _boundary(boundary: ManagedPolicy | CustomerPolicy, partition: Partition) -> Value:
    if isinstance(boundary, ManagedPolicy):
        return _policy_name(boundary, partition)
    return {"customer_policy": _customer_policy(boundary)}


def _readable_policy(document: Mapping[str, Value]) -> dict[str, Value]:
    """The policy with its keys in the order that people write them."""
    statements = document["Statement"]
    if isinstance(statements, list):
        readable: Value = [_readable_statement(each) for each in statements]
    else:
        readable = _readable_statement(statements)
    return {**_sorted_by(document, _POLICY_KEYS), "Statement": readable}


def _readable_statement(statement: Value) -> Value:
    return _sorted_by(statement, _STATEMENT_KEYS) if isinstance(statement, dict) else statement


def _sorted_by(value: Mapping[str, Value], order: Sequence[str]) -> dict[str, Value]:
    known = {key: value[key] for key in order if key in value}
    return {**known, **{key: each for key, each in value.items() if key not in known}}
