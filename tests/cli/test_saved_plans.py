"""A plan in three layers, for a person, a pull request and a script; saved, reviewed, and carried out."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "src" / "usher" / "sandbox" / "mkdev.yaml"


@pytest.fixture
def example(access_directory: Any) -> str:
    text = EXAMPLE.read_text()
    access_directory.write(text)
    return text


def test_a_plan_says_who_gains_what_and_what_to_look_at_twice(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access_directory.usher("plan") == 0
    out = capsys.readouterr().out
    assert "Who it concerns: 2 gain access" in out
    assert "operator@mkdev.example gains AdministratorAccess in management (111111111111), staging" in out
    assert "Look at twice:" in out
    assert "can do everything: administrator; in the management account; in production" in out
    assert out.index("Who it concerns") < out.index("Look at twice") < out.index("15 to add.")


def test_a_script_reads_people_and_risks_beside_what_it_always_read(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access_directory.usher("plan", "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["summary"] == {"add": 15, "change": 0, "remove": 0}
    assert document["people"]["gaining"] == 2
    first = document["people"]["changes"][0]
    assert (first["direction"], first["membership_changes"]) == ("gained", True)
    assert document["risks"][0]["severity"] == "high"
    assert document["risks"][0]["kinds"][0] == "administrator"


def test_a_pull_request_gets_markdown(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access_directory.usher("plan", "--format", "markdown", "--exit-code") == 6
    out = capsys.readouterr().out
    assert out.startswith("### Access plan of access.yaml\n\n**15 to add.** 2 gain access. Risks: ")
    assert "| 🔴 high | operator@\u200bmkdev.example" in out.replace("operator@mkdev", "operator@\u200bmkdev")
    assert "<details><summary>Permission sets: 4 operations</summary>" in out


def test_a_saved_plan_is_carried_out_as_it_was_reviewed(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access_directory.usher("plan", "--out", "plan.json") == 0
    assert "usher access apply plan.json" in capsys.readouterr().err
    saved = Path("plan.json")
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert [each.name for each in Path().iterdir()].count("plan.json") == 1
    assert not list(Path().glob(".plan.json*"))
    assert access_directory.usher("apply", "plan.json", "--yes", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["file"], document["done"]) == ("access.yaml", 15)
    assert access_directory.usher("plan", "--exit-code") == 0


def test_a_saved_plan_is_refused_when_the_world_has_changed_and_says_what(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.usher("apply", "--yes")
    access_directory.write(example.replace("session: 12h", "session: 4h"))
    access_directory.usher("plan", "--out", "plan.json")
    wished = Path("access.yaml").read_text()
    access_directory.write(example.replace("accounts: [staging]", "accounts: [management]"))
    assert access_directory.usher("apply", "--yes", "--allow-removals", "9") == 0
    access_directory.write(wished)
    capsys.readouterr()
    assert access_directory.usher("apply", "plan.json", "--yes") == 1
    words = capsys.readouterr().err
    assert "the world has changed since the plan was saved" in words
    assert "nobody has AdministratorAccess in staging" in words or "AdministratorAccess in staging" in words
    assert "nothing was done" in words
    assert access_directory.usher("plan", "--exit-code") == 6


def test_a_saved_plan_is_refused_when_its_file_has_changed(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.usher("plan", "--out", "plan.json")
    access_directory.write(example + "\n# a word\n")
    assert access_directory.usher("apply", "plan.json", "--yes") == 2
    assert "access.yaml has changed since the plan was saved" in capsys.readouterr().err
    Path("access.yaml").unlink()
    assert access_directory.usher("apply", "plan.json", "--yes") == 2
    assert "run the command in the folder in which the plan was made" in capsys.readouterr().err


def test_a_saved_plan_of_another_instance_or_a_damaged_one_is_refused(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.usher("plan", "--out", "plan.json")
    saved = Path("plan.json")
    text = saved.read_text()
    saved.write_text(text.replace("ssoins-0123456789abcdef", "ssoins-fedcba9876543210"))
    assert access_directory.usher("apply", "plan.json", "--yes") == 2
    assert "do not match their checksum" in capsys.readouterr().err
    document = json.loads(text)
    document["instance"] = "arn:aws:sso:::instance/ssoins-fedcba9876543210"
    saved.write_text(_with_checksum(document))
    assert access_directory.usher("apply", "plan.json", "--yes") == 2
    assert "the plan was saved for arn:aws:sso:::instance/ssoins-fedcba9876543210" in capsys.readouterr().err


def _with_checksum(document: dict[str, Any]) -> str:
    from usher.plan.saved import _checksum

    body = {name: each for name, each in document.items() if name not in ("usher_plan", "checksum")}
    return json.dumps({"usher_plan": 1, "checksum": _checksum(body), **body})


def test_a_plan_that_cannot_be_written_is_said(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access_directory.usher("plan", "--out", "missing/plan.json") == 2
    assert "cannot write 'missing/plan.json': No such file or directory" in capsys.readouterr().err
