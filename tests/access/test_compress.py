"""Thousands of grants become few rules that mean exactly the same."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usher.access import compress as compressing
from usher.access.compress import Compressed, FoundRule, Target, products
from usher.access.selections import Candidates, Selection
from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement, Granted
from usher.core.ids import AccountId, RoleArn
from usher.core.principals import Principal, PrincipalKind

MANAGEMENT = Account(AccountId("1" * 12), "management", is_management=True, tags={"env": "production"})


def account(number: int, env: str, team: str, area: str = "Workloads") -> Account:
    return Account(
        AccountId(f"{number:012}"),
        f"{team}-{env}-{number}",
        tags={"env": env, "team": team},
        ou_names=(area, env.title()),
    )


ACCOUNTS = [
    MANAGEMENT,
    *(
        account(10 * place + copy, env, team)
        for place, (env, team) in enumerate(product(("staging", "production"), ("web", "data")), 1)
        for copy in range(3)
    ),
    *(account(90 + copy, "staging", "lab", "Sandbox") for copy in range(2)),
]
DEVS, OPS = (Principal(PrincipalKind.GROUP, name) for name in ("devs", "ops"))


def grants(principal: Principal, name: str, accounts: Iterable[Account]) -> set[Granted]:
    return {Assignment(principal, name, each.id) for each in accounts}


def compress(given_out: Iterable[Granted], accounts: Iterable[Account] | Candidates) -> Compressed:
    known = accounts if isinstance(accounts, Candidates) else Candidates.of(accounts)
    return compressing.compress(given_out, known)


def where(**tags: str) -> list[Account]:
    return [each for each in ACCOUNTS[1:] if tags.items() <= each.tags.items()]


def only(compressed: Compressed) -> FoundRule:
    assert len(compressed.rules) == 1, compressed.rules
    return compressed.rules[0]


def gives(rule: FoundRule, accounts: Iterable[Account]) -> set[tuple[Principal, Target, AccountId]]:
    """An evaluator of its own, one account at a time."""
    chosen = {each.id for each in accounts if each.active and selects(rule.selection, each)}
    return set(product(rule.principals, rule.targets, chosen))


def selects(selection: Selection, account: Account) -> bool:
    if account.id in selection.names:
        return True
    if account.id in selection.exceptions or (account.is_management and not selection.management):
        return False
    units = [account.ou] if selection.direct else ["/".join(account.ou_names[:n]) for n in range(1, 4)]
    if selection.patterns or selection.names:
        return any(fits(pattern, account.name) for pattern in selection.patterns)
    return (not selection.units or bool({*units} & {*selection.units})) and all(
        account.tags.get(key) in values for key, values in selection.tags
    )


def fits(pattern: str, name: str) -> bool:
    start, _, end = pattern.partition("*")
    return name.startswith(start) and name.endswith(end)


def test_everything_but_the_management_account_is_all() -> None:
    rule = only(compress(grants(OPS, "Admin", ACCOUNTS[1:]), ACCOUNTS))
    assert rule == FoundRule((OPS,), (Target("Admin"),), Selection(every=True))


def test_the_management_account_is_in_a_selection_only_in_so_many_words() -> None:
    rule = only(compress(grants(OPS, "Admin", ACCOUNTS), ACCOUNTS))
    assert rule.selection == Selection(every=True, management=True)


def test_a_unit_is_found_before_a_tag_that_says_the_same() -> None:
    chosen = [each for each in ACCOUNTS[1:] if each.ou_names == ("Workloads", "Production")]
    assert only(compress(grants(DEVS, "Read", chosen), ACCOUNTS)).selection.units == ("Workloads/Production",)


def test_a_tag_is_found_across_units() -> None:
    assert only(compress(grants(DEVS, "Read", where(env="staging")), ACCOUNTS)).selection.tags == (
        ("env", ("staging",)),
    )


def test_two_tags_are_found_together() -> None:
    accounts = [Account(each.id, str(each.id), tags=each.tags) for each in ACCOUNTS]
    chosen = [each for each in accounts if each.tags == {"env": "staging", "team": "web"}]
    found = only(compress(grants(DEVS, "Read", chosen * 2), accounts)).selection
    assert found.names == tuple(each.id for each in chosen)  # three names are as short
    more = [*accounts, *(Account(AccountId(f"{n}" * 12), f"{n}", tags=chosen[0].tags) for n in range(3, 7))]
    chosen = [each for each in more if each.tags == {"env": "staging", "team": "web"}]
    assert only(compress(grants(DEVS, "Read", chosen), more)).selection.tags == (
        ("env", ("staging",)),
        ("team", ("web",)),
    )


def test_a_pattern_of_names_is_found_where_nothing_else_tells_them_apart() -> None:
    accounts = [Account(AccountId(f"{n:012}"), f"acquired-{n}") for n in range(6)]
    accounts += [Account(AccountId(f"{n:012}"), f"own-{n}") for n in range(6, 12)]
    found = only(compress(grants(DEVS, "Read", accounts[:6]), accounts)).selection
    assert found == Selection(patterns=("acquired-*",))


def test_a_single_exception_is_said_and_not_worked_around() -> None:
    chosen = ACCOUNTS[2:]
    found = only(compress(grants(DEVS, "Read", chosen), ACCOUNTS)).selection
    assert found == Selection(every=True, exceptions=(ACCOUNTS[1].id,))


def test_an_account_beside_a_selection_is_named() -> None:
    chosen = [*where(env="production"), ACCOUNTS[1]]
    rules = compress(grants(DEVS, "Read", chosen), ACCOUNTS).rules
    assert [rule.selection for rule in rules] == [
        Selection(units=("Workloads/Production",)),
        Selection(names=(ACCOUNTS[1].id,)),
    ]


def test_units_and_values_of_a_tag_and_patterns_become_lists() -> None:
    chosen = [each for each in ACCOUNTS[1:] if each.ou != "Workloads/Staging"]
    assert only(compress(grants(DEVS, "Read", chosen), ACCOUNTS)).selection == Selection(
        units=("Sandbox", "Workloads/Production")
    )
    accounts = [Account(AccountId(f"{n:012}"), f"{n}", tags={"team": "abc"[n % 3]}) for n in range(15)]
    chosen = [each for each in accounts if each.tags["team"] != "b"]
    assert only(compress(grants(DEVS, "Read", chosen), accounts)).selection.tags == (("team", ("a", "c")),)
    accounts = [Account(AccountId(f"{n:012}"), f"{'abc'[n % 3]}-{n}") for n in range(24)]
    chosen = [each for each in accounts if each.name[0] != "b"]
    chosen.append(accounts[1])
    assert only(compress(grants(DEVS, "Read", chosen), accounts)).selection == Selection(
        patterns=("a-*", "c-*"), names=(accounts[1].id,)
    )


def test_one_account_is_named_even_where_a_unit_holds_only_it() -> None:
    accounts = [*ACCOUNTS, account(99, "audit", "audit", "Audit")]
    found = only(compress(grants(DEVS, "Read", accounts[-1:]), accounts)).selection
    assert found == Selection(names=(accounts[-1].id,))


def test_principals_and_sets_with_the_same_accounts_are_one_rule() -> None:
    given_out = {
        each
        for who, what in product((DEVS, OPS), ("Read", "Admin"))
        for each in grants(who, what, where(env="staging"))
    }
    rule = only(compress(given_out, ACCOUNTS))
    assert (rule.principals, rule.targets) == ((DEVS, OPS), (Target("Admin"), Target("Read")))


def test_groups_users_sets_and_roles_each_have_rules_of_their_own() -> None:
    ana = Principal(PrincipalKind.USER, "ana")
    role = {
        Entitlement(DEVS, RoleArn(f"arn:aws:iam::{each.id}:role/teams/Deploy"))
        for each in where(env="staging")
    }
    given_out = role | grants(DEVS, "Read", where(env="staging")) | grants(ana, "Read", where(env="staging"))
    compressed = compress(given_out, ACCOUNTS)
    assert compressed.grants == 24
    assert {(rule.principals, rule.targets) for rule in compressed.rules} == {
        ((DEVS,), (Target("Read"),)),
        ((DEVS,), (Target("teams/Deploy", is_role=True),)),
        ((ana,), (Target("Read"),)),
    }


def test_a_unit_whose_name_holds_a_slash_is_never_a_selector() -> None:
    accounts = [Account(AccountId(f"{n:012}"), f"{n}", ou_names=("a/b",)) for n in range(9)]
    accounts += [Account(AccountId(f"{n:012}"), f"{n}", ou_names=("a", "b")) for n in range(9, 18)]
    found = only(compress(grants(DEVS, "Read", accounts[:9]), accounts)).selection
    assert not found.units
    assert only(compress(grants(DEVS, "Read", accounts[9:]), accounts)).selection.units == ("a",)


def test_without_knowing_the_organization_accounts_are_named() -> None:
    candidates = Candidates.names_only(ACCOUNTS)
    rules = compress(grants(DEVS, "Read", ACCOUNTS), candidates).rules
    assert [rule.selection for rule in rules] == [Selection(names=candidates.ids_in(2 ** len(ACCOUNTS) - 1))]


def test_a_suspended_account_cannot_be_spoken_of() -> None:
    closed = Account(AccountId("9" * 12), "closed", active=False)
    with pytest.raises(KeyError):
        compress(grants(DEVS, "Read", [closed]), [*ACCOUNTS, closed])


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1))
def test_products_are_exact_and_never_more_than_the_rows(pairs: set[tuple[int, int]]) -> None:
    found = products(pairs)
    assert {each for lefts, rights in found for each in product(lefts, rights)} == pairs
    assert len(found) <= min(len({left for left, _ in pairs}), len({right for _, right in pairs}))


@st.composite
def organizations(draw: st.DrawFn) -> list[Account]:
    few = st.sampled_from(["a", "b"])
    found = []
    for number in range(draw(st.integers(1, 24))):
        found.append(
            Account(
                AccountId(f"{number:012}"),
                f"{draw(few)}-{draw(few)}-{number if draw(st.booleans()) else 'x'}",
                tags=draw(st.dictionaries(st.sampled_from(["env", "team", "aws:own"]), few)),
                active=draw(st.sampled_from([True, True, True, False])),
                is_management=number == 0,
                ou_names=tuple(draw(st.lists(st.sampled_from(["X", "Y", "X/Y"]), max_size=3))),
            )
        )
    return found


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Account], set[Granted]]:
    accounts = draw(organizations())
    active = [each for each in accounts if each.active]
    who = [Principal(kind, name) for kind in PrincipalKind for name in ("x", "y")]
    given_out: set[Granted] = set()
    for principal, name in draw(st.sets(st.tuples(st.sampled_from(who), st.sampled_from("PQR")), max_size=8)):
        dice = draw(st.integers(0, 3))
        chosen = active if dice == 0 else [each for each in active if draw(st.booleans())]
        given_out |= grants(principal, name, chosen)
    return accounts, given_out


@given(worlds())
def test_whatever_the_organization_the_rules_give_exactly_the_grants(
    world: tuple[list[Account], set[Granted]],
) -> None:
    accounts, given_out = world
    compressed = compress(given_out, accounts)
    expected = {(each.principal, Target(each.permission_set), each.account_id) for each in given_out}
    assert {each for rule in compressed.rules for each in gives(rule, accounts)} == expected
    assert compress(sorted(given_out, key=str, reverse=True), reversed(accounts)) == compressed
    assert len(compressed.rules) <= max(1, len(given_out))
