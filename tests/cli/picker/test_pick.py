"""`usher pick` without a terminal, and the pieces of its screen that need none."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usher.cli.picker.actions import Action
from usher.cli.picker.cells import beginning, cut, safe, shown, widest, width
from usher.cli.picker.frame import brief, draw
from usher.cli.picker.picking import Picking, Surroundings, in_order
from usher.cli.picker.styles import STYLES, sgr, toolkit_style
from usher.core.looks import Colour, Look
from usher.profiles.index import IndexEntry
from usher.profiles.recent import Use, note_use

USHER = [sys.executable, "-c", "import sys; from usher._entry import main; sys.exit(main())"]
TEXTS = st.text(st.sampled_from("ab/-é字\u0301\u200d\u202e\u2028\x1b\n\U0001f600\u1160"), max_size=30)


def run(home, *arguments):
    folder, environ = home
    return subprocess.run(
        [*USHER, *arguments],
        env=environ,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_a_filter_prints_what_matches_best_first(picker_home):
    done = run(picker_home, "pick", "--filter", "fraud", "prod")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "mkdev-fraud-production/AdministratorAccess",
        "mkdev-fraud-production/ReadOnlyAccess",
        "mkdev-fraud-production/DatabaseOperator",
    ]


def test_as_json_everything_that_the_screen_shows_is_there(picker_home):
    now = time.time()
    note_use(picker_home[0] / "cache", "mkdev-fraud-production/ReadOnlyAccess", now, now + 600)
    done = run(picker_home, "pick", "--filter", "fraud prod", "--json")
    first, second, _ = json.loads(done.stdout)
    assert first["profile"] == "mkdev-fraud-production/ReadOnlyAccess"
    assert (first["account_id"], first["colour"], first["label"]) == ("100000015554", "red", "PRODUCTION")
    assert first["confirm"] == "ask"
    assert first["last_used"] < first["keys_expire"]
    assert (second["last_used"], second["keys_expire"]) == (None, None)


@pytest.mark.parametrize(
    "arguments", [("pick",), ("pick", "--many"), ("use", "--shell-output", "sh"), ("env",), ("console",)]
)
def test_where_nobody_is_there_is_never_a_picker(picker_home, arguments):
    done = run(picker_home, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "which profile?" in done.stderr


def test_a_name_that_is_none_ends_with_5_and_near_matches(picker_home):
    for arguments in (
        ("pick", "--filter", "mkdev-fruad-prodution"),
        ("use", "--shell-output", "sh", "mkdev-fruad-dev/ReadOnlyAcess"),
    ):
        done = run(picker_home, *arguments)
        assert done.returncode == 5
        assert "did you mean: mkdev-fraud-" in done.stderr
    assert "profiles list" in run(picker_home, "pick", "--filter", "zzzzzzzz").stderr


def test_without_profiles_it_says_how_to_get_some(picker_home):
    (picker_home[0] / "aws.config").write_text("")
    done = run(picker_home, "pick", "--filter", "")
    assert done.returncode == 5
    assert "usher profiles sync" in done.stderr


@given(TEXTS, st.integers(0, 30))
def test_whatever_a_name_is_its_cell_is_as_wide_as_it_was_cut_to(text, columns):
    held = safe(text)
    for places in (cut(held, columns), beginning(held, columns)):
        assert width(shown(held, places)) <= columns
    assert not any(character in held for character in "\x1b\n\u202e\u2028\u200d")
    assert safe(held) == held
    assert width(held) <= widest([text, "ab"])


def test_a_name_is_cut_in_the_middle_and_a_sentence_at_its_end():
    text = "mkdev-production/AdministratorAccess"
    assert shown(text, cut(text, 20)) == "mkdev-prod…torAccess"
    assert shown(text, beginning(text, 20)) == "mkdev-production/Ad…"
    assert shown(text, cut(text, 36)) == shown(text, beginning(text, 36)) == text


@given(
    st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=6),
    TEXTS,
    st.integers(2, 120),
    st.integers(1, 30),
    st.integers(-40, 40),
)
def test_every_picture_fits_the_screen_whatever_is_shown(names, query, columns, rows, moved):
    entries = [IndexEntry(profile, "o", "1", account, role) for profile, account, role in names]
    around = Surroundings(
        1000.0,
        {entry.profile: Use(1.0, 900.0) for entry in entries},
        look_of=lambda _: Look(Colour.RED, "LABEL字"),
        keys_until=lambda _: 5000.0,
        widest_label=7,
    )
    picking = Picking(entries, [0.0] * len(entries), around, [Action.USE, Action.COPY], many=True)
    picking.search(query)
    picking.mark()
    picking.move(moved)
    picture = draw(picking, columns, rows)
    assert len(picture.lines) == rows - 1
    for line in picture.lines:
        assert sum(width(text) for _, text in line) <= columns
        assert all(set(style.split()) <= set(STYLES) for style, _ in line)
    if picking.found and rows > 1:
        assert any(text.startswith(">") for line in picture.lines for _, text in line)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "<1m"),
        (59, "<1m"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (172_799, "47h"),
        (172_800, "2d"),
        (9e9, "999d"),
    ],
)
def test_times_are_brief(seconds, words):
    assert brief(seconds) == words


def test_a_style_without_colours_keeps_what_is_no_colour():
    assert sgr("red found here", colours=False) == "\x1b[1;4;7m"
    assert sgr("orange", colours=True) == "\x1b[38;5;208m"
    assert sgr("red", colours=False) == sgr("", colours=True) == ""
    assert toolkit_style("red found", colours=False) == "bold underline"
    assert toolkit_style("pink dim", colours=True) == "fg:#ff5faf dim"


def test_what_is_used_comes_first_and_the_others_stay_as_they_are():
    entries = [IndexEntry(name, "o", "1", name, "R") for name in "abcd"]
    ordered, habits = in_order(entries, {"d": 0.5, "b": 1.0, "gone": 0.9})
    assert [entry.profile for entry in ordered] == ["b", "d", "a", "c"]
    assert habits == [1.0, 0.5, 0.0, 0.0]
