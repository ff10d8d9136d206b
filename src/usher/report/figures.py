"""The figures and findings of an organization: how much access there is, and what deserves a look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from usher.core.assignments import Granted
from usher.core.principals import PrincipalKind
from usher.core.rules import RuleNote
from usher.report.holdings import Caveat, Holdings, Target, target_of
from usher.report.why import FileView

EXPIRES_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Powers:
    """What the policies of permission sets and roles amount to.

    `administrators` can do everything, or give it to themselves; `risks` holds each one's risks in words;
    `unjudged` are those of which documents are missing.
    """

    administrators: frozenset[Target] = frozenset()
    risks: Mapping[Target, tuple[str, ...]] = field(default_factory=dict, hash=False)
    unjudged: frozenset[Target] = frozenset()


@dataclass(frozen=True, slots=True)
class Findings:
    """What deserves a look, each sorted. Rules are empty where no access file is at hand."""

    administrators: tuple[Target, ...]
    unused: tuple[str, ...]
    direct: tuple[Granted, ...]
    deleted: tuple[Granted, ...]
    suspended: tuple[Granted, ...]
    empty_groups: tuple[str, ...]
    past_review: tuple[RuleNote, ...]
    expiring: tuple[RuleNote, ...]
    expired: tuple[RuleNote, ...]
    upcoming: tuple[RuleNote, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts. `temporary` and `standing` count grants, and are None where no access file is at hand."""

    accounts: int
    entered_accounts: int
    people: int
    people_with_access: int
    administrators: int
    groups: int
    permission_sets: int
    roles: int
    grants: int
    temporary: int | None
    standing: int | None


def figures_of(holdings: Holdings, powers: Powers, file: FileView | None = None) -> Figures:
    """The counts of an organization."""
    access = holdings.access
    temporary = None if file is None else sum(_is_temporary(each, file) for each in holdings.granted)
    return Figures(
        accounts=len(access.accounts),
        entered_accounts=len(holdings.in_account),
        people=len(access.users),
        people_with_access=len(_people(holdings, holdings.granted)),
        administrators=len(administrators(holdings, powers)),
        groups=len(access.groups),
        permission_sets=len(access.permission_sets),
        roles=sum(target.is_role for target in holdings.of_target),
        grants=len(holdings.granted),
        temporary=temporary,
        standing=None if temporary is None else len(holdings.granted) - temporary,
    )


def findings_of(holdings: Holdings, powers: Powers, now: datetime, file: FileView | None = None) -> Findings:
    """What deserves a look, as of `now` (aware)."""
    caveats = {each: holdings.caveats_of(each) for each in holdings.granted}
    rules = file.desired.rules if file else ()
    sets = holdings.access.permission_sets
    return Findings(
        administrators=tuple(sorted(powers.administrators)),
        unused=tuple(name for name in sorted(sets) if Target(name) not in holdings.of_target),
        direct=_sorted(each for each in caveats if each.principal.kind is PrincipalKind.USER),
        deleted=_sorted(each for each, found in caveats.items() if Caveat.DELETED_PRINCIPAL in found),
        suspended=_sorted(each for each, found in caveats.items() if Caveat.SUSPENDED_ACCOUNT in found),
        empty_groups=tuple(sorted(_empty_groups(holdings))),
        past_review=tuple(rule for rule in rules if rule.review and rule.review < now.date()),
        expiring=tuple(rule for rule in rules if rule.expires and rule.expires <= now + EXPIRES_SOON),
        expired=file.desired.expired if file else (),
        upcoming=file.desired.upcoming if file else (),
    )


def administrators(holdings: Holdings, powers: Powers) -> frozenset[str]:
    """The people who are administrators of an account or more."""
    grants = (each for target in powers.administrators for each in holdings.of_target.get(target, ()))
    return _people(holdings, grants)


def _people(holdings: Holdings, grants: Iterable[Granted]) -> frozenset[str]:
    people: set[str] = set()
    for principal in {each.principal for each in grants}:
        if not holdings.is_known(principal):
            continue
        if principal.kind is PrincipalKind.USER:
            people.add(principal.name)
        elif principal.name in holdings.access.groups:
            people |= holdings.access.groups[principal.name].members
    return frozenset(people)


def _is_temporary(granted: Granted, file: FileView) -> bool:
    """Whether every rule that gives it ends."""
    rules = file.rules_of(granted)
    return bool(rules) and all(rule.expires for rule in rules)


def _empty_groups(holdings: Holdings) -> Iterator[str]:
    for principal in holdings.of_principal:
        if principal.kind is PrincipalKind.GROUP and principal.name in holdings.access.groups:
            holding = next(holdings.expand(holdings.of_principal[principal][0]))
            if Caveat.NO_MEMBERS in holding.caveats:
                yield principal.name


def _sorted(grants: Iterable[Granted]) -> tuple[Granted, ...]:
    return tuple(sorted(grants, key=lambda each: (each.principal, target_of(each), each.account_id)))
