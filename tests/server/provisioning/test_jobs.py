"""Asynchronous requests: how they end, in which order they run, and that none is lost or run twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from usher.aws.clients import AwsSettings
from usher.core.errors import UnavailableError
from usher.server.provisioning.lanes import AccountLanes, Task
from usher.server.store.operations import OperationKind, OperationStatus
from usher.server.store.permission_sets import attach_customer_policy, update_permission_set

CREATION = OperationKind.ASSIGNMENT_CREATION


def test_an_assignment_exists_when_its_request_has_succeeded(directory: Any) -> None:
    permission_set = directory.permission_set("Succeeding")
    assert directory.assign(permission_set, "staging").status is OperationStatus.SUCCEEDED
    assert directory.is_assigned(permission_set, "staging")
    assert directory.recorded(permission_set, "staging").revision == 2  # one policy was attached


def test_assigning_twice_succeeds_twice(directory: Any) -> None:
    permission_set = directory.permission_set("Twice")
    assert directory.assign(permission_set, "staging").failure_reason is None
    assert directory.assign(permission_set, "staging").failure_reason is None
    assert len(directory.roles_in("staging", permission_set)) == 1


def test_a_removal_is_never_undone_by_a_creation_that_came_before_it(
    make_directory: Callable[..., Any],
) -> None:
    directory = make_directory()
    permission_set = directory.permission_set("Overtaken")
    creation = directory.request(CREATION, permission_set, "staging")
    deletion = directory.request(OperationKind.ASSIGNMENT_DELETION, permission_set, "staging")
    directory.jobs.start()
    assert directory.wait(deletion).status is OperationStatus.SUCCEEDED
    assert "deleted while" in directory.wait(creation).failure_reason
    assert not directory.is_assigned(permission_set, "staging")
    assert directory.roles_in("staging", permission_set) == []
    assert directory.assign(permission_set, "staging").status is OperationStatus.SUCCEEDED


def test_a_missing_customer_policy_fails_with_account_and_policy_and_leaves_nothing(directory: Any) -> None:
    permission_set = directory.permission_set("Lacking", customer=("NotThere",))
    ended = directory.assign(permission_set, "staging")
    assert ended.status is OperationStatus.FAILED
    account = directory.mkdev.accounts["staging"]
    assert f"account staging ({account}) has no policy" in ended.failure_reason
    assert f"arn:aws:iam::{account}:policy/NotThere" in ended.failure_reason
    assert not directory.is_assigned(permission_set, "staging")
    assert directory.roles_in("staging", permission_set) == []
    assert directory.recorded(permission_set, "staging") is None


def test_a_failed_second_assignment_leaves_the_first_persons_role(directory: Any) -> None:
    permission_set = directory.permission_set("HalfLacking")
    directory.assign(permission_set, "staging", "user-1")
    with directory.database.change("admin") as change:
        attach_customer_policy(change, permission_set, "NotThere", "/")
    assert directory.assign(permission_set, "staging", "user-2").status is OperationStatus.FAILED
    assert len(directory.roles_in("staging", permission_set)) == 1
    assert directory.is_assigned(permission_set, "staging", "user-1")


def test_an_account_outside_the_organization_fails(directory: Any) -> None:
    ended = directory.assign(directory.permission_set("Outside"), "999999999999")
    assert ended.status is OperationStatus.FAILED
    assert "999999999999 is not in the organization" in ended.failure_reason


def test_provisioning_where_nobody_is_assigned_fails_in_awss_words(directory: Any) -> None:
    ended = directory.provision(directory.permission_set("Nobody"), "staging")
    assert ended.failure_reason == "Received a 404 status error: Assignment not found."


def test_all_provisioned_accounts_are_brought_up_to_date(directory: Any) -> None:
    permission_set = directory.permission_set("Everywhere")
    accounts = ("management", "staging", "production")
    for account in accounts:
        directory.assign(permission_set, account)
    with directory.database.change("admin") as change:
        update_permission_set(
            change, replace(permission_set, description="changed", revision=8), "UpdatePermissionSet"
        )
    assert directory.provision(permission_set, None).status is OperationStatus.SUCCEEDED
    for account in accounts:
        name = directory.role_name(permission_set, account)
        assert directory.iam(account).get_role(RoleName=name)["Role"]["Description"] == "changed"
        assert directory.recorded(permission_set, account).revision == 9


def test_one_account_that_fails_is_named_and_the_others_are_done(directory: Any) -> None:
    permission_set = directory.permission_set("Partly")
    for account in ("staging", "production"):
        directory.assign(permission_set, account)
    with directory.database.change("admin") as change:
        attach_customer_policy(change, permission_set, "OnlyInStaging", "/")
    directory.customer_policy("staging", "OnlyInStaging")
    ended = directory.provision(permission_set, None)
    production = directory.mkdev.accounts["production"]
    assert ended.failure_reason.startswith(f"{production}: account production ({production}) has no policy")
    revisions = [directory.recorded(permission_set, name).revision for name in ("staging", "production")]
    assert revisions[0] > revisions[1]


def test_all_accounts_of_a_set_without_any_is_done_at_once(directory: Any) -> None:
    assert directory.provision(directory.permission_set("NoWhere"), None).failure_reason is None


def test_requests_wait_for_the_start_and_survive_a_restart(make_directory: Callable[..., Any]) -> None:
    before = make_directory()
    permission_set = before.permission_set("Waiting")
    requests = [before.request(CREATION, permission_set, name) for name in ("staging", "production")]
    for request in requests:
        before.jobs.submit(request)  # not started: nothing happens
    time.sleep(0.1)
    assert before.recorded(permission_set, "staging") is None

    after = make_directory()
    after.jobs.start()
    assert [after.wait(request).status for request in requests] == [OperationStatus.SUCCEEDED] * 2


def test_an_account_that_cannot_be_reached_is_tried_again_and_then_given_up(
    make_directory: Callable[..., Any], mkdev: Any
) -> None:
    nowhere = AwsSettings(mkdev.region, endpoint_url="http://127.0.0.1:9", keys=mkdev.directory_keys)
    directory = make_directory(aws=nowhere, retry_delays=(0.01, 0.01))
    directory.jobs.start()
    ended = directory.assign(directory.permission_set("Unreachable"), "staging")
    assert ended.status is OperationStatus.FAILED
    assert "cannot be reached" in ended.failure_reason


def test_the_keys_to_an_account_are_asked_for_once(directory: Any) -> None:
    doors = directory.jobs._work._roles._doors
    account = directory.mkdev.accounts["staging"]
    assert doors.iam(account) is doors.iam(account)


def test_a_task_starts_at_once() -> None:
    lanes, started = AccountLanes(), threading.Event()
    began = time.perf_counter()
    lanes.add("a", Task(started.set, _never))
    assert started.wait(1)
    assert time.perf_counter() - began < 0.05
    lanes.stop()


def test_one_account_runs_one_task_at_a_time_in_order_and_accounts_run_together() -> None:
    lanes, lock, done = AccountLanes(workers=4), threading.Lock(), threading.Event()
    running: dict[str, int] = {}
    most: dict[str, int] = {}
    order: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    together = 0

    def work(account: str, number: int) -> None:
        nonlocal together
        with lock:
            running[account] = running.get(account, 0) + 1
            most[account] = max(most.get(account, 0), running[account])
            together = max(together, sum(running.values()))
            order[account].append(number)
        time.sleep(0.01)
        with lock:
            running[account] -= 1
            if sum(map(len, order.values())) == 15 and not any(running.values()):
                done.set()

    for number in range(5):
        for account in order:
            lanes.add(account, Task(lambda a=account, n=number: work(a, n), _never))
    assert done.wait(5)
    lanes.stop()
    assert most == {"a": 1, "b": 1, "c": 1}
    assert together > 1
    assert order == {account: [0, 1, 2, 3, 4] for account in order}


def test_a_task_that_fails_for_good_is_given_up_once_and_the_lane_goes_on() -> None:
    lanes, given_up, done = AccountLanes(retry_delays=(0.01,)), [], threading.Event()
    attempts: list[int] = []

    def fail() -> None:
        attempts.append(1)
        raise UnavailableError("again")

    def crash() -> None:
        raise ZeroDivisionError

    lanes.add("a", Task(fail, given_up.append))
    lanes.add("a", Task(crash, given_up.append))
    lanes.add("a", Task(done.set, _never))
    assert done.wait(5)
    lanes.stop()
    assert len(attempts) == 2
    assert [type(error) for error in given_up] == [UnavailableError, ZeroDivisionError]


def test_stop_waits_for_the_running_task_and_starts_no_other() -> None:
    lanes, begun, ended, second = AccountLanes(), threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        time.sleep(0.1)
        ended.set()

    lanes.add("a", Task(work, _never))
    lanes.add("a", Task(second.set, _never))
    begun.wait(1)
    lanes.stop()
    assert ended.is_set()
    assert not second.is_set()


def _never(error: BaseException) -> None:
    pytest.fail(f"given up: {error}")
