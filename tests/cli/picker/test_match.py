"""What a query finds and in which order: laws for any text, and the examples that people care for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usher.cli.picker.match import Candidate, Matcher, folded, positions, words_of

NAMES = st.text(st.sampled_from("abAB1-/éİß字\U0001f600"), max_size=20)
QUERIES = st.text(st.sampled_from("abAB1-/ éi字"), max_size=6)
CANDIDATES = st.lists(
    st.builds(Candidate, NAMES, st.tuples(NAMES, NAMES), st.floats(0, 1)), min_size=1, max_size=8
)


def found(query, *names):
    return [names[number] for number in Matcher([Candidate(name) for name in names]).find(query)]


def is_subsequence(word, text):
    letters = iter(text)
    return all(letter in letters for letter in word)


def is_scattered_near(word, text):
    """The letters in order, and from the first place where they end back not further than three times."""
    ends = [end for end in range(len(text) + 1) if is_subsequence(word, text[:end])]
    return bool(ends) and is_subsequence(word, text[max(0, ends[0] - 3 * len(word)) : ends[0]])


def initials(name):
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return folded("".join(word[0] for word in re.findall(r"[^\W_]+", apart)))


@given(CANDIDATES, QUERIES)
def test_exactly_those_are_found_that_hold_every_word_somewhere_or_its_letters_near_each_other(
    candidates, query
):
    def holds(candidate, word):
        return (
            any(word in folded(field) for field in candidate.fields)
            or word in initials(candidate.name)
            or is_scattered_near(word, folded(candidate.name))
        )

    wanted = [
        number
        for number, candidate in enumerate(candidates)
        if all(holds(candidate, word) for word in words_of(query))
    ]
    assert sorted(Matcher(candidates).find(query)) == wanted


@given(CANDIDATES, QUERIES)
def test_typing_letter_by_letter_finds_what_the_whole_query_finds_in_the_same_order(candidates, query):
    typed = Matcher(candidates)
    for length in range(len(query) + 1):
        last = typed.find(query[:length])
    assert last == Matcher(candidates).find(query)


@given(CANDIDATES, QUERIES, QUERIES)
def test_going_back_and_typing_something_else_finds_as_if_nothing_had_been_typed(candidates, first, second):
    typed = Matcher(candidates)
    typed.find(first)
    assert typed.find(second) == Matcher(candidates).find(second)


@given(CANDIDATES, QUERIES)
def test_equals_keep_the_order_they_were_given_in(candidates, query):
    twice = [each for candidate in candidates for each in (candidate, candidate)]
    order = Matcher(twice).find(query)
    for number in range(0, len(twice), 2):
        if number in order:
            assert order.index(number) < order.index(number + 1)


@given(CANDIDATES, QUERIES)
def test_what_is_used_more_never_comes_later_for_it(candidates, query):
    first, *rest = candidates
    before = Matcher([first._replace(habit=0.0), *rest]).find(query)
    after = Matcher([first._replace(habit=1.0), *rest]).find(query)
    if 0 in before:
        assert after.index(0) <= before.index(0)


@given(NAMES, QUERIES)
def test_the_marked_letters_spell_the_words(name, query):
    for word in words_of(query):
        places = sorted(positions(name, [word]))
        if places:
            assert "".join(folded(name)[place] for place in places) == word
        else:
            assert not is_subsequence(word, folded(name))


@given(st.text())
def test_folding_keeps_every_position(text):
    assert len(folded(text)) == len(text)


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("prod", "mkdev-prod/Admin", "mkdev-production/Admin"),
        ("prod", "mkdev-production/Admin", "mkdev-nonproduction/Admin"),
        ("admin", "staging/AdminAccess", "staging/SysadminAccess"),
        ("pda", "prod/DatabaseAdmin", "spandau/Admin"),
        ("prdadm", "prod-AdminAccess", "pier-road-admin"),
        ("read prod", "prod/ReadOnly", "prod/Admin-thread"),
    ],
)
def test_the_better_find_comes_first(query, better, worse):
    assert found(query, worse, better)[0] == better


def test_case_and_the_order_of_words_do_not_matter():
    assert found("ADMIN prod", "Prod/adminAccess") == found("prod admin", "Prod/adminAccess") != []


def test_every_field_can_be_searched_and_an_empty_query_shows_everything():
    matcher = Matcher([Candidate("a", ("payments", "333333333333", "who@mkdev.example")), Candidate("b")])
    assert matcher.find("3333") == matcher.find("mkdev.ex") == matcher.find("ment") == [0]
    assert matcher.find("  ") == [0, 1]
    assert matcher.find("a zzz") == []


def test_an_accounts_beginning_counts_more_than_a_piece_of_the_middle_of_a_name():
    candidates = [Candidate("mkdev/Read", ("staging",)), Candidate("mkdev/Read", ("development",))]
    assert Matcher(candidates).find("dev") == [1, 0]


def test_letters_that_are_far_apart_were_not_meant():
    assert found("media", "mkdev-payments-production/ReadOnlyAccess", "mkdev-media/Read") == [
        "mkdev-media/Read"
    ]
    assert found("ml", "m" + "x" * 20 + "l", "mkl") == ["mkl"]


def test_a_habit_beats_a_slightly_better_name_but_not_a_far_better_one():
    often = Candidate("production/Admin", habit=1.0)
    assert Matcher([Candidate("prod/Admin"), often]).find("prod") == [1, 0]
    assert Matcher([Candidate("paper-rod"), Candidate("prod/Admin")]).find("prod") == [1, 0]


def test_initials_are_marked_where_the_words_begin():
    assert positions("prod/DatabaseAdmin", ["pda"]) == {0, 5, 13}
    assert positions("prod/DatabaseAdmin", ["pda"], scattered=False) == frozenset()
    assert positions("xaxbxab", ["ab"]) == {5, 6}
