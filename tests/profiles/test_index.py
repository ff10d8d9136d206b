"""The index of what a person may enter: written whole, and a damaged file is as if empty."""

from __future__ import annotations

import json

import pytest

from usher.profiles.index import IndexEntry, index_folder, read_index, write_index

STAGING = IndexEntry(
    "mkdev-staging/Admin", "mkdev", "222222222222", "staging", "Admin", tags={"env": "staging"}
)
OTHER = IndexEntry(
    "b-prod/Read", "b", "333333333333", "prod", "Read", "a@b.example", "eu-central-1", "the one", "Work/Prod"
)


def test_every_organization_has_its_own_part(tmp_path):
    assert read_index(tmp_path) == []
    write_index(tmp_path, "mkdev", [STAGING])
    write_index(tmp_path, "b", [OTHER])
    assert read_index(tmp_path) == [OTHER, STAGING]
    write_index(tmp_path, "b", [])
    assert read_index(tmp_path) == [STAGING]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        pytest.param("[" * 100_000, id="nested without end"),
        "[]",
        '{"version": 0, "entries": [1]}',
        '{"version": 2}',
        '{"version": 2, "fields": ["profile"], "entries": [["a"]]}',
        '{"version": 2, "fields": FIELDS, "entries": [["a"]]}',
    ],
)
def test_a_damaged_part_is_as_if_empty(tmp_path, content):
    write_index(tmp_path, "mkdev", [STAGING])
    (index_folder(tmp_path) / "mkdev.json").write_text(
        content.replace("FIELDS", json.dumps(IndexEntry._fields))
    )
    assert read_index(tmp_path) == []
