"""A directory that rehearses a whole organization at AWS's quotas, and usher's own rooms as its client.

Everything is real but time and sockets: client and server share a clock that moves only while somebody waits,
and signed requests go from botocore to the directory's door without a network in between, which costs half.
"""

from __future__ import annotations

import heapq
import itertools
import json
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from botocore.awsrequest import AWSResponse
from sqlalchemy import insert, select
from starlette.applications import Starlette

from usher.apply.follow import wait_for_running
from usher.apply.journal import NoJournal
from usher.apply.read import Reading, read_access
from usher.apply.result import RunResult
from usher.apply.run import run_plan
from usher.apply.timing import Timing
from usher.aws.account_access import CURSOR, AccountAccess
from usher.aws.calls import CallCount, ServiceCalls
from usher.aws.clients import AwsKeys, AwsSettings
from usher.aws.identity_store import IdentityStore
from usher.aws.instances import read_instance
from usher.aws.organizations import list_accounts
from usher.aws.patience import Patience
from usher.aws.sso_admin import SsoAdmin
from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.ids import AccountId
from usher.core.organization import MANAGED_BY_ACCESS_FILE, MANAGED_BY_TAG, ActualAccess, DesiredAccess
from usher.core.pace import Pace
from usher.core.permission_sets import ManagedPolicy, PermissionSet
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.plan.changes import Plan
from usher.plan.diff import plan_changes
from usher.server.accounts import AccountList
from usher.server.awsapi.control import control_routes, json_door
from usher.server.awsapi.errors import ApiError, json_error
from usher.server.awsapi.rehearsed_organization import RehearsedReads
from usher.server.awsapi.sigv4 import ControlRequest
from usher.server.config import ServerConfig
from usher.server.limits.gate import AwsGate
from usher.server.limits.settings import AwsLimits
from usher.server.limits.slow_jobs import SlowJobs
from usher.server.provisioning.rehearsal import NoRoleCredentials, RehearsalJobs
from usher.server.rehearsal import RehearsedOrganization
from usher.server.services import Services
from usher.server.setup import initialise_directory, load_directory
from usher.server.store import tables
from usher.server.store.admin_keys import AdminKey
from usher.server.store.database import Database
from usher.server.store.identity import folded
from usher.server.store.operations import owed_requests

REGION = "eu-central-1"
PACE = 18.0
POLICY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
_UNPACED = 1_000_000.0


class KilledError(BaseException):
    """The client's process dies here."""


# --- time -----------------------------------------------------------------------------------------


@dataclass
class VirtualTime:
    """Seconds that pass while somebody sleeps; what is due happens on the way. Safe between threads."""

    now: float = 0.0
    due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    lock: Any = field(default_factory=threading.RLock)

    def clock(self) -> float:
        return self.now

    def later(self, seconds: float, run: Callable[[], None]) -> None:
        with self.lock:
            heapq.heappush(self.due, (self.now + seconds, next(self.numbers), run))

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        end = self.now + seconds
        with self.lock:
            while self.due and self.due[0][0] <= end:
                self.now, _, run = heapq.heappop(self.due)
                run()
            self.now = max(self.now, end)


# --- the organization -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """The size of an instance: accounts, permission sets, pairs, groups, users, assignments."""

    accounts: int
    sets: int
    pairs: int
    groups: int
    users: int
    assignments: int


FULL_SIZE = Shape(300, 60, 4_000, 250, 2_000, 6_000)
SMALL = Shape(24, 6, 60, 8, 20, 90)


def organization_of(shape: Shape) -> DesiredAccess:
    """A random organization of exactly this shape; the same one each time."""
    chance = Random(shape.accounts)
    accounts = [AccountId(f"{n:012}") for n in range(1, shape.accounts + 1)]
    sets = [f"Set{n}" for n in range(shape.sets)]
    groups = [Principal(PrincipalKind.GROUP, f"group{n}") for n in range(shape.groups)]
    users = [f"user{n}@mkdev.example" for n in range(shape.users)]
    pairs: set[tuple[str, AccountId]] = set()
    while len(pairs) < shape.pairs:
        pairs.add((chance.choice(sets), chance.choice(accounts)))
    in_order = sorted(pairs)
    assignments = {Assignment(chance.choice(groups), *pair) for pair in in_order}
    while len(assignments) < shape.assignments:
        assignments.add(Assignment(chance.choice(groups), *chance.choice(in_order)))
    tags = {MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE}
    policies = frozenset({ManagedPolicy(POLICY)})
    return DesiredAccess(
        {each: Account(each, f"account{each}", is_management=each == accounts[0]) for each in accounts},
        {name: User(name, name, "Somebody", name) for name in users},
        {each.name: Group(each.name, members=frozenset(chance.sample(users, 8))) for each in groups},
        {name: PermissionSet(name, managed_policies=policies, tags=tags) for name in sets},
        frozenset(assignments),
    )


def with_more_grants(desired: DesiredAccess, count: int) -> DesiredAccess:
    """The same organization with `count` grants more."""
    chance = Random(count)
    groups = [Principal(PrincipalKind.GROUP, name) for name in sorted(desired.groups)]
    sets, accounts = sorted(desired.permission_sets), sorted(desired.accounts)
    more = set(desired.assignments)
    while len(more) < len(desired.assignments) + count:
        more.add(Assignment(chance.choice(groups), chance.choice(sets), chance.choice(accounts)))
    return replace(desired, assignments=frozenset(more))


def fill(database: Database, instance_arn: str, desired: DesiredAccess) -> None:
    """Put a whole organization into the books at once."""
    ids = (str(UUID(int=n, version=4)) for n in itertools.count(1_000))
    user_ids = {name: next(ids) for name in desired.users}
    group_ids = {name: next(ids) for name in desired.groups}
    set_ids = {name: f"ps-{n:016x}" for n, name in enumerate(desired.permission_sets, 1)}
    arns = {name: f"{instance_arn.replace('instance', 'permissionSet')}/{set_ids[name]}" for name in set_ids}
    pairs = sorted({(each.permission_set, each.account_id) for each in desired.assignments})
    rows: Mapping[Any, list[dict[str, Any]]] = {
        tables.users: [_user_row(user_ids[name], user) for name, user in desired.users.items()],
        tables.groups: [
            {
                "id": group_ids[name],
                "display_name": name,
                "display_name_folded": folded(name),
                "description": "",
                "revision": 1,
                "created_at": 0.0,
                "updated_at": 0.0,
            }
            for name in desired.groups
        ],
        tables.memberships: [
            {
                "id": next(ids),
                "group_id": group_ids[group.name],
                "user_id": user_ids[member],
                "created_at": 0.0,
            }
            for group in desired.groups.values()
            for member in sorted(group.members)
        ],
        tables.permission_sets: [
            {
                "id": set_ids[name],
                "arn": arns[name],
                "name": name,
                "session_duration": "PT1H",
                "revision": 1,
                "created_at": 0.0,
            }
            for name in desired.permission_sets
        ],
        tables.managed_policies: [
            {"permission_set_id": set_id, "policy_arn": POLICY} for set_id in set_ids.values()
        ],
        tables.tags: [
            {"resource_arn": arn, "key": MANAGED_BY_TAG, "value": MANAGED_BY_ACCESS_FILE}
            for arn in arns.values()
        ],
        tables.assignments: [
            {
                "account_id": each.account_id,
                "permission_set_id": set_ids[each.permission_set],
                "principal_kind": "GROUP",
                "principal_id": group_ids[each.principal.name],
                "created_at": 0.0,
            }
            for each in sorted(desired.assignments)
        ],
        tables.provisioned_roles: [
            {
                "account_id": account,
                "permission_set_id": set_ids[name],
                "role_name": f"UsherSSO_{name}",
                "role_arn": f"arn:aws:iam::{account}:role/usher/UsherSSO_{name}",
                "revision": 1,
                "updated_at": 0.0,
            }
            for name, account in pairs
        ],
    }
    with database.housekeeping() as connection:
        for table, values in rows.items():
            connection.execute(insert(table), values)


def _user_row(user_id: str, user: User) -> dict[str, Any]:
    return {
        "id": user_id,
        "user_name": user.user_name,
        "user_name_folded": folded(user.user_name),
        "display_name": user.display_name,
        "given_name": user.given_name,
        "family_name": user.family_name,
        "attributes": {"Name": {"GivenName": user.given_name, "FamilyName": user.family_name}},
        "active": True,
        "revision": 1,
        "created_at": 0.0,
        "updated_at": 0.0,
    }


# --- the stage ------------------------------------------------------------------------------------


@dataclass
class Stage:
    """A rehearsed organization at AWS's quotas, and what a client does with it."""

    time: VirtualTime
    database: Database
    open_rooms: Callable[[Stage], Any]
    calls_left: list[int] = field(default_factory=list)

    def read(self, desired: DesiredAccess) -> tuple[Reading, CallCount]:
        """A cold reading by a new client, and the calls it took."""
        rooms = self.open_rooms(self)
        accounts = list_accounts(rooms.organizations)
        reading = read_access(rooms.sso, rooms.people, rooms.entitlements, rooms.instance, accounts, desired)
        return reading, rooms.count

    def carry_out(self, plan: Plan, actual: ActualAccess, desired: DesiredAccess) -> tuple[RunResult, float]:
        """Apply by a new client; the result, and the seconds it took."""
        rooms = self.open_rooms(self)
        began = self.time.now
        result = run_plan(
            plan,
            actual,
            desired.permission_sets,
            rooms.sso,
            rooms.people,
            rooms.entitlements,
            journal=NoJournal(),
            timing=self.timing,
            progress=lambda _: None,
        )
        return result, self.time.now - began

    def die_after(self, calls: int) -> None:
        """The client's process dies at its call with that number from now."""
        self.calls_left[:] = [calls]

    def owed(self) -> int:
        """How many requests were accepted and have not ended."""
        with self.database.read() as connection:
            return len(owed_requests(connection))

    def books(self) -> frozenset[Assignment]:
        """Every assignment that the directory has, by name."""
        with self.database.read() as connection:
            names = dict(connection.execute(select(tables.groups.c.id, tables.groups.c.display_name)).all())
            sets = dict(
                connection.execute(select(tables.permission_sets.c.id, tables.permission_sets.c.name)).all()
            )
            rows = connection.execute(select(tables.assignments)).all()
        return frozenset(
            Assignment(
                Principal(PrincipalKind.GROUP, names[row.principal_id]),
                sets[row.permission_set_id],
                AccountId(row.account_id),
            )
            for row in rows
        )

    def times_made(self) -> Counter[tuple[str, str]]:
        """How often the audit log says that each assignment was made."""
        events = tables.audit_events.c
        with self.database.read() as connection:
            rows = connection.execute(
                select(events.target, events.details).where(events.action == "sso-admin:AssignmentCreated")
            ).all()
        return Counter((row.target, row.details) for row in rows)

    def apply(self, desired: DesiredAccess) -> RunResult:
        """What `usher access apply` does: wait for what runs, read, plan, carry out."""
        rooms = self.open_rooms(self)
        wait_for_running(rooms.sso, self.timing, lambda _: None)
        reading, _ = self.read(desired)
        return self.carry_out(plan_changes(desired, reading.actual), reading.actual, desired)[0]

    def still_to_do(self, desired: DesiredAccess) -> int:
        """How many changes a new plan has."""
        return len(plan_changes(desired, self.read(desired)[0].actual).changes)

    @property
    def timing(self) -> Timing:
        return Timing(self.time.clock, self.time.sleep, Random(3).random)

    def pace(self) -> MortalPace:
        """A service's pace, kept until the process dies."""
        return MortalPace(Pace(PACE, clock=self.time.clock, sleep=self.time.sleep), self.calls_left)


@dataclass
class MortalPace:
    """A pace whose process dies when no calls are left to it."""

    pace: Pace
    calls_left: list[int]

    def take(self) -> None:
        if self.calls_left:
            self.calls_left[0] -= 1
            if self.calls_left[0] < 0:
                self.calls_left.clear()
                raise KilledError
        self.pace.take()

    def note(self, *, throttled: bool) -> None:
        self.pace.note(throttled=throttled)


def open_rooms(stage: Stage, origin: str, key: AdminKey, send: Callable[..., Any]) -> Any:
    """The rooms behind `usher access`, at AWS's pace on this stage's time."""
    settings = AwsSettings(REGION, endpoint_url=origin, keys=AwsKeys(key.access_key_id, key.secret))
    count = CallCount()
    patience = Patience(stage.time.clock, stage.time.sleep, Random(4).random)

    def calls(service: str, cursor: str = "NextToken") -> ServiceCalls:
        made = ServiceCalls(
            service, settings, pace=stage.pace(), patience=patience, count=count, cursor=cursor
        )
        made._client.meta.events.register("before-send", send)
        return made

    sso_calls = calls("sso-admin")
    instance = read_instance(sso_calls, "")
    return SimpleNamespace(
        count=count,
        instance=instance,
        sso=SsoAdmin(sso_calls, instance),
        people=IdentityStore(calls("identitystore"), instance),
        entitlements=AccountAccess(calls("account-access", cursor=CURSOR), instance),
        organizations=calls("organizations"),
    )


def _empty_directory(folder: Path) -> AdminKey:
    keys = initialise_directory(
        ServerConfig(folder, "http://127.0.0.1:8700", REGION), "admin@mkdev.example", time.time
    )
    return AdminKey(keys.access_key_id, keys.secret_access_key, "admin@mkdev.example", True)


@pytest.fixture(scope="session")
def full_directory(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, AdminKey]:
    """The data folder of a directory with the full-size organization in its books, and its key."""
    folder = tmp_path_factory.mktemp("full") / "data"
    key = _empty_directory(folder)
    database, instance, _ = load_directory(folder, time.time)
    fill(database, instance.arn, organization_of(FULL_SIZE))
    database.close()
    return folder, key


@pytest.fixture(scope="module")
def set_stage(
    full_directory: tuple[Path, AdminKey],
    tmp_path_factory: pytest.TempPathFactory,
    on_loopback: Callable[..., AbstractContextManager[str]],
) -> Iterator[Callable[..., Stage]]:
    """`set_stage(limits)`: the full-size organization; with another shape, one that is still empty."""
    with ExitStack() as stack:

        def make(limits: AwsLimits, shape: Shape = FULL_SIZE) -> Stage:
            folder = tmp_path_factory.mktemp("stage") / "data"
            if shape is FULL_SIZE:
                template, key = full_directory
                shutil.copytree(template, folder)
            else:
                key = _empty_directory(folder)
            virtual = VirtualTime()
            services, gate = _services(folder, limits, virtual, organization_of(shape))
            stack.callback(services.database.close)
            origin = stack.enter_context(on_loopback(Starlette(routes=control_routes(services, gate.around))))
            send = sent_straight_to(json_door(services, gate.around))
            return Stage(virtual, services.database, lambda stage: open_rooms(stage, origin, key, send))

        yield make


def _services(
    folder: Path, limits: AwsLimits, virtual: VirtualTime, desired: DesiredAccess
) -> tuple[Services, AwsGate]:
    database, instance, sealer = load_directory(folder, time.time)
    config = ServerConfig(folder, "http://127.0.0.1:8700", REGION)
    organization = RehearsedOrganization("o-exampleorgid", tuple(desired.accounts.values()))
    accounts = AccountList(lambda: organization.accounts, time.time)
    chance = Random(limits.seed).random
    jobs = SlowJobs(RehearsalJobs(config, database, accounts), limits, later=virtual.later, random=chance)
    reads = RehearsedReads(organization, "aws")
    services = Services(config, instance, database, sealer, accounts, jobs, NoRoleCredentials(), reads)
    return services, AwsGate(limits, clock=virtual.clock, random=chance)


@dataclass
class _Body:
    """A response's bytes as urllib3 would give them."""

    content: bytes

    def stream(self) -> Iterator[bytes]:
        yield self.content


def sent_straight_to(door: Callable[[ControlRequest], Mapping[str, Any]]) -> Callable[..., Any]:
    """Sends what a botocore client of a JSON service has signed to the directory's door."""

    def send(request: Any, **_: object) -> AWSResponse | None:
        url = urlsplit(request.url)
        if url.path != "/":
            return None  # a REST service: over the loopback
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else str(value)
            for name, value in request.headers.items()
        }
        body = request.body or b""
        received = ControlRequest("POST", "/", "", {"host": url.netloc, **headers}, body)
        try:
            status, answer = 200, json.dumps(door(received)).encode()
        except ApiError as error:
            refused = json_error(error)
            status, answer = refused.status_code, bytes(refused.body)
        return AWSResponse(request.url, status, {}, _Body(answer))

    return send


@pytest.fixture(scope="session")
def full_size() -> DesiredAccess:
    """300 accounts, 60 permission sets, 6,000 assignments."""
    return organization_of(FULL_SIZE)


@pytest.fixture(scope="session")
def small() -> Shape:
    return SMALL


@pytest.fixture(scope="session")
def organization() -> Callable[[Shape], DesiredAccess]:
    return organization_of


@pytest.fixture(scope="session")
def more_grants() -> Callable[[DesiredAccess, int], DesiredAccess]:
    return with_more_grants


@pytest.fixture(scope="session")
def killed() -> type[BaseException]:
    return KilledError
