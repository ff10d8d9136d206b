"""Differences from the file as a person reads them, as a script does, and as lines to adopt them with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from usher.access.compress import FoundRule, Target
from usher.access.model import AccessFile
from usher.access.sections import RuleWriter, external_lines
from usher.access.selections import Selection
from usher.apply.attribution import Attribution
from usher.cli.terminal import printable
from usher.cli.text.styles import Style
from usher.core.accounts import Account
from usher.core.assignments import Assignment, Granted
from usher.core.ids import AccountId
from usher.core.organization import ActualAccess
from usher.core.principals import Principal, PrincipalKind
from usher.core.rules import DriftMode
from usher.plan.changes import Difference
from usher.plan.clues import who_made
from usher.plan.drift import Drifted, DriftKind, access_words, drift_words
from usher.plan.places import Places
from usher.plan.words import Accounts

_TITLES = {
    DriftKind.GIVEN: "There, and not in the file",
    DriftKind.MISSING: "In the file, and not there",
    DriftKind.CHANGED: "Different from the file: what apply does about it",
}
_SIGNS = {
    DriftKind.GIVEN: ("+", "add"),
    DriftKind.MISSING: ("-", "remove"),
    DriftKind.CHANGED: ("~", "change"),
}
_FATES = {
    (DriftKind.GIVEN, DriftMode.ENFORCE): "apply takes it away",
    (DriftKind.MISSING, DriftMode.ENFORCE): "apply gives it back",
    (DriftKind.GIVEN, DriftMode.ADOPT): "is adopted: it stays",
    (DriftKind.GIVEN, DriftMode.OBSERVE): "is observed: it stays",
    (DriftKind.MISSING, DriftMode.OBSERVE): "is observed: it is not given back",
}


def drift_lines(
    drift: Sequence[Drifted],
    attribution: Attribution,
    actual: ActualAccess,
    accounts: Accounts,
    file_name: str,
    style: Style,
    *,
    details: bool = False,
) -> Iterator[str]:
    """The differences by kind, each with what becomes of it and, where it is known, who made it.

    Access that differs alike in many accounts is one line, unless `details` are wanted.
    """
    if not drift:
        yield style("strong", f"No difference: the accounts match {printable(file_name)}.")
        return
    places = Places(accounts)
    for kind, title in _TITLES.items():
        found = [each for each in drift if each.kind is kind]
        if found:
            yield style("strong", f"{title}:")
        alike = [[each] for each in found] if details else _alike(found, attribution, actual)
        for several in alike:
            sign, name = _SIGNS[kind]
            yield style(name, f"  {sign} {printable(_words(several, accounts, places))}")
            yield from (style("dim", f"      {line}") for line in _notes(several, attribution, actual))
        if found:
            yield ""
    differences = "1 difference" if len(drift) == 1 else f"{len(drift)} differences"
    yield style("strong", f"{differences} between the accounts and {printable(file_name)}.")
    if attribution.unanswered:
        yield style("dim", f"who made them is not known: {printable(attribution.unanswered)}")


def _alike(
    drift: Iterable[Drifted], attribution: Attribution, actual: ActualAccess
) -> Iterable[list[Drifted]]:
    """Those together that differ alike: the same access of the same principal, given or taken by the same."""
    together: defaultdict[object, list[Drifted]] = defaultdict(list)
    for each in drift:
        granted, event = each.granted, attribution.events.get(each)
        if granted is None:
            together[each].append(each)
            continue
        what = granted.permission_set if isinstance(granted, Assignment) else granted.role_name
        by = who_made(event, actual) if event else None
        together[type(granted), granted.principal, what, each.mode, each.rules, by].append(each)
    return together.values()


def _words(alike: Sequence[Drifted], accounts: Accounts, places: Places) -> str:
    first = alike[0]
    grants = [each.granted for each in alike if each.granted is not None]
    if len(grants) < 2:
        return drift_words(first, accounts)
    return access_words(grants[0], first.kind, places.words(granted.account_id for granted in grants))


def _notes(alike: Sequence[Drifted], attribution: Attribution, actual: ActualAccess) -> Iterator[str]:
    drifted = alike[0]
    fate = _FATES.get((drifted.kind, drifted.mode), "")
    rules = ", ".join(str(place) for place in drifted.rules)
    if fate:
        yield f"{fate} ({rules})" if rules else fate
    events = [attribution.events[each] for each in alike if each in attribution.events]
    if events:
        last = max(event.at for event in events)
        lastly = "last " if len(events) > 1 else ""
        yield f"by {printable(who_made(events[0], actual))}, {lastly}{last:%Y-%m-%d %H:%M} UTC"
    elif attribution.asked and not attribution.unanswered:
        yield "by whom is not known"


def drift_document(
    drift: Sequence[Drifted], attribution: Attribution, actual: ActualAccess, accounts: Accounts
) -> dict[str, object]:
    """The differences as a JSON document; `by` and `at` are null where they are not known."""
    items = []
    for each in drift:
        event = attribution.events.get(each)
        items.append(
            {
                "kind": each.kind.value,
                "mode": each.mode.value,
                "text": drift_words(each, accounts),
                "rules": [str(place) for place in each.rules],
                "by": who_made(event, actual) if event else None,
                "at": event.at.isoformat() if event else None,
                "event": event.name if event else None,
            }
        )
    return {"drift": items, "history": {"asked": attribution.asked, "unanswered": attribution.unanswered}}


def adoption_lines(
    drift: Iterable[Drifted], file: AccessFile, accounts: Mapping[AccountId, Account]
) -> list[str]:
    """The lines for the file that say the access which its rules adopt; none when they adopt nothing."""
    adopted = [
        each.what.granted
        for each in drift
        if isinstance(each.what, Difference) and each.mode is DriftMode.ADOPT
    ]
    if not adopted:
        return []
    keys = {role.path_and_name: key for key, role in file.roles.items()}
    writer = RuleWriter(list(accounts.values()), keys)
    strangers = sorted({each.principal for each in adopted if not _is_declared(each.principal, file)})
    return [*_section_of(strangers), "access:", *writer.lines(list(_rules(adopted)))]


def _rules(adopted: Iterable[Granted]) -> Iterator[FoundRule]:
    """One rule per principal and permission set or role, for all its accounts."""
    where: defaultdict[tuple[Principal, Target], list[AccountId]] = defaultdict(list)
    for granted in adopted:
        if isinstance(granted, Assignment):
            target = Target(granted.permission_set)
        else:
            target = Target(granted.role_name, is_role=True)
        where[granted.principal, target].append(granted.account_id)
    for (principal, target), ids in sorted(where.items()):
        yield FoundRule((principal,), (target,), Selection(names=tuple(sorted(ids))))


def _section_of(strangers: Iterable[Principal]) -> Iterator[str]:
    """Entries for principals that the file does not know yet."""
    by_kind: defaultdict[PrincipalKind, list[str]] = defaultdict(list)
    for each in strangers:
        by_kind[each.kind].append(each.name)
    for kind, names in by_kind.items():
        yield "users:" if kind is PrincipalKind.USER else "groups:"
        for name in names:
            yield from external_lines(name)


def _is_declared(principal: Principal, file: AccessFile) -> bool:
    if principal.kind is PrincipalKind.USER:
        return principal.name in file.users.keys() | file.external_users
    return principal.name in file.groups.keys() | file.external_groups
