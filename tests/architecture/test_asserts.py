"""Usher is the same program under `python -O`, which drops `assert`; and the tests keep theirs there.

Every file of ours compiles to the same code with and without -O, so what a test proves without it holds
with it. What remains for a run under -O are the libraries we lean on: whether one of their checks is an
`assert` is found by the tests of the rooms that rely on them, which run again so.

pytest rewrites the asserts of test modules and conftest files into raises, so they survive -O. If that
ever stops (another import mode, `--assert=plain`), every test would pass unseen: the first here fails then.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
SOURCE = Path(__file__).parents[2] / "src" / "usher"


def test_an_assert_in_a_test_can_fail_even_under_python_O() -> None:  # noqa: N802 (the flag's name)
    with pytest.raises(AssertionError):
        assert not __name__


def test_what_tests_share_checks_without_assert() -> None:
    """pytest rewrites test modules and conftest files alone: elsewhere -O drops what an assert does."""
    shared = [path for path in TESTS.rglob("*.py") if not path.name.startswith(("test_", "conftest"))]
    asserting = [path for path in shared if any(map(is_assert, ast.walk(ast.parse(path.read_bytes()))))]
    assert asserting == []


def is_assert(node: ast.AST) -> bool:
    return isinstance(node, ast.Assert)


def test_optimised_python_runs_the_very_same_code() -> None:
    def compiled(path: Path, level: int) -> object:
        return compile(path.read_bytes(), str(path), "exec", dont_inherit=True, optimize=level)

    files = list(SOURCE.rglob("*.py"))
    assert [path for path in files if compiled(path, 0) != compiled(path, 1)] == []


@pytest.mark.parametrize("line", ["assert allowed", "if __debug__: check()"])
def test_code_that_differs_is_noticed(line: str) -> None:
    assert compile(line, "", "exec", optimize=0) != compile(line, "", "exec", optimize=1)
