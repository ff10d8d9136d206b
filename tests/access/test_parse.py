"""Both parsers read the same text alike, and no change to a valid file surprises the loader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from usher.access import parse
from usher.access.diagnostics import AccessFileError, Diagnostic, Findings
from usher.access.load import load_access_files
from usher.access.locate import Node

PROJECT = Path(__file__).resolve().parents[2]
_EXAMPLES = [path.read_text() for path in sorted(PROJECT.glob("examples/**/*.yaml"))]
_MISTAKES = [
    "\n".join(line for line in block.split("\n")[1:] if not line.startswith("> "))
    for block in Path(__file__).with_name("mistakes.txt").read_text(encoding="utf-8").split("=== ")[1:]
]
_TOKENS = (
    *("&a ", "*a", "<<", "!!str ", "!x ", "---", "...", ": ", ":", "- ", "-", "? ", "[", "]", "{", "}", ", "),
    *("\n", "\n  ", "\n    ", "#", " #", "'", '"', "|\n", "|", "|-\n", ">", "\\", '"a\\x41"', "é", "@", "%"),
    *("\t", "\r", "\r\n", "\x85", "\u2028", "\ufeff", "1:2", "a#b", "~", "all", "8h", "null", "0x1", "*a:"),
)


def _slices(text: str) -> st.SearchStrategy[str]:
    """The text, or where it is long a part of it that starts with a line."""
    starts = [0, *(index + 1 for index, letter in enumerate(text) if letter == "\n")]
    return st.sampled_from(starts).map(lambda start: text[start : start + 1_500])


@st.composite
def changed_files(draw: st.DrawFn) -> str:
    """A file of the examples or of the mistakes, with a few letters lost, moved or added."""
    text = draw(st.sampled_from([*_EXAMPLES, *_MISTAKES]).flatmap(_slices))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        match draw(st.sampled_from(("lose", "swap", "add"))):
            case "lose":
                text = text[:at] + text[at + draw(st.integers(1, 5)) :]
            case "swap":
                text = text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
            case _:
                text = text[:at] + draw(st.sampled_from(_TOKENS)) + text[at:]
    return text


def _parsed(text: str, *, with_libyaml: bool) -> tuple[Node | None, list[Diagnostic]]:
    findings = Findings("access.yaml")
    has_libyaml = yaml.__with_libyaml__
    parse.yaml.__with_libyaml__ = with_libyaml and has_libyaml
    try:
        tree = parse.parse_yaml(text, "access.yaml", findings)
    finally:
        parse.yaml.__with_libyaml__ = has_libyaml
    return tree, list(findings.error().diagnostics)


def test_libyaml_is_here_and_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert yaml.__with_libyaml__
    monkeypatch.setattr(parse, "_events", lambda text, file: pytest.fail("ruamel.yaml was asked"))
    for text in _EXAMPLES:
        assert parse.parse_yaml(text, "access.yaml", Findings("access.yaml")) is not None


@pytest.mark.parametrize("text", [*_EXAMPLES, *_MISTAKES])
def test_both_parsers_read_every_file_of_ours_alike(text: str) -> None:
    assert _parsed(text, with_libyaml=True) == _parsed(text, with_libyaml=False)


@settings(max_examples=400, deadline=None)
@given(changed_files() | st.lists(st.sampled_from(_TOKENS), max_size=30).map("".join))
def test_both_parsers_read_any_text_alike(text: str) -> None:
    assert _parsed(text, with_libyaml=True) == _parsed(text, with_libyaml=False)


@settings(max_examples=400, deadline=None)
@given(st.lists(changed_files(), min_size=1, max_size=3))
def test_no_change_to_a_file_gives_anything_but_a_file_or_mistakes_with_places(texts: list[str]) -> None:
    files = {f"{number}.yaml": text for number, text in enumerate(texts)}
    try:
        load_access_files(files)
    except AccessFileError as error:
        for found in error.diagnostics:
            lines = files[found.file].splitlines() or [""]
            assert found.message
            assert 1 <= found.line <= len(lines) + 1
            assert found.column >= 1


def test_an_empty_value_stands_after_its_key(mistakes: Callable[[Callable[[], object]], list[str]]) -> None:
    text = "version: 1\nusers:\n  ada: {name: }\n  ben:\n    name:\n    email: b@x.example\n"
    found = mistakes(lambda: load_access_files({"access.yaml": text}))
    assert [line.split(" ")[0] for line in found] == ["access.yaml:3:14:", "access.yaml:5:10:"]
