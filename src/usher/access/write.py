"""An Identity Center as access files: what it has, said in the fewest rules, laid out to be read.

A small organization becomes one file, a large one a folder: people, groups and permission sets apart, and
the rules by organizational unit, so that each can have its owner. What a file cannot say stays out and is
told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from usher.access.compress import FoundRule, compress
from usher.access.diagnostics import AccessFileError
from usher.access.load import load_access_file
from usher.access.sections import (
    RuleWriter,
    external_lines,
    group_lines,
    permission_set_lines,
    role_keys,
    role_lines,
    user_lines,
)
from usher.access.selections import Candidates
from usher.access.yaml_text import comment, entry
from usher.core.accounts import Account
from usher.core.assignments import Assignment, Granted
from usher.core.ids import AccountId
from usher.core.organization import ActualAccess
from usher.core.partitions import Partition
from usher.core.principals import Principal, PrincipalKind

MAIN_FILE = "access.yaml"
# One file up to here; beyond, people look for things by file.
_ONE_FILE_LINES = 600
# A file may have 4 MiB; nobody wants to review one that comes near it.
_MOST_LINES = 12_000
# A unit with more rules has its units below in files of their own.
_MOST_RULES_OF_UNIT = 400

_HEADINGS = ("Everywhere", "By tag", "By the account's name", "Account by account")


@dataclass(frozen=True, slots=True, order=True)
class Unsaid:
    """Something that is there and that an access file cannot say: what it is, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Written:
    """The texts by file name, what they hold, and what they cannot."""

    files: Mapping[str, str]
    rules: int
    grants: int
    unsaid: tuple[Unsaid, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sayable:
    """The part of an organization that files can say, as lines by name."""

    users: Mapping[str, list[str]]
    groups: Mapping[str, list[str]]
    permission_sets: Mapping[str, list[str]]
    grants: frozenset[Granted]
    unsaid: tuple[Unsaid, ...]


def write_access(
    actual: ActualAccess, partition: Partition, *, candidates: Candidates, origin: str
) -> Written:
    """The files that ask for exactly what `actual` has, apart from what no file can say.

    `candidates` are the selectors that rules may use; `origin` says in a comment where this comes from.
    """
    sayable = _sayable(actual, partition)
    compressed = compress(sayable.grants, candidates)
    accounts = list(actual.accounts.values())
    role_names = {each.role_name for each in sayable.grants if not isinstance(each, Assignment)}
    keys = role_keys(role_names)
    writer = RuleWriter(accounts, keys)
    roles = {key: role_lines(key, name) for name, key in keys.items()}
    header = [
        comment(f"Written by `usher access import` from {origin}."),
        comment(f"Grants: {compressed.grants:,}, said in rules: {len(compressed.rules):,}."),
        "version: 1",
        *entry("organization", {"accounts": "discovered"}),
    ]
    sections = {
        "users": _section("users", sayable.users),
        "groups": _section("groups", sayable.groups),
        "permission-sets": [*_section("permission_sets", sayable.permission_sets), *_section("roles", roles)],
    }
    headed = _by_heading(compressed.rules, actual.accounts)
    rules = {heading: list(writer.lines(some)) for heading, some in headed.items()}
    lines = sum(map(len, sections.values())) + sum(map(len, rules.values()))
    if lines <= _ONE_FILE_LINES:
        files = _one_file(header, sections, rules)
    else:
        files = _folder(header, sections, rules)
    return Written(files, len(compressed.rules), compressed.grants, sayable.unsaid)


# --- what can be said ---------------------------------------------------------------------------


def _sayable(actual: ActualAccess, partition: Partition) -> _Sayable:
    users, wrong_users = _users_to_write(actual)
    groups, wrong_groups = _groups_to_write(actual, users)
    set_lines = {
        name: permission_set_lines(each, partition) for name, each in sorted(actual.permission_sets.items())
    }
    sets, wrong_sets = _loadable("permission_sets", set_lines)
    known = {Principal(PrincipalKind.USER, name) for name in users}
    known |= {Principal(PrincipalKind.GROUP, name) for name in groups}
    held = _held(actual)
    in_words = [each for each in held if not isinstance(each, Assignment) or each.permission_set in sets]
    said = frozenset(
        granted
        for granted in in_words
        if granted.principal in known and _takes_grants(granted.account_id, actual.accounts)
    )
    unsaid = [
        *(Unsaid(f"user {name}", why) for name, why in wrong_users.items()),
        *(Unsaid(f"group {name}", why) for name, why in wrong_groups.items()),
        *(Unsaid(f"permission set {name}", why) for name, why in wrong_sets.items()),
        *_unsaid_grants(set(in_words) - said, actual),
    ]
    return _Sayable(users, groups, sets, said, tuple(sorted(unsaid)))


def _held(actual: ActualAccess) -> list[Granted]:
    return [*actual.assignments, *actual.entitlements]


def _users_to_write(actual: ActualAccess) -> tuple[dict[str, list[str]], dict[str, str]]:
    """All users that the file can decide about, and those of another directory that have access here."""
    own = {name: user_lines(user) for name, user in sorted(actual.users.items()) if not user.external}
    loadable, _ = _loadable("users", own)
    loaded = load_access_file(_document(_section("users", loadable)), "users").users
    # Not every set of names and addresses can be written: such a person is referred to, and not changed.
    manageable = {name: lines for name, lines in loadable.items() if loaded[name] == actual.users[name]}
    needed = {each.principal.name for each in _held(actual) if each.principal.kind is PrincipalKind.USER}
    for group in actual.groups.values():
        needed |= set() if group.external else group.members
    chosen = {
        name: manageable.get(name) or external_lines(name)
        for name in sorted(actual.users)
        if name in manageable or name in needed
    }
    return _loadable("users", chosen)


def _groups_to_write(
    actual: ActualAccess, users: Mapping[str, list[str]]
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """All groups that the file can decide about, and those of another directory that have access here."""
    people = _section("users", users)
    own = {name: group_lines(group) for name, group in sorted(actual.groups.items()) if not group.external}
    manageable, _ = _loadable("groups", own, people)
    needed = {each.principal.name for each in _held(actual) if each.principal.kind is PrincipalKind.GROUP}
    chosen = {
        name: manageable.get(name) or external_lines(name)
        for name in sorted(actual.groups)
        if name in manageable or name in needed
    }
    return _loadable("groups", chosen, people)


def _loadable(
    section: str, entries: Mapping[str, list[str]], beside: Sequence[str] = ()
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """The entries that an access file may have, and why it may not have the others."""

    def why_not(names: Sequence[str]) -> str:
        try:
            load_access_file(
                _document([*beside, *_section(section, {name: entries[name] for name in names})]), section
            )
        except AccessFileError as error:
            return error.diagnostics[0].message
        return ""

    wrong = dict(_wrong(list(entries), why_not))
    return {name: lines for name, lines in entries.items() if name not in wrong}, wrong


def _wrong(names: Sequence[str], why_not: Callable[[Sequence[str]], str]) -> Iterator[tuple[str, str]]:
    """The names that cannot stand even alone, found by halving."""
    reason = why_not(names) if names else ""
    if not reason:
        return
    if len(names) == 1:
        yield names[0], reason
        return
    middle = len(names) // 2
    yield from _wrong(names[:middle], why_not)
    yield from _wrong(names[middle:], why_not)


def _takes_grants(account_id: AccountId, accounts: Mapping[AccountId, Account]) -> bool:
    account = accounts.get(account_id)
    return account is not None and account.active


def _unsaid_grants(grants: Iterable[Granted], actual: ActualAccess) -> list[Unsaid]:
    reasons: dict[str, int] = {}
    for granted in grants:
        account = actual.accounts.get(granted.account_id)
        if not _exists(granted.principal, actual):
            why = "their user or group no longer exists: the next plan removes them"
        elif account is None:
            why = f"account {granted.account_id} is not in the organization"
        elif not account.active:
            why = f"account {account} is suspended: nobody can enter it"
        else:
            why = f"the name of {granted.principal} cannot stand in a file"
        reasons[why] = reasons.get(why, 0) + 1
    return [Unsaid(f"{count:,} {'grant' if count == 1 else 'grants'}", why) for why, count in reasons.items()]


def _exists(principal: Principal, actual: ActualAccess) -> bool:
    known = actual.users.keys() if principal.kind is PrincipalKind.USER else actual.groups.keys()
    return principal.name in known


# --- layout -------------------------------------------------------------------------------------


def _section(name: str, entries: Mapping[str, list[str]]) -> list[str]:
    lines = [line for each in entries.values() for line in each]
    return [f"{name}:", *lines] if lines else []


def _by_heading(
    rules: Iterable[FoundRule], accounts: Mapping[AccountId, Account]
) -> dict[str, list[FoundRule]]:
    """The rules under the words that a reader looks for, the broad ones first."""
    headed: dict[str, list[FoundRule]] = {}
    for rule in rules:
        headed.setdefault(_heading(rule, accounts), []).append(rule)
    for heading, some in list(headed.items()):
        if heading not in _HEADINGS and len(some) > _MOST_RULES_OF_UNIT:
            del headed[heading]
            for rule in some:
                below = _unit_of(rule, accounts, 2)
                headed.setdefault(f"In {below}" if below else heading, []).append(rule)
    last = len(headed)
    order = {_HEADINGS[0]: -1, **{heading: last + place for place, heading in enumerate(_HEADINGS[1:])}}
    return dict(sorted(headed.items(), key=lambda each: (order.get(each[0], 0), each[0])))


def _heading(rule: FoundRule, accounts: Mapping[AccountId, Account]) -> str:
    selection = rule.selection
    if selection.every:
        return _HEADINGS[0]
    if not selection.units and (selection.tags or selection.patterns):
        return _HEADINGS[1] if selection.tags else _HEADINGS[2]
    unit = _unit_of(rule, accounts, 1)
    if unit:
        return f"In {unit}"
    return _HEADINGS[0] if selection.units else _HEADINGS[3]


def _unit_of(rule: FoundRule, accounts: Mapping[AccountId, Account], depth: int) -> str:
    """The one unit, `depth` levels below the root, that holds all that the rule means; empty if none does."""
    selection = rule.selection
    paths = [path.split("/") for path in selection.units]
    paths = paths or [list(accounts[each].ou_names) for each in selection.names]
    found = {tuple(path[:depth]) for path in paths}
    return "/".join(found.pop()) if len(found) == 1 else ""


def _one_file(
    header: list[str], sections: Mapping[str, list[str]], rules: Mapping[str, list[str]]
) -> dict[str, str]:
    lines = list(header)
    for section in sections.values():
        lines += ["", *section] if section else []
    if rules:
        lines += ["", "access:"]
        for heading, some in rules.items():
            lines += [comment(heading, 2), *some] if len(rules) > 1 else some
    return {MAIN_FILE: _text(lines)}


def _folder(
    header: list[str], sections: Mapping[str, list[str]], rules: Mapping[str, list[str]]
) -> dict[str, str]:
    files = {MAIN_FILE: _text(header)}
    for name, section in sections.items():
        files |= _parts(name, section)
    for heading, some in rules.items():
        title = "everywhere" if heading == _HEADINGS[0] else _slug(heading)
        files |= _parts(_free(f"access-{title}", files), ["access:", comment(heading, 2), *some])
    return files


def _parts(name: str, section: Sequence[str]) -> dict[str, str]:
    """A section as one file, or as several of a size that can be reviewed."""
    if not section:
        return {}
    parts: list[list[str]] = [["version: 1"]]
    title = section[0]
    for line in section:
        starts = line.startswith("  ") and line[2] not in " #"
        if starts and len(parts[-1]) > _MOST_LINES:
            parts.append(["version: 1", title])
        if not line.startswith(" "):
            title = line
        parts[-1].append(line)
    if len(parts) == 1:
        return {f"{name}.yaml": _text(parts[0])}
    return {f"{name}-{number}.yaml": _text(part) for number, part in enumerate(parts, 1)}


def _free(name: str, files: Mapping[str, str]) -> str:
    number, free = 1, name
    while f"{free}.yaml" in files or f"{free}-1.yaml" in files:
        number += 1
        free = f"{name}-{number}"
    return free


def _slug(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", heading.casefold()).strip("-") or "other"


def _document(sections: Iterable[str]) -> str:
    return _text(["version: 1", *sections])


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
