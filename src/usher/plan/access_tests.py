"""The access file's tests: whether each principal can, and cannot, what the file says.

A principal's access in an account is what any of its roles there allows. What cannot be decided here is
UNKNOWN and counts as failed, for `can` and for `cannot`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from usher.core.access_tests import AccessTest
from usher.core.assignments import Assignment, Entitlement, Granted
from usher.core.ids import AccountId
from usher.core.organization import DesiredAccess
from usher.core.policy_document import PolicyDocument
from usher.core.principals import Group, Principal, PrincipalKind
from usher.policy.actions import actions_matching, find_action
from usher.policy.evaluate import can_on_some, evaluate
from usher.policy.match import has_wildcards
from usher.policy.request import Decision, Request, RolePolicies, Verdict
from usher.policy.role_policies import Level, role_policies

Scps = Mapping[AccountId, tuple[Level, ...]]


class TestOutcome(StrEnum):
    """What became of a test. UNKNOWN counts as failed."""

    __test__ = False  # not a test of pytest's

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a test failed, or is not known to pass, in one account."""

    account: AccountId
    outcome: TestOutcome
    words: str
    granted: tuple[Granted, ...] = ()


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test with what was found: at most one finding per account, none where it holds."""

    __test__ = False

    test: AccessTest
    outcome: TestOutcome
    findings: tuple[Finding, ...]
    touched: frozenset[Granted]

    @property
    def passed(self) -> bool:
        """Whether it holds everywhere, for certain."""
        return self.outcome is TestOutcome.PASSED


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many grants some test looks at, and those that none does."""

    grants: int
    untouched: tuple[Granted, ...]

    @property
    def touched(self) -> int:
        """How many grants some test looks at."""
        return self.grants - len(self.untouched)


def run_tests(
    desired: DesiredAccess,
    documents: Mapping[str, PolicyDocument],
    scps: Scps | None = None,
    memberships: Mapping[str, Group] | None = None,
) -> tuple[TestResult, ...]:
    """The results of the file's tests, in its order.

    `documents` are those of managed policies, by ARN. `scps` give the levels of each account; None when
    they were not given. `memberships` are the groups as an Identity Center has them, which tells who is in
    a group that the file does not manage.
    """
    world = _World(desired, documents, scps, memberships)
    return tuple(_run(test, world) for test in desired.tests)


def unknown_actions(desired: DesiredAccess) -> tuple[tuple[AccessTest, str], ...]:
    """The tests about an action that is not known: a typing error, or an action of last week."""
    return tuple(
        (test, action)
        for test in desired.tests
        for action in test.actions
        if not has_wildcards(action) and find_action(action) is None
    )


def coverage_of(desired: DesiredAccess, results: Iterable[TestResult]) -> Coverage:
    """Which grants of `desired` the tests behind `results` look at."""
    touched = frozenset[Granted]().union(*(result.touched for result in results))
    grants: frozenset[Granted] = desired.assignments | desired.entitlements
    untouched = tuple(sorted(grants - touched, key=_by_account))
    return Coverage(len(grants), untouched)


@dataclass(frozen=True, slots=True)
class Role:
    """One role that a principal may enter in an account; `maybe` is the group whose membership is open."""

    granted: Granted
    policies: RolePolicies
    maybe: str = ""

    @property
    def name(self) -> str:
        """The permission set's or role's name, with the group that it may come through."""
        name = granted_name(self.granted)
        return f"{name} through group {self.granted.principal.name}" if self._through_group else name

    @property
    def _through_group(self) -> bool:
        return self.granted.principal.kind is PrincipalKind.GROUP


class _World:
    """What is asked of the desired access, worked out once."""

    def __init__(
        self,
        desired: DesiredAccess,
        documents: Mapping[str, PolicyDocument],
        scps: Scps | None,
        memberships: Mapping[str, Group] | None,
    ) -> None:
        self.desired = desired
        self.has_scps = scps is not None
        self._documents = documents
        self._scps = scps or {}
        self._memberships = memberships
        self._policies: dict[tuple[str, AccountId], RolePolicies] = {}

    @cached_property
    def _granted(self) -> Mapping[tuple[Principal, AccountId], Sequence[Granted]]:
        by_place: dict[tuple[Principal, AccountId], list[Granted]] = {}
        every: frozenset[Granted] = self.desired.assignments | self.desired.entitlements
        for granted in sorted(every, key=_by_account):
            by_place.setdefault((granted.principal, granted.account_id), []).append(granted)
        return by_place

    def roles(self, principal: Principal, account: AccountId) -> tuple[Role, ...]:
        """What `principal` may enter in `account`, itself and through groups."""
        own = [(principal, "")]
        if principal.kind is PrincipalKind.USER:
            own += self._groups_of(principal.name)
        return tuple(
            Role(granted, self._role_policies(granted), maybe)
            for holder, maybe in own
            for granted in self._granted.get((holder, account), ())
        )

    def place(self, account: AccountId) -> str:
        """The account as people know it."""
        known = self.desired.accounts.get(account)
        return str(known) if known else str(account)

    def _groups_of(self, user: str) -> list[tuple[Principal, str]]:
        return self._membership.get(user, self._open_groups)

    @cached_property
    def _open_groups(self) -> list[tuple[Principal, str]]:
        """The groups whose members are not known here."""
        names = self.desired.external_groups - (self._memberships or {}).keys()
        return [(Principal(PrincipalKind.GROUP, name), name) for name in sorted(names)]

    @cached_property
    def _membership(self) -> Mapping[str, list[tuple[Principal, str]]]:
        groups = list(self.desired.groups.values())
        groups += [
            group
            for group in (self._memberships or {}).values()
            if group.name in self.desired.external_groups
        ]
        found: dict[str, list[tuple[Principal, str]]] = {}
        for group in groups:
            for member in group.members:
                known = found.setdefault(member, list(self._open_groups))
                known.append((Principal(PrincipalKind.GROUP, group.name), ""))
        return found

    def _role_policies(self, granted: Granted) -> RolePolicies:
        name, account = granted_name(granted), granted.account_id
        if (name, account) not in self._policies:
            levels = self._scps.get(account, ())
            if isinstance(granted, Entitlement):
                found = RolePolicies((), scps=levels, missing=(f"what the role {name} may do",))
            else:
                permission_set = self.desired.permission_sets[name]
                found = role_policies(permission_set, self._documents, scps=levels, account_id=account)
            self._policies[name, account] = found
        return self._policies[name, account]


def granted_name(granted: Granted) -> str:
    """The permission set's name, or the owned role's."""
    return granted.permission_set if isinstance(granted, Assignment) else granted.role_name


def _run(test: AccessTest, world: _World) -> TestResult:
    findings: list[Finding] = []
    touched: set[Granted] = set()
    for account in test.accounts:
        roles = world.roles(test.principal, account)
        touched |= {role.granted for role in roles}
        finding = _judge(test, account, roles, world)
        if finding is not None:
            findings.append(finding)
    outcomes = {finding.outcome for finding in findings}
    worst = TestOutcome.FAILED if TestOutcome.FAILED in outcomes else TestOutcome.UNKNOWN
    return TestResult(test, worst if outcomes else TestOutcome.PASSED, tuple(findings), frozenset(touched))


def _judge(test: AccessTest, account: AccountId, roles: Sequence[Role], world: _World) -> Finding | None:
    if test.relies_on_scps and not world.has_scps and not _is_management(account, world):
        words = f"in {world.place(account)}: the service control policies it relies on were not given"
        return Finding(account, TestOutcome.UNKNOWN, words)
    if not test.actions:
        return _judge_entering(test, account, roles, world)
    unmatched = [each for each in test.actions if has_wildcards(each) and not actions_matching(each)]
    if unmatched:
        words = f"in {world.place(account)}: no action is known that {unmatched[0]} matches"
        return Finding(account, TestOutcome.UNKNOWN, words)
    found: Finding | None = None
    for action, resource in _questions(test):
        finding = _judge_question(test, Request(action, resource, test.context), account, roles, world)
        if finding is not None and finding.outcome is TestOutcome.FAILED:
            return finding
        found = found or finding
    return found


def _is_management(account: AccountId, world: _World) -> bool:
    known = world.desired.accounts.get(account)
    return known is not None and known.is_management


def _judge_entering(
    test: AccessTest, account: AccountId, roles: Sequence[Role], world: _World
) -> Finding | None:
    fitting = [role for role in roles if test.entering in ("", granted_name(role.granted))]
    certain = [role for role in fitting if not role.maybe]
    if test.expected and certain:
        return None
    what = f"with {test.entering}" if test.entering else "at all"
    where = world.place(account)
    if certain:
        words = f"{test.principal} can enter {where} with {certain[0].name}"
        return Finding(account, TestOutcome.FAILED, words, (certain[0].granted,))
    if fitting:
        words = f"{test.principal} can enter {where} if {_membership_words(fitting[0])}"
        return Finding(account, TestOutcome.UNKNOWN, words, (fitting[0].granted,))
    if test.expected:
        return Finding(account, TestOutcome.FAILED, f"{test.principal} cannot enter {where} {what}")
    return None


def _questions(test: AccessTest) -> Iterator[tuple[str, str]]:
    """Each action with each resource; a pattern stands for the known actions that it matches."""
    for written in test.actions:
        known = tuple(action.name for action in actions_matching(written))
        for action in known if has_wildcards(written) else (written,):
            for resource in test.resources:
                yield action, resource


def _judge_question(
    test: AccessTest, request: Request, account: AccountId, roles: Sequence[Role], world: _World
) -> Finding | None:
    where, what = world.place(account), _spoken(request)
    judge = _can if test.expected else _cannot
    outcome, words, role = judge(roles, request)
    if outcome is TestOutcome.PASSED:
        return None
    granted = (role.granted,) if role else ()
    who = f"{test.principal} in {where}"
    match outcome, test.expected:
        case TestOutcome.FAILED, True:
            text = f"{who} cannot {what}: {words}"
        case TestOutcome.FAILED, False:
            text = f"{who} can {words}"
        case _:
            text = f"{who}: it is not known whether {what} is allowed with {words}"
    return Finding(account, outcome, text, granted)


_Judged = tuple[TestOutcome, str, "Role | None"]


def _can(roles: Sequence[Role], request: Request) -> _Judged:
    """Whether one role surely allows it on everything that the resource stands for."""
    open_one: tuple[Role, Verdict] | None = None
    refused: tuple[Role, Verdict] | None = None
    for role in roles:
        verdict = evaluate(role.policies, request)
        if verdict.decision is Decision.ALLOWED and not role.maybe:
            return TestOutcome.PASSED, "", role
        if verdict.decision is Decision.DENIED:
            refused = refused or (role, verdict)
        else:
            open_one = open_one or (role, verdict)
    if open_one:
        return TestOutcome.UNKNOWN, _open_words(*open_one), open_one[0]
    if refused:
        return TestOutcome.FAILED, f"with {refused[0].name} {refused[1].because}", refused[0]
    return TestOutcome.FAILED, "it may enter nothing there", None


def _cannot(roles: Sequence[Role], request: Request) -> _Judged:
    """Whether every role surely denies it on everything that the resource stands for."""
    open_one: tuple[Role, Verdict] | None = None
    for role in roles:
        verdict, resource = can_on_some(role.policies, request)
        if verdict.decision is Decision.ALLOWED and not role.maybe:
            words = f"{_spoken(Request(request.action, resource))} with {role.name}: {verdict.because}"
            return TestOutcome.FAILED, words, role
        if verdict.decision is not Decision.DENIED:
            open_one = open_one or (role, verdict)
    if open_one:
        return TestOutcome.UNKNOWN, _open_words(*open_one), open_one[0]
    return TestOutcome.PASSED, "", None


def _open_words(role: Role, verdict: Verdict) -> str:
    reasons = [] if verdict.decision is Decision.ALLOWED else [verdict.because]
    if role.maybe:
        reasons.append(_membership_words(role))
    return f"{role.name}: {'; and '.join(reasons)}"


def _membership_words(role: Role) -> str:
    return f"it is a member of group {role.maybe}, whose members are not known here"


def _spoken(request: Request) -> str:
    return request.action if request.resource == "*" else f"{request.action} on {request.resource}"


def _by_account(granted: Granted) -> tuple[AccountId, str, Principal]:
    return granted.account_id, granted_name(granted), granted.principal
