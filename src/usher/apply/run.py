"""Carrying out a plan: stage by stage, each change once; what fails is told, and the rest goes on.

Assignments and provisioning are asynchronous at AWS: up to fifteen assignments run at a time, one per
account, because AWS serialises by account; three provisionings. What fails takes with it only what depends
on it. Nothing is undone: a later plan starts from what is there.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import assert_never

from usher.apply.at_once import AtOnce, attempt, one_by_one
from usher.apply.follow import Window
from usher.apply.identifiers import Identifiers
from usher.apply.journal import Journal
from usher.apply.ports import AccessWriter, EntitlementWriter, PeopleWriter, Request, RequestKind
from usher.apply.result import Item, Outcome, RunResult, likely_cause
from usher.apply.timing import Timing
from usher.core.errors import BusyError, UnavailableError, UsherError
from usher.core.organization import ActualAccess
from usher.core.permission_sets import PermissionSet
from usher.plan.changes import (
    AddMember,
    AttachCustomerPolicy,
    AttachManagedPolicy,
    Change,
    CreateAssignment,
    CreateEntitlement,
    CreateGroup,
    CreatePermissionSet,
    CreateUser,
    DeleteAssignment,
    DeleteBoundary,
    DeleteEntitlement,
    DeleteGroup,
    DeleteInlinePolicy,
    DeletePermissionSet,
    DeleteUser,
    DetachCustomerPolicy,
    DetachManagedPolicy,
    Plan,
    ProvisionPermissionSet,
    PutBoundary,
    PutInlinePolicy,
    RemoveMember,
    TagPermissionSet,
    UntagPermissionSet,
    UpdateGroup,
    UpdatePermissionSet,
    UpdateUser,
)
from usher.plan.order import Subject, needs, settles, stage
from usher.plan.words import words_of

# Quotas of IAM Identity Center, not adjustable ("Additional quotas" of its user guide).
MOST_ASSIGNMENTS = 15
MOST_PROVISIONINGS = 3
_MOST_UNANSWERED = 3
_BATCH = 12  # immediate changes begun together: a kill leaves the outcome of no more unknown

_Asynchronous = ProvisionPermissionSet | CreateAssignment | DeleteAssignment
_Immediate = (
    CreateUser
    | UpdateUser
    | CreateGroup
    | UpdateGroup
    | AddMember
    | RemoveMember
    | CreatePermissionSet
    | UpdatePermissionSet
    | AttachManagedPolicy
    | DetachManagedPolicy
    | AttachCustomerPolicy
    | DetachCustomerPolicy
    | PutInlinePolicy
    | DeleteInlinePolicy
    | PutBoundary
    | DeleteBoundary
    | TagPermissionSet
    | UntagPermissionSet
    | CreateEntitlement
    | DeleteEntitlement
    | DeletePermissionSet
    | DeleteGroup
    | DeleteUser
)


def run_plan(
    plan: Plan,
    actual: ActualAccess,
    permission_sets: Mapping[str, PermissionSet],
    writer: AccessWriter,
    people: PeopleWriter,
    entitlements: EntitlementWriter,
    *,
    journal: Journal,
    timing: Timing,
    progress: Callable[[Item], None],
    at_once: AtOnce = one_by_one,
) -> RunResult:
    """Carry out `plan`, made from `actual`; `permission_sets` are the file's, to explain failures.

    `progress` is told when a change begins and when it ends. Failures are in the result; raises
    UnavailableError only when the other end no longer answers at all, with how far the run came.
    """
    run = _Run(
        plan, actual, permission_sets, writer, people, entitlements, journal, timing, progress, at_once
    )
    return run.carry_out()


class _Run:
    def __init__(
        self,
        plan: Plan,
        actual: ActualAccess,
        permission_sets: Mapping[str, PermissionSet],
        writer: AccessWriter,
        people: PeopleWriter,
        entitlements: EntitlementWriter,
        journal: Journal,
        timing: Timing,
        progress: Callable[[Item], None],
        at_once: AtOnce,
    ) -> None:
        self._plan = plan
        self._number = {change: number for number, change in enumerate(plan.changes)}
        self._ids = Identifiers(actual)
        self._permission_sets = {**actual.permission_sets, **permission_sets}
        self._writer = writer
        self._people = people
        self._entitlements = entitlements
        self._journal = journal
        self._timing = timing
        self._progress = progress
        self._at_once = at_once
        self._broken: dict[Subject, str] = {}
        self._begun: set[Change] = set()
        self._items: list[Item] = []
        self._unanswered = 0

    def carry_out(self) -> RunResult:
        self._journal.note("run begins", changes=len(self._plan.changes))
        for _, changes in itertools.groupby(self._plan.changes, key=stage):
            self._carry_out_stage(changes)
        result = RunResult(tuple(self._items))
        self._journal.note("run ends", done=len(result.done), not_done=len(result.not_done))
        return result

    def _carry_out_stage(self, changes: Iterable[Change]) -> None:
        windowed: list[_Asynchronous] = []
        immediate: list[_Immediate] = []
        for change in changes:
            match change:
                case ProvisionPermissionSet() | CreateAssignment() | DeleteAssignment():
                    windowed.append(change)
                case _:
                    immediate.append(change)
        for batch in _batches(immediate):
            self._carry_out_now([change for change in batch if self._may_run(change)])
        may_run = [change for change in windowed if self._may_run(change)]
        if may_run:
            self._follow(may_run)

    def _may_run(self, change: Change) -> bool:
        for subject in needs(change):
            if subject in self._broken:
                cause = self._broken[subject]
                self._end(Item(change, Outcome.SKIPPED, f"it needs {subject}", cause))
                return False
        return True

    def _carry_out_now(self, batch: Sequence[_Immediate]) -> None:
        """Make changes that do not depend on each other."""
        for change in batch:
            self._begin(change)
        answers = self._at_once([partial(attempt, partial(self._make_patiently, each)) for each in batch])
        for change, answer in zip(batch, answers, strict=True):
            if isinstance(answer, UsherError):
                self._fail(change, answer)
            else:
                self._end(Item(change, Outcome.DONE))

    def _make_patiently(self, change: _Immediate) -> None:
        self._timing.patiently(partial(self._make, change))

    def _follow(self, batch: list[_Asynchronous]) -> None:
        first = batch[0]
        window = Window(
            _request_kind(first),
            MOST_PROVISIONINGS if isinstance(first, ProvisionPermissionSet) else MOST_ASSIGNMENTS,
            begin=self._begin,
            start=self._start,
            accepted=self._accepted,
            lane_of=_lane_of,
            status=self._writer,
            timing=self._timing,
            at_once=self._at_once,
        )
        for ended in window.run(batch):
            if ended.error is None:
                self._end(Item(ended.work, Outcome.DONE))
            else:
                self._fail(ended.work, ended.error)

    def _start(self, change: _Asynchronous) -> Request:
        match change:
            case ProvisionPermissionSet(name=name):
                return self._writer.start_provisioning(self._ids.permission_set(name))
            case CreateAssignment(assignment=assignment):
                return self._writer.start_creation(self._ids.grant(assignment))
            case DeleteAssignment(assignment=assignment):
                return self._writer.start_deletion(self._ids.grant(assignment))
            case _:
                assert_never(change)

    def _accepted(self, change: _Asynchronous, request: Request) -> None:
        self._journal.note("accepted", n=self._number[change], request=request.id)

    def _make(self, change: _Immediate) -> None:
        writer, ids = self._writer, self._ids
        match change:
            case CreatePermissionSet(name=name, settings=settings, tags=tags):
                ids.learn_permission_set(name, writer.create_permission_set(name, settings, tags))
            case DeletePermissionSet(name=name):
                writer.delete_permission_set(ids.permission_set(name))
            case TagPermissionSet(name=name, tags=tags):
                writer.tag(ids.permission_set(name), tags)
            case UntagPermissionSet(name=name, keys=keys):
                writer.untag(ids.permission_set(name), keys)
            case CreateEntitlement() | DeleteEntitlement():
                self._change_entitlement(change)
            case (
                CreateUser()
                | UpdateUser()
                | DeleteUser()
                | CreateGroup()
                | UpdateGroup()
                | DeleteGroup()
                | AddMember()
                | RemoveMember()
            ):
                self._change_people(change)
            case _:
                self._change_contents(change)

    def _change_people(
        self,
        change: CreateUser
        | UpdateUser
        | DeleteUser
        | CreateGroup
        | UpdateGroup
        | DeleteGroup
        | AddMember
        | RemoveMember,
    ) -> None:
        people, ids = self._people, self._ids
        match change:
            case CreateUser(user=user):
                ids.learn_user(user.user_name, people.create_user(user))
            case UpdateUser(before=before, after=after):
                people.update_user(ids.user(after.user_name), before, after)
            case DeleteUser(user=user):
                people.delete_user(ids.user(user.user_name))
            case CreateGroup(group=group, description=description):
                ids.learn_group(group, people.create_group(group, description))
            case UpdateGroup(group=group, after=description):
                people.update_group(ids.group(group), description)
            case DeleteGroup(group=group):
                people.delete_group(ids.group(group))
            case AddMember(group=group, user_name=user_name):
                people.add_member(ids.group(group), ids.user(user_name))
            case RemoveMember(group=group, user_name=user_name):
                people.remove_member(ids.membership(group, user_name))
            case _:
                assert_never(change)

    def _change_entitlement(self, change: CreateEntitlement | DeleteEntitlement) -> None:
        entitlement = change.entitlement
        match change:
            case CreateEntitlement():
                principal = entitlement.principal
                who = self._ids.principal(principal)
                self._entitlements.create_entitlement(principal.kind, who, entitlement.role)
            case DeleteEntitlement():
                self._entitlements.delete_entitlement(self._ids.entitlement(entitlement))
            case _:
                assert_never(change)

    def _change_contents(
        self,
        change: UpdatePermissionSet
        | AttachManagedPolicy
        | DetachManagedPolicy
        | AttachCustomerPolicy
        | DetachCustomerPolicy
        | PutInlinePolicy
        | DeleteInlinePolicy
        | PutBoundary
        | DeleteBoundary,
    ) -> None:
        writer, arn = self._writer, self._ids.permission_set(change.name)
        match change:
            case UpdatePermissionSet(before=before, after=after):
                writer.update_permission_set(arn, before, after)
            case AttachManagedPolicy(policy=managed):
                writer.attach_managed_policy(arn, managed)
            case DetachManagedPolicy(policy=managed):
                writer.detach_managed_policy(arn, managed)
            case AttachCustomerPolicy(policy=customer):
                writer.attach_customer_policy(arn, customer)
            case DetachCustomerPolicy(policy=customer):
                writer.detach_customer_policy(arn, customer)
            case PutInlinePolicy(policy=inline):
                writer.put_inline_policy(arn, inline)
            case DeleteInlinePolicy():
                writer.delete_inline_policy(arn)
            case PutBoundary(boundary=boundary):
                writer.put_boundary(arn, boundary)
            case DeleteBoundary():
                writer.delete_boundary(arn)
            case _:
                assert_never(change)

    def _begin(self, change: Change) -> None:
        kind = type(change).__name__
        self._journal.note("begun", n=self._number[change], change=self._words(change), kind=kind)
        if change not in self._begun:  # one that AWS was too busy for begins again
            self._begun.add(change)
            self._progress(Item(change, Outcome.BEGUN))

    def _fail(self, change: Change, error: UsherError) -> None:
        cause = likely_cause(change, self._plan.accounts, self._permission_sets)
        for subject in settles(change):
            self._broken.setdefault(subject, f"{self._words(change)}: {error.message}")
        # What was not answered may have been done all the same; what was refused was not.
        unsure = isinstance(error, UnavailableError) and not isinstance(error, BusyError)
        self._end(Item(change, Outcome.FAILED, error.message, cause or error.hint), unsure=unsure)
        self._unanswered = self._unanswered + 1 if isinstance(error, UnavailableError) else 0
        if self._unanswered >= _MOST_UNANSWERED:
            done = len(RunResult(tuple(self._items)).done)
            self._journal.note("run stops", done=done, reason=error.message)
            raise UnavailableError(
                f"{error.message}; {done} of {len(self._plan.changes)} changes are made",
                hint="run the command again: it goes on from what is there",
            )

    def _end(self, item: Item, *, unsure: bool = False) -> None:
        if item.outcome is Outcome.DONE:
            self._unanswered = 0
        if item.outcome is Outcome.SKIPPED:
            for subject in settles(item.change):
                self._broken.setdefault(subject, item.cause)
        number, words = self._number[item.change], self._words(item.change)
        self._journal.note(item.outcome.value, n=number, change=words, reason=item.reason, unsure=unsure)
        self._items.append(item)
        self._progress(item)

    def _words(self, change: Change) -> str:
        return words_of(change, self._plan.accounts)


def _batches(changes: Sequence[_Immediate]) -> Iterator[list[_Immediate]]:
    """Changes of one stage to be made side by side: of each permission set one at a time."""
    lanes: dict[object, deque[_Immediate]] = {}
    for change in changes:
        lanes.setdefault(getattr(change, "name", change), deque()).append(change)
    while lanes:
        yield [lane.popleft() for lane in itertools.islice(lanes.values(), _BATCH)]
        lanes = {key: lane for key, lane in lanes.items() if lane}


def _request_kind(change: _Asynchronous) -> RequestKind:
    match change:
        case ProvisionPermissionSet():
            return RequestKind.PROVISIONING
        case CreateAssignment():
            return RequestKind.CREATION
        case DeleteAssignment():
            return RequestKind.DELETION
        case _:
            assert_never(change)


def _lane_of(change: _Asynchronous) -> str:
    """What AWS serialises: the role changes of one account, or of one permission set."""
    match change:
        case ProvisionPermissionSet(name=name):
            return name
        case CreateAssignment(assignment=assignment) | DeleteAssignment(assignment=assignment):
            return assignment.account_id
        case _:
            assert_never(change)
