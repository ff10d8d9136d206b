"""Moments as people write them: a day, a moment, `yesterday`, `7d`. All are UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from usher.cli.terminal import printable
from usher.core.errors import UsageError

_AGO = re.compile(r"([0-9]{1,4})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_moment(text: str, now: datetime) -> datetime:
    """The moment that `text` means, seen from `now`; a day means its end, or now if that is sooner.

    Raises UsageError when it means none.
    """
    if text in {"now", "today", "latest"}:
        return now
    if text == "yesterday":
        return _end_of((now - timedelta(days=1)).date())
    ago = _AGO.fullmatch(text)
    if ago:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        return min(now, _end_of(date.fromisoformat(text)))
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"'{printable(text)}' is not a date",
            hint="write 2026-11-01, 2026-11-01T08:30, yesterday, 12h, 7d or now; times are UTC",
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC)
