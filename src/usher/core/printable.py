"""Names that others chose, made safe to show."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """`text` without control, escape and bidirectional characters, safe to show in a terminal or a page."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if unicodedata.category(c) not in {"Cc", "Cf", "Cs"} else "�" for c in text)
