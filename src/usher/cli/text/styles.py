"""Styles by what they say, shared by everything that shows a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from usher.plan.words import Sign

Style = Callable[[str, str], str]

STYLE_OF_SIGN: Mapping[Sign, str] = {"+": "add", "~": "change", "-": "remove"}


def no_style(_name: str, text: str) -> str:
    """`text` as it is: for pipes and files."""
    return text
