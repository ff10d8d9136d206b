"""`usher access runs` and `usher access undo` as a person runs them, against a directory's control plane."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from usher.cli.main import run

EXAMPLE = (Path(__file__).parents[2] / "src" / "usher" / "sandbox" / "mkdev.yaml").read_text()
MORE = EXAMPLE.replace("accounts: [staging]", "accounts: [staging, management]").replace(
    "session: 12h", "session: 4h"
)


def runs(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert run(["access", "runs", "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["runs"]
    return found


def applied(directory: Any, *texts: str) -> None:
    for text in texts:
        directory.write(text)
        assert directory.usher("apply", "--yes") == 0


def test_undo_last_gives_the_accounts_of_before_and_the_run_is_called_undone(
    access_directory: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    applied(access_directory, EXAMPLE, MORE)
    capsys.readouterr()
    assert access_directory.usher("undo", "last", "--yes") == 0
    words = capsys.readouterr().err
    assert "developers loses AdministratorAccess in management (111111111111)" in words
    assert "ReadOnlyAccess changes: session 4h -> 12h" in words
    assert "ReadOnlyAccess is brought up to date because its contents change" in words
    access_directory.write(EXAMPLE)
    assert access_directory.usher("plan", "--exit-code") == 0
    undoing, second, first = runs(capsys)
    assert undoing["undoes"] == second["id"]
    assert second["undone_by"] == undoing["id"]
    assert (first["file"], first["done"], first["changes"]) == ("access.yaml", 15, 15)


def test_undoing_everything_takes_back_even_people_and_groups_when_allowed(
    access_directory: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    applied(access_directory, EXAMPLE)
    [first] = runs(capsys)
    assert access_directory.usher("undo", first["id"], "--yes") == 1
    assert "--allow-removals 5" in capsys.readouterr().err
    allowed = ("--allow-removals", "5", "--allow-set-deletions", "2")
    assert access_directory.usher("undo", first["id"], "--yes", "--json", *allowed) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["undoes"], document["left"], document["not_done"]) == (first["id"], [], [])
    kinds = [change["kind"] for change in document["changes"]]
    assert kinds[-4:] == ["delete_group", "delete_group", "delete_user", "delete_user"]
    access_directory.write(EXAMPLE)
    assert access_directory.usher("plan", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["changes"]) == 15


def test_what_somebody_changed_since_is_left_and_told(
    access_directory: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    applied(access_directory, EXAMPLE, MORE, MORE.replace("session: 4h", "session: 6h"))
    second = runs(capsys)[1]
    assert access_directory.usher("undo", second["id"], "--yes") == 0
    words = capsys.readouterr().err
    assert (
        "Left as it is:\n  ReadOnlyAccess changes: session 12h -> 4h\n    others have changed it since"
        in words
    )
    assert access_directory.usher("undo", second["id"], "--yes") == 0
    assert f"Nothing to undo: nothing of run {second['id']} stands as it left it." in capsys.readouterr().err


def test_runs_are_told_in_words_and_one_run_change_by_change(
    access_directory: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["access", "runs"]) == 0
    assert "No run was made from this machine." in capsys.readouterr().out
    applied(access_directory, EXAMPLE)
    capsys.readouterr()
    assert run(["access", "runs"]) == 0
    assert "15 of 15 done  access.yaml" in capsys.readouterr().out
    assert run(["access", "runs", "last"]) == 0
    assert "  done       developers gains ReadOnlyAccess in production" in capsys.readouterr().out
    assert run(["access", "runs", "last", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["each"][0]["outcome"] == "done"


def test_a_run_of_another_instance_is_not_undone_here(
    access_directory: Any, capsys: pytest.CaptureFixture[str], own_home: Path
) -> None:
    applied(access_directory, EXAMPLE)
    [journal] = own_home.rglob("journals/*.jsonl")
    journal.write_text(journal.read_text().replace("ssoins-0123456789abcdef", "ssoins-fedcba9876543210"))
    assert access_directory.usher("undo", "last", "--yes") == 2
    assert "and this is arn:aws:sso:::instance/ssoins-0123456789abcdef" in capsys.readouterr().err


def test_undo_asks_before_it_changes_anything_and_nobody_is_no_yes(
    access_directory: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(access_directory, EXAMPLE, MORE)
    assert access_directory.usher("undo", "last") == 2
    assert "then run 'usher access undo 2" in capsys.readouterr().err
    monkeypatch.setattr("usher.cli.terminal.Terminal.interactive", True)
    monkeypatch.setattr("usher.cli.terminal.Terminal.confirm", lambda _self, _question: False)
    assert access_directory.usher("undo", "last") == 1
    assert "Nothing was changed." in capsys.readouterr().err
    assert access_directory.usher("plan", "--exit-code") == 0
