"""A made-up organization resolves to exactly what it was made to have."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from worlds import big_access_files

from usher.access.load import load_access_files
from usher.access.resolve import resolve_access

pytestmark = pytest.mark.scale


@pytest.mark.parametrize(("accounts", "sets", "assignments"), [(1, 1, 0), (40, 30, 700), (420, 300, 9_000)])
def test_a_big_folder_gives_what_was_asked_for(accounts: int, sets: int, assignments: int) -> None:
    files, organization = big_access_files(accounts, sets, assignments, seed=7)
    access = resolve_access(
        load_access_files(files, "big"), organization, now=datetime(2026, 11, 25, tzinfo=UTC)
    )
    assert len(access.accounts) == len(organization) == accounts
    assert len(access.permission_sets) == sets
    assert len(access.assignments) == assignments
    assert Counter(map(len, access.origins.values())) == (Counter({1: assignments}) if assignments else {})
    assert files == big_access_files(accounts, sets, assignments, seed=7)[0]
