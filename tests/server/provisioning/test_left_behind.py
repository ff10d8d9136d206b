"""A role that could not be removed, or not be entered, never stays for good and never blocks its set."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from usher.server.provisioning.provider import INSTANCE_TAG
from usher.server.store.operations import OperationKind, OperationStatus
from usher.server.store.permission_sets import is_in_use


@pytest.fixture
def left_behind(directory: Any) -> Any:
    """A set whose last assignment went while its role, edited by hand, could not; since mended."""
    look = directory.permission_set("Look")
    directory.assign(look, "staging")
    name = directory.role_name(look, "staging")
    iam = directory.iam("staging")
    iam.untag_role(RoleName=name, TagKeys=[INSTANCE_TAG])
    assert directory.unassign(look, "staging").status is OperationStatus.FAILED
    iam.tag_role(RoleName=name, Tags=[{"Key": INSTANCE_TAG, "Value": directory.instance.arn}])
    assert directory.roles_in("staging", look) == [name]
    return look


def _is_gone(directory: Any, permission_set: Any) -> bool:
    with directory.database.read() as connection:
        in_use = is_in_use(connection, permission_set.id)
    return directory.roles_in("staging", permission_set) == [] and not in_use


@pytest.mark.parametrize("account", ["staging", None])
def test_provisioning_takes_a_left_role_away(directory: Any, left_behind: Any, account: str | None) -> None:
    directory.provision(left_behind, account)
    assert _is_gone(directory, left_behind)


def test_asking_for_the_removal_again_completes_it(directory: Any, left_behind: Any) -> None:
    assert directory.unassign(left_behind, "staging").status is OperationStatus.SUCCEEDED
    assert _is_gone(directory, left_behind)


def test_a_restart_takes_a_left_role_away(
    directory: Any, left_behind: Any, make_directory: Callable[..., Any]
) -> None:
    directory.jobs.stop()
    restarted = make_directory()
    restarted.jobs.start()
    until = time.monotonic() + 20
    while not _is_gone(restarted, left_behind) and time.monotonic() < until:
        time.sleep(0.05)
    assert _is_gone(restarted, left_behind)


def test_an_account_that_cannot_be_entered_leaves_no_trace(make_directory: Callable[..., Any]) -> None:
    directory = make_directory(retry_delays=())
    doors = directory.jobs._work._roles._doors
    doors._config = replace(directory.config, account_role_name="NoSuchRole")
    directory.jobs.start()
    look = directory.permission_set("Look")
    assert directory.run(OperationKind.ASSIGNMENT_CREATION, look, "staging").status is OperationStatus.FAILED
    with directory.database.read() as connection:
        assert not is_in_use(connection, look.id)
