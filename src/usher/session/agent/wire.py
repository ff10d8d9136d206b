"""The agent's wire: one JSON object per line, at most 1 MiB, each within a time limit."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping

from usher.core.errors import UsherError

LARGEST_MESSAGE_BYTES = 1_048_576
_CHUNK = 65_536


class WireError(UsherError):
    """The other end does not speak the agent's protocol, or too slowly."""


class MessageStream:
    """Messages over one connection. Not for several threads at once."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = b""

    def receive(self, within: float) -> dict[str, object] | None:
        """The next message, None when the other end closed. Raises WireError on anything else."""
        deadline = time.monotonic() + within
        while b"\n" not in self._rest:
            if len(self._rest) > LARGEST_MESSAGE_BYTES:
                raise WireError(f"a message of the agent is larger than {LARGEST_MESSAGE_BYTES:,} bytes")
            chunk = self._more(deadline)
            if not chunk:
                return None
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return _parsed(line)

    def send(self, message: Mapping[str, object], within: float) -> None:
        """Send one message. Raises WireError when the other end does not take it."""
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        if len(line) > LARGEST_MESSAGE_BYTES:
            raise WireError(f"a message of the agent is larger than {LARGEST_MESSAGE_BYTES:,} bytes")
        try:
            self._connection.settimeout(within)
            self._connection.sendall(line)
        except OSError as error:
            raise WireError(f"the connection with the agent broke: {error}") from None

    def _more(self, deadline: float) -> bytes:
        try:
            self._connection.settimeout(max(deadline - time.monotonic(), 0.001))
            return self._connection.recv(_CHUNK)
        except TimeoutError:
            raise WireError("the other end of the agent's connection is silent") from None
        except OSError as error:
            raise WireError(f"the connection with the agent broke: {error}") from None


def _parsed(line: bytes) -> dict[str, object]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise WireError("a message of the agent is not a JSON object")
    return message
