"""The suite also runs under `python -O`, which drops `assert`; the tests must keep theirs.

pytest rewrites the asserts of test modules and conftest files into raises, so they survive -O. If that
ever stops (another import mode, `--assert=plain`), every test would pass unseen: this one fails then.
"""

from __future__ import annotations

import pytest


def test_an_assert_in_a_test_can_fail_even_under_python_O() -> None:  # noqa: N802 (the flag's name)
    with pytest.raises(AssertionError):
        assert not __name__
