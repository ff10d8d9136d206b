"""Rows in columns: aligned, cut where a person looks, whole in a pipe, inert in a spreadsheet."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from usher.cli.text.table import columns_of, csv_lines, table_lines


def test_columns_are_aligned_and_lines_have_no_end() -> None:
    assert list(table_lines(("A", "B"), [("one", "x"), ("longer", "")], None)) == [
        "A       B",
        "one     x",
        "longer",
    ]


def test_the_widest_column_gives_way_in_a_terminal() -> None:
    lines = list(table_lines(("NAME", "N"), [("a" * 40, "1")], 20))
    assert lines[1] == f"{'a' * 16}…  1"
    assert all(columns_of(line) <= 20 for line in lines)


def test_wide_letters_take_two_columns() -> None:
    lines = list(table_lines(("NAME", "N"), [("組織" * 9, "1"), ("e\u0301", "2")], 20))
    assert columns_of(lines[1]) <= 20
    assert lines[2].endswith("2")
    assert columns_of(lines[2]) == columns_of(lines[0])


def test_names_cannot_steer_the_terminal() -> None:
    (_, line) = table_lines(("NAME",), [("\x1b[2Jada\u202e",)], None)
    assert line == "�[2Jada�"


def test_a_spreadsheet_runs_nothing() -> None:
    lines = list(csv_lines(("name",), [("=cmd()",), ("@x",), ("-1",), ("a,b",), ("lone \udcff",)]))
    assert lines == ["name", "'=cmd()", "'@x", "'-1", '"a,b"', "lone ?"]


@given(st.lists(st.tuples(st.text("ab,\"'\n ", min_size=0), st.text("xy\n", min_size=1)), max_size=5))
def test_csv_is_read_back_as_it_was(rows: list[tuple[str, str]]) -> None:
    text = "\r\n".join(csv_lines(("a", "b"), rows))
    assert [tuple(row) for row in csv.reader(io.StringIO(text, newline=""))] == [("a", "b"), *rows]


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=8), st.integers(20, 60))
def test_a_table_never_outgrows_its_terminal(rows: list[tuple[str, str]], width: int) -> None:
    assert all(columns_of(line) <= width for line in table_lines(("A", "B"), rows, width))
