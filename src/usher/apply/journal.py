"""The journal of an apply: what was asked before it was asked, and what came of it. JSON lines, durable.

A re-run does not read it: the truth is in the Identity Center, and a new plan finds what is still missing.
It is for people who need to know what a run did, and for undoing one (`runs`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol

from usher.core.errors import UsherError
from usher.plan.changes import Plan
from usher.plan.saved import plan_to_json

FORMAT = 1
RUN = "run"


@dataclass(frozen=True, slots=True)
class RunAbout:
    """What a run is about: the instance by ARN, the file with the SHA-256 of its text.

    `undoes` is the id of the run that this one undoes, or empty.
    """

    instance: str
    file: str = ""
    file_digest: str = ""
    undoes: str = ""


class Journal(Protocol):
    """Where a run notes what it does."""

    def note(self, event: str, **fields: object) -> None:
        """Write one event durably before returning."""
        ...


class NoJournal:
    """Notes nothing."""

    def note(self, event: str, **fields: object) -> None:
        """Forget the event."""


class JournalFile:
    """An append-only file of JSON lines, each on disk before the run goes on. `id` names the run."""

    def __init__(self, file: IO[str], path: Path, now: Callable[[], datetime]) -> None:
        self.path = path
        self.id = path.stem
        self._file = file
        self._now = now

    def begin(self, about: RunAbout, plan: Plan) -> None:
        """The first line: which run this is, and the plan that it carries out."""
        self.note(RUN, format=FORMAT, id=self.id, **asdict(about), plan=json.loads(plan_to_json(plan)))

    def note(self, event: str, **fields: object) -> None:
        """Append one line and wait until it is on disk. Raises UsherError when it cannot be."""
        line = {"at": self._now().isoformat(timespec="milliseconds"), "event": event, **fields}
        try:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise UsherError(
                f"the journal {self.path} cannot be written: {error.strerror}",
                hint="what was asked so far stands; run the command again when there is room",
            ) from error


@contextmanager
def open_journal(folder: Path, now: Callable[[], datetime], run_id: str) -> Iterator[JournalFile]:
    """A new journal in `folder`, named by time and `run_id`, readable by its owner alone.

    Raises UsherError when the folder cannot be written.
    """
    # To the microsecond: runs are ordered by name, and `undo last` must not take another of the same second.
    path = folder / f"{now():%Y%m%dT%H%M%S.%fZ}-{run_id}.jsonl"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsherError(
            f"the journal {path} cannot be made: {error.strerror}",
            hint="nothing was changed; make the folder writable, or set USHER_HOME",
        ) from error
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        yield JournalFile(file, path, now)
