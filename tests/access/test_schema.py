"""The published JSON Schema and the loader tell the same story."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from usher.access import load, permission_sets, principals, rules
from usher.access.schema import schema_text

SCHEMA = json.loads(schema_text())


def _keys(name: str) -> set[str]:
    return set(SCHEMA["$defs"][name]["properties"])


def test_the_schema_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_published_copy_is_the_packaged_schema(project: Path) -> None:
    published = project / "docs" / "reference" / "access.schema.json"
    assert published.read_text(encoding="utf-8") == schema_text()


def test_the_schema_knows_the_keys_that_the_loader_knows() -> None:
    assert set(SCHEMA["properties"]) == set(load._KEYS)
    assert _keys("account") == {"id", "tags"}
    assert _keys("user") == set(principals._USER_KEYS)
    assert _keys("group") == set(principals._GROUP_KEYS)
    assert _keys("permissionSet") == set(permission_sets._KEYS)
    assert _keys("rule") == set(rules._RULE_KEYS)


def test_the_reference_explains_every_key(project: Path) -> None:
    reference = (project / "docs" / "reference" / "access-file.md").read_text(encoding="utf-8")
    keys = set(SCHEMA["properties"]).union(
        *(_keys(name) for name in ("account", "user", "group", "permissionSet", "rule"))
    )
    assert [key for key in sorted(keys) if f"`{key}`" not in reference] == []
