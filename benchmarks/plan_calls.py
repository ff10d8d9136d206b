"""How many AWS calls a plan takes, against what the best strategy predicts.

    python benchmarks/plan_calls.py [--json] [--small]

Three rows are the example instances of the cost table in docs/explanation/plan-and-apply.md, read from an
Identity Center in memory that counts calls; `--small` leaves out the largest. Another is the demonstration:
its organization mkdev is set up as `usher demo` does, and `usher access plan` runs against its directory.
Exits 1 when any plan takes more calls than the best strategy predicts.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from usher.apply.cost import total
from usher.apply.ports import Grant, Membership, Request, RequestKind, RequestState
from usher.apply.read import read_access
from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.errors import NotFoundError
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, PermissionSetArn, PrincipalId
from usher.core.organization import MANAGED_BY_ACCESS_FILE, MANAGED_BY_TAG, DesiredAccess, Instance
from usher.core.permission_sets import PermissionSet
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.plan.diff import plan_changes

QUOTA_CALLS_PER_SECOND = 18
CALLS_FOR_INSTANCE_AND_ORGANIZATION = 3
INSTANCE = Instance(
    InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-0123456789")
)


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of an instance: accounts, permission sets, pairs, groups, users, assignments."""

    name: str
    accounts: int
    sets: int
    pairs: int
    groups: int
    users: int
    assignments: int


SHAPES = (
    Shape("50 accounts", 50, 20, 300, 40, 200, 400),
    Shape("300 accounts", 300, 60, 4_000, 250, 2_000, 6_000),
    Shape("1,850 accounts", 1_850, 1_550, 60_000, 3_000, 20_000, 90_000),
)


class CountingCenter:
    """An Identity Center in memory, read only, that counts the calls each answer would have taken."""

    def __init__(self, desired: DesiredAccess) -> None:
        self.calls = 0
        self._lock = threading.Lock()
        self._arns = {name: PermissionSetArn(f"{INSTANCE.arn}/{name}") for name in desired.permission_sets}
        self._sets = {self._arns[name]: each for name, each in desired.permission_sets.items()}
        self._users = {PrincipalId(f"user:{name}"): user for name, user in desired.users.items()}
        self._groups = {PrincipalId(f"group:{name}"): group for name, group in desired.groups.items()}
        self._of_principal: dict[PrincipalId, list[Grant]] = {}
        self._in_pair: dict[tuple[PermissionSetArn, AccountId], list[Grant]] = {}
        self._accounts: dict[PermissionSetArn, list[AccountId]] = {arn: [] for arn in self._sets}
        for each in desired.assignments:
            self._add(each)

    def _add(self, each: Assignment) -> None:
        kind = each.principal.kind
        principal = PrincipalId(f"{kind.lower()}:{each.principal.name}")
        arn = self._arns[each.permission_set]
        grant = Grant(kind, principal, arn, each.account_id)
        self._of_principal.setdefault(principal, []).append(grant)
        pair = self._in_pair.setdefault((arn, each.account_id), [])
        if not pair:
            self._accounts[arn].append(each.account_id)
        pair.append(grant)

    def _count(self, items: int = 0) -> None:
        with self._lock:
            self.calls += max(1, -(-items // 100))

    def list_permission_sets(self) -> Sequence[PermissionSetArn]:
        self._count(len(self._sets))
        return list(self._sets)

    def read_settings(self, permission_set: PermissionSetArn) -> PermissionSet:
        self._count()
        return self._sets[permission_set]

    def read_tags(self, permission_set: PermissionSetArn) -> Mapping[str, str]:
        self._count()
        return self._sets[permission_set].tags

    def read_policies(self, permission_set: PermissionSet, arn: PermissionSetArn) -> PermissionSet:
        for _ in range(4):
            self._count()
        return self._sets[arn]

    def list_groups(self) -> Mapping[PrincipalId, Group]:
        self._count(len(self._groups))
        return self._groups

    def list_users(self) -> Mapping[PrincipalId, User]:
        self._count(len(self._users))
        return self._users

    def list_members(self, group: PrincipalId) -> Sequence[Membership]:
        members = sorted(self._groups[group].members)
        self._count(len(members))
        return [Membership(f"{group}/{name}", PrincipalId(f"user:{name}")) for name in members]

    def list_grants_of(self, kind: PrincipalKind, principal: PrincipalId) -> Sequence[Grant]:
        found = self._of_principal.get(principal, [])
        self._count(len(found))
        return found

    def list_grants_in(self, permission_set: PermissionSetArn, account: AccountId) -> Sequence[Grant]:
        found = self._in_pair.get((permission_set, account), [])
        self._count(len(found))
        return found

    def list_accounts_of(self, permission_set: PermissionSetArn) -> Sequence[AccountId]:
        self._count(len(self._accounts[permission_set]))
        return self._accounts[permission_set]

    def list_stale_accounts_of(self, permission_set: PermissionSetArn) -> Sequence[AccountId]:
        self._count()
        return []

    def running(self, kind: RequestKind) -> frozenset[str]:
        self._count()
        return frozenset()

    def outcome(self, kind: RequestKind, request_id: str) -> Request:
        raise NotFoundError(f"{kind} {request_id} {RequestState.FAILED}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--small", action="store_true", help="without the largest instance")
    options = parser.parse_args()
    rows = [measure_demo()]
    rows += [measure_shape(shape) for shape in SHAPES[: -1 if options.small else None]]
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        print(f"{'instance':<16} {'calls':>7} {'best':>7} {'ratio':>6}  {'at 18/s':>8}  strategy")
        for row in rows:
            print(
                f"{row['name']:<16} {row['calls']:>7} {row['best']:>7} {row['ratio']:>6.2f}  "
                f"{row['seconds_at_quota']:>6.0f} s  {row['strategy']}"
            )
    return 0 if all(float(str(row["ratio"])) <= 1.0 for row in rows) else 1


def measure_shape(shape: Shape) -> dict[str, object]:
    desired = organization_of(shape)
    center = CountingCenter(desired)
    began = time.monotonic()
    reading = read_access(center, center, center, INSTANCE, list(desired.accounts.values()), desired)
    changes = len(plan_changes(desired, reading.actual).changes)
    if changes:
        raise SystemExit(f"the plan of {shape.name} should be empty and has {changes} changes")
    calls = center.calls + CALLS_FOR_INSTANCE_AND_ORGANIZATION + -(-shape.accounts // 20)
    row = _row(shape.name, calls, reading.best_calls, reading.strategy.value)
    predicted = total(reading.prediction)
    return {**row, "predicted": predicted, "own_seconds": round(time.monotonic() - began, 2)}


def organization_of(shape: Shape) -> DesiredAccess:
    """A random organization of exactly this shape; the same one each time."""
    chance = random.Random(shape.name)
    accounts = [AccountId(f"{n:012}") for n in range(1, shape.accounts + 1)]
    sets = [f"Set{n}" for n in range(shape.sets)]
    groups = [Principal(PrincipalKind.GROUP, f"group{n}") for n in range(shape.groups)]
    users = [f"user{n}" for n in range(shape.users)]
    pairs: set[tuple[str, AccountId]] = set()
    while len(pairs) < shape.pairs:
        pairs.add((chance.choice(sets), chance.choice(accounts)))
    assignments = {Assignment(chance.choice(groups), *pair) for pair in sorted(pairs)}
    in_order = sorted(pairs)
    while len(assignments) < shape.assignments:
        assignments.add(Assignment(chance.choice(groups), *chance.choice(in_order)))
    tags = {MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE}
    return DesiredAccess(
        {each: Account(each, f"account{each}") for each in accounts},
        {name: User(name, name, name, name) for name in users},
        {
            each.name: Group(each.name, members=frozenset(chance.sample(users, min(20, len(users)))))
            for each in groups
        },
        {name: PermissionSet(name, tags=tags) for name in sets},
        frozenset(assignments),
    )


def measure_demo() -> dict[str, object]:
    """The plan of the demonstration's organization, by the real command against the real directory."""
    from usher.sandbox.client_settings import ADMIN_PROFILE
    from usher.sandbox.demo import DemoSettings, free_port, open_demo

    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "USHER_"))}
    with (
        tempfile.TemporaryDirectory() as folder,
        open_demo(DemoSettings(Path(folder) / "demo", free_port(), clean), lambda *_: None) as demo,
    ):
        done = subprocess.run(
            [
                sys.executable,
                *("-m", "usher", "access", "plan", str(demo.access_file), "--json"),
                *("--profile", ADMIN_PROFILE),
            ],
            env={**clean, "AWS_CONFIG_FILE": str(demo.aws_config_file), "USHER_HOME": str(demo.usher_home)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    calls = json.loads(done.stdout)["calls"]
    return _row("mkdev (demo)", calls["total"], calls["best"], calls["strategy"])


def _row(name: str, calls: int, best: int, strategy: str) -> dict[str, object]:
    return {
        "name": name,
        "calls": calls,
        "best": best,
        "ratio": calls / best,
        "seconds_at_quota": calls / QUOTA_CALLS_PER_SECOND,
        "strategy": strategy,
    }


if __name__ == "__main__":
    sys.exit(main())
