"""The file that changes AWS's limits."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from usher.core.errors import UsageError
from usher.server.limits.settings import AwsLimits, read_limits
from usher.server.limits.slow_jobs import in_the_background


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    file.write_text("calls_per_second = 40\nthrottled = 0\nseed = 7\n")
    assert read_limits(file) == AwsLimits(calls_per_second=40, throttled=0, seed=7)
    assert AwsLimits().mean_seconds == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("calls_per_minute = 3", "there is no limit 'calls_per_minute'"),
        ("calls_per_second = 'many'", "is not a number"),
        ("throttled = true", "is not a number"),
        ("failing = -1", "is not a number"),
        ("fastest_seconds = 9", "fastest_seconds is more than slowest_seconds"),
        ("throttled = 0.9\nfailing = 0.2", "together at most 1"),
        ("lookups_per_second = 0", "must be more than 0"),
        ("calls_per_second", "is not TOML"),
    ],
)
def test_a_mistake_in_it_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "limits.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=words):
        read_limits(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml cannot be read"):
        read_limits(tmp_path / "none.toml")


def test_what_is_due_later_happens_in_the_background() -> None:
    happened = threading.Event()
    in_the_background(0.0, happened.set)
    assert happened.wait(5)
