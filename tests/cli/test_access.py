"""`usher access` as a person runs it, against a directory's real control plane."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from usher.aws.clients import AwsSettings
from usher.cli import wire_access
from usher.cli.main import run
from usher.core.callers import Caller
from usher.core.ids import AccountId

EXAMPLE = Path(__file__).parents[2] / "src" / "usher" / "sandbox" / "mkdev.yaml"


@pytest.fixture
def example(access_directory: Any) -> str:
    text = EXAMPLE.read_text()
    access_directory.write(text)
    return text


def test_check_says_what_the_file_holds_and_needs_no_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "access.yaml"
    shutil.copy(EXAMPLE, path)
    assert run(["access", "check", str(path)]) == 0
    assert "3 accounts, 2 users, 2 groups, 2 permission sets, 3 rules" in capsys.readouterr().out


def test_check_prints_every_mistake_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "access.yaml"
    path.write_text(
        EXAMPLE.read_text().replace("accounts: [staging]", "accounts: [stagin]").replace("12h", "13h")
    )
    assert run(["access", "check", str(path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len([line for line in lines if line.startswith(f"{path}:")]) == 2
    assert any("did you mean 'staging'" in line for line in lines)
    assert lines[-1] == "2 mistakes; nothing was changed"


def test_mistakes_are_json_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "access.yaml"
    path.write_text("version: 2\n")
    assert run(["access", "check", str(path), "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["exit_code"] == 2
    assert document["diagnostics"][0]["line"] == 1


def test_plan_shows_who_gains_what_where_and_changes_nothing(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access_directory.usher("plan", "--exit-code") == 6
    out = capsys.readouterr().out
    assert "  + developers gains ReadOnlyAccess in production (333333333333)" in out
    assert "  + AdministratorAccess is added (sessions of 8h)" in out
    assert "15 to add." in out
    assert access_directory.usher("plan", "--exit-code") == 6


def test_apply_does_it_and_an_immediate_second_plan_is_empty(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access_directory.usher("apply", "--yes") == 0
    words = capsys.readouterr().err
    assert "15 of 15 changes are made." in words
    assert "[15/15]" in words
    assert access_directory.usher("plan", "--exit-code") == 0
    assert "Nothing to do: the accounts match access.yaml." in capsys.readouterr().out
    assert access_directory.usher("apply", "--yes") == 0


def test_the_plan_of_the_applied_organization_costs_what_the_best_strategy_predicts(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.usher("apply", "--yes")
    capsys.readouterr()
    assert access_directory.usher("plan", "--json") == 0
    calls = json.loads(capsys.readouterr().out)["calls"]
    assert calls["total"] == calls["predicted"] == calls["best"] == sum(calls["by_operation"].values())
    assert calls["total"] == 28


def test_changed_contents_are_provisioned_and_taken_back(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.usher("apply", "--yes")
    changed = example.replace(
        "session: 12h",
        "session: 4h\n    description: Look only\n    relay_state: https://console.aws.amazon.com/s3\n"
        "    customer_policies: [{name: Team, path: /web/}]\n    boundary: {customer_policy: Edge}\n"
        "    tags: {team: web}\n"
        '    inline_policy: {Version: "2012-10-17", Statement: '
        "[{Effect: Deny, Action: s3:DeleteBucket, Resource: '*'}]}",
    ).replace("name: Example Developer", "name: Erika Developer, email: erika@mkdev.example")
    access_directory.write(changed)
    assert access_directory.usher("apply", "--yes") == 0
    words = capsys.readouterr().err
    assert "ReadOnlyAccess is brought up to date because its contents change" in words
    assert '"Action": "s3:DeleteBucket"' in words
    assert access_directory.usher("plan", "--exit-code") == 0
    access_directory.write(example)
    assert access_directory.usher("apply", "--yes") == 0
    assert access_directory.usher("plan", "--exit-code") == 0


def test_more_than_a_fifth_of_the_assignments_is_not_removed_without_a_word(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.usher("apply", "--yes")
    fewer = example.replace("accounts: all", "accounts: [management]")
    access_directory.write(fewer)
    capsys.readouterr()
    assert access_directory.usher("plan") == 0
    assert "apply will refuse" in capsys.readouterr().err
    assert access_directory.usher("apply", "--yes") == 1
    assert "--allow-removals 2" in capsys.readouterr().err
    assert access_directory.usher("apply", "--yes", "--allow-removals", "2") == 0
    assert access_directory.usher("plan", "--exit-code") == 0


def test_removing_everything_also_removes_the_permission_sets_it_made(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.usher("apply", "--yes")
    access_directory.write("version: 1\naccounts: [staging]\n")
    capsys.readouterr()
    assert access_directory.usher("plan") == 0
    warnings = capsys.readouterr().err
    assert "apply will refuse: the plan removes 5 of 5 assignments" in warnings
    assert "apply will refuse: the plan deletes 2 of the file's 2 permission sets" in warnings
    assert (
        access_directory.usher("apply", "--yes", "--allow-removals", "5", "--allow-set-deletions", "2") == 0
    )
    assert access_directory.usher("plan", "--exit-code") == 0


def test_what_fails_is_told_with_reason_and_the_rest_is_done(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.jobs.failing_accounts.add("333333333333")
    assert access_directory.usher("apply", "--yes", "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["done"] == 13
    reasons = {item["reason"] for item in document["not_done"]}
    assert reasons == {"Received a 404 status error: no such policy"}
    assert "production (333333333333)" in document["not_done"][0]["change"]["text"]
    journal = Path(document["journal"]).read_text()
    assert journal.count('"event": "failed"') == 2
    access_directory.jobs.failing_accounts.clear()
    assert access_directory.usher("apply", "--yes") == 0


def test_without_a_terminal_apply_asks_for_a_word_and_names_the_command(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access_directory.usher("apply") == 2
    assert "usher access apply access.yaml --yes" in capsys.readouterr().err


@pytest.mark.parametrize("strategy", ["per-principal", "per-pair"])
def test_both_strategies_find_nothing_to_do_after_an_apply(
    access_directory: Any, example: str, strategy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.usher("apply", "--yes")
    capsys.readouterr()
    assert access_directory.usher("plan", "--exit-code", "--strategy", strategy) == 0
    hidden = "visible only with --strategy per-pair" in capsys.readouterr().out
    assert hidden == (strategy == "per-principal")


BAD_FILES = {
    "broken YAML": ("version: 1\naccounts: [staging\n", "access.yaml:"),
    "no YAML at all": ("\0\x01", "access.yaml:1:1:"),
    "unknown account": ("version: 1\naccounts: [stagin]\n", "the organization has no account 'stagin'"),
    "unknown key": ("version: 1\nacounts: []\n", "did you mean 'accounts'?"),
    "name written twice": ("version: 1\nusers:\n  a: {name: A B}\n  a: {name: A C}\n", "access.yaml:4:"),
    "policy that is not JSON": (
        "version: 1\npermission_sets:\n  P:\n    inline_policy: '{no'\n",
        "not JSON",
    ),
    "policy over the size limit": (
        "version: 1\npermission_sets:\n  P:\n    inline_policy: {Statement: [{Effect: Allow, Action: '"
        + "a" * 11_000
        + "', Resource: '*'}]}\n",
        "the limit is 10,240",
    ),
    "session out of range": ("version: 1\npermission_sets:\n  P: {session: 13h}\n", "AWS allows 1h to 12h"),
}


@pytest.mark.parametrize(("text", "words"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_gets_one_clear_message_and_no_change(
    access_directory: Any, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.write(text)
    assert access_directory.usher("apply", "--yes") == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


def test_an_endpoint_that_does_not_answer_is_told_and_safe_to_try_again(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.origin = "http://127.0.0.1:9"
    assert access_directory.usher("plan") == 7
    assert "cannot be reached" in capsys.readouterr().err


def test_wrong_keys_are_told_as_such(
    access_directory: Any,
    example: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    assert access_directory.usher("plan") == 4
    assert "check the keys" in capsys.readouterr().err


def test_no_keys_are_told_as_such(
    access_directory: Any,
    example: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert access_directory.usher("plan") == 4
    assert "there are no AWS credentials" in capsys.readouterr().err


def test_an_unknown_profile_is_told_as_such(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access_directory.usher("plan", "--profile", "nobody") == 2
    assert "there is no AWS profile 'nobody'" in capsys.readouterr().err


def test_without_a_region_it_is_asked_for(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["access", "plan", "--endpoint-url", access_directory.origin]) == 2
    assert "--region" in capsys.readouterr().err


def test_an_instance_that_is_not_there_is_named(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = "arn:aws:sso:::instance/ssoins-ffffffffffffffff"
    assert access_directory.usher("plan", "--instance-arn", arn) == 5
    assert "--instance-arn arn:aws:sso:::instance/ssoins-0123456789abcdef" in capsys.readouterr().err


def test_a_missing_file_is_told_with_the_command(
    access_directory: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access_directory.usher("plan") == 5
    assert "usher access plan FILE" in capsys.readouterr().err


def test_a_folder_without_access_files_is_told(
    access_directory: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (access_directory.folder / "access").mkdir()
    assert access_directory.usher("plan", "access") == 5
    assert "there is no access file in the folder 'access'" in capsys.readouterr().err
    assert access_directory.usher("plan") == 5
    assert "usher access plan access/" in capsys.readouterr().err


def test_a_folder_is_one_access_file_in_parts(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = access_directory.folder / "access"
    folder.mkdir()
    people, _, rules = example.partition("access:\n")
    (folder / "people.yml").write_text(people)
    (folder / "rules.yaml").write_text(f"version: 1\naccess:\n{rules}")
    (folder / "notes.txt").write_text("not: [read")
    (folder / ".hidden.yaml").write_text("not: [read")
    assert access_directory.usher("plan", "access", "--exit-code") == 6
    assert "15 to add." in capsys.readouterr().out


def test_the_file_says_which_organization_it_is_for(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.write(example + "organization: {profile: nobody}\n")
    assert access_directory.usher("plan") == 2
    assert "there is no AWS profile 'nobody'" in capsys.readouterr().err
    access_directory.write(example + "organization: {region: us-gov-west-1}\n")
    assert access_directory.usher("plan") == 2
    assert "this file is for the partition 'aws-us-gov'" in capsys.readouterr().err
    access_directory.write(example + "organization: {id: o-exampleorg}\n")
    assert access_directory.usher("plan") == 2
    assert "the keys are of o-0123456789 (look at --profile)" in capsys.readouterr().err
    access_directory.write(example + "organization: {id: o-0123456789}\n")
    assert access_directory.usher("plan") == 0


def test_a_plan_warns_of_reviews_that_are_due_and_gives_nothing_by_expired_rules(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    noted = "accounts: [staging], review: 2020-01-01, owner: ada}"
    expired = "accounts: {tags: {env: production}}, expires: 2020-01-01}"
    changed = example.replace("accounts: [staging]}", noted)
    changed = changed.replace("accounts: {tags: {env: production}}}", expired)
    assert changed.count("2020-01-01") == 2
    access_directory.write(changed)
    assert access_directory.usher("plan") == 0
    shown = capsys.readouterr()
    assert "warning: this rule was to be reviewed by 2020-01-01 (ask ada)" in shown.err
    assert "warning: this rule expired on 2020-01-01 23:59 UTC and gives nothing" in shown.err
    assert "developers gains ReadOnlyAccess" not in shown.out


def test_check_takes_several_organizations_and_tells_the_mistakes_of_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gov, china = tmp_path / "gov", tmp_path / "china.yaml"
    gov.mkdir()
    (gov / "a.yaml").write_text("version: 1\norganization: {name: gov, partition: aws-us-gov}\n")
    china.write_text("version: 1\naccounts: [staging]\n")
    assert run(["access", "check", str(gov), str(china)]) == 0
    assert f"{gov} has no mistakes: all accounts of the organization" in capsys.readouterr().out
    assert run(["access", "check", str(gov), str(china), "--json"]) == 0
    documents = json.loads(capsys.readouterr().out)["files"]
    assert [(each["organization"], each["discovers"]) for each in documents] == [("gov", True), ("", False)]
    (gov / "a.yaml").write_text("version: 2\n")
    china.write_text("version: 3\n")
    assert run(["access", "check", str(gov), str(china)]) == 2
    assert capsys.readouterr().err.count("is not known") == 2


def test_a_file_full_of_mistakes_fills_one_screen_and_json_has_them_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "access.yaml"
    names = ", ".join(f"{'n' * 900}{number}" for number in range(50))
    path.write_text(f"version: 1\nusers: {{}}\ngroups: {{devops: {{members: [{names}]}}}}\n")
    assert run(["access", "check", str(path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 22
    assert lines[-2:] == ["and 30 more: --json has them all", "50 mistakes; nothing was changed"]
    assert max(map(len, lines)) < 500
    assert run(["access", "check", str(path), "--json"]) == 2
    assert len(json.loads(capsys.readouterr().out)["diagnostics"]) == 50


def test_an_unwritable_configuration_folder_stops_before_anything_is_changed(
    access_directory: Any,
    example: str,
    own_home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (own_home / ".config").write_text("a file is in the way")
    assert access_directory.usher("apply", "--yes") == 1
    assert "nothing was changed" in capsys.readouterr().err
    assert access_directory.usher("plan", "--exit-code") == 6


def test_tags_are_asked_only_of_accounts_on_which_a_rule_depends(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.tags["111111111111"] = {"env": "production"}
    reaching = "accounts: {tags: {env: production}, management: true}}"
    access_directory.write(example.replace("accounts: {tags: {env: production}}}", reaching))
    assert access_directory.usher("plan", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    texts = [change["text"] for change in document["changes"]]
    assert "developers gains ReadOnlyAccess in management (111111111111)" in texts
    # staging and production carry the rule's tag in the file; only management has to be asked about.
    assert document["calls"]["by_operation"]["ListTagsForResource"] == 1


def test_a_plan_is_json_with_every_change_and_its_fields(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access_directory.usher("plan", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["summary"] == {"add": 15, "change": 0, "remove": 0}
    grant = next(change for change in document["changes"] if change["kind"] == "create_assignment")
    assert grant["assignment"] == {
        "principal": {"kind": "GROUP", "name": "devops"},
        "permission_set": "AdministratorAccess",
        "account_id": "111111111111",
    }


def test_names_from_elsewhere_cannot_drive_the_terminal(
    access_directory: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.write(
        'version: 1\nusers:\n  eve: {given_name: A, family_name: B, display_name: "x\u202ey"}\n'
    )
    access_directory.usher("plan")
    shown = capsys.readouterr()
    assert "\u202e" not in shown.out + shown.err


def test_a_person_reads_what_failed_why_and_what_to_do(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.jobs.failing_accounts.add("111111111111")
    assert access_directory.usher("apply", "--yes") == 1
    words = capsys.readouterr().err
    assert "failed: devops gains AdministratorAccess in management (111111111111)" in words
    assert "Received a 404 status error: no such policy" in words
    assert "only the management account's own administrators may change access to it" in words
    assert "14 of 15 changes are made. The rest is tried again by the next 'usher access apply'." in words


def test_a_count_that_is_none_is_wrong_usage(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert access_directory.usher("apply", "--allow-removals", "many") == 2
    assert "'many' is not a count" in capsys.readouterr().err


def test_what_the_file_does_not_name_is_listed_as_left_alone(
    access_directory: Any, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.usher("apply", "--yes")
    access_directory.write(
        "version: 1\naccounts: [staging]\npermission_sets:\n  AdministratorAccess:\n  ReadOnlyAccess:\n"
    )
    capsys.readouterr()
    access_directory.usher("plan")
    out = capsys.readouterr().out
    assert "Left alone: not in the file" in out
    assert "2 groups: developers, devops" in out
    assert "  - AdministratorAccess loses the AWS policy AdministratorAccess" in out


def test_a_plan_that_takes_the_access_it_is_run_with_is_refused(
    access_directory: Any,
    example: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    access_directory.usher("apply", "--yes")
    open_rooms = wire_access.open_access_rooms
    me = Caller("operator@mkdev.example", "AdministratorAccess", AccountId("1" * 12))
    monkeypatch.setattr(
        wire_access, "open_access_rooms", lambda *a, **k: replace(open_rooms(*a, **k), caller=lambda: me)
    )
    access_directory.write(example.replace("accounts: all", "accounts: [staging, production]"))
    capsys.readouterr()
    assert access_directory.usher("plan") == 0
    assert "apply will refuse: the plan takes away the access that you run it with" in capsys.readouterr().err
    assert access_directory.usher("apply", "--yes") == 1
    assert "--allow-self-removal" in capsys.readouterr().err
    assert access_directory.usher("apply", "--yes", "--allow-self-removal") == 0


def test_whose_keys_they_are_may_stay_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    settings = AwsSettings("eu-central-1", profile="no-such-profile")
    assert wire_access._ask_who_calls(settings, said.append) is None
    assert said == [
        "whether the plan takes away your own access is not known: there is no AWS profile 'no-such-profile'"
    ]
