"""Selectors: which ways in become profiles."""

import pytest

from usher.core.errors import UsageError
from usher.profiles.filters import Selection, parse_selector
from usher.profiles.ways import WayIn

PROD = WayIn(
    "333333333333",
    "Shop Production",
    "ReadOnlyAccess",
    unit="Workloads/Prod",
    tags={"env": "prod"},
    alias="shop",
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("shop*", True),
        ("*production", True),
        ("333*", True),
        ("readonly*", True),
        ("mkdev-shop/*", True),
        ("staging", False),
        ("account:Shop*", True),
        ("account:ReadOnly*", False),
        ("id:333333333333", True),
        ("set:ReadOnlyAccess", True),
        ("set:Shop*", False),
        ("unit:Workloads", True),
        ("unit:Workloads/Prod", True),
        ("unit:Prod", False),
        ("tag:env=prod", True),
        ("tag:env", True),
        ("tag:env=dev", False),
        ("tag:team", False),
        ("profile:mkdev-*", True),
        ("unit:Workloads & set:ReadOnly*", True),
        ("unit:Workloads & set:Admin*", False),
    ],
)
def test_a_selector_looks_at_what_it_names_and_ands_its_parts(text, wanted):
    assert parse_selector(text).matches("mkdev-shop/ReadOnlyAccess", PROD) is wanted


def test_unknown_parts_match_nothing():
    assert not parse_selector("unit:*").matches("x", WayIn("333333333333", "a", "b"))


@pytest.mark.parametrize("text", ["", "account:", "name:x", "a & ", "a & nothing:x"])
def test_what_cannot_be_meant_is_refused(text):
    with pytest.raises(UsageError, match="selector"):
        parse_selector(text)


@pytest.mark.parametrize(
    ("include", "exclude", "wanted"),
    [
        ([], [], True),
        (["x"], [], False),
        (["x", "shop"], [], True),
        (["shop"], ["set:Read*"], False),
        ([], ["x"], True),
    ],
)
def test_what_any_include_means_is_wanted_unless_an_exclude_means_it_too(include, exclude, wanted):
    chosen = Selection(tuple(map(parse_selector, include)), tuple(map(parse_selector, exclude)))
    assert chosen.wants("mkdev-shop", PROD) is wanted
