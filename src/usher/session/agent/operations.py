"""What the agent can be asked: the operations of its wire, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from usher.core.errors import UsageError
from usher.session.agent.fields import bytes_of, in_base64, text_of
from usher.session.agent.holdings import Holdings
from usher.session.agent.peers import Peer

PROTOCOL = 1

Operation = Callable[[Mapping[str, object], Peer], Mapping[str, object]]


class Operations:
    """Answers requests: `{"op": NAME, ...}`. Further operations are added by `also`."""

    def __init__(self, holdings: Holdings, about: Callable[[], Mapping[str, object]]) -> None:
        self._holdings = holdings
        self._known: dict[str, Operation] = {
            "ping": lambda _request, _peer: {"protocol": PROTOCOL},
            "status": lambda _request, _peer: about(),
            "records.read": self._read,
            "records.write": self._write,
            "records.delete": self._delete,
            "records.names": lambda _request, _peer: {"names": holdings.names_of_records()},
            "key.get": self._get_key,
            "key.put": self._put_key,
            "key.forget": self._forget_key,
        }

    def also(self, operations: Mapping[str, Operation]) -> None:
        """Add operations."""
        self._known |= operations

    def answer(self, request: Mapping[str, object], peer: Peer) -> dict[str, object]:
        """The answer's fields. Raises UsageError for what is not understood, and the operation's errors."""
        operation = self._known.get(text_of(request, "op"))
        if operation is None:
            raise UsageError(
                "the agent does not know this operation: it is of another version",
                hint="run 'usher agent stop'; the next command starts the new one",
            )
        return dict(operation(request, peer))

    def _read(self, request: Mapping[str, object], _peer: Peer) -> Mapping[str, object]:
        return {"content": in_base64(self._holdings.records.read(text_of(request, "name")))}

    def _write(self, request: Mapping[str, object], _peer: Peer) -> Mapping[str, object]:
        self._holdings.write_record(text_of(request, "name"), bytes_of(request, "content"))
        return {}

    def _delete(self, request: Mapping[str, object], _peer: Peer) -> Mapping[str, object]:
        self._holdings.delete_record(text_of(request, "name"))
        return {}

    def _get_key(self, request: Mapping[str, object], _peer: Peer) -> Mapping[str, object]:
        return {"key": in_base64(self._holdings.key(text_of(request, "name")))}

    def _put_key(self, request: Mapping[str, object], _peer: Peer) -> Mapping[str, object]:
        self._holdings.put_key(text_of(request, "name"), bytes_of(request, "key"))
        return {}

    def _forget_key(self, request: Mapping[str, object], _peer: Peer) -> Mapping[str, object]:
        self._holdings.forget_key(text_of(request, "name"))
        return {}
