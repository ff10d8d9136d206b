"""Who made a difference, asked of the audit log as briefly as it answers: it is slow, and may be closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from usher.core.audit_events import AuditEvent
from usher.core.errors import UsherError
from usher.core.organization import ActualAccess
from usher.plan.clues import Clue, clue_of, names_to_look_for
from usher.plan.drift import Drifted

# CloudTrail answers fifty events a call and two calls a second: twenty seconds for one kind of event.
MOST_EVENTS_PER_NAME = 2_000


class AuditReader(Protocol):
    """Reads the audit log of the instance's account."""

    def events(self, name: str) -> Iterator[AuditEvent]:
        """The changes called `name` that succeeded, newest first, as far back as the log goes."""
        ...


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who made which difference. `unanswered` says why the log told nothing, where it did not."""

    events: Mapping[Drifted, AuditEvent]
    unanswered: str = ""
    asked: bool = True


NOT_ASKED = Attribution({}, asked=False)


def attribute(drift: Sequence[Drifted], actual: ActualAccess, log: AuditReader) -> Attribution:
    """The newest event behind each difference, as far as the log tells; a log that is closed is no error."""
    clues = {each: clue for each in drift if (clue := clue_of(each, actual)) is not None}
    found: dict[Drifted, AuditEvent] = {}
    for name in names_to_look_for(clues):
        wanted = {each: clue for each, clue in clues.items() if name in clue.names}
        try:
            for each, event in _matches(wanted, islice(log.events(name), MOST_EVENTS_PER_NAME)):
                if each not in found or found[each].at < event.at:
                    found[each] = event
        except UsherError as error:
            return Attribution(found, error.message)
    return Attribution(found)


def _matches(
    wanted: Mapping[Drifted, Clue], events: Iterator[AuditEvent]
) -> Iterator[tuple[Drifted, AuditEvent]]:
    """The newest event for each; stops reading when nothing more is wanted."""
    open_clues = dict(wanted)
    while open_clues:
        event = next(events, None)
        if event is None:
            return
        fitting = [each for each, clue in open_clues.items() if clue.fits(event)]
        for each in fitting:
            del open_clues[each]
            yield each, event
