"""The figures of an organization and what in it deserves a look."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement
from usher.core.ids import AccountId, RoleArn
from usher.core.organization import DesiredAccess, Unread
from usher.core.rules import Place, RuleNote
from usher.report.figures import Powers, figures_of, findings_of
from usher.report.holdings import Holdings, Target
from usher.report.page_data import finding_rows
from usher.report.source import Source, unread_words
from usher.report.why import FileView

NOW = datetime(2026, 11, 25, tzinfo=UTC)
STAGING = Account(AccountId("2" * 12), "staging", active=False)
ADMINISTRATOR = Powers(frozenset({Target("AdministratorAccess")}))


def file_with(
    *assignments: Assignment,
    rules: tuple[RuleNote, ...],
    expired: tuple[RuleNote, ...] = (),
    upcoming: tuple[RuleNote, ...] = (),
) -> FileView:
    origins = {each: (place,) for place, each in enumerate(assignments)}
    return FileView(
        DesiredAccess(
            {},
            {},
            {},
            {},
            frozenset(assignments),
            rules=rules,
            expired=expired,
            upcoming=upcoming,
            origins=origins,
        )
    )


def test_mkdev_in_figures(build: SimpleNamespace) -> None:
    figures = figures_of(Holdings(build.mkdev()), ADMINISTRATOR)
    assert (figures.accounts, figures.people, figures.people_with_access, figures.grants) == (3, 2, 2, 5)
    assert figures.administrators == 2
    assert (figures.temporary, figures.standing) == (None, None)


def test_access_is_temporary_when_every_rule_that_gives_it_ends(build: SimpleNamespace) -> None:
    forever, ending = (
        RuleNote(Place("a.yaml", 1)),
        RuleNote(Place("a.yaml", 2), expires=NOW + timedelta(days=5)),
    )
    both = Assignment(build.group("devops"), "AdministratorAccess", AccountId("1" * 12))
    soon = Assignment(build.group("developers"), "ReadOnlyAccess", AccountId("3" * 12))
    figures = figures_of(
        Holdings(build.mkdev()), ADMINISTRATOR, file_with(both, soon, rules=(forever, ending))
    )
    assert (figures.temporary, figures.standing) == (1, 4)


def test_what_deserves_a_look_is_found(build: SimpleNamespace) -> None:
    role = RoleArn(f"arn:aws:iam::{STAGING.id}:role/Deployer")
    world = build.world(
        Assignment(build.user("ada"), "Reader", STAGING.id),
        Assignment(build.group("gone-id"), "Reader", STAGING.id),
        Assignment(build.user("dead-id"), "Reader", AccountId("9" * 12)),
        accounts=[STAGING],
        members={"empty": [], "unused": ["ada"]},
        users=["ada"],
        sets=[build.permission_set("Idle")],
        entitlements=[Entitlement(build.group("empty"), role)],
    )
    rules = (
        RuleNote(Place("a.yaml", 1), owner="web", review=date(2026, 11, 1)),
        RuleNote(Place("a.yaml", 2), reason="audit", expires=NOW + timedelta(days=9)),
        RuleNote(Place("a.yaml", 3), review=date(2027, 1, 1), expires=NOW + timedelta(days=90)),
    )
    gone = RuleNote(Place("a.yaml", 4), expires=NOW - timedelta(days=1))
    later = RuleNote(Place("a.yaml", 5), starts=NOW + timedelta(days=1))
    holdings = Holdings(world)
    found = findings_of(
        holdings, ADMINISTRATOR, NOW, file_with(rules=rules, expired=(gone,), upcoming=(later,))
    )
    assert found.unused == ("Idle",)
    assert [each.principal.name for each in found.direct] == ["ada", "dead-id"]
    assert [each.principal.name for each in found.deleted] == ["gone-id", "dead-id"]
    assert len(found.suspended) == 3
    assert found.empty_groups == ("empty",)
    assert (found.past_review, found.expiring, found.expired) == (rules[:1], rules[1:2], (gone,))
    assert found.upcoming == (later,)
    rows = list(finding_rows(found, world.accounts))
    assert ("rule past its review", str(rules[0].at), "review was due 2026-11-01; owner web") in rows
    assert ("grant to a single user", "user dead-id", f"Reader in {'9' * 12}") in rows
    assert {title for title, _, _ in rows} >= {
        "rule that expires soon",
        "expired rule",
        "rule that has not begun",
        "unused permission set",
    }


def test_people_are_counted_once_and_only_where_they_are_known(build: SimpleNamespace) -> None:
    world = build.world(
        Assignment(build.group("a"), "Reader", STAGING.id),
        Assignment(build.group("b"), "Reader", STAGING.id),
        Assignment(build.user("ada"), "Reader", STAGING.id),
        Assignment(build.user("dead-id"), "Reader", STAGING.id),
        accounts=[STAGING],
        members={"a": ["ada", "grace"], "b": ["ada"]},
    )
    assert figures_of(Holdings(world), Powers()).people_with_access == 2


def test_the_source_says_from_when_it_is_and_what_is_missing() -> None:
    assert Source("ssoins-1", NOW).words == "ssoins-1, as read on 2026-11-25 at 00:00 UTC"
    assert Source("access.yaml", None).words == "as access.yaml says; nothing was read"
    many = frozenset(f"g{number}" for number in range(7))
    told = list(unread_words(Unread(members_of=many, dangling=True, user_grants=True, entitlements=True)))
    assert told[0] == "the members of g0, g1, g2, g3, g4 and 2 more were not read"
    assert len(told) == 4
    assert list(unread_words(Unread())) == []
