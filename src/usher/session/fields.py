"""Reading fields out of JSON documents from elsewhere: the right type, or an error that names the field."""

from __future__ import annotations

import re
from collections.abc import Mapping

from usher.core.printable import printable
from usher.session.errors import PortalAnswerError

_LONGEST_WORDS = 300
_SECRET_LIKE = re.compile(r"(?=[A-Za-z+/=_-]*\d)[A-Za-z0-9+/=_-]{20,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def text_field(document: Mapping[str, object], name: str) -> str:
    """The non-empty text `name`. Raises PortalAnswerError."""
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise _missing(name, "text")
    return value


def optional_text_field(document: Mapping[str, object], name: str) -> str | None:
    """The text `name`, None when it is absent, null or empty. Raises PortalAnswerError."""
    return text_field(document, name) if document.get(name) else None


def words_field(document: Mapping[str, object], name: str) -> str:
    """The other end's words for people, empty when there are none: safe to show, and without secrets.

    Servers and proxies say what they were sent; whatever could be a token or key becomes `…`.
    """
    value = document.get(name)
    if not isinstance(value, str):
        return ""
    return _SECRET_LIKE.sub(lambda found: found[0] if _UUID.fullmatch(found[0]) else "…", printable(value))[
        :_LONGEST_WORDS
    ]


def number_field(document: Mapping[str, object], name: str) -> float:
    """The number `name`. Raises PortalAnswerError."""
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _missing(name, "a number")
    return float(value)


def objects_field(document: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    """The list of objects `name`; absent is empty. Raises PortalAnswerError."""
    value = document.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _missing(name, "a list of objects")
    return value


def object_field(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    """The object `name`. Raises PortalAnswerError."""
    value = document.get(name)
    if not isinstance(value, dict):
        raise _missing(name, "an object")
    return value


def _missing(name: str, kind: str) -> PortalAnswerError:
    return PortalAnswerError(f"the portal's answer lacks '{name}' ({kind})")
