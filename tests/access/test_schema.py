"""The published JSON Schema and the loader tell the same story."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from usher.access import (
    access_tests,
    contents,
    groups,
    load,
    organization,
    owners,
    permission_sets,
    principals,
    roles,
    rules,
    selectors,
)
from usher.access.schema import schema_text
from usher.core.rules import DriftMode

_NEW = ("organization", "owned", "variant", "role", "test", "separation", "duty")
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
    assert _keys("organization") == set(organization._KEYS)
    assert set(SCHEMA["$defs"]["organization"]["properties"]["quotas"]["properties"]) == set(
        organization.QUOTAS
    )
    assert _keys("owned") == set(owners.KEYS)
    assert _keys("user") == set(principals._USER_KEYS)
    assert _keys("group") == set(groups._GROUP_KEYS)
    assert _keys("contents") == _keys("fragment") == set(contents.CONTENT_KEYS)
    assert _keys("permissionSet") == set(permission_sets._KEYS)
    assert _keys("variant") == set(permission_sets._VARIANT_KEYS)
    assert _keys("role") == set(roles.KEYS)
    assert _keys("rule") == set(rules._RULE_KEYS)
    assert _keys("test") == set(access_tests.TEST_KEYS)
    assert _keys("separation") == set(access_tests.SEPARATION_KEYS)
    assert _keys("duty") == set(access_tests.DUTY_KEYS)
    assert set(SCHEMA["$defs"]["accountSelector"]["oneOf"][2]["properties"]) == set(selectors.KEYS)
    assert SCHEMA["$defs"]["drift"]["enum"] == [str(mode) for mode in DriftMode]


def test_the_reference_explains_every_key(project: Path) -> None:
    reference = (project / "docs" / "reference" / "access-file.md").read_text(encoding="utf-8")
    keys = set(SCHEMA["properties"]).union(
        *(_keys(name) for name in ("account", "user", "group", "permissionSet", "rule", *_NEW))
    )
    assert [key for key in sorted(keys) if f"`{key}`" not in reference] == []
