"""`usher access init`, `import` and `export` as a person runs them, against a directory's control plane."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from usher.access.starting import STARTERS, starter_text
from usher.cli.main import run
from usher.server.store.tables import groups, permission_sets

EXAMPLE = Path(__file__).parents[2] / "src" / "usher" / "sandbox" / "mkdev.yaml"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@pytest.fixture
def adopted(access_directory: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    """A directory that somebody filled."""
    access_directory.write(EXAMPLE.read_text())
    assert access_directory.usher("apply", "--yes") == 0
    capsys.readouterr()
    return access_directory


def words(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    out, err = capsys.readouterr()
    return out, err


# --- import -------------------------------------------------------------------------------------


def test_import_writes_files_whose_plan_is_empty(adopted: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert adopted.usher("import") == 0
    out, _ = words(capsys)
    assert "5 grants are 3 rules, in 1 file in access." in out
    assert "the plan of these files is empty" in out
    written = (adopted.folder / "access" / "access.yaml").read_text()
    assert "  developer@mkdev.example: {name: Example Developer}" in written
    assert "accounts: all" in written
    assert adopted.usher("plan", "access", "--exit-code") == 0


def test_import_never_writes_over_files_without_being_told(
    adopted: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert adopted.usher("import") == 0
    kept = adopted.folder / "access" / "access.yaml"
    kept.write_text("mine")
    assert adopted.usher("import") == 2
    assert "exists already; nothing was written" in words(capsys)[1]
    assert kept.read_text() == "mine"
    (adopted.folder / "access" / "team.yaml").write_text("version: 1\n")
    assert adopted.usher("import", "--force") == 2
    assert "has other access files: team.yaml" in words(capsys)[1]
    (adopted.folder / "access" / "team.yaml").unlink()
    assert adopted.usher("import", "--force", "--json") == 0
    document = json.loads(words(capsys)[0])
    assert document == {**document, "files": ["access.yaml"], "unsaid": [], "unresolved": []}
    assert kept.read_text() != "mine"


def test_import_tells_what_no_file_can_keep_out_of_the_plan(
    adopted: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    database = adopted.jobs.database
    with database.change("test") as change:
        change.record("test:Tamper", "developers")
        change.connection.execute(delete(groups).where(groups.c.display_name == "developers"))
        change.connection.execute(update(permission_sets).values(revision=permission_sets.c.revision + 1))
    assert adopted.usher("import", "--strategy", "per-pair") == 0
    out, err = words(capsys)
    assert "not in the files: 2 grants: their user or group no longer exists" in err
    assert "the plan of these files is empty but for 3:" in out
    assert "is brought up to date because its roles lag behind" in out


def test_files_that_would_change_anything_are_not_written(
    adopted: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("usher.access.sections.plain_duration", lambda _: "2h")
    assert adopted.usher("import") == 1
    assert "the files would change what is there: AdministratorAccess changes: session" in words(capsys)[1]
    assert not (adopted.folder / "access").exists()


def test_import_needs_a_place_it_can_write_to(adopted: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (adopted.folder / "file").write_text("")
    assert adopted.usher("import", "--out", "file/below") == 2
    assert "'file/below' cannot be written" in words(capsys)[1]


# --- Terraform in -------------------------------------------------------------------------------

TERRAFORM = """
locals {
  accounts = { staging = "222222222222", production = "333333333333" }
}
variable "somewhere" {}
resource "aws_ssoadmin_permission_set" "audit" {
  name             = "Audit"
  session_duration = "PT4H"
}
resource "aws_ssoadmin_permission_set_inline_policy" "audit" {
  permission_set_arn = aws_ssoadmin_permission_set.audit.arn
  inline_policy      = jsonencode(POLICY)
}
data "aws_identitystore_group" "auditors" {
  alternate_identifier {
    unique_attribute {
      attribute_path  = "DisplayName"
      attribute_value = "auditors"
    }
  }
}
resource "aws_ssoadmin_account_assignment" "audit" {
  for_each           = local.accounts
  permission_set_arn = aws_ssoadmin_permission_set.audit.arn
  principal_id       = data.aws_identitystore_group.auditors.group_id
  principal_type     = "GROUP"
  target_id          = each.value
}
resource "aws_ssoadmin_account_assignment" "elsewhere" {
  permission_set_arn = aws_ssoadmin_permission_set.audit.arn
  principal_id       = data.aws_identitystore_group.auditors.group_id
  principal_type     = "GROUP"
  target_id          = var.somewhere
}
""".replace("POLICY", json.dumps(POLICY))


def test_terraform_files_are_read_without_any_call_and_what_they_do_not_say_is_told(
    tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sso.tf").write_text(TERRAFORM)
    assert run(["access", "import", "--terraform", str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    out, err = words(capsys)
    assert "2 grants are 1 rule, in 1 file" in out
    place = f"{tmp_path / 'sso.tf'}:29"
    assert f"{place}: aws_ssoadmin_account_assignment.elsewhere: var.somewhere has no value" in err
    written = (tmp_path / "out" / "access.yaml").read_text()
    assert "  auditors: {external: true}\n" in written
    assert '{group: auditors, permission_set: Audit, accounts: ["222222222222", "333333333333"]}' in written
    assert run(["access", "check", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("terraform.tfstate", "{", "is not JSON"),
        ("terraform.tfstate", "{}", "is neither a Terraform state"),
        ("terraform.tfstate", '{"version": 4, "resources": []}', "has no resources of Identity Center"),
        ("main.tf", "resource {{{", "main.tf"),
        ("readme.md", "", "there is no .tf file"),
    ],
)
def test_what_is_no_terraform_is_said_in_one_sentence(
    tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    path = tmp_path / name if name == "terraform.tfstate" else tmp_path
    assert run(["access", "import", "--terraform", str(path), "--out", str(tmp_path / "out")]) in (2, 5)
    assert message in words(capsys)[1]
    assert not (tmp_path / "out").exists()


# --- export -------------------------------------------------------------------------------------


def test_export_to_terraform_imports_what_exists(adopted: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert adopted.usher("export", "--to", "terraform") == 0
    assert "5 files in terraform: 15 existing resources are imported" in words(capsys)[0]
    imports = (adopted.folder / "terraform" / "imports.tf").read_text()
    assert 'to = aws_ssoadmin_permission_set.this["AdministratorAccess"]' in imports
    assert 'this["group:devops/AdministratorAccess/111111111111"]' in imports
    assert adopted.usher("export", "--to", "terraform") == 2
    assert "exists already" in words(capsys)[1]


def test_export_to_cloudformation_keeps_every_resource_in_its_stack(
    adopted: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert adopted.usher("export", "--to", "cloudformation", "--out", "templates", "--json") == 0
    document = json.loads(words(capsys)[0])
    assert "assignments-1.json" in document["files"]
    assert document["left_out"] == ["2 users: CloudFormation has no resource for them"]
    stack = adopted.folder / "templates" / "assignments-1.json"
    before = json.loads(stack.read_text())["Resources"]
    assert adopted.usher("export", "--to", "cloudformation", "--out", "templates", "--force") == 0
    assert json.loads(stack.read_text())["Resources"] == before
    assert "not exported: 2 users" in words(capsys)[1]


# --- init ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("starter", STARTERS)
def test_init_writes_a_file_without_mistakes_and_never_over_one(
    tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str], starter: str
) -> None:
    path = tmp_path / "new" / "access.yaml"
    assert run(["access", "init", str(path), "--from", starter]) == 0
    assert run(["access", "check", str(path)]) == 0
    path.write_text("mine")
    assert run(["access", "init", str(path)]) == 2
    assert "exists already; it was left as it is" in words(capsys)[1]
    assert path.read_text() == "mine"


@pytest.mark.parametrize("starter", STARTERS)
def test_the_starters_are_the_examples(project: Path, starter: str) -> None:
    example = (project / "examples" / starter / "access.yaml").read_text()
    assert starter_text(starter) == example.partition("\n#\n")[2]


# --- move ---------------------------------------------------------------------------------------


def test_a_moved_rule_plans_the_new_access_before_the_old_goes(
    adopted: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    text = EXAMPLE.read_text()
    line = text[: text.index("accounts: [staging]")].count("\n") + 1
    arn = "arn:aws:account-access:eu-central-1:111111111111:application/aam-0123456789abcdef"
    command = ["access", "move", f"access.yaml:{line}", "--to", "role", "teams/Deployer"]
    assert run([*command, "--trust-policy", arn]) == 0
    out, err = words(capsys)
    assert json.loads(out)["Statement"][0]["Principal"] == {"Service": "account-access.amazonaws.com"}
    assert f"access.yaml:{line}: permission set AdministratorAccess -> role Deployer" in err
    assert "role: Deployer, accounts: [staging]" in (adopted.folder / "access.yaml").read_text()
    assert adopted.usher("plan", "--json") == 0
    changes = [each["kind"] for each in json.loads(words(capsys)[0])["changes"]]
    assert changes == ["create_entitlement", "delete_assignment"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["access.yaml", "--to", "role", "X"], "'access.yaml' is not a place"),
        (["access.yaml:1:1", "--to", "role", "X"], "no rule stands at access.yaml:1"),
        (["access.yaml:1", "--to", "group", "X"], "a rule cannot move to a 'group'"),
        (["access.yaml:1", "--to", "role", "X", "--trust-policy", "x"], "is not the ARN of an application"),
        (["access.yaml:1", "--to", "role", "X", "--folder", "work"], "is not among the access files"),
    ],
)
def test_what_cannot_be_moved_is_said_in_one_sentence(
    tmp_path: Path,
    own_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.yaml").write_text("version: 1\n")
    (tmp_path / "access.yaml").write_text(EXAMPLE.read_text())
    assert run(["access", "move", *arguments]) in (2, 5)
    assert message in words(capsys)[1]
