"""Access to owned roles: asked where it is cheaper, and never taken to be none because nobody may ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from usher.apply.ports import RoleGrant
from usher.core.assignments import Entitlement
from usher.core.errors import NoAccessError, UnavailableError
from usher.core.ids import AccountId, PrincipalId, RoleArn
from usher.core.principals import Principal, PrincipalKind

NewBench = Callable[..., Any]
Organization = Callable[..., Any]
ROLE = RoleArn("arn:aws:iam::000000000001:role/teams/Deployer")


def bench_with(new_bench: NewBench, desired: Any) -> Any:
    bench = new_bench(desired.accounts)
    bench.apply(desired)
    group = next(iter(bench.center.groups))
    bench.center.entitlements = {
        "e1": RoleGrant("e1", PrincipalKind.GROUP, group, ROLE),
        "e2": RoleGrant("e2", PrincipalKind.GROUP, PrincipalId("gone"), ROLE),
    }
    bench.center.calls.clear()
    return bench


def test_without_roles_in_the_file_nobody_is_asked(new_bench: NewBench, organization: Organization) -> None:
    desired = organization(2)
    bench = bench_with(new_bench, desired)
    reading = bench.read(desired)
    assert reading.actual.unread.entitlements
    assert reading.actual.entitlements == frozenset()
    assert bench.center.calls["ListApplications"] == 0


def test_few_accounts_are_asked_by_account_which_shows_deleted_principals(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = replace(organization(2), roles=frozenset({"teams/Deployer"}))
    bench = bench_with(new_bench, desired)
    actual = bench.read(desired).actual
    assert bench.center.calls["ListEntitlements"] == 2
    gone = Entitlement(Principal(PrincipalKind.GROUP, "gone"), ROLE)
    assert actual.entitlement_ids[gone] == "e2"
    assert len(actual.entitlements) == 2
    assert not actual.unread.entitlements


def test_few_principals_are_asked_by_principal_which_hides_deleted_ones(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = replace(organization(30), roles=frozenset({"teams/Deployer"}))
    bench = bench_with(new_bench, desired)
    actual = bench.read(desired).actual
    assert bench.center.calls["ListEntitlements"] == 2 + 4
    assert len(actual.entitlements) == 1
    assert actual.unread.dangling


def test_without_an_application_there_is_nothing_more_to_ask(
    new_bench: NewBench, organization: Organization
) -> None:
    bench = bench_with(new_bench, organization(2))
    bench.center.has_application = False
    reading = bench.read(None)
    assert reading.actual.unread.is_nothing
    assert reading.actual.entitlements == frozenset()
    assert bench.center.calls["ListEntitlements"] == 0


@pytest.mark.parametrize("error", [NoAccessError("no"), UnavailableError("no such service here")])
def test_who_may_not_ask_is_told_so_or_refused(
    new_bench: NewBench, organization: Organization, error: Exception
) -> None:
    desired = organization(2)
    bench = bench_with(new_bench, desired)

    def refused(call: str) -> bool:
        if call == "ListApplications":
            raise error
        return False

    bench.center.busy = refused
    assert bench.read(None).actual.unread.entitlements
    with pytest.raises(type(error)):
        bench.read(replace(desired, roles=frozenset({"teams/Deployer"})))


def test_entitlements_are_named_by_account(new_bench: NewBench, organization: Organization) -> None:
    bench = bench_with(new_bench, organization(2))
    assert {each.account_id for each in bench.read(None).actual.entitlements} == {AccountId("000000000001")}
