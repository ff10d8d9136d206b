"""`usher access drift` against a directory's control plane, whose audit log tells who it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

EXAMPLE = (Path(__file__).parents[2] / "src" / "usher" / "sandbox" / "mkdev.yaml").read_text()
READ_IN_PRODUCTION = "permission_set: ReadOnlyAccess,"


@pytest.fixture
def by_hand(access_directory: Any) -> Any:
    """Makes the example, then lets somebody change it by hand: AWS clients for the directory."""
    access_directory.write(EXAMPLE)
    assert access_directory.usher("apply", "--yes") == 0
    return access_directory


def client(directory: Any, service: str) -> Any:
    return boto3.client(service, endpoint_url=directory.origin, region_name="eu-central-1")


def grant_by_hand(directory: Any) -> None:
    """devops gets ReadOnlyAccess in production, and loses the developer's membership."""
    sso, people = client(directory, "sso-admin"), client(directory, "identitystore")
    [instance] = sso.list_instances()["Instances"]
    arn = instance["InstanceArn"]
    named = {
        sso.describe_permission_set(InstanceArn=arn, PermissionSetArn=each)["PermissionSet"]["Name"]: each
        for each in sso.list_permission_sets(InstanceArn=arn)["PermissionSets"]
    }
    groups = people.list_groups(IdentityStoreId=instance["IdentityStoreId"])["Groups"]
    devops = next(each["GroupId"] for each in groups if each["DisplayName"] == "devops")
    status = sso.create_account_assignment(
        InstanceArn=arn,
        TargetId="333333333333",
        TargetType="AWS_ACCOUNT",
        PermissionSetArn=named["ReadOnlyAccess"],
        PrincipalType="GROUP",
        PrincipalId=devops,
    )["AccountAssignmentCreationStatus"]
    while status["Status"] == "IN_PROGRESS":
        status = sso.describe_account_assignment_creation_status(
            InstanceArn=arn, AccountAssignmentCreationRequestId=status["RequestId"]
        )["AccountAssignmentCreationStatus"]


def drift(directory: Any, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = directory.usher("drift", *arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_no_difference_is_exit_code_0_and_asks_nobody_who_made_it(
    by_hand: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drift(by_hand, capsys) == (0, "No difference: the accounts match access.yaml.\n", "")


def test_what_was_given_by_hand_is_shown_with_who_gave_it_and_what_becomes_of_it(
    by_hand: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    grant_by_hand(by_hand)
    code, out, _ = drift(by_hand, capsys)
    assert code == 6
    lines = out.splitlines()
    assert lines[:3] == [
        "There, and not in the file:",
        "  + devops has ReadOnlyAccess in production (333333333333)",
        "      apply takes it away",
    ]
    assert lines[3].startswith("      by admin@mkdev.example, 20")
    assert lines[-1] == "1 difference between the accounts and access.yaml."


def test_history_is_not_asked_when_one_says_so(by_hand: Any, capsys: pytest.CaptureFixture[str]) -> None:
    grant_by_hand(by_hand)
    code, out, _ = drift(by_hand, capsys, "--no-history", "--json")
    document = json.loads(out)
    assert code == 6
    assert document["history"] == {"asked": False, "unanswered": ""}
    [found] = document["drift"]
    assert (found["kind"], found["mode"], found["by"]) == ("given", "enforce", None)


def test_as_json_the_event_is_told_with_its_time(by_hand: Any, capsys: pytest.CaptureFixture[str]) -> None:
    grant_by_hand(by_hand)
    _, out, _ = drift(by_hand, capsys, "--json")
    [found] = json.loads(out)["drift"]
    assert (found["by"], found["event"]) == ("admin@mkdev.example", "CreateAccountAssignment")
    assert found["at"].endswith("+00:00")


def test_what_a_rule_observes_stays_and_is_shown(by_hand: Any, capsys: pytest.CaptureFixture[str]) -> None:
    grant_by_hand(by_hand)
    by_hand.write(EXAMPLE.replace(READ_IN_PRODUCTION, READ_IN_PRODUCTION + " drift: observe,"))
    code, out, err = drift(by_hand, capsys)
    assert code == 6
    assert "is observed: it stays (access.yaml:" in out
    assert "the file has changed since it was last applied" in err
    assert by_hand.usher("plan", "--exit-code") == 0


def test_what_a_rule_adopts_is_printed_as_lines_that_make_it_the_file_s(
    by_hand: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    grant_by_hand(by_hand)
    adopting = EXAMPLE.replace(READ_IN_PRODUCTION, READ_IN_PRODUCTION + " drift: adopt,")
    by_hand.write(adopting)
    code, out, _ = drift(by_hand, capsys, "--json")
    lines = json.loads(out)["adopt"]
    assert code == 6
    assert lines == ["access:", "  - {group: devops, permission_set: ReadOnlyAccess, accounts: [production]}"]
    by_hand.write(adopting.replace("access:\n", "\n".join(lines) + "\n"))
    assert drift(by_hand, capsys)[0] == 0
    assert by_hand.usher("plan", "--exit-code") == 0


def test_differences_of_the_file_s_own_are_told_to_be_perhaps_its_own(
    by_hand: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    by_hand.write(EXAMPLE.replace("session: 12h", "session: 4h"))
    code, out, err = drift(by_hand, capsys)
    assert code == 6
    assert "  ~ ReadOnlyAccess changes: session 12h -> 4h" in out
    assert "a difference may be the file's" in err
