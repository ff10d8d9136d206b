"""Whether a file's own tests and separations hold: what `test` shows, `plan` warns of and `apply` obeys."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from usher.cli.context import Context
from usher.core.access_tests import AccessTest
from usher.core.accounts import Account
from usher.core.errors import UsherError
from usher.core.ids import AccountId
from usher.core.organization import ActualAccess, DesiredAccess
from usher.core.policy_document import PolicyDocument
from usher.core.principals import Group
from usher.plan.access_tests import Coverage, Scps, TestResult, coverage_of, run_tests, unknown_actions
from usher.plan.separation import SeparationViolation, check_separations, unchecked_groups

if TYPE_CHECKING:
    from usher.cli.wire_access import AccessRooms, Comparison


class TestsFailedError(UsherError):
    """The file's own tests or separations do not hold, so it is not applied."""

    __test__ = False  # not a test of pytest's


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the file's tests and separations say of what it asks for."""

    results: tuple[TestResult, ...]
    violations: tuple[SeparationViolation, ...]
    unchecked: frozenset[str]
    coverage: Coverage
    unknown_actions: tuple[tuple[AccessTest, str], ...] = ()

    @property
    def holds(self) -> bool:
        """Whether everything holds for certain."""
        return not self.violations and not self.unchecked and all(each.passed for each in self.results)


def judge(
    desired: DesiredAccess,
    documents: Mapping[str, PolicyDocument],
    scps: Scps | None,
    actual: ActualAccess | None,
) -> Judgement:
    """Run the tests of `desired` and check its separations; `actual` tells who is in external groups."""
    results = run_tests(desired, documents, scps, known_memberships(actual))
    return Judgement(
        results,
        check_separations(desired, actual),
        unchecked_groups(desired, actual),
        coverage_of(desired, results),
        unknown_actions(desired),
    )


def judge_comparison(
    comparison: Comparison, rooms: AccessRooms, options: argparse.Namespace, context: Context
) -> Judgement:
    """The judgement before a plan is carried out. Reads policies, and SCPs where a test relies on them.

    A file without tests and separations costs no call.
    """
    from usher.cli.wire_policies import read_documents

    desired = comparison.desired
    documents: Mapping[str, PolicyDocument] = {}
    scps: Scps | None = None
    if any(test.actions for test in desired.tests):
        documents = read_documents(
            context,
            desired.permission_sets.values(),
            region=rooms.region,
            profile=options.profile,
            endpoint_url=options.endpoint_url,
            count=rooms.count,
        )
        if any(test.relies_on_scps for test in desired.tests):
            scps = scps_through_organizations(rooms, tested_accounts(desired.tests, desired), context)
    return judge(desired, documents, scps, comparison.reading.actual)


def warn_of(judgement: Judgement, context: Context) -> None:
    """Say what does not hold, under a plan."""
    from usher.cli.text.access_tests import failure_lines

    terminal = context.terminal
    lines = list(failure_lines(judgement.results, judgement.violations, judgement.unchecked, terminal.style))
    if lines:
        terminal.say(terminal.style("warn", "apply will refuse: ") + "the file's own tests do not hold")
        terminal.say("\n".join(lines))


def refuse_failing(judgement: Judgement, context: Context) -> None:
    """Raise TestsFailedError when anything does not hold, after saying what."""
    if judgement.holds:
        return
    from usher.cli.text.access_tests import failure_lines

    terminal = context.terminal
    lines = failure_lines(judgement.results, judgement.violations, judgement.unchecked, terminal.style)
    terminal.say("\n".join(lines))
    raise TestsFailedError(
        "the file's own tests do not hold, and nothing was changed",
        hint="correct the rules, or the test if it is what is wrong; 'usher access test' shows the same",
    )


def judgement_document(judgement: Judgement) -> dict[str, object]:
    """The judgement for scripts."""
    from usher.cli.text.access_tests import results_document

    return {
        "holds": judgement.holds,
        **results_document(judgement.results, judgement.violations, judgement.unchecked, judgement.coverage),
    }


def scps_through_organizations(
    rooms: AccessRooms, accounts: Iterable[Account], context: Context
) -> Scps | None:
    """The SCPs of `accounts`; None, after saying why, when Organizations does not tell."""
    from usher.aws.service_control_policies import read_service_control_policies

    try:
        return read_service_control_policies(rooms.organizations, accounts)
    except UsherError as error:
        context.terminal.say(context.terminal.style("warn", "SCPs are not known: ") + error.message)
        return None


def tested_accounts(tests: Iterable[AccessTest], desired: DesiredAccess) -> tuple[Account, ...]:
    """The accounts that `tests` are about."""
    ids: set[AccountId] = {account for test in tests for account in test.accounts}
    return tuple(account for number, account in sorted(desired.accounts.items()) if number in ids)


def known_memberships(actual: ActualAccess | None) -> Mapping[str, Group] | None:
    """The groups of `actual` whose members were read."""
    if actual is None:
        return None
    unread = actual.unread.members_of
    return {name: group for name, group in actual.groups.items() if name not in unread}
