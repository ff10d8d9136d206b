"""A small honest Identity Center in memory: asynchronous, with AWS's quotas, and as unreliable as asked."""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest

from usher.apply.journal import NoJournal
from usher.apply.ports import (
    ApplicationLookup,
    Grant,
    Membership,
    Request,
    RequestKind,
    RequestState,
    RoleGrant,
)
from usher.apply.read import Reading, read_access
from usher.apply.result import Item, RunResult
from usher.apply.run import run_plan
from usher.apply.timing import Timing
from usher.core.accounts import Account
from usher.core.assignments import Assignment
from usher.core.errors import BusyError, NotFoundError, UsherError
from usher.core.ids import AccountId, IdentityStoreId, InstanceArn, PermissionSetArn, PrincipalId, RoleArn
from usher.core.organization import MANAGED_BY_ACCESS_FILE, MANAGED_BY_TAG, DesiredAccess, Instance
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument
from usher.core.principals import Group, Principal, PrincipalKind, User
from usher.plan.changes import PermissionSetSettings
from usher.plan.diff import plan_changes

INSTANCE = Instance(
    InstanceArn("arn:aws:sso:::instance/ssoins-0123456789abcdef"), IdentityStoreId("d-0123456789")
)

_Item = TypeVar("_Item")


class KilledError(BaseException):
    """The process dies here."""


@dataclass
class Clock:
    """Time that passes only when somebody sleeps."""

    now: float = 0.0

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


@dataclass
class Running:
    kind: RequestKind
    ends_at: float
    lane: str
    finish: Callable[[], None]
    failure: str = ""
    state: RequestState = RequestState.RUNNING
    seconds: float = 0.0


@dataclass
class FakeIdentityCenter:
    """Implements every port of `apply`. Calls are counted by name; quotas are checked at every start."""

    clock: Clock
    accounts: Mapping[AccountId, Account]
    seconds_per_request: float = 1.0
    busy: Callable[[str], bool] = lambda _call: False
    failure: Callable[[Grant | PermissionSetArn], str] = lambda _what: ""
    pace: Callable[[], None] = lambda: None
    die_at: int | None = None
    die_after_effect: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    users: dict[PrincipalId, User] = field(default_factory=dict)
    groups: dict[PrincipalId, Group] = field(default_factory=dict)
    memberships: dict[str, tuple[PrincipalId, PrincipalId]] = field(default_factory=dict)
    sets: dict[PermissionSetArn, PermissionSet] = field(default_factory=dict)
    revisions: Counter[PermissionSetArn] = field(default_factory=Counter)
    roles: dict[tuple[PermissionSetArn, AccountId], int] = field(default_factory=dict)
    grants: set[Grant] = field(default_factory=set)
    entitlements: dict[str, RoleGrant] = field(default_factory=dict)
    has_application: bool = True
    requests: dict[str, Running] = field(default_factory=dict)
    turn: threading.RLock = field(default_factory=threading.RLock)
    most_running: int = 0
    random: random.Random = field(default_factory=lambda: random.Random(7))

    # --- the unreliable wire --------------------------------------------------------------------

    def _arrive(self, call: str) -> None:
        self.pace()
        with self.turn:
            self._arrive_alone(call)

    def _arrive_alone(self, call: str) -> None:
        self._settle()
        if self.die_at is not None and sum(self.calls.values()) >= self.die_at and not self.die_after_effect:
            raise KilledError
        self.calls[call] += 1
        if self.busy(call):
            raise BusyError(f"{call}: there are too many requests")

    def _page(self, call: str, items: Sequence[_Item]) -> Sequence[_Item]:
        """`items` as a list of the API gives them: a call for every hundred, and one for none."""
        for _ in range(0, max(1, len(items)), 100):
            self._arrive(call)
        return items

    def _leave(self) -> None:
        if self.die_at is not None and sum(self.calls.values()) > self.die_at and self.die_after_effect:
            raise KilledError

    def _settle(self) -> None:
        for request in list(self.requests.values()):
            if request.state is RequestState.RUNNING and request.ends_at <= self.clock.now:
                request.state = RequestState.FAILED if request.failure else RequestState.SUCCEEDED
                if not request.failure:
                    request.finish()

    def _new_id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def _set(self, arn: PermissionSetArn) -> PermissionSet:
        if arn not in self.sets:
            raise NotFoundError(f"PermissionSet {arn} not found")
        return self.sets[arn]

    # --- reading --------------------------------------------------------------------------------

    def list_permission_sets(self) -> Sequence[PermissionSetArn]:
        return self._page("ListPermissionSets", list(self.sets))

    def read_settings(self, permission_set: PermissionSetArn) -> PermissionSet:
        self._arrive("DescribePermissionSet")
        there = self._set(permission_set)
        return PermissionSet(there.name, there.description, there.session_seconds, there.relay_state)

    def read_tags(self, permission_set: PermissionSetArn) -> Mapping[str, str]:
        self._arrive("ListTagsForResource")
        return dict(self._set(permission_set).tags)

    def read_policies(self, permission_set: PermissionSet, arn: PermissionSetArn) -> PermissionSet:
        for call in ("managed", "customer", "inline", "boundary"):
            self._arrive(f"policies: {call}")
        assert permission_set.name == self._set(arn).name
        return self._set(arn)

    def list_groups(self) -> Mapping[PrincipalId, Group]:
        return dict(self._page("ListGroups", list(self.groups.items())))

    def list_users(self) -> Mapping[PrincipalId, User]:
        return dict(self._page("ListUsers", list(self.users.items())))

    def list_members(self, group: PrincipalId) -> Sequence[Membership]:
        return self._page(
            "ListGroupMemberships",
            [Membership(each, user) for each, (where, user) in self.memberships.items() if where == group],
        )

    def list_grants_of(self, kind: PrincipalKind, principal: PrincipalId) -> Sequence[Grant]:
        who = {(kind, principal)}
        if kind is PrincipalKind.USER:
            who |= {
                (PrincipalKind.GROUP, group) for group, user in self.memberships.values() if user == principal
            }
        return self._page(
            "ListAccountAssignmentsForPrincipal",
            sorted(grant for grant in self.grants if (grant.kind, grant.principal_id) in who),
        )

    def list_grants_in(self, permission_set: PermissionSetArn, account: AccountId) -> Sequence[Grant]:
        pair = (permission_set, account)
        return self._page(
            "ListAccountAssignments",
            sorted(grant for grant in self.grants if (grant.permission_set, grant.account_id) == pair),
        )

    def list_accounts_of(self, permission_set: PermissionSetArn) -> Sequence[AccountId]:
        return self._page(
            "ListAccountsForProvisionedPermissionSet",
            sorted(account for arn, account in self.roles if arn == permission_set),
        )

    def list_stale_accounts_of(self, permission_set: PermissionSetArn) -> Sequence[AccountId]:
        latest = self.revisions[permission_set]
        return self._page(
            "ListAccountsForProvisionedPermissionSet",
            sorted(
                account
                for (arn, account), revision in self.roles.items()
                if arn == permission_set and revision < latest
            ),
        )

    def look_for_application(self) -> ApplicationLookup:
        self._arrive("ListApplications")
        return ApplicationLookup(self.has_application, 1)

    def list_entitlements_in(self, account: AccountId) -> Sequence[RoleGrant]:
        return self._page(
            "ListEntitlements",
            [each for each in self.entitlements.values() if each.role.split(":")[4] == account],
        )

    def list_entitlements_of(self, kind: PrincipalKind, principal: PrincipalId) -> Sequence[RoleGrant]:
        return self._page(
            "ListEntitlements",
            [
                each
                for each in self.entitlements.values()
                if (each.kind, each.principal_id) == (kind, principal)
            ],
        )

    # --- following ------------------------------------------------------------------------------

    def running(self, kind: RequestKind) -> frozenset[str]:
        self._arrive(f"list {kind.value}")
        return frozenset(
            each
            for each, request in self.requests.items()
            if request.kind is kind and request.state is RequestState.RUNNING
        )

    def outcome(self, kind: RequestKind, request_id: str) -> Request:
        self._arrive(f"describe {kind.value}")
        request = self.requests.get(request_id)
        if request is None or request.kind is not kind:
            raise NotFoundError(f"{kind.value} {request_id} not found")
        return Request(request_id, request.state, request.failure)

    def _start(
        self, kind: RequestKind, lane: str, most: int, failure: str, finish: Callable[[], None]
    ) -> Request:
        others = [
            each
            for each in self.requests.values()
            if each.kind is kind and each.state is RequestState.RUNNING
        ]
        assert len(others) < most, "more requests outstanding than AWS allows"
        assert lane not in {each.lane for each in others}, "AWS changes one role of an account at a time"
        self.most_running = max(self.most_running, len(others) + 1)
        request_id = self._new_id()
        seconds = self.seconds_per_request * (0.5 + self.random.random())
        self.requests[request_id] = Running(
            kind, self.clock.now + seconds, lane, finish, failure, seconds=seconds
        )
        self._leave()
        return Request(request_id, RequestState.RUNNING)

    # --- changing -------------------------------------------------------------------------------

    def create_user(self, user: User) -> PrincipalId:
        self._arrive("CreateUser")
        if any(each.user_name.casefold() == user.user_name.casefold() for each in self.users.values()):
            raise UsherError(f"user {user.user_name} exists")
        user_id = PrincipalId(self._new_id())
        self.users[user_id] = user
        self._leave()
        return user_id

    def update_user(self, user_id: PrincipalId, before: User, after: User) -> None:
        self._arrive("UpdateUser")
        assert self.users[user_id] == before
        self.users[user_id] = after
        self._leave()

    def create_group(self, name: str, description: str) -> PrincipalId:
        self._arrive("CreateGroup")
        if any(each.name == name for each in self.groups.values()):
            raise UsherError(f"group {name} exists")
        group_id = PrincipalId(self._new_id())
        self.groups[group_id] = Group(name, description)
        self._leave()
        return group_id

    def update_group(self, group_id: PrincipalId, description: str) -> None:
        self._arrive("UpdateGroup")
        self.groups[group_id] = replace(self.groups[group_id], description=description)
        self._leave()

    def add_member(self, group_id: PrincipalId, user_id: PrincipalId) -> None:
        self._arrive("CreateGroupMembership")
        assert group_id in self.groups
        assert user_id in self.users
        if (group_id, user_id) not in self.memberships.values():
            self.memberships[self._new_id()] = (group_id, user_id)
        self._leave()

    def create_entitlement(self, kind: PrincipalKind, principal: PrincipalId, role: RoleArn) -> str:
        self._arrive("CreateEntitlement")
        for each in self.entitlements.values():
            if (each.kind, each.principal_id, each.role) == (kind, principal, role):
                return each.id
        entitlement = RoleGrant(self._new_id(), kind, principal, role)
        self.entitlements[entitlement.id] = entitlement
        self._leave()
        return entitlement.id

    def delete_entitlement(self, entitlement_id: str) -> None:
        self._arrive("DeleteEntitlement")
        self.entitlements.pop(entitlement_id, None)
        self._leave()

    def remove_member(self, membership_id: str) -> None:
        self._arrive("DeleteGroupMembership")
        self.memberships.pop(membership_id, None)
        self._leave()

    def delete_group(self, group_id: PrincipalId) -> None:
        self._arrive("DeleteGroup")
        self.groups.pop(group_id, None)
        self._end_memberships(group_id)
        self._leave()

    def delete_user(self, user_id: PrincipalId) -> None:
        self._arrive("DeleteUser")
        self.users.pop(user_id, None)
        self._end_memberships(user_id)
        self._leave()

    def _end_memberships(self, gone: PrincipalId) -> None:
        self.memberships = {each: pair for each, pair in self.memberships.items() if gone not in pair}

    def create_permission_set(
        self, name: str, settings: PermissionSetSettings, tags: Mapping[str, str]
    ) -> PermissionSetArn:
        self._arrive("CreatePermissionSet")
        if any(each.name == name for each in self.sets.values()):
            raise UsherError(f"PermissionSet with name {name} already exists.")
        arn = PermissionSetArn(
            f"{INSTANCE.arn.replace('instance', 'permissionSet')}/ps-{self._new_id()[:16]}"
        )
        self.sets[arn] = PermissionSet(
            name, settings.description, settings.session_seconds, settings.relay_state, tags=tags
        )
        self._leave()
        return arn

    def update_permission_set(
        self, arn: PermissionSetArn, before: PermissionSetSettings, after: PermissionSetSettings
    ) -> None:
        assert before != after
        self._change(
            "UpdatePermissionSet",
            arn,
            description=after.description,
            session_seconds=after.session_seconds,
            relay_state=after.relay_state,
        )

    def _change(self, call: str, arn: PermissionSetArn, **fields: object) -> None:
        self._arrive(call)
        self.sets[arn] = replace(self._set(arn), **fields)
        self.revisions[arn] += 1
        self._leave()

    def attach_managed_policy(self, arn: PermissionSetArn, policy: ManagedPolicy) -> None:
        self._change("Attach", arn, managed_policies=self.sets[arn].managed_policies | {policy})

    def detach_managed_policy(self, arn: PermissionSetArn, policy: ManagedPolicy) -> None:
        self._change("Detach", arn, managed_policies=self.sets[arn].managed_policies - {policy})

    def attach_customer_policy(self, arn: PermissionSetArn, policy: CustomerPolicy) -> None:
        self._change("AttachCustomer", arn, customer_policies=self.sets[arn].customer_policies | {policy})

    def detach_customer_policy(self, arn: PermissionSetArn, policy: CustomerPolicy) -> None:
        self._change("DetachCustomer", arn, customer_policies=self.sets[arn].customer_policies - {policy})

    def put_inline_policy(self, arn: PermissionSetArn, policy: PolicyDocument) -> None:
        self._change("PutInlinePolicy", arn, inline_policy=policy)

    def delete_inline_policy(self, arn: PermissionSetArn) -> None:
        self._change("DeleteInlinePolicy", arn, inline_policy=None)

    def put_boundary(self, arn: PermissionSetArn, boundary: ManagedPolicy | CustomerPolicy) -> None:
        self._change("PutBoundary", arn, boundary=boundary)

    def delete_boundary(self, arn: PermissionSetArn) -> None:
        self._change("DeleteBoundary", arn, boundary=None)

    def tag(self, arn: PermissionSetArn, tags: Mapping[str, str]) -> None:
        self._arrive("TagResource")
        self.sets[arn] = replace(self._set(arn), tags={**self.sets[arn].tags, **tags})
        self._leave()

    def untag(self, arn: PermissionSetArn, keys: Sequence[str]) -> None:
        self._arrive("UntagResource")
        kept = {key: value for key, value in self._set(arn).tags.items() if key not in keys}
        self.sets[arn] = replace(self._set(arn), tags=kept)
        self._leave()

    def delete_permission_set(self, arn: PermissionSetArn) -> None:
        self._arrive("DeletePermissionSet")
        if any(grant.permission_set == arn for grant in self.grants):
            raise BusyError("Could not delete because PermissionSet is assigned")
        self.sets.pop(arn, None)
        self._leave()

    def start_provisioning(self, arn: PermissionSetArn) -> Request:
        self._arrive("ProvisionPermissionSet")
        revision = self.revisions[arn]

        def finish() -> None:
            self.roles.update({pair: revision for pair in self.roles if pair[0] == arn})

        return self._start(RequestKind.PROVISIONING, arn, 3, self.failure(arn), finish)

    def start_creation(self, grant: Grant) -> Request:
        self._arrive("CreateAccountAssignment")
        self._set(grant.permission_set)

        def finish() -> None:
            self.grants.add(grant)
            pair = (grant.permission_set, grant.account_id)
            self.roles.setdefault(pair, self.revisions[grant.permission_set])

        return self._start(RequestKind.CREATION, grant.account_id, 15, self.failure(grant), finish)

    def start_deletion(self, grant: Grant) -> Request:
        self._arrive("DeleteAccountAssignment")
        if grant not in self.grants:
            return Request("", RequestState.SUCCEEDED)

        def finish() -> None:
            self.grants.discard(grant)
            pair = (grant.permission_set, grant.account_id)
            if pair not in {(each.permission_set, each.account_id) for each in self.grants}:
                self.roles.pop(pair, None)

        return self._start(RequestKind.DELETION, grant.account_id, 15, self.failure(grant), finish)


@dataclass
class Bench:
    """A center with a clock, and the whole way from a wish to its result."""

    center: FakeIdentityCenter
    clock: Clock
    told: list[Item] = field(default_factory=list)

    @property
    def timing(self) -> Timing:
        return Timing(self.clock.time, self.clock.sleep, random.Random(3).random)

    def read(self, desired: DesiredAccess | None, **options: object) -> Reading:
        accounts = list(self.center.accounts.values())
        return read_access(self.center, self.center, self.center, INSTANCE, accounts, desired, **options)

    def apply(self, desired: DesiredAccess, **options: object) -> RunResult:
        actual = self.read(desired).actual
        return run_plan(
            plan_changes(desired, actual),
            actual,
            desired.permission_sets,
            self.center,
            self.center,
            self.center,
            timing=self.timing,
            progress=self.told.append,
            **{"journal": NoJournal(), **options},
        )

    def still_to_do(self, desired: DesiredAccess) -> int:
        return len(plan_changes(desired, self.read(desired).actual).changes)

    def picture(self) -> object:
        """Everything by name, for comparing two centers whose ids differ."""
        center = self.center
        names = {user_id: user.user_name for user_id, user in center.users.items()}
        names |= {group_id: group.name for group_id, group in center.groups.items()}
        sets = {arn: each.name for arn, each in center.sets.items()}
        return (
            sorted(names.values()),
            sorted((names[group], names[user]) for group, user in center.memberships.values()),
            {each.name: each for each in center.sets.values()},
            sorted(
                (g.kind, names[g.principal_id], sets[g.permission_set], g.account_id) for g in center.grants
            ),
            sorted((sets[arn], account) for arn, account in center.roles),
        )


def make_bench(accounts: Mapping[AccountId, Account], **faults: object) -> Bench:
    """An empty Identity Center of these accounts."""
    clock = Clock()
    return Bench(FakeIdentityCenter(clock, accounts, **faults), clock)


@pytest.fixture
def new_bench() -> Callable[..., Bench]:
    """`new_bench(accounts, **faults)` is an empty Identity Center of these accounts."""
    return make_bench


@pytest.fixture(scope="session")
def new_bench_once() -> Callable[..., Bench]:
    """`new_bench` for property tests, which share their fixtures between examples."""
    return make_bench


@pytest.fixture
def killed() -> type[BaseException]:
    """What a killed run raises."""
    return KilledError


@pytest.fixture(scope="session")
def killed_once() -> type[BaseException]:
    """`killed` for property tests."""
    return KilledError


def organization(
    accounts: int, groups: int = 2, sets: tuple[str, ...] = ("Admin", "Read"), *, tags: bool = True
) -> DesiredAccess:
    """Every group has every set in every account; each group has two members."""
    owned = {MANAGED_BY_TAG: MANAGED_BY_ACCESS_FILE} if tags else {}
    all_accounts = {
        AccountId(f"{n:012}"): Account(AccountId(f"{n:012}"), f"account{n}") for n in range(1, accounts + 1)
    }
    users = {f"user{n}": User(f"user{n}", f"User {n}", "User", str(n)) for n in range(groups * 2)}
    named_groups = {
        f"group{n}": Group(f"group{n}", members=frozenset({f"user{2 * n}", f"user{2 * n + 1}"}))
        for n in range(groups)
    }
    named_sets = {
        name: PermissionSet(
            name, managed_policies=frozenset({ManagedPolicy(f"arn:aws:iam::aws:policy/{name}")}), tags=owned
        )
        for name in sets
    }
    grants = frozenset(
        Assignment(Principal(PrincipalKind.GROUP, group), name, account)
        for group in named_groups
        for name in named_sets
        for account in all_accounts
    )
    return DesiredAccess(all_accounts, users, named_groups, named_sets, grants)


@pytest.fixture(name="organization")
def organization_fixture() -> Callable[..., DesiredAccess]:
    """`organization(accounts, groups, sets)`: every group has every set in every account."""
    return organization
