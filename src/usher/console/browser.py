"""Opening a person's browser, without their secrets on a command line that other users can read."""

from __future__ import annotations

import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from usher.core import machine
from usher.core.secrets import Secret
from usher.session.agent.peers import tcp_user_of

HAND_OVER_SECONDS = 60.0
ROOT = 0
_REQUEST_TIMEOUT_SECONDS = 10

OpenBrowser = Callable[[str], bool]
"""Opens an address; False when there is no browser to open."""


def open_browser(url: str) -> bool:
    """Open `url` in the browser that `$BROWSER` names or the desktop's own. False when there is none."""
    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False


def hand_over(url: Secret, opener: OpenBrowser, longest_wait: float = HAND_OVER_SECONDS) -> bool:
    """Open the secret `url`. The browser is started with a one-time loopback address that leads to it.

    A process's arguments can be read by every user of the machine; the one-time address is worth
    nothing after its first use, and where the system tells who asks, nothing to others before. False when
    no browser came for it in time.
    """
    path = "/" + secrets.token_urlsafe(32)
    server = _OneTimeServer(path, url)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        return opener(f"http://127.0.0.1:{server.server_port}{path}") and server.taken.wait(longest_wait)
    finally:
        server.shutdown()
        server.server_close()


class _OneTimeServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, path: str, target: Secret) -> None:
        super().__init__(("127.0.0.1", 0), _Redirect)
        self.path = path
        self.target = target
        self.taken = threading.Event()
        self._claimed = False
        self._claiming = threading.Lock()

    def claim(self, path: str, hosts: list[str]) -> Secret | None:
        """The target for the first request that names the path and this host; None for all others."""
        with self._claiming:
            ours = secrets.compare_digest(path.encode(), self.path.encode())
            if not ours or hosts != [f"127.0.0.1:{self.server_port}"] or self._claimed:
                return None
            self._claimed = True
            return self.target

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up is not worth a stack trace."""


class _Redirect(BaseHTTPRequestHandler):
    server: _OneTimeServer
    server_version = "usher"
    sys_version = ""
    timeout = _REQUEST_TIMEOUT_SECONDS

    def do_GET(self) -> None:
        hosts = self.headers.get_all("Host") or []
        target = self.server.claim(self.path, hosts) if _may_ask(self.connection) else None
        self.send_response(302 if target else 404)
        if target:
            self.send_header("Location", target.reveal())
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        if target:
            self.server.taken.set()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        """The path is a one-time secret; it is not logged."""


def _may_ask(connection: socket.socket) -> bool:
    """Whether the connection is this user's, or root's: WSL and other relays connect as root.

    Where the system does not tell, it may.
    """
    return tcp_user_of(connection) in {None, ROOT, machine.user_id()}
