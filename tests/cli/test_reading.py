"""Reading everything that a real control plane has: with its price told first, and kept for later."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from usher.apply.cost import CostLine, total
from usher.cli.context import read_context
from usher.cli.terminal import Terminal
from usher.cli.text.reading import ReadingProgress, duration_words
from usher.cli.wire_access import AccessRooms, known_snapshots, open_access_rooms, read_world

EXAMPLE = Path(__file__).parents[2] / "src" / "usher" / "sandbox" / "mkdev.yaml"
LATER = timedelta(days=1)


class Screen(io.StringIO):
    """A terminal that a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def words() -> io.StringIO:
    """What is said to a person."""
    return io.StringIO()


@pytest.fixture
def rooms(access_directory: Any, words: io.StringIO) -> AccessRooms:
    access_directory.write(EXAMPLE.read_text())
    access_directory.usher("apply", "--yes")
    access_directory.tags["222222222222"] = {"env": "staging"}
    context = read_context(Terminal(io.StringIO(), words))
    return open_access_rooms(context, region="eu-central-1", endpoint_url=access_directory.origin)


def test_the_whole_world_is_read_for_the_price_that_is_predicted(rooms: AccessRooms) -> None:
    reading = read_world(rooms)
    assert reading.actual.unread.is_nothing
    assert len(reading.actual.assignments) == 5
    accounts = {account.name: account for account in reading.actual.accounts.values()}
    assert accounts["staging"].tags == {"env": "staging"}
    assert [accounts[name].ou for name in ("management", "staging")] == ["", "Workloads"]
    assert sum(rooms.count.by_operation.values()) == total(reading.prediction)


def test_what_was_read_is_kept_and_found_again_offline(rooms: AccessRooms) -> None:
    reading = read_world(rooms)
    [store] = known_snapshots(read_context())
    kept = store.load(datetime.now(UTC) + LATER)
    assert kept is not None
    assert kept.actual == reading.actual


def test_a_reading_that_cannot_be_kept_is_a_reading_all_the_same(
    rooms: AccessRooms, words: io.StringIO
) -> None:
    (read_context().cache_dir / "snapshots").write_text("a file where a folder should be")
    assert len(read_world(rooms).actual.assignments) == 5
    assert "this reading is not kept for later questions" in words.getvalue()


def test_a_second_run_goes_on_with_the_pace_of_the_first(rooms: AccessRooms) -> None:
    read_world(rooms)
    paces = sorted(file.name for file in (read_context().cache_dir / "pace").iterdir())
    assert [name.partition(".")[2] for name in paces] == [
        "account-access",
        "identitystore",
        "organizations",
        "sso-admin",
    ]


# --- what a person sees ---------------------------------------------------------------------------


def cost(calls: int, service: str = "sso-admin") -> CostLine:
    return CostLine("x", "x", calls, service)


def test_a_long_reading_is_announced_and_counted_where_a_person_looks() -> None:
    screen, now = Screen(), [0.0]
    progress = ReadingProgress(Terminal(Screen(), screen, colour=False), lambda: 18.0, lambda: now[0])
    progress.made(3)
    progress.expect([cost(2_300), cost(270, "identitystore")])
    assert screen.getvalue() == "Reading takes up to 2,570 calls: 2 min 8 s at 18 calls a second.\n"
    for number in range(100):
        now[0] += 0.05
        progress.made(10 + number)
    progress.end()
    counts = screen.getvalue().split("\r\x1b[K")[1:]
    assert counts[0] == "13 of up to 2,570 calls"
    assert counts[-1] == ""
    assert len(counts) <= 26


def test_in_a_file_the_cost_is_told_and_nothing_moves() -> None:
    file = io.StringIO()
    progress = ReadingProgress(Terminal(io.StringIO(), file, colour=False), lambda: 18.0, lambda: 9.0)
    progress.expect([cost(2_300)])
    progress.made(10)
    progress.end()
    assert file.getvalue().count("\n") == 1
    assert "\r" not in file.getvalue()


def test_a_short_reading_is_not_announced() -> None:
    screen = Screen()
    progress = ReadingProgress(Terminal(Screen(), screen, colour=False), lambda: 18.0, lambda: 9.0)
    progress.expect([cost(29)])
    progress.expect_beside(3, "accounts are asked for their tags")
    progress.made(10)
    progress.end()
    assert screen.getvalue() == ""


def test_tags_that_take_long_are_announced() -> None:
    screen = Screen()
    progress = ReadingProgress(Terminal(Screen(), screen, colour=False), lambda: 18.0, lambda: 9.0)
    progress.expect_beside(1_850, "accounts are asked for their tags")
    assert screen.getvalue() == "1,850 accounts are asked for their tags: 1 min 43 s.\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (59.4, "59 s"), (60, "1 min"), (150, "2 min 30 s"), (3600, "1 h"), (3900, "1 h 5 min")],
)
def test_times_are_told_as_people_tell_them(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words
