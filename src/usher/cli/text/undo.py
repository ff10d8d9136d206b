"""What an undoing leaves as it is, and earlier runs, in words and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from usher.apply.result import Outcome
from usher.apply.runs import PastRun
from usher.cli.terminal import printable
from usher.plan.changes import Plan
from usher.plan.undo import Undo
from usher.plan.words import words_of

Style = Callable[[str, str], str]


def left_lines(undo: Undo, run_id: str, style: Style) -> Iterator[str]:
    """What stays although the run made it, each with why; and what needs nothing."""
    if undo.left:
        yield ""
        yield style("strong", "Left as it is:")
    for change, why in undo.left:
        yield f"  {printable(words_of(change, undo.plan.accounts))}"
        yield style("dim", f"    {printable(why)}")
    if undo.as_before:
        yield ""
        yield style("dim", f"{_counted(len(undo.as_before), 'change')} of the run: already as before")
    if not undo.plan.changes:
        yield style("strong", f"Nothing to undo: nothing of run {run_id} stands as it left it.")


def left_document(undo: Undo) -> dict[str, object]:
    """What an undoing leaves, as part of a JSON document."""
    accounts = undo.plan.accounts
    return {
        "left": [{"text": words_of(change, accounts), "why": why} for change, why in undo.left],
        "as_before": len(undo.as_before),
    }


def run_lines(runs: Sequence[PastRun]) -> Iterator[str]:
    """Earlier runs as a table, newest first."""
    if not runs:
        yield "No run was made from this machine."
        return
    width = max(len(run.id) for run in runs)
    for run in runs:
        when = f"{run.began:%Y-%m-%d %H:%M}"
        about = f"undoes {_short(run.about.undoes)}" if run.about.undoes else printable(run.about.file)
        undone = f"  undone by {_short(run.undone_by)}" if run.undone_by else ""
        yield f"{run.id:<{width}}  {when}  {', '.join(_counts(run))}  {about}{undone}"


def _short(run_id: str) -> str:
    """The part of an id that is enough to find the run by."""
    return run_id.rpartition("-")[2]


def run_document(run: PastRun) -> dict[str, object]:
    """One run as a JSON document."""
    return {
        "id": run.id,
        "began": run.began.isoformat(),
        "instance": run.about.instance,
        "file": run.about.file,
        "file_digest": run.about.file_digest,
        "undoes": run.about.undoes,
        "undone_by": run.undone_by,
        "changes": run.changes,
        **{outcome.value: run.count(outcome) for outcome in Outcome if outcome is not Outcome.BEGUN},
        "unknown": run.count(Outcome.BEGUN),
        "not_begun": run.not_begun,
        "journal": str(run.path),
    }


def one_run_lines(run: PastRun, plan: Plan) -> Iterator[str]:
    """What one run did, change by change."""
    yield f"{run.id}  {', '.join(_counts(run))}"
    for number, change in enumerate(plan.changes):
        yield f"  {_outcome_words(run, number):<9}  {printable(words_of(change, plan.accounts))}"


def one_run_document(run: PastRun, plan: Plan) -> dict[str, object]:
    """What one run did, as a JSON document."""
    words = [words_of(change, plan.accounts) for change in plan.changes]
    changes = [{"text": text, "outcome": _outcome_words(run, n)} for n, text in enumerate(words)]
    return {**run_document(run), "each": changes}


def _outcome_words(run: PastRun, number: int) -> str:
    outcome = run.outcomes.get(number)
    if outcome is None:
        return "not begun"
    return "unknown" if outcome is Outcome.BEGUN else outcome.value


def _counts(run: PastRun) -> Iterator[str]:
    yield f"{run.count(Outcome.DONE)} of {run.changes} done"
    for count, words in (
        (run.count(Outcome.FAILED), "failed"),
        (run.count(Outcome.SKIPPED), "skipped"),
        (run.count(Outcome.BEGUN), "unknown"),
        (run.not_begun, "not begun"),
    ):
        if count:
            yield f"{count} {words}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
