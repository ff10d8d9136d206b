"""The results of an access file's tests and separations, for people and for scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from usher.cli.terminal import printable
from usher.core.access_tests import AccessTest
from usher.core.assignments import Granted
from usher.core.organization import DesiredAccess
from usher.plan.access_tests import Coverage, TestOutcome, TestResult, granted_name
from usher.plan.separation import SeparationViolation

Style = Callable[[str, str], str]

_MOST_UNTOUCHED = 10
_MARK = {TestOutcome.PASSED: "add", TestOutcome.FAILED: "error", TestOutcome.UNKNOWN: "warn"}


def words_of_test(test: AccessTest) -> str:
    """What a test says, in one line, for example `group developers cannot s3:DeleteObject`."""
    verb = "can" if test.expected else "cannot"
    if not test.actions:
        return f"{test.principal} {verb} enter{f' with {test.entering}' if test.entering else ''}"
    on = "" if test.resources == ("*",) else f" on {', '.join(test.resources)}"
    under = ", ".join(f"{key} {' or '.join(values)}" for key, values in test.context.items())
    return f"{test.principal} {verb} {', '.join(test.actions)}{on}{f' with {under}' if under else ''}"


def failure_lines(
    results: Iterable[TestResult],
    violations: Iterable[SeparationViolation],
    unchecked: Iterable[str],
    style: Style,
) -> Iterator[str]:
    """What does not hold, and what is not known to; nothing where everything does."""
    for result in results:
        if not result.passed:
            label = style(_MARK[result.outcome], result.outcome.value)
            yield f"{label} {result.test.at}: {printable(words_of_test(result.test))}"
            for finding in result.findings:
                yield f"    {printable(finding.words)}"
    for violation in violations:
        name = printable(f"{violation.separation.at}: nobody may have both of '{violation.separation.name}'")
        yield f"{style('error', 'failed')} {name}"
        yield f"    {printable(violation.user)} {printable(', and '.join(violation.paths))}"
    names = ", ".join(sorted(unchecked))
    if names:
        words = f"separations could not look into {names}: their members are not known here"
        yield f"{style('warn', 'unknown')} {printable(words)}"


def summary_lines(
    results: Sequence[TestResult],
    violations: Sequence[SeparationViolation],
    separations: int,
    coverage: Coverage,
    desired: DesiredAccess,
    style: Style,
) -> Iterator[str]:
    """How many hold, and which grants no test looks at."""
    counts = dict.fromkeys(TestOutcome, 0)
    for result in results:
        counts[result.outcome] += 1
    spoken = ", ".join(f"{count} {outcome.value}" for outcome, count in counts.items() if count)
    count = f"{len(results)} {'test' if len(results) == 1 else 'tests'}"
    yield f"{count}: {spoken}" if results else "no tests"
    if separations:
        broken = len({violation.separation.name for violation in violations})
        said = f"{broken} broken" if broken else "all hold"
        yield f"{separations} {'separation' if separations == 1 else 'separations'} of duty: {said}"
    if coverage.grants:
        percent = 100 * coverage.touched // coverage.grants
        yield style(
            "dim", f"coverage: tests look at {coverage.touched} of {coverage.grants} grants ({percent} %)"
        )
        untouched = coverage.untouched[:_MOST_UNTOUCHED]
        for granted in untouched:
            yield style("dim", f"    no test: {printable(_granted_words(granted, desired))}")
        if len(coverage.untouched) > len(untouched):
            yield style("dim", f"    and {len(coverage.untouched) - len(untouched)} more")


def results_document(
    results: Iterable[TestResult],
    violations: Iterable[SeparationViolation],
    unchecked: Iterable[str],
    coverage: Coverage,
) -> dict[str, object]:
    """The same for scripts."""
    return {
        "tests": [_result_document(result) for result in results],
        "separations": [
            {
                "name": violation.separation.name,
                "at": str(violation.separation.at),
                "user": violation.user,
                "paths": list(violation.paths),
            }
            for violation in violations
        ],
        "unchecked_groups": sorted(unchecked),
        "coverage": {
            "grants": coverage.grants,
            "touched": coverage.touched,
            "untouched": [_granted_document(granted) for granted in coverage.untouched],
        },
    }


def _result_document(result: TestResult) -> dict[str, object]:
    test = result.test
    return {
        "at": str(test.at),
        "principal": {"type": test.principal.kind.value, "name": test.principal.name},
        "expected": "can" if test.expected else "cannot",
        "actions": list(test.actions),
        "resources": list(test.resources) if test.actions else [],
        "entering": test.entering,
        "accounts": list(test.accounts),
        "outcome": result.outcome.value,
        "findings": [
            {"account": finding.account, "outcome": finding.outcome.value, "words": finding.words}
            for finding in result.findings
        ],
    }


def _granted_document(granted: Granted) -> dict[str, str]:
    return {
        "principal_type": granted.principal.kind.value,
        "principal": granted.principal.name,
        "account": granted.account_id,
        "name": granted_name(granted),
    }


def _granted_words(granted: Granted, desired: DesiredAccess) -> str:
    account = desired.accounts.get(granted.account_id)
    return f"{granted.principal}: {granted_name(granted)} in {account or granted.account_id}"
