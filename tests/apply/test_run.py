"""Plans carried out against an honest Identity Center that is slow, busy, failing, or gone in between."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from usher.apply.follow import wait_for_running
from usher.apply.journal import open_journal
from usher.apply.result import Outcome
from usher.core.accounts import Account
from usher.core.errors import UnavailableError, UsherError
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy
from usher.core.policy_document import policy_document

NewBench = Callable[..., Any]
Organization = Callable[..., Any]
POLICY = policy_document({"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})


def changed(desired: Any) -> Any:
    """The same organization after a busy week: people, contents and grants differ."""
    groups = dict(desired.groups)
    groups["group0"] = replace(groups["group0"], members=frozenset({"user0"}), description="new")
    sets = dict(desired.permission_sets)
    sets["Read"] = replace(
        sets["Read"],
        description="now with more",
        session_seconds=7200,
        inline_policy=POLICY,
        tags={**sets["Read"].tags, "team": "web"},
        boundary=CustomerPolicy("Edge", "/net/"),
    )
    del sets["Admin"]
    users = dict(desired.users)
    users["user1"] = replace(users["user1"], display_name="Other", email="u1@mkdev.example")
    grants = frozenset(
        grant
        for grant in desired.assignments
        if grant.permission_set == "Read" and grant.account_id != "000000000001"
    )
    return replace(desired, groups=groups, permission_sets=sets, users=users, assignments=grants)


def test_an_empty_instance_becomes_what_the_file_says_and_a_second_plan_is_empty(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(3)
    bench = new_bench(desired.accounts)
    result = bench.apply(desired)
    assert not result.not_done
    assert bench.still_to_do(desired) == 0
    assert len(bench.center.grants) == len(desired.assignments)


def test_first_assignments_need_no_provisioning(new_bench: NewBench, organization: Organization) -> None:
    desired = organization(3)
    bench = new_bench(desired.accounts)
    bench.apply(desired)
    assert bench.center.calls["ProvisionPermissionSet"] == 0


def test_a_busy_week_is_applied_and_changed_sets_are_provisioned_once(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(4)
    bench = new_bench(desired.accounts)
    bench.apply(desired)
    result = bench.apply(changed(desired))
    assert not result.not_done
    assert bench.still_to_do(changed(desired)) == 0
    assert bench.center.calls["ProvisionPermissionSet"] == 1
    assert [each.name for each in bench.center.sets.values()] == ["Read"]


def test_fifteen_assignments_run_at_once_one_per_account(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(40)
    bench = new_bench(desired.accounts, seconds_per_request=4.0)
    bench.apply(desired)
    assert bench.center.most_running == 15


def test_all_outstanding_requests_are_followed_with_one_list_per_tick(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(40)
    bench = new_bench(desired.accounts, seconds_per_request=4.0)
    bench.apply(desired)
    calls = bench.center.calls
    grants = len(desired.assignments)
    assert calls["describe assignment creation"] == grants
    assert calls["list assignment creation"] < 1.5 * grants


def test_conflicts_and_throttles_are_tried_again_until_they_pass(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(6)
    chance = Random(5)
    bench = new_bench(desired.accounts)
    bench.center.busy = lambda call: (
        not call.startswith(("List", "Describe", "policies")) and (chance.random() < 0.4)
    )
    result = bench.apply(desired)
    assert not result.not_done
    assert bench.still_to_do(desired) == 0


def test_what_stays_busy_fails_with_its_words_and_the_rest_goes_on(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(2)
    bench = new_bench(desired.accounts, busy=lambda call: call == "CreateGroup")
    result = bench.apply(desired)
    failed = {type(item.change).__name__ for item in result.not_done if item.outcome is Outcome.FAILED}
    skipped = {type(item.change).__name__ for item in result.not_done if item.outcome is Outcome.SKIPPED}
    assert failed == {"CreateGroup"}
    assert skipped == {"AddMember", "CreateAssignment"}
    assert len(bench.center.users) == 4
    assert len(bench.center.sets) == 2


def test_a_failed_assignment_is_told_with_awss_reason_and_the_likely_cause(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(3)
    closed = "000000000002"
    accounts = {**desired.accounts, closed: Account(closed, "old", active=False)}
    desired = replace(desired, accounts=accounts)
    bench = new_bench(
        accounts,
        failure=lambda what: "takes longer than usual" if getattr(what, "account_id", "") == closed else "",
    )
    result = bench.apply(desired)
    assert {item.change.assignment.account_id for item in result.not_done} == {closed}
    assert {(item.reason, item.cause) for item in result.not_done} == {
        ("takes longer than usual", "account old (000000000002) is suspended or closed")
    }
    assert len(bench.center.grants) == len(desired.assignments) - 4


def test_a_missing_customer_policy_is_named_as_the_likely_cause(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(1, 1, ("Read",))
    with_policy = replace(
        desired.permission_sets["Read"], customer_policies=frozenset({CustomerPolicy("Team", "/web/")})
    )
    desired = replace(desired, permission_sets={"Read": with_policy})
    bench = new_bench(desired.accounts, failure=lambda _what: "Received a 404 status error")
    [failed] = bench.apply(desired).not_done
    assert failed.cause == "the account may lack the customer managed policy /web/Team"


def test_more_policies_than_a_role_may_have_are_named_as_the_likely_cause(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(1, 1, ("Read",))
    many = frozenset(ManagedPolicy(f"arn:aws:iam::aws:policy/P{n}") for n in range(11))
    desired = replace(
        desired, permission_sets={"Read": replace(desired.permission_sets["Read"], managed_policies=many)}
    )
    bench = new_bench(desired.accounts, failure=lambda _what: "quota")
    [failed] = bench.apply(desired).not_done
    assert "a role only 10" in failed.cause


def test_a_set_whose_boundary_could_not_be_set_is_handed_out_to_nobody(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(2)
    bounded = replace(desired.permission_sets["Admin"], boundary=CustomerPolicy("Edge"))
    desired = replace(desired, permission_sets={**desired.permission_sets, "Admin": bounded})
    bench = new_bench(desired.accounts, busy=lambda call: call == "PutBoundary")
    bench.apply(desired)
    sets = {bench.center.sets[grant.permission_set].name for grant in bench.center.grants}
    assert sets == {"Read"}


def test_a_set_is_not_deleted_when_one_of_its_assignments_could_not_be_removed(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(2)
    bench = new_bench(desired.accounts)
    bench.apply(desired)
    bench.center.failure = lambda what: "no" if getattr(what, "account_id", "") == "000000000001" else ""
    result = bench.apply(replace(desired, permission_sets={}, assignments=frozenset()))
    skipped = [item.change.name for item in result.not_done if item.outcome is Outcome.SKIPPED]
    assert skipped == ["Admin", "Read"]


def test_a_run_stops_when_nothing_answers_any_more(new_bench: NewBench, organization: Organization) -> None:
    desired = organization(2)
    bench = new_bench(desired.accounts)
    alive = 5

    def gone(call: str) -> bool:
        if sum(bench.center.calls.values()) > alive:
            raise UnavailableError(f"{call}: cannot be reached")
        return False

    bench.center.busy = gone
    with pytest.raises(UnavailableError) as stopped:
        bench.apply(desired)
    assert "changes are made" in stopped.value.message
    bench.center.busy = lambda _call: False
    bench.apply(desired)
    assert bench.still_to_do(desired) == 0


def test_a_request_that_never_ends_is_told_after_a_quarter_of_an_hour(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(1, 1, ("Read",))
    bench = new_bench(desired.accounts, seconds_per_request=100_000.0)
    [failed] = bench.apply(desired).not_done
    assert failed.reason == "still in progress after 15 minutes"
    with pytest.raises(UnavailableError):
        wait_for_running(bench.center, bench.timing, lambda _count: None)


def _interrupted_then_rerun(bench: Any, desired: Any, killed: type[BaseException]) -> bool:
    try:
        bench.apply(desired)
        died = False
    except killed:
        died = True
    bench.center.die_at = None
    told: list[int] = []
    wait_for_running(bench.center, bench.timing, told.append)
    result = bench.apply(desired)
    assert not result.not_done
    assert bench.still_to_do(desired) == 0
    return died


@pytest.mark.parametrize("after_effect", [False, True])
def test_killed_at_any_call_a_rerun_completes_and_nothing_is_doubled_or_lost(
    new_bench: NewBench, organization: Organization, killed: type[BaseException], *, after_effect: bool
) -> None:
    first, second = organization(3), changed(organization(3))
    straight = new_bench(first.accounts)
    straight.apply(first)
    before = sum(straight.center.calls.values())
    straight.apply(second)
    calls = sum(straight.center.calls.values())
    deaths = 0
    for die_at in range(calls):
        bench = new_bench(first.accounts)
        if die_at < before:
            bench.center.die_at, bench.center.die_after_effect = die_at, after_effect
            deaths += _interrupted_then_rerun(bench, first, killed)
            bench.apply(second)
        else:
            bench.apply(first)
            bench.center.die_at, bench.center.die_after_effect = die_at, after_effect
            deaths += _interrupted_then_rerun(bench, second, killed)
        assert bench.picture() == straight.picture()
    assert deaths >= 20


def test_the_journal_holds_every_request_before_it_is_sent_and_its_outcome(
    new_bench: NewBench, organization: Organization, tmp_path: Path
) -> None:
    desired = organization(2)
    bench = new_bench(desired.accounts)
    with open_journal(tmp_path / "journals", lambda: datetime(2026, 1, 2, tzinfo=UTC), "run1") as journal:
        seen_before_sending: list[bool] = []
        start = bench.center.start_creation

        def watched(grant: Any) -> Any:
            last = json.loads(journal.path.read_text().splitlines()[-1])
            seen_before_sending.append(last["event"] == "begun" and last["kind"] == "CreateAssignment")
            return start(grant)

        bench.center.start_creation = watched
        bench.apply(desired, journal=journal)
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert journal.path.name == "20260102T000000.000000Z-run1.jsonl"
    assert seen_before_sending == [True] * len(desired.assignments)
    accepted = [line["request"] for line in lines if line["event"] == "accepted"]
    assert set(accepted) == set(bench.center.requests)
    assert lines[-1] == {**lines[-1], "event": "run ends", "not_done": 0}


def test_the_journal_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    with open_journal(tmp_path / "journals", lambda: datetime.now(UTC), "x") as journal:
        journal.note("begun", change="naïve \ud800 text")
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_a_journal_that_cannot_be_made_stops_before_anything_is_changed(tmp_path: Path) -> None:
    (tmp_path / "journals").write_text("a file is in the way")
    with (
        pytest.raises(UsherError) as refused,
        open_journal(tmp_path / "journals", lambda: datetime.now(UTC), "x"),
    ):
        pass
    assert "nothing was changed" in refused.value.hint


def test_progress_tells_each_change_once_when_it_begins_and_once_when_it_ends(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(3)
    chance = Random(1)
    bench = new_bench(desired.accounts, busy=lambda call: call.startswith("Create") and chance.random() < 0.3)
    result = bench.apply(desired)
    begun = [item.change for item in bench.told if item.outcome is Outcome.BEGUN]
    assert len(begun) == len(set(begun)) == len(result.items)
    assert [item.change for item in bench.told if item.outcome is Outcome.DONE] == [
        item.change for item in result.items
    ]
