"""How rules choose a look: every part given must match, patterns of one part are alternatives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from usher.core.ids import AccountId
from usher.core.looks import PLAIN, Colour, Confirm, Look, LookRule, Seen, look_of

PRODUCTION = Look(Colour.RED, "PRODUCTION", Confirm.ASK)
SEEN = Seen(
    "mkdev-production/Admin", "333333333333", "production", "Admin", "mkdev", "Work/Prod/EU", {"env": "prod"}
)


@pytest.mark.parametrize(
    "parts",
    [
        {"profiles": ("mkdev-prod*",)},
        {"accounts": ("staging", "prod*")},
        {"accounts": ("333333333333",)},
        {"permission_sets": ("Admin",)},
        {"organizations": ("mkdev",)},
        {"units": ("Work/Prod/EU",)},
        {"units": ("Work/Prod",)},
        {"units": ("Work",)},
        {"tags": {"env": "prod*"}},
        {"accounts": ("prod*",), "permission_sets": ("Ad*",), "tags": {"env": "prod"}},
    ],
)
def test_a_rule_is_for_what_all_its_parts_match(parts):
    assert LookRule(PRODUCTION, **parts).matches(SEEN)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"profiles": ("production",)},
        {"accounts": ("Prod*",)},
        {"units": ("Prod",)},
        {"tags": {"team": "*"}},
        {"accounts": ("prod*",), "permission_sets": ("ReadOnly",)},
        {"accounts": ("prod*",), "tags": {"env": "test"}},
    ],
)
def test_a_rule_is_not_for_what_one_part_does_not_match_and_never_for_everything_by_saying_nothing(parts):
    assert not LookRule(PRODUCTION, **parts).matches(SEEN)


def test_what_is_not_known_matches_no_pattern():
    rule = LookRule(PRODUCTION, accounts=("*",))
    assert not rule.matches(Seen("static-keys"))


def test_the_first_rule_that_matches_wins_and_without_one_everything_is_plain():
    other = Look(Colour.GREEN, "elsewhere")
    rules = [LookRule(PRODUCTION, accounts=("prod*",)), LookRule(other, organizations=("mkdev",))]
    assert look_of(rules, SEEN) == PRODUCTION
    assert look_of(rules, Seen(account_name="staging", organization="mkdev")) == other
    assert look_of(rules, Seen("somewhere", account_name="staging", organization="other")) == PLAIN


@pytest.mark.parametrize(
    ("parts", "seen", "doubt"),
    [
        ({"profiles": ("p*",)}, Seen(account_name="a"), "profile"),
        ({"accounts": ("prod*",)}, Seen("a", AccountId("333333333333")), "name"),
        ({"accounts": ("333333333333",)}, Seen("a"), "account"),
        ({"permission_sets": ("Admin",)}, Seen("a"), "permission set"),
        ({"organizations": ("mkdev",)}, Seen("a"), "account"),
        ({"units": ("Work",)}, Seen("a", account_name="prod"), "unit"),
        ({"tags": {"env": "prod"}}, Seen("a", account_name="prod"), "tags"),
        ({"accounts": ("prod*",), "tags": {"env": "prod"}}, Seen("a", account_name="prod"), "tags"),
    ],
)
def test_a_rule_that_asks_and_cannot_be_decided_asks_and_says_what_is_not_known(parts, seen, doubt):
    look = look_of([LookRule(PRODUCTION, **parts)], seen)
    assert look == replace(PRODUCTION, label="PRODUCTION?", doubt=doubt)
    only_a_colour = Look(Colour.YELLOW, "STAGING")
    assert look_of([LookRule(only_a_colour, **parts)], seen) == PLAIN
    unnamed = replace(PRODUCTION, label="")
    assert look_of([LookRule(unnamed, **parts)], seen) == replace(unnamed, doubt=doubt)


@pytest.mark.parametrize(
    ("parts", "seen"),
    [
        ({"accounts": ("333333333333",)}, Seen("a", AccountId("222222222222"))),
        ({"accounts": ("prod*",)}, Seen("a", account_name="staging")),
        ({"organizations": ("mkdev",)}, Seen("a", AccountId("222222222222"))),
        ({"profiles": ("p*",), "accounts": ("prod*",)}, Seen("a")),
        ({"units": ("Work",)}, Seen("a", tags={"env": "test"})),
        ({"tags": {"env": "prod"}}, Seen("a", unit="Work")),
    ],
)
def test_a_rule_that_is_surely_for_others_leaves_no_doubt(parts, seen):
    assert look_of([LookRule(PRODUCTION, **parts)], seen) == PLAIN
