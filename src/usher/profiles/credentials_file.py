"""The AWS credentials file, of which Usher wants to know one thing: which names it takes.

A section there wins over the profile's `credential_process` in every SDK. Nothing but headers is looked at.
"""

from __future__ import annotations

import re
from pathlib import Path

_HEADER = re.compile(r"^\[\s*([^\]\n]+?)\s*\]", re.MULTILINE)


def names_in_credentials(path: Path) -> frozenset[str]:
    """The names of its sections; none when there is no file, or none that can be read."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return frozenset()
    return frozenset(name.strip("\"'") for name in _HEADER.findall(text))
