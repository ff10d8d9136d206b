"""Authorization code with PKCE on loopback (RFC 7636, RFC 8252): the verifier and the waiting listener.

The listener is bound before any browser opens, to a free port of 127.0.0.1. Only a request with the
right state ends the wait: web pages and other programs may knock as often as they like (T6).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from usher.core.secrets import Secret
from usher.session.errors import LoginExpiredError, LoginRefusedError

CALLBACK_PATH = "/oauth/callback"
LONGEST_WAIT_SECONDS = 600.0
_REQUEST_TIMEOUT_SECONDS = 10
_PAGES = Path(__file__).parent / "pages"
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


def new_verifier(random: Callable[[int], bytes]) -> Secret:
    """A code verifier of 64 characters (384 random bits)."""
    return Secret(_unpadded(random(48)))


def challenge_of(verifier: Secret) -> str:
    """The S256 code challenge (RFC 7636, section 4.2)."""
    return _unpadded(hashlib.sha256(verifier.reveal().encode()).digest())


def new_state(random: Callable[[int], bytes]) -> Secret:
    """A state of 256 random bits."""
    return Secret(_unpadded(random(32)))


def _unpadded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class _Outcome:
    code: str = ""
    error: str = ""
    description: str = ""


class CallbackListener:
    """Waits on 127.0.0.1 for the browser to come back. Use it as a context manager."""

    def __init__(self, state: Secret) -> None:
        self._outcomes: queue.SimpleQueue[_Outcome] = queue.SimpleQueue()
        self._server = _Server(state, self._outcomes)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def redirect_uri(self) -> str:
        """Where the browser is sent back to, with the port."""
        return f"http://127.0.0.1:{self._server.server_port}{CALLBACK_PATH}"

    @property
    def ignored_requests(self) -> int:
        """How many requests did not carry the right state, path or Host."""
        return self._server.ignored

    def wait(self, longest: float = LONGEST_WAIT_SECONDS) -> Secret:
        """The authorization code. Raises LoginRefusedError with the reason, or LoginExpiredError."""
        try:
            outcome = self._outcomes.get(timeout=longest)
        except queue.Empty:
            raise LoginExpiredError(
                f"the sign-in was not finished within {longest / 60:.0f} minutes",
                hint="run 'usher login' again; on another machine's browser use 'usher login --device'",
            ) from None
        if outcome.error:
            reason = f"{outcome.error}: {outcome.description}" if outcome.description else outcome.error
            raise LoginRefusedError(
                f"the sign-in was refused ({reason})", hint="run 'usher login' to try again"
            )
        return Secret(outcome.code)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, state: Secret, outcomes: queue.SimpleQueue[_Outcome]) -> None:
        super().__init__(("127.0.0.1", 0), _Callback)
        self.state = state
        self.outcomes = outcomes
        self.ignored = 0
        self.counting = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up is not worth a stack trace."""


class _Callback(BaseHTTPRequestHandler):
    server: _Server
    server_version = "usher"
    sys_version = ""
    timeout = _REQUEST_TIMEOUT_SECONDS

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items() if len(values) == 1}
        if parts.path != CALLBACK_PATH or not self._is_ours() or not self._has_state(query.get("state", "")):
            self._ignore()
        elif query.get("error"):
            self._answer(200, "refused.html")
            description = query.get("error_description", "")
            self.server.outcomes.put(_Outcome(error=query["error"], description=description))
        elif query.get("code"):
            self._answer(200, "done.html")
            self.server.outcomes.put(_Outcome(code=query["code"]))
        else:
            self._ignore()

    def _is_ours(self) -> bool:
        return self.headers.get_all("Host") == [f"127.0.0.1:{self.server.server_port}"]

    def _has_state(self, state: str) -> bool:
        return hmac.compare_digest(state.encode(), self.server.state.reveal().encode())

    def _ignore(self) -> None:
        with self.server.counting:
            self.server.ignored += 1
        self._answer(400, "ignored.html")

    def _answer(self, status: int, page: str) -> None:
        body = (_PAGES / page).read_bytes()
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        """Requests carry codes; they are not logged."""
