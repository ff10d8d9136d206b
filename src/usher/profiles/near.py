"""Names that were probably meant, found quickly among thousands."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LOOKED_AT = 60


def near_names(name: str, names: Iterable[str], most: int = 3) -> list[str]:
    """The names nearest to `name`, best first; none when nothing is near.

    difflib takes tenths of a second for thousands of names, so it judges only those that share most pairs
    of letters with `name`. Names that hold it whole are near whatever their length.
    """
    wanted = name.lower()
    pairs = _pairs(wanted)
    shared = sorted(
        ((-_likeness(pairs, _pairs(low)), len(each), each) for each in names if (low := each.lower())),
    )[:_LOOKED_AT]
    likely = [each for likeness, _, each in shared if likeness < 0]
    holding = [each for each in likely if wanted and wanted in each.lower()]
    by_low = {each.lower(): each for each in likely}
    close = [by_low[low] for low in difflib.get_close_matches(wanted, by_low, most, 0.5)]
    return list(dict.fromkeys([*close, *holding]))[:most]


def _pairs(text: str) -> set[str]:
    return {text[place : place + 2] for place in range(len(text) - 1)} or {text}


def _likeness(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other))
