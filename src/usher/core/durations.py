"""Session durations: people write `8h` or `PT8H`, AWS speaks ISO 8601, we compute in seconds."""

from __future__ import annotations

import re

_ISO = re.compile(r"PT(?:(?P<h>\d{1,3})H)?(?:(?P<m>\d{1,5})M)?(?:(?P<s>\d{1,6})S)?", re.ASCII)
_PLAIN = re.compile(r"(?:(?P<h>\d{1,3})h)?(?:(?P<m>\d{1,5})m)?(?:(?P<s>\d{1,6})s)?", re.ASCII)

PERMISSION_SET_SESSION_MIN = 3_600
PERMISSION_SET_SESSION_MAX = 43_200
_DAY = 86_400.0


def parse_duration(text: str) -> int:
    """Seconds in `text`, written as `8h`, `90m`, `1h30m` or ISO 8601 (`PT8H`). Raises ValueError."""
    match = _ISO.fullmatch(text) or _PLAIN.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError(f"{text!r} is not a duration: write it as 8h, 90m or PT8H")
    hours, minutes, seconds = (int(part or 0) for part in match.group("h", "m", "s"))
    return hours * 3600 + minutes * 60 + seconds


def parse_age(text: str) -> float:
    """Seconds in `text`, written as `90d` or like a duration. Raises ValueError."""
    days = text.removesuffix("d")
    return float(days) * _DAY if days != text and days.isdecimal() else float(parse_duration(text))


def iso_duration(seconds: int) -> str:
    """`seconds` in AWS's shortest ISO 8601 form, for example `PT8H` or `PT1H30M`."""
    return "PT" + (_in_units(seconds, "H", "M", "S") or "0S")


def plain_duration(seconds: int) -> str:
    """`seconds` as people write it, for example `8h` or `1h30m`."""
    return _in_units(seconds, "h", "m", "s") or "0s"


def _in_units(seconds: int, hour: str, minute: str, second: str) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, hour), (minutes, minute), (rest, second))
    return "".join(f"{count}{unit}" for count, unit in parts if count)
