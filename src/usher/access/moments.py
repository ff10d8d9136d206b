"""Moments, days and lapses of time as people write them: `2026-12-31`, `2026-12-31T18:00Z`, `8h`, `30d`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from usher.core.durations import parse_duration

_DAYS = re.compile(r"(?P<count>[0-9]{1,5})(?P<unit>[dw])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})")
_END_OF_DAY = time(23, 59, 59, tzinfo=UTC)


def parse_day(text: str) -> date:
    """The day in `text`. Raises ValueError."""
    if not _DATE.fullmatch(text):
        raise ValueError(f"'{text}' is not a date: write it as 2026-12-31")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a day of the calendar") from None


def parse_moment(text: str) -> datetime:
    """The moment in `text`, in UTC. A time needs its offset (`Z` or `+01:00`). Raises ValueError."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(f"'{text}' is not a time: write it as 2026-12-31T18:00Z")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"'{text}' is not a time of the calendar") from None


def parse_end(text: str) -> datetime:
    """The last moment, in UTC, of the day in `text`; or the moment that it names. Raises ValueError."""
    return datetime.combine(parse_day(text), _END_OF_DAY) if _DATE.fullmatch(text) else parse_moment(text)


def is_lapse(text: str) -> bool:
    """Whether `text` is meant as a lapse of time, not as a date."""
    return not re.match(r"[0-9]{4}-", text)


def parse_lapse(text: str) -> timedelta:
    """A lapse of time: `8h`, `90m`, `30d`, `2w` or ISO 8601 (`PT8H`). Raises ValueError."""
    match = _DAYS.fullmatch(text)
    if match is not None:
        days = int(match["count"]) * (7 if match["unit"] == "w" else 1)
        lapse = timedelta(days=days)
    else:
        try:
            lapse = timedelta(seconds=parse_duration(text))
        except ValueError:
            raise ValueError(
                f"'{text}' is neither a date nor a duration: write 2026-12-31, 8h or 30d"
            ) from None
    if not lapse:
        raise ValueError(f"'{text}' is no time at all")
    return lapse
