"""Access files to start from: commented, without mistakes, and meant to be changed."""

from __future__ import annotations

import re
from importlib.resources import files

STARTERS = ("start-up", "platform-team", "consultant")

# A starter stands elsewhere than in the repository, whose schema it names.
_SCHEMA_LINE = re.compile(r"# yaml-language-server: .*\n#?\n?")


def starter_text(name: str) -> str:
    """The access file called `name`, one of `STARTERS`."""
    text = files("usher.access.starters").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return _SCHEMA_LINE.sub("", text, count=1)
