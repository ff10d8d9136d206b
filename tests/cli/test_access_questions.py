"""`usher access who, why, why-not, diff, report, snapshot` as a person runs them, against a directory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from usher.access.load import load_access_file
from usher.access.resolve import resolve_access
from usher.apply.snapshot import SnapshotStore
from usher.cli.access.moments import parse_moment
from usher.cli.context import read_context
from usher.cli.main import run
from usher.cli.wire_access import open_snapshots
from usher.core.accounts import Account
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn
from usher.core.organization import ActualAccess, Instance

FILE = """\
version: 1
accounts:
  management:
  staging: {tags: {env: staging}}
  production: {tags: {env: production}}
users:
  operator@mkdev.example: {name: Example Operator}
  developer@mkdev.example: {name: Example Developer}
groups:
  devops: {members: [operator@mkdev.example]}
  developers: {members: [developer@mkdev.example]}
permission_sets:
  AdministratorAccess: {managed_policies: [AdministratorAccess], session: 8h}
  Deleter:
    inline_policy:
      Version: "2012-10-17"
      Statement: [{Effect: Allow, Action: "s3:DeleteObject", Resource: "*"}]
  Reader:
    inline_policy:
      Version: "2012-10-17"
      Statement: [{Effect: Allow, Action: "s3:Get*", Resource: "*"}]
access:
  - {group: devops, permission_set: AdministratorAccess, accounts: all}
  - {group: developers, permission_set: Deleter, accounts: [staging], owner: platform, reason: clears buckets}
  - {group: developers, permission_set: Reader, accounts: {tags: {env: production}}}
"""


DELETER_RULE = 1 + next(n for n, line in enumerate(FILE.splitlines()) if "clears buckets" in line)
INSTANCE = Instance(
    InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-0123456789")
)
ACCOUNTS = (
    Account(AccountId("111111111111"), "management", is_management=True),
    Account(AccountId("222222222222"), "staging", ou_names=("Workloads",), ou_ids=("ou-mkde-workload",)),
    Account(AccountId("333333333333"), "production", ou_names=("Workloads",), ou_ids=("ou-mkde-workload",)),
)


def as_applied(text: str) -> ActualAccess:
    """What a directory has once the file is applied."""
    said = resolve_access(load_access_file(text, "access.yaml"), ACCOUNTS, now=datetime.now(UTC))
    return ActualAccess(
        INSTANCE,
        {each.id: each for each in ACCOUNTS},
        said.users,
        said.groups,
        said.permission_sets,
        said.assignments,
    )


@dataclass
class Desk:
    """A machine that keeps readings, with an access file in its folder and no network."""

    store: SnapshotStore
    capsys: pytest.CaptureFixture[str]

    def __call__(self, verb: str, *arguments: str) -> tuple[int, str, str]:
        """The exit code, stdout and stderr of a verb."""
        code = run(["access", verb, *arguments])
        found = self.capsys.readouterr()
        return code, found.out, found.err

    def keep(self, text: str, ago: timedelta = timedelta()) -> None:
        self.store.save(as_applied(text), datetime.now(UTC) - ago)

    def write(self, text: str) -> None:
        Path("access.yaml").write_text(text)


@pytest.fixture
def desk(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """The example organization was read a moment ago."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    desk = Desk(open_snapshots(read_context(), INSTANCE), capsys)
    desk.write(FILE)
    return desk


@pytest.fixture
def ask(desk: Desk) -> Callable[..., tuple[int, str, str]]:
    """`ask("who", …)` is answered from what was read a moment ago."""
    desk.keep(FILE)
    return lambda verb, *arguments: desk(verb, *arguments, "--from-snapshot", "now")


def test_a_fresh_reading_answers_and_is_kept_for_the_next_questions(
    access_directory: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    access_directory.write(FILE)
    assert access_directory.usher("apply", "--yes") == 0
    capsys.readouterr()

    def ask(verb: str, *arguments: str) -> tuple[str, str]:
        assert access_directory.usher(verb, *arguments) == 0
        found = capsys.readouterr()
        return found.out, found.err

    out, err = ask("who", "--account", "production")
    assert "developer@mkdev.example  Reader" in out
    assert "reading arn:aws:sso" in err
    out, err = ask("who", "--ou", "Workloads", "--action", "s3:DeleteObject")
    assert "staging     developer@mkdev.example  Deleter" in out
    assert "reading arn:aws:sso" not in err
    ask("report", "--out", "r.html")
    access_directory.write(FILE.replace("[staging]", "[management]"))
    assert access_directory.usher("apply", "--yes", "--allow-removals", "9") == 0
    capsys.readouterr()
    out, _ = ask("diff", "now", "--fresh")
    assert "+   Deleter in management (111111111111)" in out
    out, _ = ask("snapshot", "--json")
    assert json.loads(out)["assignments"] == 5
    out, _ = ask("why", "developer@mkdev.example", "management")
    assert "through group developers: Deleter" in out


def test_who_expands_groups_and_says_from_when_the_answer_is(ask: Any) -> None:
    code, out, err = ask("who", "--account", "production")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["production", "developer@mkdev.example", "Reader", "group", "developers"] in lines
    assert "as read on" in err


def test_who_as_csv_has_one_record_for_each_holding(ask: Any) -> None:
    _, out, _ = ask("who", "--user", "Developer@MKDEV.example", "--csv")
    records = list(csv.DictReader(io.StringIO(out)))
    assert [(each["account"], each["permission_set"]) for each in records] == [
        ("production", "Reader"),
        ("staging", "Deleter"),
    ]
    assert records[0]["unit"] == "Workloads"


def test_who_can_do_something_leaves_out_who_cannot(ask: Any) -> None:
    _, out, _ = ask("who", "--action", "s3:DeleteObject", "--json")
    document = json.loads(out)
    found = {(each["account"], each["person"], each["answer"]) for each in document["holdings"]}
    assert found == {
        ("management", "operator@mkdev.example", "can"),
        ("production", "operator@mkdev.example", "can"),
        ("staging", "operator@mkdev.example", "can"),
        ("staging", "developer@mkdev.example", "can"),
    }


def test_who_in_words_has_the_answers_about_an_action_in_groups(ask: Any) -> None:
    _, out, _ = ask("who", "--ou", "Workloads", "--action", "s3:GetObject")
    assert out.startswith("can:\nACCOUNT")
    _, out, err = ask("who", "--account", "staging", "--user", "dev*", "--action", "iam:CreateRole")
    assert (out, "nobody can" in err) == ("", True)


def test_who_directly_shows_grants_as_they_are(ask: Any) -> None:
    _, out, _ = ask("who", "--permission-set", "Reader", "--direct")
    assert out.splitlines()[1].split() == ["production", "group", "developers", "Reader"]


def test_who_answers_from_the_file_where_it_is_named(desk: Desk, ask: Any) -> None:
    desk.write(FILE.replace("[staging]", "[staging, management]"))
    _, out, err = ask("who", "--group", "developers", "--account", "management", "--file", "access.yaml")
    assert "Deleter" in out
    assert "as access.yaml" in err


def test_who_says_what_a_slip_may_mean(ask: Any) -> None:
    code, _, err = ask("who", "--account", "prodution")
    assert code == 5
    assert "did you mean 'production'?" in err


def test_nobody_is_said_and_is_no_error(ask: Any) -> None:
    code, out, err = ask("who", "--account", "management", "--group", "developers")
    assert (code, out) == (0, "")
    assert "nobody" in err


def test_two_forms_at_once_are_refused(ask: Any) -> None:
    assert ask("who", "--csv", "--json")[0] == 2


def test_two_forms_of_a_difference_are_refused(desk: Desk) -> None:
    assert desk("diff", "now", "--csv", "--json")[0] == 2


def test_why_names_the_group_the_rule_and_the_statement(ask: Any) -> None:
    code, out, _ = ask("why", "developer@mkdev.example", "staging", "--action", "s3:DeleteObject")
    assert code == 0
    assert "through group developers: Deleter" in out
    assert f"access.yaml:{DELETER_RULE}:5; owner platform; because: clears buckets" in out
    assert "s3:DeleteObject: allowed by statement 1 of the inline policy" in out


def test_why_with_no_way_in_exits_with_no_access(ask: Any) -> None:
    code, out, err = ask("why", "developer@mkdev.example", "management")
    assert code == 4
    assert "may not enter management" in out
    assert "why-not" in err


def test_why_as_json_has_every_path(ask: Any) -> None:
    _, out, _ = ask("why", "operator@mkdev.example", "staging", "--json", "--action", "s3:GetObject")
    document = json.loads(out)
    assert document["has_access"] is True
    assert document["paths"][0]["rules"][0]["at"] == f"access.yaml:{DELETER_RULE - 1}:5"
    assert document["paths"][0]["verdict"]["decision"] == "allowed"


def test_why_not_gives_the_smallest_change(ask: Any) -> None:
    code, out, _ = ask("why-not", "developer@mkdev.example", "management")
    assert code == 0
    assert "neither developer@mkdev.example nor a group of theirs (developers) has anything" in out
    assert "membership in devops: gives AdministratorAccess in management, and 2 more grants" in out


def test_why_not_takes_the_least_dangerous_set_that_would_do(ask: Any) -> None:
    code, out, _ = ask("why-not", "developer@mkdev.example", "production", "--action", "s3:DeleteObject")
    assert code == 0
    assert "Reader does not allow it" in out
    line = "- {user: developer@mkdev.example, permission_set: Deleter, accounts: [production]}"
    assert out.index("membership in devops") < out.index(line)


def test_why_not_shows_the_ways_in_where_there_are_some(ask: Any) -> None:
    _, out, _ = ask("why-not", "developer@mkdev.example", "staging", "--permission-set", "deleter")
    assert "developer@mkdev.example may, in staging" in out
    _, out, _ = ask("why-not", "developer@mkdev.example", "staging", "--permission-set", "Reader", "--json")
    document = json.loads(out)
    assert document["has_access"] is False
    assert document["remedies"][0]["kind"] == "AddRule"


def test_why_not_knows_the_rule_that_expired(desk: Desk) -> None:
    expired = FILE.replace("clears buckets}", "clears buckets, expires: 2020-01-01}")
    desk.write(expired)
    desk.keep(expired)
    _, out, _ = desk("why-not", "developer@mkdev.example", "staging", "--from-snapshot", "now")
    assert f"the rule at access.yaml:{DELETER_RULE}:5, which gave Deleter, expired on 2020-01-0" in out


def test_why_not_knows_the_rule_that_has_not_begun(desk: Desk) -> None:
    waiting = FILE.replace("clears buckets}", "clears buckets, from: 2999-01-01T08:00Z, expires: 8h}")
    desk.write(waiting)
    desk.keep(waiting)
    _, out, _ = desk("why-not", "developer@mkdev.example", "staging", "--from-snapshot", "now")
    assert f"the rule at access.yaml:{DELETER_RULE}:5 gives Deleter and begins on 2999-01-01 08:00 UTC" in out


def test_why_not_knows_what_is_written_and_not_applied(desk: Desk, ask: Any) -> None:
    desk.write(FILE + "  - {group: developers, permission_set: Deleter, accounts: [management]}\n")
    _, out, _ = ask("why-not", "developer@mkdev.example", "management", "--permission-set", "Deleter")
    assert "the access file gives Deleter through group developers already: run 'usher access apply'" in out


def test_why_not_finds_a_role_of_ones_own_only_where_there_is_one(ask: Any) -> None:
    code, _, err = ask("why-not", "developer@mkdev.example", "management", "--role", "Deployer")
    assert code == 5
    assert "there is no role 'Deployer'" in err


def test_diff_says_who_gained_and_lost(desk: Desk) -> None:
    desk.keep(FILE, ago=timedelta(days=2))
    desk.keep(FILE.replace("[staging]", "[management]").replace("Get*", "List*"))
    code, out, _ = desk("diff", "yesterday")
    assert code == 0
    assert "+   Deleter in management (111111111111)" in out
    assert "-   Deleter in staging (222222222222)" in out
    assert "~ Reader is changed" in out
    assert out.endswith("1 people: 1 gained, 1 lost; 1 groups, 1 permission sets and 0 accounts changed.\n")


def test_diff_for_programs_has_a_record_for_each_difference(desk: Desk) -> None:
    desk.keep(FILE, ago=timedelta(days=9))
    desk.keep(FILE.replace("[staging]", "[management]"))
    _, out, _ = desk("diff", "7d", "now", "--csv")
    records = list(csv.DictReader(io.StringIO(out)))
    assert {(each["about"], each["change"], each["permission_set"], each["account"]) for each in records} == {
        ("person", "gained", "Deleter", "management"),
        ("person", "lost", "Deleter", "staging"),
        ("group", "gained", "Deleter", "management"),
        ("group", "lost", "Deleter", "staging"),
    }
    _, out, _ = desk("diff", "7d", "--json")
    assert json.loads(out)["changes"] == records


def test_diff_does_not_go_backwards(desk: Desk) -> None:
    desk.keep(FILE, ago=timedelta(days=9))
    desk.keep(FILE)
    assert desk("diff", "now", "7d")[0] == 2


def test_diff_of_one_reading_says_so(desk: Desk, ask: Any) -> None:
    code, out, err = desk("diff", "now")
    assert (code, out) == (0, "Nothing changed.\n")
    assert "one and the same reading" in err


def test_days_before_the_first_reading_are_told(desk: Desk, ask: Any) -> None:
    code, _, err = desk("diff", "7d")
    assert code == 5
    assert "the oldest reading that is kept is of" in err
    assert desk("diff", "last week")[0] == 2


def test_readings_are_listed(desk: Desk, ask: Any) -> None:
    assert desk("snapshot", "--list")[1].endswith(" UTC\n")
    assert len(json.loads(desk("snapshot", "--list", "--json")[1])) == 1


def test_readings_of_a_named_instance_are_asked_for_without_a_call(desk: Desk) -> None:
    code, out, err = desk("snapshot", "--list", "--instance-arn", INSTANCE.arn)
    assert (code, out) == (0, "")
    assert "takes one" in err
    code, _, err = desk("who", "--from-snapshot", "now", "--instance-arn", INSTANCE.arn)
    assert code == 5
    assert "'usher access snapshot', every night, keeps one" in err


def test_report_writes_one_file_for_its_owner_alone(ask: Any) -> None:
    code, out, _ = ask("report", "--out", "r.html")
    assert code == 0
    assert out.startswith("r.html is written")
    file = Path("r.html")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "Who may enter what" in file.read_text()
    _, out, _ = ask("report", "--json")
    assert json.loads(out)["file"] == "access-report.html"


def test_report_draws_a_part_as_text(ask: Any) -> None:
    _, out, _ = ask("report", "--format", "mermaid", "--account", "staging")
    assert out.startswith("flowchart LR\n")
    assert "management" not in out
    _, out, _ = ask("report", "--format", "dot", "--user", "dev*")
    assert out.startswith("digraph access {\n")
    assert "operator" not in out


def test_report_refuses_what_it_cannot_do(ask: Any) -> None:
    assert ask("report", "--user", "dev*")[0] == 2
    code, _, err = ask("report", "--out", "nowhere/r.html")
    assert code == 2
    assert "cannot be written" in err


def test_why_is_about_one_person_in_one_account(ask: Any) -> None:
    code, _, err = ask("why", "*@mkdev.example", "staging")
    assert code == 2
    assert "means 2 people" in err
    assert ask("why", "developer@mkdev.example", "*")[0] == 2


def test_an_access_folder_is_as_good_as_a_file(desk: Desk, ask: Any) -> None:
    Path("access").mkdir()
    Path("access.yaml").rename("access/all.yaml")
    _, out, err = ask("why", "developer@mkdev.example", "staging")
    assert "access/all.yaml" in out
    assert "rules from access" in err
    Path("access/all.yaml").unlink()
    Path("access").rmdir()
    _, out, err = ask("why", "developer@mkdev.example", "staging")
    assert "rules from" not in err


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", "2026-11-25T12:00:00+00:00"),
        ("today", "2026-11-25T12:00:00+00:00"),
        ("yesterday", "2026-11-24T23:59:59.999999+00:00"),
        ("2026-11-01", "2026-11-01T23:59:59.999999+00:00"),
        ("2026-11-25", "2026-11-25T12:00:00+00:00"),
        ("2026-11-01T08:30", "2026-11-01T08:30:00+00:00"),
        ("2026-11-01T08:30+02:00", "2026-11-01T06:30:00+00:00"),
        ("7d", "2026-11-18T12:00:00+00:00"),
        ("90m", "2026-11-25T10:30:00+00:00"),
        ("2w", "2026-11-11T12:00:00+00:00"),
    ],
)
def test_moments_as_people_write_them(text: str, moment: str) -> None:
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert parse_moment(text, now) == datetime.fromisoformat(moment)
