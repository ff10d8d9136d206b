"""What a file's rules ask of people at a moment: reviews that are due, and rules that have run out."""

from __future__ import annotations

from datetime import datetime

from usher.access.diagnostics import Diagnostic
from usher.access.model import AccessFile
from usher.core.rules import RuleNote


def warnings_at(file: AccessFile, now: datetime) -> tuple[Diagnostic, ...]:
    """The file's warnings with those of `now`, in the files' order. Nothing of it stops a plan."""
    found = list(file.warnings)
    for note in (rule.note for rule in file.rules):
        if note.expires is not None and note.expires < now:
            words = f"this rule expired on {note.expires:%Y-%m-%d %H:%M} UTC and gives nothing"
            found.append(_warning(note, words, "remove it, or give it a new date"))
        elif note.starts is not None and now < note.starts:
            words = f"this rule begins on {note.starts:%Y-%m-%d %H:%M} UTC and gives nothing before"
            found.append(_warning(note, words, "plan and apply again then"))
        elif note.review is not None and note.review < now.date():
            asked = f"ask {note.owner}" if note.owner else "give it a new date when it was looked at"
            found.append(_warning(note, f"this rule was to be reviewed by {note.review}", asked))
    return tuple(sorted(found))


def _warning(note: RuleNote, message: str, hint: str) -> Diagnostic:
    return Diagnostic(note.at.file, note.at.line, note.at.column, message, hint)
