"""Reading a request's fields: the right type, or an error that names the field."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from usher.core.errors import UsageError


def text_of(request: Mapping[str, object], name: str) -> str:
    """The non-empty text `name`. Raises UsageError."""
    value = request.get(name)
    if not isinstance(value, str) or not value:
        raise _wrong(name, "a text")
    return value


def bytes_of(request: Mapping[str, object], name: str) -> bytes:
    """The bytes that `name` holds in base64. Raises UsageError."""
    value = request.get(name)
    try:
        return base64.b64decode(value if isinstance(value, str) else "?", validate=True)
    except (binascii.Error, ValueError):
        raise _wrong(name, "bytes in base64") from None


def number_of(request: Mapping[str, object], name: str, default: float) -> float:
    """The number `name`. Raises UsageError."""
    value = request.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, "a number")
    return float(value)


def texts_of(request: Mapping[str, object], name: str) -> dict[str, str]:
    """The object of texts `name`; absent is empty. Raises UsageError."""
    value = request.get(name, {})
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise _wrong(name, "an object of texts")
    return dict(value)


def flag_of(request: Mapping[str, object], name: str) -> bool:
    """True or false; absent is false. Raises UsageError."""
    value = request.get(name, False)
    if not isinstance(value, bool):
        raise _wrong(name, "true or false")
    return value


def list_of(request: Mapping[str, object], name: str) -> list[str]:
    """The list of texts `name`; absent is empty. Raises UsageError."""
    value = request.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _wrong(name, "a list of texts")
    return list(value)


def in_base64(content: bytes | None) -> str | None:
    """Bytes as an answer carries them."""
    return None if content is None else base64.b64encode(content).decode()


def _wrong(name: str, kind: str) -> UsageError:
    return UsageError(f"the agent was asked without '{name}' ({kind})")
