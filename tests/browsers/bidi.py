"""WebDriver BiDi in a hundred lines: commands, and events that can be waited for (w3c.github.io/webdriver-bidi)."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

LONGEST_WAIT_SECONDS = 20


class BidiError(Exception):
    """A command that the browser refused, or a script that threw."""


class Bidi:
    """A session with a browser. `events` are all that it told since the session began."""

    def __init__(self, url: str) -> None:
        self._socket = connect(url, max_size=None, compression=None, proxy=None)
        self._numbers = itertools.count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._closed = False
        threading.Thread(target=self._listen, daemon=True).start()

    def command(self, method: str, **parameters: Any) -> Any:
        """Do `method` and give its result. Raises BidiError."""
        with self._changed:
            number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        with self._changed:
            self._changed.wait_for(lambda: number in self._answers or self._closed, LONGEST_WAIT_SECONDS)
            answer = self._answers.pop(number, {"type": "error", "error": "no answer", "message": method})
        if answer["type"] == "error":
            raise BidiError(f"{method}: {answer['error']}: {answer['message']}")
        return answer["result"]

    def evaluate(self, context: str, expression: str, sandbox: str | None = None) -> Any:
        """The value of a JavaScript expression in a page, promises awaited."""
        result = self.command(
            "script.evaluate",
            expression=expression,
            target={"context": context, **({"sandbox": sandbox} if sandbox else {})},
            awaitPromise=True,
            serializationOptions={"maxObjectDepth": 10},
            userActivation=True,
        )
        if result["type"] == "exception":
            raise BidiError(result["exceptionDetails"]["text"])
        return plain(result["result"])

    def until(self, seen: Callable[[], Any]) -> Any:
        """What `seen` gives as soon as it gives something, asked again at each event of the browser."""
        with self._changed:
            found = self._changed.wait_for(lambda: self._closed or seen(), LONGEST_WAIT_SECONDS)
        return found

    def event(self, method: str, since: int = 0, **wanted: Any) -> dict[str, Any]:
        """The first event after the `since` first ones that has these parameters, as soon as it is there."""

        def find() -> dict[str, Any] | None:
            for name, content in self.events[since:]:
                if name == method and all(content.get(key) == value for key, value in wanted.items()):
                    return content
            return None

        with self._changed:
            found = self._changed.wait_for(find, LONGEST_WAIT_SECONDS)
        assert found, f"no {method} with {wanted}"
        return found

    def close(self) -> None:
        self._socket.close()

    def _listen(self) -> None:
        try:
            for message in self._socket:
                told = json.loads(message)
                with self._changed:
                    if told["type"] == "event":
                        self.events.append((told["method"], told["params"]))
                    else:
                        self._answers[told["id"]] = told
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def plain(value: dict[str, Any]) -> Any:
    """A value as BiDi serializes it, as Python has it."""
    match value["type"]:
        case "undefined" | "null":
            return None
        case "array" | "set":
            return [plain(each) for each in value.get("value", [])]
        case "object" | "map":
            return {name if isinstance(name, str) else plain(name): plain(each) for name, each in value["value"]}
    return value.get("value")
