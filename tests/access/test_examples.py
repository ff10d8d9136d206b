"""The files people start from load, fit the schema and mean what their comments say."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from usher.access.diagnostics import Findings
from usher.access.load import load_access_file
from usher.access.locate import Fields, Items, Node, Scalar
from usher.access.parse import parse_yaml
from usher.access.resolve import resolve_access
from usher.access.schema import schema_text
from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.core.organization import DesiredAccess
from usher.core.partitions import AWS

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
_EXAMPLES = ("start-up", "platform-team", "consultant")


def _resolve(text: str, name: str) -> DesiredAccess:
    file = load_access_file(text, name)
    organization = [
        Account(
            declared.id.value if declared.id else AccountId(f"{number:012}"),
            declared.name,
            is_management=number == 1,
        )
        for number, declared in enumerate(file.accounts.values(), 1)
    ]
    partition = (file.organization and file.organization.partition) or AWS
    return resolve_access(file, organization, partition=partition, now=NOW)


def _plain(node: Node) -> Any:
    """What an editor's YAML 1.2 makes of a node: dates are text."""
    match node:
        case Fields():
            return {entry.key.text: _plain(entry.node) for entry in node.entries}
        case Items():
            return [_plain(item) for item in node.nodes]
        case Scalar():
            return node.value


def _document(text: str) -> Any:
    findings = Findings("access.yaml")
    root = parse_yaml(text, "access.yaml", findings)
    findings.raise_if_any()
    assert root is not None
    return _plain(root)


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
    document = _document((project / "examples" / name / "access.yaml").read_text(encoding="utf-8"))
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
    blocks = re.findall(r"```yaml\n(.*?)```", reference, re.S)
    whole = [block for block in blocks if block.startswith("version")]
    assert len(whole) == 2
    for block in whole:
        _resolve(block, "access-file.md")
    validator = Draft202012Validator(json.loads(schema_text()))
    for block in set(blocks) - set(whole):
        if not block.startswith("#"):
            assert list(validator.iter_errors({"version": 1, **_document(block)})) == [], block


def test_examples_show_what_ends_by_itself_and_what_must_never_be(project: Path) -> None:
    access = _example(project, "platform-team")
    assert [(note.owner, note.reason) for note in access.rules if note.expires] == [
        ("security", "Yearly audit")
    ]
    assert {each.role_name for each in access.entitlements} == {"platform/Deployer"}
    assert {name for name, _, where in _who(access) if where == "search-production"} >= {"search"}
    assert (len(access.tests), len(access.separations)) == (4, 1)
    assert len(_example(project, "consultant").tests) == 4
