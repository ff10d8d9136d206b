"""Earlier runs, from their journals: what each was about, what it did, and whether it was undone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from usher.apply.journal import FORMAT, RUN, RunAbout
from usher.apply.result import Outcome
from usher.core.errors import NotFoundError, UsageError
from usher.plan.changes import Change, Plan
from usher.plan.saved import plan_from_json

LAST = "last"
_Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run as its journal tells it. `began` is in UTC.

    `outcomes` gives the last word on each change that was begun, by its place in the plan; one that is only
    `BEGUN` was asked for, and nobody knows how it ended. `undone_by` is the id of the run that undid it.
    """

    id: str
    path: Path
    began: datetime
    about: RunAbout
    changes: int
    outcomes: Mapping[int, Outcome]
    undone_by: str = ""

    def count(self, outcome: Outcome) -> int:
        """How many changes ended with `outcome`."""
        return sum(each is outcome for each in self.outcomes.values())

    @property
    def not_begun(self) -> int:
        """How many changes the run did not come to."""
        return self.changes - len(self.outcomes)


def list_runs(folder: Path) -> tuple[PastRun, ...]:
    """The runs whose journals are in `folder`, newest first. Journals of other formats are left out."""
    runs = [run for path in sorted(folder.glob("*.jsonl"), reverse=True) if (run := _read(path)) is not None]
    undone = {run.about.undoes: run.id for run in reversed(runs) if run.about.undoes}
    return tuple(replace(run, undone_by=undone.get(run.id, "")) for run in runs)


def find_run(folder: Path, wanted: str) -> PastRun:
    """The run called `wanted`: its id, an unmistakable part of it, or `last` for the newest not undone.

    Raises NotFoundError, or UsageError when several fit.
    """
    runs = list_runs(folder)
    if wanted == LAST:
        found = [run for run in runs if not run.undone_by and not run.about.undoes][:1]
    else:
        found = [run for run in runs if run.id == wanted] or [run for run in runs if wanted in run.id]
    if not found:
        raise NotFoundError(
            f"there is no run '{wanted}' among the {len(runs)} of this machine",
            hint="see 'usher access runs'; a run is known where it was made",
        )
    if len(found) > 1:
        raise UsageError(
            f"'{wanted}' fits {len(found)} runs",
            hint=f"write more of it: {', '.join(r.id for r in found[:5])}",
        )
    return found[0]


def plan_of(run: PastRun) -> Plan:
    """The plan that `run` carried out. Raises UsageError when this version of Usher cannot read it."""
    first = next(_lines(run.path))
    try:
        return plan_from_json(json.dumps(first["plan"]))
    except UsageError as error:
        raise UsageError(
            f"the plan of run {run.id} cannot be read: {error.message}",
            hint=f"was it made by another version of Usher? Its journal is {run.path}",
        ) from None


def changes_with(run: PastRun, plan: Plan, outcome: Outcome) -> Sequence[Change]:
    """The changes of `plan` that ended with `outcome`, in the plan's order."""
    return [plan.changes[number] for number in sorted(run.outcomes) if run.outcomes[number] is outcome]


def _read(path: Path) -> PastRun | None:
    lines = _lines(path)
    first = next(lines, None)
    if first is None or first.get("event") != RUN or first.get("format") != FORMAT:
        return None
    known = {each.value: each for each in Outcome}
    outcomes: dict[int, Outcome] = {}
    for line in lines:
        if line.get("event") in known and isinstance(line.get("n"), int):
            outcomes[line["n"]] = Outcome.BEGUN if line.get("unsure") else known[line["event"]]
    about = RunAbout(*(str(first.get(name, "")) for name in ("instance", "file", "file_digest", "undoes")))
    return PastRun(
        str(first["id"]),
        path,
        datetime.fromisoformat(first["at"]),
        about,
        len(first["plan"]["changes"]),
        outcomes,
    )


def _lines(path: Path) -> Iterator[_Line]:
    """The events of a journal. A line that a kill has torn is the last, and was not acted upon yet."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            try:
                line = json.loads(text)
            except ValueError:
                return
            if isinstance(line, dict):
                yield line
