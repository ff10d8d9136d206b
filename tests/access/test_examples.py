"""The files people start from load, fit the schema and mean what their comments say."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from usher.access.load import load_access_file
from usher.access.resolve import resolve_access
from usher.access.schema import schema_text
from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.core.organization import DesiredAccess

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
_EXAMPLES = ("start-up", "platform-team", "consultant")


def _resolve(text: str, name: str) -> DesiredAccess:
    file = load_access_file(text, name)
    organization = [
        Account(declared.id.value if declared.id else AccountId(f"{number:012}"), declared.name)
        for number, declared in enumerate(file.accounts.values(), 1)
    ]
    return resolve_access(file, organization, now=NOW)


def _example(project: Path, name: str) -> DesiredAccess:
    path = project / "examples" / name / "access.yaml"
    return _resolve(path.read_text(encoding="utf-8"), path.name)


def _who(access: DesiredAccess) -> set[tuple[str, str, str]]:
    return {
        (found.principal.name, found.permission_set, access.accounts[found.account_id].name)
        for found in access.assignments
    }


@pytest.mark.parametrize("name", _EXAMPLES)
def test_each_example_loads_and_gives_every_group_something(project: Path, name: str) -> None:
    access = _example(project, name)
    used = {found.permission_set for found in access.assignments}
    assert used == set(access.permission_sets)
    assert {who for who, _, _ in _who(access)} >= {*access.groups} - {"engineers"}


@pytest.mark.parametrize("name", _EXAMPLES)
def test_each_example_fits_the_schema(project: Path, name: str) -> None:
    document = YAML(typ="safe").load(
        (project / "examples" / name / "access.yaml").read_text(encoding="utf-8")
    )
    assert list(Draft202012Validator(json.loads(schema_text())).iter_errors(document)) == []


def test_the_start_up_is_the_organization_everybody_shares(project: Path) -> None:
    access = _example(project, "start-up")
    assert _who(access) == {
        ("devops", "AdministratorAccess", "management"),
        ("devops", "AdministratorAccess", "staging"),
        ("devops", "AdministratorAccess", "production"),
        ("developers", "AdministratorAccess", "staging"),
        ("developers", "ReadOnlyAccess", "production"),
    }
    assert access.groups["devops"].members == {"operator@mkdev.example"}
    assert access.groups["developers"].members == {"developer@mkdev.example"}
    assert access.permission_sets["AdministratorAccess"].session_seconds == 8 * 3600
    assert access.permission_sets["ReadOnlyAccess"].session_seconds == 12 * 3600


def test_teams_of_the_platform_build_in_staging_only(project: Path) -> None:
    builders = {
        (who, where) for who, what, where in _who(_example(project, "platform-team")) if what == "Builder"
    }
    assert builders == {
        ("shop", "shop-staging"),
        ("search", "search-staging"),
        ("data", "data-staging"),
        ("engineers", "sandbox"),
    }


def test_customers_of_the_consultant_see_their_own_accounts_only(project: Path) -> None:
    for who, _, where in _who(_example(project, "consultant")):
        if who.endswith("-people"):
            assert where.startswith(who.removesuffix("people"))


def test_each_example_in_the_reference_loads(project: Path) -> None:
    reference = (project / "docs" / "reference" / "access-file.md").read_text(encoding="utf-8")
    blocks = [
        found for found in re.findall(r"```yaml\n(.*?)```", reference, re.S) if found.startswith("version")
    ]
    assert blocks
    for block in blocks:
        _resolve(block, "access-file.md")
