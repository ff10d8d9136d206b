"""Native messages as browsers frame them, and reading their fields: whatever is wrong is refused by name.

A frame is a length of 32 bits in this machine's byte order, then that much JSON. Browsers send up to 4 GiB;
nothing that the extension has to say comes near 64 KiB.
"""

from __future__ import annotations

import json
import os
import re
import struct
import threading
from collections.abc import Mapping, Sequence

from usher.core.errors import UsageError, UsherError

LARGEST_INCOMING_BYTES = 65_536
LARGEST_OUTGOING_BYTES = 65_536
"""The extension takes no more; browsers would take 1 MB."""

_LENGTH = struct.Struct("=I")
_LARGEST_ID = 2**53
_OWN_ID = re.compile(r"h[0-9]{1,15}")
_LONGEST_TEXT = 16_384


class WrongMessageError(UsageError):
    """A message is not one that the extension sends; `id` is its own, where it has one."""


class FrameError(UsherError):
    """What comes in is no frame: the two ends have lost each other."""


class Pipe:
    """Frames over two descriptors: one thread receives, any may send."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._sending = threading.Lock()

    def receive(self) -> bytes | None:
        """The next frame's content, None once the browser has closed the port. Raises FrameError."""
        head = self._exactly(_LENGTH.size)
        if head is None:
            return None
        (length,) = _LENGTH.unpack(head)
        if length > LARGEST_INCOMING_BYTES:
            raise FrameError(f"a message of {length:,} bytes is larger than {LARGEST_INCOMING_BYTES:,}")
        content = self._exactly(length)
        if content is None:
            raise FrameError("the browser closed the port within a message")
        return content

    def send(self, message: Mapping[str, object]) -> None:
        """Send one message. Raises OSError when the browser is gone, FrameError for one that is too large."""
        content = json.dumps(message, separators=(",", ":")).encode()
        if len(content) > LARGEST_OUTGOING_BYTES:
            raise FrameError(f"a message of {len(content):,} bytes is larger than {LARGEST_OUTGOING_BYTES:,}")
        rest = memoryview(_LENGTH.pack(len(content)) + content)
        with self._sending:
            while rest:
                rest = rest[os.write(self._outgoing, rest) :]

    def _exactly(self, length: int) -> bytes | None:
        """That many bytes; None when there are none at all any more. Raises FrameError for a part of them."""
        parts = bytearray()
        while len(parts) < length:
            part = os.read(self._incoming, length - len(parts))
            if not part:
                if parts:
                    raise FrameError("the browser closed the port within a message")
                return None
            parts += part
        return bytes(parts)


def parsed(content: bytes) -> Mapping[str, object]:
    """The message in a frame. Raises WrongMessageError."""
    try:
        message = json.loads(content)
    except (
        ValueError,
        RecursionError,
    ):  # UnicodeDecodeError and numbers of thousands of digits are the first
        raise WrongMessageError("the message is not JSON") from None
    if not isinstance(message, dict):
        raise WrongMessageError("the message is not an object")
    return message


def id_of(message: Mapping[str, object]) -> int | str:
    """The id of a request (a number), or of an answer to us (`h4`). Raises WrongMessageError."""
    found = message.get("id")
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= _LARGEST_ID:
        return found
    if isinstance(found, str) and _OWN_ID.fullmatch(found):
        return found
    raise WrongMessageError("the message has no 'id' that it could be answered with")


def only(message: Mapping[str, object], *known: str) -> None:
    """Refuse fields that nobody reads: the extension would be of another version, or not ours."""
    for key in message:
        if key not in {"id", "op", *known}:
            raise WrongMessageError(f"nothing reads the field {key[:40]!r}", hint=_VERSIONS)


def text(message: Mapping[str, object], key: str, longest: int = _LONGEST_TEXT) -> str:
    """A printable text, which may be empty. Raises WrongMessageError."""
    value = message.get(key)
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise WrongMessageError(f"'{key}' is not a text of at most {longest} characters", hint=_VERSIONS)
    return value


def optional_text(message: Mapping[str, object], key: str, longest: int = _LONGEST_TEXT) -> str | None:
    """A printable text or null. Raises WrongMessageError."""
    return None if message.get(key) is None else text(message, key, longest)


def number(message: Mapping[str, object], key: str, least: int, most: int) -> int:
    """A whole number. Raises WrongMessageError."""
    value = message.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise WrongMessageError(f"'{key}' is not a whole number from {least} to {most}", hint=_VERSIONS)
    return value


def flag(message: Mapping[str, object], key: str) -> bool:
    """True or false. Raises WrongMessageError."""
    value = message.get(key)
    if not isinstance(value, bool):
        raise WrongMessageError(f"'{key}' is neither true nor false", hint=_VERSIONS)
    return value


def one_of(message: Mapping[str, object], key: str, known: Sequence[str]) -> str:
    """One of the texts `known`. Raises WrongMessageError."""
    value = text(message, key)
    if value not in known:
        raise WrongMessageError(f"'{key}' is none of: {', '.join(known)}", hint=_VERSIONS)
    return value


_VERSIONS = "'usher browser setup' brings extension and usher to the same version"
