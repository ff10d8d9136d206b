"""What is written as YAML is read back as it was, whatever characters are in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from usher.access.yaml_text import Value, block, comment, entry, flow, item, scalar

MARKS = "~#>%@`?!&*'\"|[]{},:-=<\t\x85\ufeff\u202e\u2028\U0001f600"
WORDS = ["", "null", "1", "0x1", "1e3", ".inf", "no", "- a", "a: b", "a #b", "---", "...", "é", "a,b", "a:b"]
NASTY = st.sampled_from([*WORDS, *MARKS, *(mark + "a" for mark in MARKS)])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | NASTY
KEYS = TEXTS.filter(lambda text: text != "<<")  # the one key that the parser takes for a merge
VALUES: st.SearchStrategy[Value] = st.recursive(
    TEXTS | st.booleans() | st.integers(-(10**9), 10**9) | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def read_value(text: str) -> object:
    return YAML(typ="safe", pure=True).load(text)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_a_mapping_is_read_back_as_it_was(value: dict[str, Value]) -> None:
    assert read_value("\n".join(block(value, 0)) + "\n") == value


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_a_list_below_a_key_is_read_back_as_it_was(value: list[Value]) -> None:
    text = "\n".join(["key:", *(line for each in value for line in item(each, 2))]) + "\n"
    assert read_value(text) == {"key": value}


@given(TEXTS)
def test_a_comment_is_one_line_and_no_value(text: str) -> None:
    assert read_value(f"{comment(text)}\nkey: 1\n") == {"key": 1}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("production", "production"),
        ("Example Operator", "Example Operator"),
        ("operator@mkdev.example", "operator@mkdev.example"),
        ("Jörg Müller", "Jörg Müller"),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", '"arn:aws:iam::aws:policy/ReadOnlyAccess"'),
        ("022222222222", '"022222222222"'),
        ("no", '"no"'),
        (None, "null"),
        (True, "true"),
    ],
)
def test_plain_words_stay_plain(value: str | bool | None, written: str) -> None:
    assert scalar(value) == written


def test_what_fits_stands_on_one_line_and_the_rest_as_a_block() -> None:
    assert flow({"tags": {"env": "production"}, "except": ["a", "b"]}) == (
        "{tags: {env: production}, except: [a, b]}"
    )
    assert list(entry("staging", None, 2)) == ["  staging:"]
    long = list(entry("members", [f"person{number}@mkdev.example" for number in range(9)], 4))
    assert long[:2] == ["    members:", "      - person0@mkdev.example"]
