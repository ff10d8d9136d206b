"""Who holds what: expansion, filters and caveats, and that the indexes equal brute force."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement, Granted
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, RoleArn
from usher.core.organization import ActualAccess, DesiredAccess, Instance, Unread
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.report.holdings import Caveat, Holding, Holdings, Question, Target

MANAGEMENT, STAGING, PRODUCTION = (AccountId(digit * 12) for digit in "123")
DEPLOYER = RoleArn(f"arn:aws:iam::{STAGING}:role/teams/Deployer")


def rows(holdings: Holdings, **question: frozenset[str]) -> list[tuple[str, str, str, str]]:
    found = holdings.holdings(Question(**question))  # type: ignore[arg-type]
    return [(each.granted.account_id, str(each.target), each.group, each.person) for each in found]


def test_groups_are_expanded_to_their_members(build: SimpleNamespace) -> None:
    assert rows(Holdings(build.mkdev()), accounts=frozenset({PRODUCTION})) == [
        (PRODUCTION, "AdministratorAccess", "devops", "operator@mkdev.example"),
        (PRODUCTION, "ReadOnlyAccess", "developers", "developer@mkdev.example"),
    ]


def test_filters_meet(build: SimpleNamespace) -> None:
    holdings = Holdings(build.mkdev())
    assert rows(
        holdings,
        people=frozenset({"developer@mkdev.example"}),
        permission_sets=frozenset({"AdministratorAccess"}),
    ) == [(STAGING, "AdministratorAccess", "developers", "developer@mkdev.example")]
    assert rows(holdings, groups=frozenset({"developers"}), accounts=frozenset({MANAGEMENT})) == []


def test_roles_and_permission_sets_are_two_kinds_of_one_thing(build: SimpleNamespace) -> None:
    world = build.world(
        Assignment(build.user("ada"), "Reader", STAGING),
        users=["ada"],
        accounts=[Account(STAGING, "staging")],
        entitlements=[Entitlement(build.user("ada"), DEPLOYER)],
    )
    holdings = Holdings(world)
    assert [row[1] for row in rows(holdings)] == ["Reader", "role teams/Deployer"]
    assert [row[1] for row in rows(holdings, roles=frozenset({"teams/Deployer"}))] == ["role teams/Deployer"]
    assert [row[1] for row in rows(holdings, permission_sets=frozenset({"Reader"}))] == ["Reader"]


def caveats(world: ActualAccess | DesiredAccess) -> list[tuple[str, tuple[Caveat, ...]]]:
    return [(each.person, each.caveats) for each in Holdings(world).holdings(Question())]


def test_what_is_not_as_it_looks_is_shown_as_such(build: SimpleNamespace) -> None:
    accounts = [Account(STAGING, "staging", active=False)]
    deleted = build.world(Assignment(build.group("gone-id"), "Reader", STAGING), accounts=accounts)
    assert caveats(deleted) == [("", (Caveat.DELETED_PRINCIPAL, Caveat.SUSPENDED_ACCOUNT))]
    nowhere = build.world(Assignment(build.user("ada"), "Reader", PRODUCTION), users=["ada"])
    assert caveats(nowhere) == [("ada", (Caveat.UNKNOWN_ACCOUNT,))]
    former = build.world(Assignment(build.user("gone-id"), "Reader", STAGING), accounts=accounts)
    assert caveats(former) == [("", (Caveat.DELETED_PRINCIPAL, Caveat.SUSPENDED_ACCOUNT))]


def test_a_group_of_nobody_and_one_not_looked_into_are_told_apart(build: SimpleNamespace) -> None:
    given_access = Assignment(build.group("ops"), "Reader", STAGING)
    accounts = [Account(STAGING, "staging")]
    empty = build.world(given_access, accounts=accounts, members={"ops": []})
    assert caveats(empty) == [("", (Caveat.NO_MEMBERS,))]
    unread = build.world(
        given_access,
        accounts=accounts,
        members={"ops": []},
        unread=Unread(members_of=frozenset({"ops"})),
    )
    assert caveats(unread) == [("", (Caveat.MEMBERS_UNREAD,))]


def test_a_member_that_was_deleted_is_told(build: SimpleNamespace) -> None:
    world = build.world(
        Assignment(build.group("ops"), "Reader", STAGING), accounts=[Account(STAGING, "staging")]
    )
    groups = {"ops": Group("ops", members=frozenset({"gone-id"}))}
    found = ActualAccess(world.instance, world.accounts, {}, groups, world.permission_sets, world.assignments)
    assert caveats(found) == [("gone-id", (Caveat.DELETED_MEMBER,))]


def test_what_the_file_says_counts_people_of_other_directories(build: SimpleNamespace) -> None:
    said = DesiredAccess(
        {STAGING: Account(STAGING, "staging")},
        {},
        {},
        {},
        frozenset(
            {
                Assignment(build.user("ada"), "Reader", STAGING),
                Assignment(build.group("ops"), "Reader", STAGING),
            }
        ),
        external_users=frozenset({"ada"}),
        external_groups=frozenset({"ops"}),
    )
    assert caveats(said) == [("", (Caveat.MEMBERS_ELSEWHERE,)), ("ada", ())]


NAMES = st.sampled_from(["ada", "grace", "linus"])
GROUPS = st.sampled_from(["ops", "web"])
ACCOUNTS = st.sampled_from([MANAGEMENT, STAGING, PRODUCTION])
PRINCIPALS = st.one_of(
    NAMES.map(lambda name: Principal(PrincipalKind.USER, name)),
    GROUPS.map(lambda name: Principal(PrincipalKind.GROUP, name)),
)
ASSIGNMENTS = st.builds(Assignment, PRINCIPALS, st.sampled_from(["Reader", "Writer"]), ACCOUNTS)
ENTITLEMENTS = st.builds(Entitlement, PRINCIPALS, st.just(DEPLOYER))


@st.composite
def worlds(draw: st.DrawFn) -> ActualAccess:
    members = {name: draw(st.frozensets(NAMES)) for name in draw(st.frozensets(GROUPS))}
    return ActualAccess(
        Instance(InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-1")),
        {each: Account(each, f"account-{each[0]}") for each in draw(st.frozensets(ACCOUNTS))},
        {name: User(name, name, "", "") for name in draw(st.frozensets(NAMES))},
        {name: Group(name, members=found) for name, found in members.items()},
        {},
        draw(st.frozensets(ASSIGNMENTS)),
        entitlements=draw(st.frozensets(ENTITLEMENTS)),
    )


def maybe(found: st.SearchStrategy[str]) -> st.SearchStrategy[frozenset[str] | None]:
    return st.none() | st.frozensets(found)


QUESTIONS = st.builds(
    Question,
    maybe(ACCOUNTS),
    maybe(NAMES),
    maybe(GROUPS),
    maybe(st.sampled_from(["Reader", "Writer"])),
    maybe(st.just("teams/Deployer")),
)


def brute_force(world: ActualAccess, question: Question) -> set[tuple[str, Granted]]:
    """Everybody against every grant, and nothing else."""
    found = set()
    for granted in (*world.assignments, *world.entitlements):
        principal, target = granted.principal, Holding("", granted).target
        is_group = principal.kind is PrincipalKind.GROUP
        if is_group:
            people = set(world.groups[principal.name].members) if principal.name in world.groups else set()
        else:
            people = {principal.name} & set(world.users)
        chosen = question.roles if target.is_role else question.permission_sets
        fits = [
            question.accounts is None or granted.account_id in question.accounts,
            question.groups is None or (is_group and principal.name in question.groups),
            (question.roles is None and question.permission_sets is None) or target.name in (chosen or ()),
        ]
        if all(fits):
            found |= {
                (person, granted)
                for person in people or {""}
                if question.people is None or person in question.people
            }
    return found


@given(worlds(), QUESTIONS)
def test_the_answer_is_that_of_brute_force(world: ActualAccess, question: Question) -> None:
    found = [(each.person, each.granted) for each in Holdings(world).holdings(question)]
    assert len(found) == len(set(found))
    assert set(found) == brute_force(world, question)


def test_targets_sort_and_speak(build: SimpleNamespace) -> None:
    assert str(Target("A", is_role=True)) == "role A"
    assert sorted([Target("B"), Target("A", is_role=True), Target("A")])[0] == Target("A")
