"""Names with wildcards: `*` stands for any text, `?` for one character, and everything else for itself."""

from __future__ import annotations

import re
from functools import lru_cache


def is_pattern(name: str) -> bool:
    """Whether `name` has a wildcard."""
    return "*" in name or "?" in name


def matches(pattern: str, name: str) -> bool:
    """Whether `name` is what `pattern` stands for; case counts."""
    return _expression(pattern).fullmatch(name) is not None


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    # Neighbouring stars mean what one does, and would make matching slow.
    text = re.escape(re.sub(r"\*+", "*", pattern))
    return re.compile(text.replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
