"""`usher access test` and `lint`, and what a failing test does to plan and apply, as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from usher.cli.main import run

EXAMPLE = (Path(__file__).parents[2] / "src" / "usher" / "sandbox" / "mkdev.yaml").read_text()
HOLDS = """
tests:
  - {group: developers, on: production, cannot: "s3:DeleteObject"}
  - {group: developers, on: production, can: "s3:GetObject"}
  - {group: developers, on: management, cannot: enter}
  - {user: operator@mkdev.example, on: all, can: {enter: AdministratorAccess}}
separation:
  - {name: two hats, never_both: [{groups: [devops]}, {groups: [developers]}]}
"""
FAILS = """
tests:
  - {group: developers, on: [staging, production], cannot: "s3:DeleteObject"}
"""
WITH_IDS = (
    EXAMPLE.replace("  management:\n", '  management: {id: "111111111111"}\n')
    .replace("  staging:\n", '  staging:\n    id: "222222222222"\n', 1)
    .replace("  production:\n", '  production:\n    id: "333333333333"\n', 1)
)
S3_ONLY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
NO_DELETE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}],
}


@pytest.fixture
def desk(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, without keys and network."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_tests_that_hold_are_counted_with_their_coverage(access_directory: Any, capsys: Any) -> None:
    access_directory.write(EXAMPLE + HOLDS)
    assert access_directory.usher("test", "--online") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "4 tests: 4 passed",
        "1 separation of duty: all hold",
        "coverage: tests look at 4 of 5 grants (80 %)",
    ]
    assert lines[3].strip() == "no test: group developers: AdministratorAccess in staging (222222222222)"


def test_a_failing_test_stops_an_apply_and_a_plan_warns_of_it(access_directory: Any, capsys: Any) -> None:
    access_directory.write(EXAMPLE + FAILS)
    assert access_directory.usher("plan", "--exit-code") == 6
    words = capsys.readouterr().err
    assert "apply will refuse: the file's own tests do not hold" in words
    assert "group developers in staging (222222222222) can s3:DeleteObject with AdministratorAccess" in words
    assert access_directory.usher("apply", "--yes") == 1
    words = capsys.readouterr().err
    assert "failed access.yaml:" in words
    assert "the file's own tests do not hold, and nothing was changed" in words
    access_directory.write(EXAMPLE)
    assert access_directory.usher("plan", "--exit-code") == 6
    assert "15 to add." in capsys.readouterr().out
    access_directory.write(EXAMPLE + HOLDS)
    assert access_directory.usher("apply", "--yes") == 0


def test_a_plan_has_the_judgement_in_its_json(access_directory: Any, capsys: Any) -> None:
    access_directory.write(EXAMPLE + FAILS)
    assert access_directory.usher("plan", "--json") == 0
    judgement = json.loads(capsys.readouterr().out)["judgement"]
    assert judgement["holds"] is False
    (test,) = judgement["tests"]
    assert (test["outcome"], test["expected"], test["actions"]) == ("failed", "cannot", ["s3:DeleteObject"])
    assert [finding["account"] for finding in test["findings"]] == ["222222222222"]


def test_somebody_with_two_duties_stops_an_apply(access_directory: Any, capsys: Any) -> None:
    both = EXAMPLE.replace(
        "members: [operator@mkdev.example]", "members: [operator@mkdev.example, developer@mkdev.example]"
    )
    access_directory.write(both + HOLDS)
    assert access_directory.usher("apply", "--yes") == 1
    words = capsys.readouterr().err
    assert "nobody may have both of 'two hats'" in words
    assert "developer@mkdev.example is a member of group devops, and is a member of group developers" in words


def test_without_the_network_what_was_read_before_answers(access_directory: Any, capsys: Any) -> None:
    access_directory.write(EXAMPLE + HOLDS)
    assert access_directory.usher("test") == 2
    assert "add --online" in capsys.readouterr().err
    assert access_directory.usher("test", "--online") == 0
    assert access_directory.usher("snapshot") == 0
    capsys.readouterr()
    assert run(["access", "test", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["file"], document["holds"]) == ("access.yaml", True)
    assert document["coverage"]["touched"] == 4


def test_without_documents_a_test_fails_as_unknown_and_says_how_to_get_them(desk: Path, capsys: Any) -> None:
    (desk / "access.yaml").write_text(WITH_IDS + HOLDS)
    assert run(["access", "test"]) == 1
    out, words = capsys.readouterr()
    assert "4 tests: 2 passed, 2 unknown" in out
    assert "it depends on the policy ReadOnlyAccess" in out
    assert "not judged: the documents of ReadOnlyAccess are not known here" in words
    assert "run 'usher access test --online' once" in words


def test_an_action_that_is_not_known_is_told(desk: Path, capsys: Any) -> None:
    tests = '\ntests: [{group: developers, on: management, cannot: "s3:DeletObject"}]\n'
    (desk / "access.yaml").write_text(WITH_IDS + tests)
    assert run(["access", "test"]) == 0
    assert "no action 's3:DeletObject' is known; is it spelt right?" in capsys.readouterr().err


RELIES = """
tests:
  - {group: developers, on: staging, cannot: "s3:DeleteObject", relies_on_scps: true}
  - {group: devops, on: management, can: "s3:DeleteObject"}
"""


def test_service_control_policies_come_from_a_folder(desk: Path, capsys: Any) -> None:
    (desk / "access.yaml").write_text(WITH_IDS + RELIES)
    assert run(["access", "test"]) == 1
    assert "the service control policies it relies on were not given" in capsys.readouterr().out
    folder = desk / "scps"
    folder.mkdir()
    (folder / "root.json").write_text(json.dumps(S3_ONLY))
    assert run(["access", "test", "--scps", "scps"]) == 1
    (folder / "staging.json").write_text(json.dumps([S3_ONLY, NO_DELETE]))
    assert run(["access", "test", "--scps", "scps"]) == 0
    (folder / "staging.json").rename(folder / "222222222222.json")
    (folder / "root.json").rename(folder / "r-mkde.json")
    assert run(["access", "test", "--scps", "scps"]) == 0


def test_a_unit_is_found_by_id_path_or_name(access_directory: Any, capsys: Any) -> None:
    access_directory.write(EXAMPLE + RELIES)
    assert access_directory.usher("snapshot") == 0
    folder = access_directory.folder / "scps"
    folder.mkdir()
    for name in ("ou-mkde-workload", "Workloads"):
        (folder / f"{name}.json").write_text(json.dumps([S3_ONLY, NO_DELETE]))
        assert run(["access", "test", "--scps", "scps"]) == 0
        (folder / f"{name}.json").unlink()
    (folder / "other.json").write_text(json.dumps(NO_DELETE))
    assert run(["access", "test", "--scps", "scps"]) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--scps", "nowhere"], 5, "there is no folder 'nowhere'"),
        (["--scps", "empty"], 5, "has no *.json files"),
        (["--scps", "bad"], 2, "is not a service control policy"),
        (["--scps", "aws"], 2, "add --online"),
    ],
)
def test_policies_that_cannot_be_read_are_told(
    desk: Path, capsys: Any, arguments: list[str], code: int, words: str
) -> None:
    (desk / "access.yaml").write_text(WITH_IDS + RELIES)
    (desk / "empty").mkdir()
    (desk / "bad").mkdir()
    (desk / "bad" / "root.json").write_text("{}")
    assert run(["access", "test", *arguments]) == code
    assert words in capsys.readouterr().err


def test_scps_that_organizations_does_not_tell_are_unknown(access_directory: Any, capsys: Any) -> None:
    access_directory.write(EXAMPLE + RELIES)
    assert access_directory.usher("test", "--online", "--scps", "aws") == 1
    out, words = capsys.readouterr()
    assert "SCPs are not known" in words
    assert "were not given" in out
    assert access_directory.usher("apply", "--yes") == 1
    (access_directory.folder / "scps").mkdir()
    (access_directory.folder / "scps" / "staging.json").write_text(json.dumps(NO_DELETE))
    assert access_directory.usher("test", "--online", "--scps", "scps") == 0


def test_the_members_of_groups_from_elsewhere_come_from_what_was_read(desk: Path, capsys: Any) -> None:
    external = WITH_IDS.replace("    members: [developer@mkdev.example]", "    external: true").replace(
        "    description: Builds the product\n", ""
    )
    tests = """
tests: [{user: developer@mkdev.example, on: management, cannot: enter}]
separation: [{name: two hats, never_both: [{groups: [devops]}, {groups: [developers]}]}]
"""
    (desk / "access.yaml").write_text(external + tests)
    assert run(["access", "test"]) == 1
    assert "separations could not look into developers" in capsys.readouterr().out


MISTAKES = """
  Buckets:
    inline_policy:
      Version: "2012-10-17"
      Statement:
        - {Effect: Allow, Action: "s3:DeletObject", Resource: "arn:aws:s3:::logs/*"}
        - {Effect: Deny, Action: "s3:*", Resource: "*", Condition: {StringEquals: {"aws:username": "jo*"}}}
"""


def test_lint_tells_mistakes_where_they_stand_and_fails_for_errors(desk: Path, capsys: Any) -> None:
    text = EXAMPLE.replace("permission_sets:\n", f"permission_sets:{MISTAKES}", 1)
    text += "  - {group: devops, permission_set: Buckets, accounts: [staging]}\n"
    (desk / "access.yaml").write_text(text)
    assert run(["access", "lint"]) == 1
    out = capsys.readouterr().out
    line = text.splitlines().index("  Buckets:") + 1
    assert f"access.yaml:{line}:3: warning Buckets, the inline policy, statement 1: no action" in out
    assert "is it s3:DeleteObject? [unknown-action]" in out
    assert "error Buckets, the inline policy, statement 2: StringEquals takes no wildcards" in out
    assert "3 permission sets: 2 findings" in out
    assert run(["access", "lint", "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [(each["line"], each["level"], each["kind"]) for each in findings] == [
        (line, "warning", "unknown-action"),
        (line, "error", "literal-wildcard"),
    ]


def test_lint_of_a_file_without_mistakes_says_so(desk: Path, capsys: Any) -> None:
    (desk / "access.yaml").write_text(EXAMPLE)
    assert run(["access", "lint", "--region", "eu-central-1"]) == 0
    assert capsys.readouterr().out == "2 permission sets: nothing found\n"
