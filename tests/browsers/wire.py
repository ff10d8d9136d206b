"""How browsers are driven: commands and events as JSON over a WebSocket.

WebDriver BiDi (Firefox) and the DevTools protocol (Chromium) are both that; a session's id is only in
the second.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

LONGEST_WAIT_SECONDS = 20


class RefusedError(Exception):
    """A command that the browser refused, or a script that threw."""


class PageGoneError(RefusedError):
    """The page went to another address meanwhile."""


_GONE = ("context was destroyed", "Cannot find context", "navigated or closed", "no such frame", "destroyed")


class Wire:
    """A connection to a browser. `events` is all that it told since then."""

    def __init__(self, url: str) -> None:
        self._socket = connect(
            url, max_size=None, compression=None, proxy=None, ping_interval=None, legacy=True
        )
        self._numbers = itertools.count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self._closed = False
        self.events: list[tuple[str, dict[str, Any]]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def command(self, method: str, session: str | None = None, /, **parameters: Any) -> Any:
        """Do `method` and give its result. Raises RefusedError."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        with self._changed:
            self._changed.wait_for(lambda: number in self._answers or self._closed, LONGEST_WAIT_SECONDS)
            answer = self._answers.pop(
                number, {"error": "no answer", "message": "the browser is gone or busy"}
            )
        if "error" in answer:
            words = f"{method}: {answer['error']} {answer.get('message', '')}"
            raise (PageGoneError if any(each in words for each in _GONE) else RefusedError)(words)
        return answer["result"]

    def close(self) -> None:
        self._socket.close()

    def _listen(self) -> None:
        try:
            for message in self._socket:
                told = json.loads(message)
                with self._changed:
                    if "id" in told:
                        self._answers[told["id"]] = told
                    else:
                        self.events.append((told["method"], told["params"]))
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def evaluate_until(evaluate: Callable[[str], Any], expression: str) -> Any:
    """The value of `expression` in a page once it is true, also when the page is not there yet."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(PageGoneError):
            return evaluate(until_true(expression))
        time.sleep(0.02)
    raise AssertionError(f"the page never stays: {expression}")


def until_true(expression: str) -> str:
    """JavaScript: a promise of the value of `expression` once it is true, asked as the page changes."""
    return f"""new Promise((done, fail) => {{
      const look = () => {{
        const value = {expression};
        if (!value) return false;
        watcher.disconnect();
        done(value);
        return true;
      }};
      const watcher = new MutationObserver(look);
      if (look()) return;
      watcher.observe(document, {{ subtree: true, childList: true, characterData: true, attributes: true }});
      addEventListener("load", look);
      const words = {json.dumps("it never was: " + expression)};
      const never = () => fail(new Error(`${{words}}; ${{document.title}}`));
      setTimeout(never, 15000);
    }})"""
