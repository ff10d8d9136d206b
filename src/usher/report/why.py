"""Why somebody may enter an account, and why not: every path, what stands in the way, the smallest change."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from usher.core.accounts import Account
from usher.core.assignments import Granted
from usher.core.ids import AccountId
from usher.core.organization import DesiredAccess
from usher.core.permission_sets import PermissionSet
from usher.core.principals import Principal, PrincipalKind
from usher.core.rules import RuleNote
from usher.policy.request import Decision, Verdict
from usher.report.holdings import Holding, Holdings, Question, Target
from usher.report.who import Judge

_MOST_REMEDIES = 3
_PLAIN = re.compile(r"[A-Za-z_][\w.@+/-]*", re.ASCII)
_WORDS_OF_YAML = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


@dataclass(frozen=True, slots=True)
class FileView:
    """The access file beside what was read: the rules behind each grant, in force and expired."""

    desired: DesiredAccess
    lapsed: Mapping[Granted, tuple[RuleNote, ...]] = field(default_factory=dict, hash=False)

    def rules_of(self, granted: Granted) -> tuple[RuleNote, ...]:
        """The rules in force that give it."""
        return tuple(self.desired.rules[index] for index in self.desired.origins.get(granted, ()))

    def gives(self, granted: Granted) -> bool:
        """Whether the file asks for it."""
        return granted in self.desired.assignments or granted in self.desired.entitlements


@dataclass(frozen=True, slots=True)
class Path:
    """One way in, from the person to what they may do there.

    `in_file` is None where no access file is at hand; `verdict` where no action is asked about.
    """

    holding: Holding
    permission_set: PermissionSet | None
    in_file: bool | None
    rules: tuple[RuleNote, ...] = ()
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class JoinGroup:
    """Membership would give it. `also` counts the other grants of the group that the person has not yet."""

    group: str
    target: Target
    elsewhere: bool
    also: int


@dataclass(frozen=True, slots=True)
class AddRule:
    """A line for the access file would give it."""

    target: Target
    line: str


@dataclass(frozen=True, slots=True)
class RenewRule:
    """The rule that gave it has expired; `group` is the group that it names, empty for the user."""

    rule: RuleNote
    target: Target
    group: str


@dataclass(frozen=True, slots=True)
class AwaitRule:
    """The rule that gives it has not begun; `group` is the group that it names, empty for the user."""

    rule: RuleNote
    target: Target
    group: str


@dataclass(frozen=True, slots=True)
class ApplyFile:
    """The file gives it already; it has not been applied."""

    target: Target
    group: str


Remedy: TypeAlias = ApplyFile | AwaitRule | RenewRule | JoinGroup | AddRule


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What is missing. `other` are ways into the account that are not what was asked for."""

    obstacles: tuple[str, ...]
    other: tuple[Path, ...]
    remedies: tuple[Remedy, ...]


def paths(
    holdings: Holdings,
    person: str,
    account: AccountId,
    *,
    file: FileView | None = None,
    judge: Judge | None = None,
) -> tuple[Path, ...]:
    """Every way of `person` into `account`, also those that do not allow the action that `judge` knows."""
    question = Question(accounts=frozenset({account}), people=frozenset({person}))
    return tuple(_path(holdings, each, file, judge) for each in holdings.holdings(question))


def is_open(path: Path, account: Account | None, target: Target | None = None) -> bool:
    """Whether the path leads in, is what was asked for, and is not known to deny the action."""
    if account is None or not account.active:
        return False
    if target is not None and path.holding.target != target:
        return False
    return path.verdict is None or path.verdict.decision is not Decision.DENIED


def why_not(
    holdings: Holdings,
    person: str,
    account: Account,
    *,
    target: Target | None = None,
    file: FileView | None = None,
    judge: Judge | None = None,
    risk_of: Callable[[Target], int] = lambda _: 0,
) -> WhyNot:
    """What keeps `person` out of `account`, or from `target` or the action there; safest remedy first."""
    held = paths(holdings, person, account.id, file=file, judge=judge)

    def wanted(each: Target) -> bool:
        return (target is None or each == target) and (
            judge is None or judge(each, account.id).verdict.decision is Decision.ALLOWED
        )

    remedies: list[Remedy] = []
    if file is not None:
        remedies += _from_file(holdings, file, person, account.id, wanted)
    joins = _joins(holdings, file, person, account.id, wanted, risk_of)
    remedies += joins[:_MOST_REMEDIES]
    # Without an action anything at all would do: then it is what others there have.
    safest = _safest(holdings, wanted, risk_of) if judge else None
    best = target or safest or (joins[0].target if joins else None)
    if best is not None:
        remedies.append(AddRule(best, rule_line(person, best, account)))
    obstacles = tuple(_obstacles(holdings, person, account, held, target))
    return WhyNot(obstacles, held, tuple(remedies) if account.active else ())


def rule_line(person: str, target: Target, account: Account) -> str:
    """The rule for the access file that gives exactly this."""
    kind = "role" if target.is_role else "permission_set"
    return f"- {{user: {_yaml(person)}, {kind}: {_yaml(target.name)}, accounts: [{_yaml(account.name)}]}}"


def _path(holdings: Holdings, holding: Holding, file: FileView | None, judge: Judge | None) -> Path:
    target = holding.target
    return Path(
        holding,
        None if target.is_role else holdings.access.permission_sets.get(target.name),
        file.gives(holding.granted) if file else None,
        file.rules_of(holding.granted) if file else (),
        judge(target, holding.granted.account_id).verdict if judge else None,
    )


def _from_file(
    holdings: Holdings,
    file: FileView,
    person: str,
    account: AccountId,
    wanted: Callable[[Target], bool],
) -> Iterator[Remedy]:
    """What the file gives and nobody applied, and what it no longer or not yet gives."""
    said = Holdings(file.desired)
    granted_now = {*holdings.in_account.get(account, ())}
    question = Question(accounts=frozenset({account}), people=frozenset({person}))
    for holding in said.holdings(question):
        member = holding.group and person not in _members(holdings, holding.group)
        if wanted(holding.target) and (member or holding.granted not in granted_now):
            yield ApplyFile(holding.target, holding.group)
    principals = {*holdings.principals_of(person), *said.principals_of(person)}
    for granted, rules in file.lapsed.items():
        if granted.account_id != account or granted.principal not in principals:
            continue
        holding = Holding(person, granted)
        if wanted(holding.target):
            for rule in rules:
                waiting = rule in file.desired.upcoming
                yield (AwaitRule if waiting else RenewRule)(rule, holding.target, holding.group)


def _joins(
    holdings: Holdings,
    file: FileView | None,
    person: str,
    account: AccountId,
    wanted: Callable[[Target], bool],
    risk_of: Callable[[Target], int],
) -> Sequence[JoinGroup]:
    """The groups whose membership would do it: the least dangerous first, then the least generous."""
    mine = set(holdings.principals_of(person))
    has = {(holding.target, holding.granted.account_id) for holding in _all_of(holdings, person)}
    elsewhere = file.desired.external_groups if file else frozenset()
    found: dict[str, JoinGroup] = {}
    for granted in holdings.grants(Question(accounts=frozenset({account}))):
        principal, target = granted.principal, Holding("", granted).target
        if principal.kind is not PrincipalKind.GROUP or principal in mine or not wanted(target):
            continue
        if not holdings.is_known(principal):
            continue
        gives = {(Holding("", each).target, each.account_id) for each in holdings.of_principal[principal]}
        join = JoinGroup(principal.name, target, principal.name in elsewhere, len(gives - has) - 1)
        known = found.get(join.group)
        if known is None or risk_of(target) < risk_of(known.target):
            found[join.group] = join
    return sorted(found.values(), key=lambda join: (risk_of(join.target), join.also, join.group))


def _all_of(holdings: Holdings, person: str) -> Iterator[Holding]:
    for principal in holdings.principals_of(person):
        yield from (Holding(person, granted) for granted in holdings.of_principal.get(principal, ()))


def _members(holdings: Holdings, group: str) -> frozenset[str]:
    found = holdings.access.groups.get(group)
    return found.members if found else frozenset()


def _safest(
    holdings: Holdings, wanted: Callable[[Target], bool], risk_of: Callable[[Target], int]
) -> Target | None:
    """The permission set that would do and can do the least harm."""
    known = sorted(Target(name) for name in holdings.access.permission_sets)
    fitting = [target for target in known if wanted(target)]
    return min(fitting, key=risk_of, default=None)


def _obstacles(
    holdings: Holdings, person: str, account: Account, held: Sequence[Path], target: Target | None
) -> Iterator[str]:
    if not account.active:
        yield f"account {account} is suspended: nobody enters it"
    if not held:
        groups = holdings.groups_of.get(person, ())
        if Principal(PrincipalKind.USER, person) in holdings.of_principal or groups:
            listed = ", ".join(groups) if groups else "no group"
            yield f"neither {person} nor a group of theirs ({listed}) has anything in {account.name}"
        else:
            yield f"{person} is in no group and has nothing directly"
        return
    others = sorted({str(path.holding.target) for path in held if path.holding.target != target})
    if target is not None and others:
        yield f"{person} has {', '.join(others)} in {account.name}, but not {target}"
    for path in held:
        if path.verdict is not None and path.verdict.decision is Decision.DENIED:
            yield f"{path.holding.target} does not allow it: {path.verdict.because}"


def _yaml(name: str) -> str:
    """`name` as a scalar inside a YAML flow collection."""
    if _PLAIN.fullmatch(name) and name.lower() not in _WORDS_OF_YAML:
        return name
    return json.dumps(name)
