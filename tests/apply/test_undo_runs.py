"""Runs undone from their journals, also those that were killed in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from usher.apply.follow import wait_for_running
from usher.apply.journal import JournalFile, RunAbout, open_journal
from usher.apply.result import Outcome
from usher.apply.run import run_plan
from usher.apply.runs import PastRun, changes_with, find_run, list_runs, plan_of
from usher.core.errors import NotFoundError, UnavailableError, UsageError
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy
from usher.core.policy_document import policy_document
from usher.plan.changes import Plan
from usher.plan.diff import plan_changes
from usher.plan.undo import Undo, plan_undo

NewBench = Callable[..., Any]
Organization = Callable[..., Any]
NOW = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
POLICY = policy_document({"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})


def after_a_busy_week(desired: Any) -> Any:
    """People, contents and grants differ; a set goes, another comes, and so do a group and a user."""
    groups = dict(desired.groups)
    groups["group0"] = replace(groups["group0"], members=frozenset({"user0", "new"}), description="new")
    groups["added"] = replace(groups["group1"], name="added", members=frozenset({"new"}))
    sets = dict(desired.permission_sets)
    sets["Read"] = replace(
        sets["Read"],
        session_seconds=7200,
        inline_policy=POLICY,
        tags={**sets["Read"].tags, "team": "web"},
        boundary=CustomerPolicy("Edge", "/net/"),
        managed_policies=frozenset({ManagedPolicy("arn:aws:iam::aws:policy/Other")}),
    )
    sets["Bill"] = replace(sets.pop("Admin"), name="Bill", description="bills")
    users = dict(desired.users)
    users["user1"] = replace(users["user1"], display_name="Other", email="u1@mkdev.example")
    users["new"] = replace(users["user1"], user_name="new")
    grants = {g for g in desired.assignments if g.permission_set == "Read" and g.account_id[-1] != "1"}
    given = {replace(g, permission_set="Bill") for g in grants}
    given |= {replace(g, principal=replace(g.principal, name="added")) for g in grants}
    return replace(
        desired, groups=groups, permission_sets=sets, users=users, assignments=frozenset(grants | given)
    )


@pytest.fixture
def journal(tmp_path: Path) -> Callable[[], Any]:
    """Opens one journal after another, a minute apart."""
    moments: Iterator[datetime] = (NOW + timedelta(minutes=n) for n in range(100_000))

    def opened() -> Any:
        begun = next(moments)
        return open_journal(tmp_path, lambda: begun, f"{begun.minute:02}")

    return opened


def carry_out(bench: Any, plan: Plan, actual: Any, journal: JournalFile, *, undoes: str = "") -> Any:
    journal.begin(RunAbout("arn", "access.yaml", "0" * 64, undoes), plan)
    center = bench.center
    return run_plan(
        plan,
        actual,
        actual.permission_sets,
        center,
        center,
        center,
        journal=journal,
        timing=bench.timing,
        progress=bench.told.append,
    )


def apply(bench: Any, desired: Any, opened: Any) -> Any:
    actual = bench.read(desired).actual
    with opened as journal:
        return carry_out(bench, plan_changes(desired, actual), actual, journal)


def undo_of(past: PastRun, bench: Any) -> tuple[Undo, Any]:
    wait_for_running(bench.center, bench.timing, lambda _count: None)
    actual = bench.read(None).actual
    plan = plan_of(past)
    done, uncertain = (changes_with(past, plan, each) for each in (Outcome.DONE, Outcome.BEGUN))
    return plan_undo(done, uncertain, actual), actual


def undo_last(bench: Any, folder: Path, opened: Any) -> Undo:
    past = find_run(folder, "last")
    undo, actual = undo_of(past, bench)
    with opened as journal:
        result = carry_out(bench, undo.plan, actual, journal, undoes=past.id)
    assert not result.not_done
    return undo


def test_a_run_undone_leaves_the_world_as_it_was(
    new_bench: NewBench, organization: Organization, journal: Callable[[], Any], tmp_path: Path
) -> None:
    first = organization(4)
    bench = new_bench(first.accounts)
    apply(bench, first, journal())
    before = bench.picture()
    apply(bench, after_a_busy_week(first), journal())
    assert bench.picture() != before
    undo = undo_last(bench, tmp_path, journal())
    assert undo.left == ()
    assert bench.picture() == before
    assert bench.still_to_do(first) == 0


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_run_killed_at_any_call_is_undone_and_nothing_of_it_stays(
    new_bench: NewBench,
    organization: Organization,
    journal: Callable[[], Any],
    tmp_path: Path,
    killed: type[BaseException],
    *,
    after_effect: bool,
) -> None:
    first, second = organization(2), after_a_busy_week(organization(2))
    deaths, die_at = 0, 0
    while deaths == die_at // 3:
        bench = new_bench(first.accounts)
        apply(bench, first, journal())
        before, calls = bench.picture(), sum(bench.center.calls.values())
        actual = bench.read(second).actual
        bench.center.die_at = sum(bench.center.calls.values()) + die_at
        bench.center.die_after_effect = after_effect
        try:
            with journal() as opened:
                carry_out(bench, plan_changes(second, actual), actual, opened)
        except killed:
            deaths += 1
        bench.center.die_at = None
        undo_last(bench, tmp_path, journal())
        assert bench.picture() == before
        assert calls
        die_at += 3
    assert deaths > 15


def test_an_undoing_can_be_undone(
    new_bench: NewBench, organization: Organization, journal: Callable[[], Any], tmp_path: Path
) -> None:
    first = organization(2)
    bench = new_bench(first.accounts)
    apply(bench, first, journal())
    apply(bench, after_a_busy_week(first), journal())
    applied = bench.picture()
    undo_last(bench, tmp_path, journal())
    undo, actual = undo_of(list_runs(tmp_path)[0], bench)
    with journal() as opened:
        assert not carry_out(bench, undo.plan, actual, opened).not_done
    assert bench.picture() == applied


# --- what journals tell ---------------------------------------------------------------------------


def test_runs_are_listed_newest_first_with_what_came_of_them_and_who_undid_them(
    new_bench: NewBench, organization: Organization, journal: Callable[[], Any], tmp_path: Path
) -> None:
    desired = organization(2)
    bench = new_bench(desired.accounts, failure=lambda what: "no" if hasattr(what, "account_id") else "")
    result = apply(bench, desired, journal())
    undo_last(bench, tmp_path, journal())
    undoing, run = list_runs(tmp_path)
    assert (run.id, run.began, run.about.file) == ("20260302T101500.000000Z-15", NOW, "access.yaml")
    assert run.count(Outcome.DONE) == len(result.done)
    assert run.count(Outcome.FAILED) == len(desired.assignments)
    assert run.not_begun == 0
    assert (run.undone_by, undoing.about.undoes) == (undoing.id, run.id)
    with pytest.raises(NotFoundError):
        find_run(tmp_path, "last")


def test_a_run_is_found_by_an_unmistakable_part_of_its_id(
    new_bench: NewBench, organization: Organization, journal: Callable[[], Any], tmp_path: Path
) -> None:
    desired = organization(1)
    bench = new_bench(desired.accounts)
    apply(bench, desired, journal())
    apply(bench, after_a_busy_week(desired), journal())
    assert find_run(tmp_path, "1015").id == find_run(tmp_path, "20260302T101500.000000Z-15").id
    with pytest.raises(UsageError) as unclear:
        find_run(tmp_path, "2026")
    assert "20260302T101600.000000Z-16" in unclear.value.hint
    with pytest.raises(NotFoundError):
        find_run(tmp_path, "1999")


def test_a_line_that_a_kill_has_torn_is_taken_as_not_written(
    new_bench: NewBench, organization: Organization, journal: Callable[[], Any], tmp_path: Path
) -> None:
    desired = organization(1)
    apply(new_bench(desired.accounts), desired, journal())
    [path] = tmp_path.glob("*.jsonl")
    lines = path.read_text().splitlines(keepends=True)
    last_done = max(n for n, line in enumerate(lines) if json.loads(line)["event"] == "done")
    path.write_text("".join(lines[:last_done]) + lines[last_done][:20])
    [run] = list_runs(tmp_path)
    assert run.count(Outcome.BEGUN) == 1


def test_journals_that_are_not_runs_of_this_format_are_left_out(tmp_path: Path) -> None:
    texts = ["", "[]\n", '{"event": "run begins"}\n', '{"event": "run", "format": 99}\n', '{"eve']
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.jsonl").write_text(text)
    assert list_runs(tmp_path) == ()
    assert list_runs(tmp_path / "absent") == ()


def test_a_plan_of_another_version_is_named_with_its_journal(
    new_bench: NewBench, organization: Organization, journal: Callable[[], Any], tmp_path: Path
) -> None:
    desired = organization(1)
    apply(new_bench(desired.accounts), desired, journal())
    [path] = tmp_path.glob("*.jsonl")
    path.write_text(path.read_text().replace("create_user", "invent_user"))
    [run] = list_runs(tmp_path)
    with pytest.raises(UsageError) as refused:
        plan_of(run)
    assert str(path) in refused.value.hint


def test_what_was_not_answered_is_unknown_and_what_was_refused_is_failed(
    new_bench: NewBench, organization: Organization, journal: Callable[[], Any], tmp_path: Path
) -> None:
    desired = organization(1)
    bench = new_bench(desired.accounts)

    def silent(call: str) -> bool:
        if call == "CreateGroup":
            raise UnavailableError("no answer")
        return call == "TagResource"

    bench.center.busy = silent
    apply(bench, desired, journal())
    [run] = list_runs(tmp_path)
    assert run.count(Outcome.BEGUN) == 2
