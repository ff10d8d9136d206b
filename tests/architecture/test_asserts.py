"""`python -O` drops `assert`: the product may not lean on one, and the tests must keep theirs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest


def test_the_product_has_no_assert_statement(project: Path) -> None:
    found = [
        f"{path.relative_to(project)}:{node.lineno}"
        for path in sorted((project / "src").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert)
    ]
    assert found == [], "a check written as assert vanishes under python -O; raise instead"


def test_an_assert_in_a_test_can_fail_even_under_dash_o() -> None:
    with pytest.raises(AssertionError):
        assert not __name__
