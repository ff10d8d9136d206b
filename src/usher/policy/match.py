"""Whether patterns match: actions, resource ARNs and condition values; and how two patterns relate.

Actions are compared without case, resources with it. In a resource, "if the * wildcard is the last character
of a resource ARN segment, it can expand to match beyond the colon boundaries" (IAM user guide, "IAM JSON
policy elements: Resource"); elsewhere in the first five segments a wildcard stays within its segment. The
sixth segment is the rest of the ARN with all its colons.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from usher.policy.variables import Glob, Wild, parse_pattern

_LAST_SEGMENT = 5
EVERYTHING: Glob = (Wild.ANY,)


@lru_cache(maxsize=65_536)
def glob_regex(glob: Glob, *, fold: bool = False) -> re.Pattern[str]:
    """A regular expression for the whole text; `*` is any text, `?` any character."""
    pattern = "".join(_free(piece) for piece in glob)
    return re.compile(pattern, re.DOTALL | (re.IGNORECASE if fold else 0))


def glob_union(patterns: Iterable[str]) -> re.Pattern[str]:
    """A regular expression for a text that one of `patterns` matches."""
    sources = ("".join(_free(piece) for piece in as_glob(pattern)) for pattern in patterns)
    return re.compile("|".join(sources), re.DOTALL)


@lru_cache(maxsize=65_536)
def resource_regex(glob: Glob, *, covering: bool = False) -> re.Pattern[str]:
    """A regular expression for a whole resource ARN, with the rule of colons.

    With `covering` it reads patterns: only `*` stands for their `*`, and `?` for any one character.
    """
    colons = 0
    parts: list[str] = []
    for at, piece in enumerate(glob):
        if isinstance(piece, str):
            colons += piece.count(":")
            parts.append(re.escape(piece))
        elif colons >= _LAST_SEGMENT or (piece is Wild.ANY and _ends_segment(glob, at)):
            parts.append(_free(piece, covering=covering))
        else:
            within = "[^:*]" if covering else "[^:]"
            parts.append("[^:]*" if piece is Wild.ANY else within)
    return re.compile("".join(parts), re.DOTALL)


def has_wildcards(text: str) -> bool:
    """Whether `text` stands for several texts."""
    return "*" in text or "?" in text


def relate_resources(glob: Glob, asked: str) -> bool | None:
    """Whether `glob` matches `asked`: all of it (True), nothing of it (False), or some of it (None)."""
    if glob == EVERYTHING:
        return True
    if not has_wildcards(asked):
        return bool(resource_regex(glob).fullmatch(asked))
    if resource_regex(glob, covering=True).fullmatch(asked):
        return True
    return None if overlap(glob, as_glob(asked)) else False


def covers(wide: str, narrow: str, *, fold: bool = False) -> bool:
    """Whether everything that the glob `narrow` matches is surely matched by the glob `wide`."""
    if fold:
        wide, narrow = wide.lower(), narrow.lower()
    return bool(_covering_regex(as_glob(wide)).fullmatch(narrow))


def overlap(one: Glob, other: Glob) -> bool:
    """Whether some text is matched by both."""
    tokens, against = _tokens(one), _tokens(other)
    # reach[j]: the tokens so far and the first j of `against` can match the same text.
    reach = [True] + [False] * len(against)
    for j, token in enumerate(against):
        reach[j + 1] = reach[j] and token is Wild.ANY
    for token in tokens:
        row = [reach[0] and token is Wild.ANY]
        for j, opposite in enumerate(against):
            row.append(_can_step(token, opposite, reach[j], reach[j + 1], row[j]))
        reach = row
    return reach[-1]


def arn_matches(glob: Glob, value: str) -> bool:
    """ArnLike: "each of the six colon-delimited components of the ARN is checked separately"."""
    parts = value.split(":", _LAST_SEGMENT)
    patterns = _arn_components(glob)
    if patterns is None or len(parts) <= _LAST_SEGMENT or parts[0] != "arn":
        return False
    return all(pattern.fullmatch(part) for pattern, part in zip(patterns, parts, strict=True))


def as_glob(text: str) -> Glob:
    """The pieces of `text`, in which only `*` and `?` are special."""
    return tuple(piece for piece in parse_pattern(text, variables=False) if isinstance(piece, str | Wild))


def one_of(glob: Glob, filler: str) -> str:
    """A text that `glob` matches: `filler` in place of each `*`."""
    return "".join(piece if isinstance(piece, str) else _filled(piece, filler) for piece in glob)


def _filled(piece: Wild, filler: str) -> str:
    return filler if piece is Wild.ANY else "x"


def _free(piece: str | Wild, *, covering: bool = False) -> str:
    if isinstance(piece, str):
        return re.escape(piece)
    if piece is Wild.ANY:
        return ".*"
    return "[^*]" if covering else "."


@lru_cache(maxsize=16_384)
def _covering_regex(glob: Glob) -> re.Pattern[str]:
    return re.compile("".join(_free(piece, covering=True) for piece in glob), re.DOTALL)


def _ends_segment(glob: Glob, at: int) -> bool:
    following = glob[at + 1] if at + 1 < len(glob) else ":"
    return isinstance(following, str) and following.startswith(":")


def _tokens(glob: Glob) -> list[str | Wild]:
    return [token for piece in glob for token in (piece if isinstance(piece, str) else (piece,))]


def _can_step(one: str | Wild, other: str | Wild, both: bool, first: bool, second: bool) -> bool:
    if one is Wild.ANY or other is Wild.ANY:
        return first or second
    return both and (one is Wild.ONE or other is Wild.ONE or one == other)


@lru_cache(maxsize=16_384)
def _arn_components(glob: Glob) -> Sequence[re.Pattern[str]] | None:
    components: list[list[str | Wild]] = [[]]
    for piece in _tokens(glob):
        if piece == ":" and len(components) <= _LAST_SEGMENT:
            components.append([])
        else:
            components[-1].append(piece)
    if len(components) <= _LAST_SEGMENT:
        if components[-1] != [Wild.ANY]:
            return None
        components += [[Wild.ANY]] * (_LAST_SEGMENT + 1 - len(components))
    return tuple(glob_regex(tuple(component)) for component in components)
