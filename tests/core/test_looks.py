"""How rules choose a look: every part given must match, patterns of one part are alternatives."""

from __future__ import annotations

import pytest

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
    assert look_of(rules, Seen("somewhere")) == PLAIN
