"""How habits are noted: halved every ten days, in a private file that nothing depends on."""

from __future__ import annotations

import threading

import pytest

from usher.profiles.recent import (
    HALF_LIFE_SECONDS,
    MOST_KEPT,
    Use,
    forget_expiries,
    habits,
    keep_only,
    note_use,
    read_recent,
)

NOW = 1_800_000_000.0


def test_without_a_file_nothing_was_ever_used(tmp_path):
    assert read_recent(tmp_path) == {}
    assert habits({}, NOW) == {}
    keep_only(tmp_path, {"a"})
    forget_expiries(tmp_path)
    assert not (tmp_path / "recent.json").exists()


def test_uses_add_up_and_lose_half_their_worth_in_ten_days(tmp_path):
    note_use(tmp_path, "a", NOW, NOW + 60)
    note_use(tmp_path, "a", NOW + HALF_LIFE_SECONDS, None)
    assert read_recent(tmp_path) == {"a": Use(1.5, NOW + HALF_LIFE_SECONDS, NOW + 60)}
    assert read_recent(tmp_path)["a"].worth_at(NOW + 2 * HALF_LIFE_SECONDS) == 0.75


def test_a_clock_that_was_set_back_makes_nothing_worth_more():
    assert Use(1.0, NOW).worth_at(NOW - 10 * HALF_LIFE_SECONDS) == 1.0


def test_often_and_lately_beats_often_and_once():
    uses = {"lately": Use(2.0, NOW), "long-ago": Use(3.0, NOW - 3 * HALF_LIFE_SECONDS), "once": Use(1.0, NOW)}
    found = habits(uses, NOW)
    assert sorted(found, key=found.get, reverse=True) == ["lately", "once", "long-ago"]
    assert found["lately"] == 1.0


def test_what_is_so_old_that_it_is_worth_nothing_is_no_habit():
    assert habits({"a": Use(1.0, 0.0)}, 1e15) == {}


def test_profiles_that_are_gone_are_dropped(tmp_path):
    note_use(tmp_path, "here", NOW, None)
    note_use(tmp_path, "gone", NOW, None)
    keep_only(tmp_path, {"here", "other"})
    assert list(read_recent(tmp_path)) == ["here"]


def test_only_so_many_are_kept_and_the_least_worth_go(tmp_path):
    for number in range(MOST_KEPT + 1):
        note_use(tmp_path, f"p{number}", NOW + number * 1000, None)
    kept = read_recent(tmp_path)
    assert len(kept) == MOST_KEPT
    assert "p0" not in kept


def test_after_a_logout_no_keys_are_said_to_be_there(tmp_path):
    note_use(tmp_path, "a", NOW, NOW + 3600)
    forget_expiries(tmp_path)
    assert read_recent(tmp_path) == {"a": Use(1.0, NOW, None)}


def test_uses_noted_side_by_side_all_count(tmp_path):
    threads = [threading.Thread(target=note_use, args=(tmp_path, "a", NOW, None)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_recent(tmp_path)["a"].worth == 8


def test_the_file_is_ones_own(tmp_path):
    note_use(tmp_path, "a", NOW, None)
    assert (tmp_path / "recent.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"version": 9, "profiles": {"a": {}}}',
        '{"version": 1, "profiles": []}',
        '{"version": 1, "profiles": {"a": 1}}',
        '{"version": 1, "profiles": {"a": {"worth": null, "at": 1, "expires_at": null}}}',
        '{"version": 1, "profiles": {"a": {"worth": "x", "at": 1, "expires_at": null}}}',
    ],
)
def test_a_damaged_file_is_as_if_nothing_was_used(tmp_path, content):
    file = tmp_path / "recent.json"
    file.write_text(content)
    file.chmod(0o600)
    assert read_recent(tmp_path) == {}


def test_a_file_that_others_can_read_is_not_read(tmp_path):
    note_use(tmp_path, "a", NOW, None)
    (tmp_path / "recent.json").chmod(0o644)
    assert read_recent(tmp_path) == {}
