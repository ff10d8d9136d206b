"""Reading an Identity Center: exact for what the file decides, with the calls that the table predicts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usher.apply.cost import Strategy, choose, pages, total
from usher.apply.ports import Grant
from usher.apply.read import read_access
from usher.core.errors import UnavailableError
from usher.core.ids import IdentityStoreId, InstanceArn, PrincipalId
from usher.core.organization import Instance
from usher.core.permission_sets import PermissionSet
from usher.core.principals import Group, Principal, PrincipalKind

NewBench = Callable[..., Any]
Organization = Callable[..., Any]
OUTSIDE_THE_PORT = ("instance and accounts",)


def predicted_behind_the_ports(reading: Any) -> int:
    return sum(line.calls for line in reading.prediction if line.what not in OUTSIDE_THE_PORT)


def applied(new_bench: NewBench, desired: Any) -> Any:
    bench = new_bench(desired.accounts)
    bench.apply(desired)
    bench.center.calls.clear()
    return bench


@pytest.mark.parametrize("strategy", list(Strategy))
def test_both_strategies_read_the_same_picture(
    new_bench: NewBench, organization: Organization, strategy: Strategy
) -> None:
    desired = organization(3)
    actual = applied(new_bench, desired).read(desired, strategy=strategy).actual
    assert actual.assignments == desired.assignments
    assert actual.groups == desired.groups
    assert actual.users == desired.users
    assert actual.permission_sets == desired.permission_sets


@pytest.mark.parametrize("strategy", [None, *Strategy])
@pytest.mark.parametrize("accounts", [1, 3, 30])
def test_no_call_is_made_that_the_formula_does_not_predict(
    new_bench: NewBench, organization: Organization, strategy: Strategy | None, accounts: int
) -> None:
    desired = organization(accounts)
    bench = applied(new_bench, desired)
    reading = bench.read(desired, strategy=strategy)
    assert sum(bench.center.calls.values()) == predicted_behind_the_ports(reading)


@pytest.mark.parametrize(("accounts", "groups"), [(1, 4), (3, 2), (30, 2), (2, 20)])
def test_the_strategy_chosen_is_the_best_one(
    new_bench: NewBench, organization: Organization, accounts: int, groups: int
) -> None:
    desired = organization(accounts, groups)
    reading = applied(new_bench, desired).read(desired)
    assert total(reading.prediction) == reading.best_calls


def test_few_people_in_many_accounts_are_read_per_principal(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(30)
    assert applied(new_bench, desired).read(desired).strategy is Strategy.PER_PRINCIPAL


def test_many_people_in_few_accounts_are_read_per_pair(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(2, 20)
    assert applied(new_bench, desired).read(desired).strategy is Strategy.PER_PAIR


def test_an_empty_instance_is_not_searched_for_assignments(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(3)
    bench = new_bench(desired.accounts)
    reading = bench.read(desired)
    assert dict(bench.center.calls) == {"ListPermissionSets": 1, "ListGroups": 1, "ListUsers": 1}
    assert total(reading.prediction) == 7


def test_of_what_the_file_does_not_name_only_names_and_tags_are_read(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(3)
    bench = applied(new_bench, desired)
    bench.center.sets["other"] = PermissionSet("Other")
    bench.center.groups[PrincipalId("auditors")] = Group("auditors")
    bench.read(desired, strategy=Strategy.PER_PAIR)
    assert bench.center.calls["DescribePermissionSet"] == 3
    assert bench.center.calls["policies: inline"] == 2
    assert bench.center.calls["ListGroupMemberships"] == 2


def test_an_assignment_of_a_deleted_principal_is_seen_per_pair_under_its_id(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(1)
    bench = applied(new_bench, desired)
    group = next(iter(bench.center.groups))
    name = bench.center.groups.pop(group).name
    seen = bench.read(desired, strategy=Strategy.PER_PAIR)
    hidden = bench.read(desired, strategy=Strategy.PER_PRINCIPAL)
    dangling = Principal(PrincipalKind.GROUP, group)
    assert {each.principal for each in seen.actual.assignments} >= {dangling}
    assert seen.actual.principal_ids[dangling] == group
    assert dangling not in {each.principal for each in hidden.actual.assignments}
    assert (seen.may_hide_dangling, hidden.may_hide_dangling) == (False, True)
    bench.apply(desired)
    assert name in {each.name for each in bench.center.groups.values()}


def test_a_set_to_delete_is_searched_for_deleted_principals_with_every_strategy(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(2)
    bench = applied(new_bench, desired)
    bench.center.groups.clear()
    gone = replace(desired, permission_sets={}, assignments=frozenset(), groups={})
    reading = bench.read(gone, strategy=Strategy.PER_PRINCIPAL)
    assert len(reading.actual.assignments) == len(desired.assignments)
    bench.apply(gone)
    assert bench.center.sets == {}


def test_a_list_that_cannot_be_read_is_an_error_and_no_empty_list(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(3)
    bench = applied(new_bench, desired)

    def broken(call: str) -> bool:
        if call == "ListGroupMemberships":
            raise UnavailableError("no answer")
        return False

    bench.center.busy = broken
    with pytest.raises(UnavailableError):
        bench.read(desired)


def test_a_grant_of_a_set_made_meanwhile_is_left_to_the_next_plan(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(1)
    bench = applied(new_bench, desired)
    user = next(iter(bench.center.users))
    bench.center.grants.add(Grant(PrincipalKind.USER, user, "made later", "000000000001"))
    assert bench.read(desired, strategy=Strategy.PER_PRINCIPAL).actual.assignments == desired.assignments


def test_tags_asked_for_count_in_the_prediction(new_bench: NewBench, organization: Organization) -> None:
    desired = organization(3)
    reading = applied(new_bench, desired).read(desired, tags_asked=2)
    assert reading.prediction[0].calls == 3 + 1 + 2


@given(st.integers(0, 5000), st.integers(0, 500), st.integers(0, 5000))
def test_the_choice_is_the_smaller_sum(principals: int, sets: int, pairs: int) -> None:
    chosen = choose(principals=principals, sets=sets, expected_pairs=pairs)
    costs = {Strategy.PER_PRINCIPAL: principals, Strategy.PER_PAIR: sets + pairs}
    assert costs[chosen] == min(costs.values())


def test_an_empty_list_still_costs_a_call() -> None:
    assert [pages(count) for count in (0, 1, 100, 101)] == [1, 1, 1, 2]


def test_the_demo_organization_costs_what_the_table_says(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(3)
    reading = applied(new_bench, desired).read(desired)
    # 3 + ⌈3/20⌉, 1 + 6 · 2, 1 + 1 + 2 groups, min(2 groups + 4 users, 2 sets + 6 pairs), 2 sets
    assert [line.calls for line in reading.prediction] == [4, 13, 4, 6, 2]
    assert reading.best_calls == 29


def test_without_a_file_everything_is_read(new_bench: NewBench, organization: Organization) -> None:
    desired = organization(3)
    bench = applied(new_bench, desired)
    bench.center.sets["arn:other"] = PermissionSet("Other", relay_state="https://console.aws.amazon.com/s3")
    bench.center.groups[PrincipalId("auditors")] = Group("auditors")
    user = next(iter(bench.center.users))
    bench.center.memberships["m"] = (PrincipalId("auditors"), user)
    reading = bench.read(None)
    assert reading.actual.unread.is_nothing
    assert reading.actual.assignments == desired.assignments
    assert reading.actual.permission_sets["Other"].relay_state
    assert reading.actual.groups["auditors"].members == {bench.center.users[user].user_name}
    assert sum(bench.center.calls.values()) == predicted_behind_the_ports(reading)


def test_an_instance_without_permission_sets_is_not_asked_for_them(
    new_bench: NewBench, organization: Organization
) -> None:
    bench = new_bench(organization(2).accounts)
    instance = Instance(InstanceArn("arn"), IdentityStoreId("d-0123456789"), permission_sets_enabled=False)
    center = bench.center
    center.has_application = False
    reading = read_access(center, center, center, instance, list(center.accounts.values()), None)
    assert reading.actual.unread.is_nothing
    assert set(center.calls) == {"ListGroups", "ListUsers", "ListApplications"}
    assert sum(center.calls.values()) == predicted_behind_the_ports(reading)


def test_the_cost_is_told_before_the_long_part_begins(
    new_bench: NewBench, organization: Organization
) -> None:
    desired = organization(30)
    bench = applied(new_bench, desired)
    told: list[tuple[int, set[str]]] = []
    reading = bench.read(desired, expect=lambda lines: told.append((total(lines), set(bench.center.calls))))
    lists = {"ListPermissionSets", "ListGroups", "ListUsers"}
    assert told == [(total(reading.prediction), lists)]


@pytest.mark.parametrize("strategy", [None, *Strategy])
def test_without_a_file_what_is_told_before_is_never_exceeded(
    new_bench: NewBench, organization: Organization, strategy: Strategy | None
) -> None:
    bench = applied(new_bench, organization(4, 3))
    told: list[int] = []
    reading = bench.read(None, strategy=strategy, expect=lambda lines: told.append(total(lines)))
    assert strategy is Strategy.PER_PAIR or told[0] >= total(reading.prediction)


def test_the_first_error_ends_the_reading(new_bench: NewBench, organization: Organization) -> None:
    bench = new_bench(organization(1).accounts)
    bench.center.sets["arn:one"] = PermissionSet("one")
    bench.center.groups = {PrincipalId(f"g{n}"): Group(f"g{n}") for n in range(500)}
    refused = threading.Event()
    asked: list[str] = []

    def busy(call: str) -> bool:
        if call == "DescribePermissionSet":
            refused.set()
            raise UnavailableError("no answer")
        if call == "ListGroupMemberships":
            asked.append(call)
            refused.wait()
        return False

    bench.center.busy = busy
    bench.center.turn = nullcontext()
    with pytest.raises(UnavailableError):
        bench.read(None)
    assert len(asked) < 500
