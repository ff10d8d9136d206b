"""What the author of a rule says of it: owner, reason, ticket, expiry, review, and what becomes of drift."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

from usher.access.diagnostics import Findings
from usher.access.fields import has_length, is_name_text, read_located_text, read_text
from usher.access.locate import Located, Node
from usher.access.moments import is_lapse, parse_day, parse_end, parse_lapse, parse_moment
from usher.core.rules import DriftMode, Place, RuleNote

KEYS = ("owner", "reason", "ticket", "expires", "from", "review", "drift")


class _Times(NamedTuple):
    starts: datetime | None = None
    expires: datetime | None = None


def read_note(
    fields: Mapping[str, Node], place: Place, what: str, owner: str, drift: DriftMode, findings: Findings
) -> RuleNote:
    """The note of the rule at `place`; `owner` and `drift` hold where the rule is silent."""
    times = _read_times(fields, what, findings)
    return RuleNote(
        place,
        owner=read_words(fields.get("owner"), f"owner of {what}", findings) or owner,
        reason=read_words(fields.get("reason"), f"reason of {what}", findings),
        ticket=read_words(fields.get("ticket"), f"ticket of {what}", findings),
        expires=times.expires,
        starts=times.starts,
        review=_read_review(fields.get("review"), what, findings),
        drift=read_drift(fields.get("drift"), f"drift of {what}", findings) or drift,
    )


def read_words(node: Node | None, what: str, findings: Findings) -> str:
    """A remark of 1 to 1,024 characters, or an empty text after noting why it is none."""
    text = None if node is None else read_text(node, what, findings)
    if node is None or text is None or not has_length(text, node.at, what, 1, 1024, findings):
        return ""
    if not text.strip() or not is_name_text(text):
        findings.add(node.at, f"{what} is blank or has a control character")
        return ""
    return text


def read_drift(node: Node | None, what: str, findings: Findings) -> DriftMode | None:
    """The drift mode, or None when it is absent or was wrong."""
    text = None if node is None else read_text(node, what, findings)
    if node is None or text is None:
        return None
    modes = [str(mode) for mode in DriftMode]
    if text in modes:
        return DriftMode(text)
    hint = findings.did_you_mean(text, modes) or f"write {', '.join(modes)}"
    findings.add(node.at, f"{what} cannot be '{text}'", hint)
    return None


def _read_times(fields: Mapping[str, Node], what: str, findings: Findings) -> _Times:
    """From when and until when the rule gives something; unset after noting why a moment is none."""
    expires = _located(fields, "expires", what, findings)
    start = _located(fields, "from", what, findings)
    if expires is None:
        if start is not None and "expires" not in fields:
            findings.add(start.at, f"{what} has from, and nothing that is counted from it", "add expires: 8h")
        return _Times()
    try:
        if not is_lapse(expires.value):
            if start is not None:
                findings.add(start.at, f"{what} expires on a date and has from", "keep expires alone")
            return _Times(None, parse_end(expires.value))
        lapse = parse_lapse(expires.value)
    except ValueError as error:
        findings.add(expires.at, f"expires of {what}: {error}")
        return _Times()
    if start is None:
        if "from" not in fields:
            findings.add(
                expires.at,
                f"{what} expires after {expires.value}, but from when is not said",
                "it would start anew with every reading: add from: 2026-11-25T08:00Z, or write a date",
            )
        return _Times()
    try:
        begins = parse_moment(start.value)
        return _Times(begins, begins + lapse)
    except ValueError as error:
        findings.add(start.at, f"from of {what}: {error}")
    except OverflowError:
        findings.add(expires.at, f"{what} expires past the end of the calendar")
    return _Times()


def _read_review(node: Node | None, what: str, findings: Findings) -> date | None:
    text = None if node is None else read_text(node, f"review of {what}", findings)
    if node is None or text is None:
        return None
    try:
        return parse_day(text)
    except ValueError as error:
        findings.add(node.at, f"review of {what}: {error}")
        return None


def _located(fields: Mapping[str, Node], key: str, what: str, findings: Findings) -> Located[str] | None:
    read = partial(read_located_text, what=f"{key} of {what}", findings=findings)
    return read(fields[key]) if key in fields else None
