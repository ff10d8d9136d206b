"""Selection by indexes means what one account at a time would; only the tags that are asked for matter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usher.access.diagnostics import AccessFileError, Findings
from usher.access.load import load_access_file
from usher.access.locate import START, Located
from usher.access.model import (
    AccessFile,
    AccountSelector,
    EveryAccount,
    MatchingAccounts,
    MemberAccounts,
    NamedAccounts,
    Rule,
)
from usher.access.patterns import is_pattern, matches
from usher.access.scope import find_scope
from usher.access.select import AccountIndex
from usher.access.tag_needs import accounts_to_ask_for_tags
from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.core.rules import RuleNote

pytestmark = pytest.mark.scale

UNITS = ("A", "B")
TAGS = st.dictionaries(st.sampled_from("kl"), st.sampled_from("xyz"), max_size=2)


@st.composite
def organizations(draw: st.DrawFn) -> list[Account]:
    accounts = []
    for number in range(draw(st.integers(1, 6))):
        units = tuple(draw(st.lists(st.sampled_from(UNITS), max_size=3)))
        accounts.append(
            Account(
                AccountId(f"{number:012}"),
                f"{draw(st.sampled_from(('prod', 'dev')))}-{number}",
                tags=draw(TAGS),
                active=draw(st.booleans()) or number == 0,
                is_management=number == 0,
                ou_names=units,
                ou_ids=tuple(f"ou-root-{'/'.join(units[: depth + 1])}" for depth in range(len(units))),
            )
        )
    return accounts


def _located(texts: list[str]) -> tuple[Located[str], ...]:
    return tuple(Located(text, START) for text in texts)


def selectors(accounts: list[Account]) -> st.SearchStrategy[AccountSelector]:
    names = st.lists(
        st.sampled_from(
            [*(each.name for each in accounts), *(str(each.id) for each in accounts), "prod-*", "*-?", "d*"]
        ),
        min_size=1,
        max_size=3,
    ).map(_located)
    paths = ["/", "A", "B", "A/B", "A/A", "B/A/B", "C"]
    units = st.lists(st.sampled_from(paths), max_size=2).map(_located)
    simple: st.SearchStrategy[AccountSelector] = (
        st.just(EveryAccount(START)) | st.just(MemberAccounts(START)) | st.builds(NamedAccounts, names)
    )
    wanted = st.dictionaries(
        st.sampled_from("kl"), st.lists(st.sampled_from("xyz"), min_size=1, max_size=2).map(tuple), max_size=2
    )
    return st.recursive(
        simple,
        lambda inner: st.builds(
            MatchingAccounts,
            st.just(START),
            wanted,
            units,
            units,
            st.just(()) | names,
            st.none() | inner,
            st.booleans(),
        ),
        max_leaves=4,
    )


def _named(names: tuple[Located[str], ...], account: Account, *, excluding: bool) -> bool:
    for name in names:
        if name.value in (account.name, account.id):
            return True
        fits = is_pattern(name.value) and matches(name.value, account.name)
        if fits and (excluding or not account.is_management):
            return True
    return False


def _means(selector: AccountSelector, account: Account, *, excluding: bool = False) -> bool:
    """Whether `selector` means `account`, word for word as the reference says it."""
    match selector:
        case EveryAccount():
            return True
        case MemberAccounts():
            return not account.is_management
        case NamedAccounts(names=names):
            return _named(names, account, excluding=excluding)
        case MatchingAccounts():
            path = account.ou
            reached = not account.is_management or selector.management or excluding
            reached = reached or _named(selector.names, account, excluding=False)
            return (
                reached
                and (not selector.names or _named(selector.names, account, excluding=excluding))
                and all(account.tags.get(key) in values for key, values in selector.tags.items())
                and (
                    not selector.units
                    or any(
                        unit.value == "/" or f"{path}/".startswith(f"{unit.value}/")
                        for unit in selector.units
                    )
                )
                and (
                    not selector.direct_units
                    or any(unit.value == (path or "/") for unit in selector.direct_units)
                )
                and not (selector.excluded is not None and _means(selector.excluded, account, excluding=True))
            )


@settings(max_examples=300, deadline=None)
@given(organizations().flatmap(lambda found: st.tuples(st.just(found), selectors(found))))
def test_indexes_select_what_one_account_at_a_time_would(
    world: tuple[list[Account], AccountSelector],
) -> None:
    accounts, selector = world
    findings = Findings("access.yaml")
    scope = find_scope(load_access_file("version: 1\n", "access.yaml"), accounts, findings)
    chosen = AccountIndex(scope, findings).limit(selector)
    assert chosen == {each.id for each in accounts if each.active and _means(selector, each)}


def _with_rule(file: AccessFile, selector: AccountSelector) -> AccessFile:
    return replace(file, rules=(Rule((), (), selector, RuleNote(START.place), START),))


def _selected(file: AccessFile, selector: AccountSelector, accounts: list[Account]) -> object:
    findings = Findings("access.yaml")
    index = AccountIndex(find_scope(file, accounts, findings), findings)
    return index.limit(selector)


@settings(max_examples=300, deadline=None)
@given(
    organizations().flatmap(lambda found: st.tuples(st.just(found), selectors(found), TAGS)), st.booleans()
)
def test_tags_that_are_not_asked_for_decide_nothing(
    world: tuple[list[Account], AccountSelector, dict[str, str]], discovered: bool
) -> None:
    accounts, selector, known = world
    words = ", ".join(f"{key}: {value}" for key, value in known.items())
    scope = "discovered" if discovered else "declared"
    account = f"{{{accounts[0].name}: {{tags: {{{words}}}}}}}"
    text = f"version: 1\norganization: {{accounts: {scope}}}\naccounts: {account}\n"
    try:
        file = _with_rule(load_access_file(text, "access.yaml"), selector)
    except AccessFileError as error:
        raise AssertionError(str(error)) from error
    asked = accounts_to_ask_for_tags(file, accounts)
    blank = [each if each.id in asked else replace(each, tags={}) for each in accounts]
    assert _selected(file, selector, blank) == _selected(file, selector, accounts)
