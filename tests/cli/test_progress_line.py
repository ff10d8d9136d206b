"""The progress of a run as a person sees it: one line that is drawn again, with failures above it."""

from __future__ import annotations

import io

import pytest

from usher.apply.progress import ProgressView
from usher.cli.terminal import Terminal
from usher.cli.text.progress import progress_line, time_left


class Screen(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """What stands on the screen: a cleared line is gone."""
        return [line.rpartition("\x1b[K")[2].rpartition("\r")[2] for line in self.getvalue().split("\n")]


def test_the_line_is_drawn_in_place_and_words_stand_above_it() -> None:
    screen = Screen()
    terminal = Terminal(out=screen, err=screen, colour=False)
    terminal.status("[##  ] 1/2")
    terminal.say("failed: no")
    terminal.status("[####] 2/2")
    assert screen.lines == ["failed: no", "[####] 2/2"]
    terminal.status("")
    terminal.say("done")
    assert screen.lines == ["failed: no", "done", ""]


def test_nothing_is_drawn_where_nobody_watches() -> None:
    out = io.StringIO()
    terminal = Terminal(out=out, err=out)
    terminal.status("[##  ] 1/2")
    terminal.say("words")
    assert out.getvalue() == "words\n"
    assert not terminal.redraws


@pytest.mark.parametrize("columns", [10, 20, 40, 80, 200])
def test_the_line_fits_the_terminal(columns: int) -> None:
    line = progress_line(ProgressView(1000, 450, 3, 15, 200.0), columns)
    assert len(line) < columns
    assert line.endswith("about 3 min left") == (columns >= 80)


def test_the_line_says_how_far_it_is_and_what_did_not_work() -> None:
    line = progress_line(ProgressView(1000, 450, 0, 15, None), 80)
    assert line.startswith("[████")
    assert line.endswith("45%  450/1000  15 under way")
    assert "2 not done" in progress_line(ProgressView(10, 1, 2, 0, None), 80)
    assert "100%" in progress_line(ProgressView(0, 0, 0, 0, None), 80)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (3.0, "a few seconds left"),
        (33.0, "about 35 s left"),
        (58.0, "about 1 min left"),
        (600.0, "about 10 min left"),
        (9000.0, "about 2.5 h left"),
    ],
)
def test_the_time_left_does_not_pretend_to_know_it_to_the_second(seconds: float | None, words: str) -> None:
    assert time_left(seconds) == words
