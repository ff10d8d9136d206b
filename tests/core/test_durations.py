"""Durations as people write them and as AWS reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usher.core.durations import iso_duration, parse_age, parse_duration, plain_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("8h", 28_800),
        ("90m", 5_400),
        ("1h30m", 5_400),
        ("1h30m15s", 5_415),
        ("3600s", 3_600),
        ("PT8H", 28_800),
        ("PT1H30M", 5_400),
        ("PT90M", 5_400),
        ("0s", 0),
    ],
)
def test_a_duration_is_written_plainly_or_as_iso_8601(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "8", "PT", "8 h", "8H", "pt8h", "h", "30m1h", "-1h", "1.5h", "P1D", "8h ", "8h\n", "٨h", "9999h"],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration: write it as 8h, 90m or PT8H"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "iso", "plain"),
    [(28_800, "PT8H", "8h"), (5_400, "PT1H30M", "1h30m"), (61, "PT1M1S", "1m1s"), (0, "PT0S", "0s")],
)
def test_a_duration_is_shown_in_its_shortest_form(seconds: int, iso: str, plain: str) -> None:
    assert (iso_duration(seconds), plain_duration(seconds)) == (iso, plain)


@given(st.integers(0, 999 * 3600))
def test_what_is_shown_reads_back(seconds: int) -> None:
    assert parse_duration(iso_duration(seconds)) == seconds
    assert parse_duration(plain_duration(seconds)) == seconds


@pytest.mark.parametrize(("text", "seconds"), [("1d", 86_400.0), ("90d", 7_776_000.0), ("8h", 28_800.0)])
def test_an_age_may_be_in_days(text, seconds):
    assert parse_age(text) == seconds


@pytest.mark.parametrize("text", ["d", "-1d", "1.5d", "90", ""])
def test_what_is_no_age_is_refused(text):
    with pytest.raises(ValueError, match="not a duration"):
        parse_age(text)
