"""The listener that a browser comes back to (RFC 8252): bound before any browser opens, deaf to strangers.

Every web page and every program of this machine can knock at a loopback port (T6). So one thread
serves all connections without waiting for any: each has ten seconds, the oldest gives way when there
are too many, and only a request with the right state ends the wait. The same port of `[::1]` is held
too, so that nobody else can answer there in our name (T5).
"""

from __future__ import annotations

import errno
import hmac
import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from usher.core.errors import UnavailableError
from usher.core.secrets import Secret
from usher.session.errors import LoginExpiredError, LoginRefusedError
from usher.session.pkce import new_path

CALLBACK_PATH = "/oauth/callback"
LONGEST_WAIT_SECONDS = 600.0
MOST_CONNECTIONS = 256
CONNECTION_SECONDS = 10.0
LARGEST_REQUEST_BYTES = 32_768
_BACKLOG = 1_024
_TRIES_FOR_A_PAIR = 20
_NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}
_PAGES = Path(__file__).parent / "pages"
_POLICY = ("default-src 'none'", "style-src 'unsafe-inline'", "img-src data:", "frame-ancestors 'none'")
_PAGE_HEADERS = (
    "Content-Type: text/html; charset=utf-8",
    "Content-Security-Policy: " + "; ".join(_POLICY),
    "X-Content-Type-Options: nosniff",
)
_HEADERS = ("Cache-Control: no-store", "Referrer-Policy: no-referrer", "Connection: close")


@dataclass(frozen=True, slots=True)
class CallbackPlace:
    """Where to listen: `port` of loopback (0: any free one), and of `published` inside a container."""

    port: int = 0
    published: str | None = None


ANY_PORT = CallbackPlace()


@dataclass(frozen=True, slots=True)
class _Outcome:
    code: str = ""
    error: str = ""
    description: str = ""


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    deadline: float
    received: bytearray
    answer: bytes | None = None


def outward_address() -> str:
    """This container's own address, to which its published ports lead. Raises UnavailableError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only asks which address would be used
        except OSError:
            raise UnavailableError(
                "this container has no network that a published port could lead to",
                hint="leave out --callback-published, or use 'usher login --device'",
            ) from None
        address: str = probe.getsockname()[0]
    return address


class CallbackListener:
    """Waits for the browser to come back. Use it as a context manager.

    Raises UnavailableError when the port that was asked for is taken.
    """

    def __init__(
        self, state: Secret, random: Callable[[int], bytes], place: CallbackPlace = ANY_PORT
    ) -> None:
        sockets = _listen(place)
        self.port: int = sockets[0].getsockname()[1]
        """The port, which the browser has to reach as 127.0.0.1's."""
        self._loop = _Loop(sockets, _Doorkeeper(state, new_path(random), new_path(random), self.port))
        self._thread = threading.Thread(target=self._loop.run, name="usher-callback", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.stop()
        self._thread.join()

    @property
    def redirect_uri(self) -> str:
        """Where the browser is sent back to, with the port."""
        return f"http://127.0.0.1:{self.port}{CALLBACK_PATH}"

    @property
    def connections(self) -> int:
        """How many connections came in all."""
        return self._loop.accepted

    @property
    def ignored_requests(self) -> int:
        """How many requests did not carry the right state, path or Host."""
        return self._loop.doorkeeper.ignored

    def lead_to(self, url: Secret) -> None:
        """Send whoever opens `address`, or first opens `one_time_address`, on to `url`."""
        self._loop.doorkeeper.target = url

    @property
    def one_time_address(self) -> str:
        """A loopback address for a browser's command line, which other users can read: it works once."""
        return f"http://127.0.0.1:{self.port}{self._loop.doorkeeper.one_time_path}"

    @property
    def address(self) -> str:
        """A short loopback address to show to the person; it works until the sign-in is over."""
        return f"http://127.0.0.1:{self.port}{self._loop.doorkeeper.path}"

    def was_visited(self, longest_wait: float) -> bool:
        """Whether a browser has come for the sign-in page, waiting for it if need be."""
        return self._loop.doorkeeper.visited.wait(longest_wait)

    def wait(self, longest: float = LONGEST_WAIT_SECONDS) -> Secret:
        """The authorization code. Raises LoginRefusedError with the reason, or LoginExpiredError."""
        try:
            outcome = self._loop.doorkeeper.outcomes.get(timeout=longest)
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


class _Doorkeeper:
    """Decides what each request gets."""

    def __init__(self, state: Secret, path: str, one_time_path: str, port: int) -> None:
        self.outcomes: queue.SimpleQueue[_Outcome] = queue.SimpleQueue()
        self.visited = threading.Event()
        self.target: Secret | None = None
        self.ignored = 0
        self.path = path
        self.one_time_path = one_time_path
        self._claimed = False
        self._state = state
        self._hosts = [f"127.0.0.1:{port}", f"localhost:{port}"]

    def answer(self, head: bytes) -> bytes:
        """The whole answer to a request's head."""
        request = _parsed(head)
        if request is None:
            return self._ignore()
        method, path, query, hosts = request
        if method != "GET":
            return self._ignore(405)
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return self._ignore()
        if path == "/favicon.ico":  # browsers ask by themselves: no stranger
            return _answer(404, "ignored.html")
        if path == CALLBACK_PATH:
            return self._callback(query, hosts[0])
        return self._page_opened(path)

    def _callback(self, query: dict[str, str], host: str) -> bytes:
        known = hmac.compare_digest(query.get("state", "").encode(), self._state.reveal().encode())
        if host != self._hosts[0] or not known:
            return self._ignore()
        if query.get("error"):
            self.outcomes.put(_Outcome(error=query["error"], description=query.get("error_description", "")))
            return _answer(200, "refused.html")
        if query.get("code"):
            self.outcomes.put(_Outcome(code=query["code"]))
            return _answer(200, "done.html")
        return self._ignore()

    def _page_opened(self, path: str) -> bytes:
        """An editor that forwards ports may call us localhost; the path is what cannot be guessed."""
        once = hmac.compare_digest(path.encode(), self.one_time_path.encode())
        if self.target is None or not (once or hmac.compare_digest(path.encode(), self.path.encode())):
            return self._ignore()
        if once and self._claimed:
            return self._ignore()
        self._claimed = self._claimed or once
        self.visited.set()
        return _answer(302, location=self.target)

    def _ignore(self, status: int = 400) -> bytes:
        self.ignored += 1
        return _answer(status, "ignored.html")


class _Loop:
    """All connections in one thread."""

    def __init__(self, listening: list[socket.socket], doorkeeper: _Doorkeeper) -> None:
        self.doorkeeper = doorkeeper
        self.accepted = 0
        self._listening = listening
        self._open: dict[int, _Connection] = {}
        self._selector = selectors.DefaultSelector()
        self._bell, self._button = socket.socketpair()
        for each in (*listening, self._bell):
            each.setblocking(False)
            self._selector.register(each, selectors.EVENT_READ)

    def run(self) -> None:
        """Serve until `stop`."""
        while self._bell not in (ready := self._ready()):
            for talking in [each for each in ready if each not in self._listening]:
                self._serve(self._open[talking.fileno()])
            for knocking in [each for each in ready if each in self._listening]:
                self._accept(knocking)
            self._drop_late()
        for connection in list(self._open.values()):
            self._close(connection)
        self._selector.close()
        for each in (*self._listening, self._bell):
            each.close()

    def stop(self) -> None:
        """End `run`, which closes everything."""
        self._button.close()

    def _ready(self) -> list[socket.socket]:
        wait = CONNECTION_SECONDS if not self._open else self._oldest().deadline - time.monotonic()
        found = [key.fileobj for key, _ in self._selector.select(max(0.0, wait))]
        return [each for each in found if isinstance(each, socket.socket)]

    def _accept(self, listening: socket.socket) -> None:
        try:
            accepted, _ = listening.accept()
        except OSError:
            return  # it has hung up already
        self.accepted += 1
        accepted.setblocking(False)
        if len(self._open) >= MOST_CONNECTIONS:
            self._close(self._oldest())
        connection = _Connection(accepted, time.monotonic() + CONNECTION_SECONDS, bytearray())
        self._open[accepted.fileno()] = connection
        self._selector.register(accepted, selectors.EVENT_READ)

    def _serve(self, connection: _Connection) -> None:
        try:
            if connection.answer is None:
                self._receive(connection)
            elif connection.answer:
                self._send(connection)
            elif not connection.socket.recv(65_536):  # all is said; wait for the other end to hang up
                self._close(connection)
        except BlockingIOError:
            return
        except OSError:
            self._close(connection)

    def _receive(self, connection: _Connection) -> None:
        received = connection.socket.recv(65_536)
        connection.received += received
        head, end, _ = connection.received.partition(b"\r\n\r\n")
        if not received:
            self._close(connection)
        elif end or len(head) > LARGEST_REQUEST_BYTES:
            connection.answer = self.doorkeeper.answer(bytes(head) if end else b"")
            self._send(connection)

    def _send(self, connection: _Connection) -> None:
        answer = connection.answer or b""
        self._selector.modify(connection.socket, selectors.EVENT_WRITE)
        connection.answer = answer[connection.socket.send(answer) :]
        if not connection.answer:
            connection.socket.shutdown(socket.SHUT_WR)
            self._selector.modify(connection.socket, selectors.EVENT_READ)

    def _drop_late(self) -> None:
        now = time.monotonic()
        for late in [each for each in self._open.values() if each.deadline <= now]:
            self._close(late)

    def _oldest(self) -> _Connection:
        return next(iter(self._open.values()))

    def _close(self, connection: _Connection) -> None:
        del self._open[connection.socket.fileno()]
        self._selector.unregister(connection.socket)
        connection.socket.close()


def _parsed(head: bytes) -> tuple[str, str, dict[str, str], list[str]] | None:
    """Method, path, query (of names that occur once) and Host headers; None for what is no request."""
    first, *headers = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1.") or any(line[:1] in " \t" for line in headers):
        return None
    try:
        target = urlsplit(parts[1])
        fields = parse_qs(target.query, max_num_fields=50)
    except ValueError:
        return None
    query = {name: values[0] for name, values in fields.items() if len(values) == 1}
    named = (line.partition(":") for line in headers)
    hosts = [value.strip() for name, _, value in named if name.lower() == "host"]
    return parts[0], target.path, query, hosts


def _answer(status: int, page: str = "", location: Secret | None = None) -> bytes:
    body = (_PAGES / page).read_bytes() if page else b""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *_HEADERS, f"Content-Length: {len(body)}"]
    lines += [f"Location: {location.reveal()}"] if location else _PAGE_HEADERS
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _listen(place: CallbackPlace) -> list[socket.socket]:
    """Listening sockets on the same port of every loopback address that there is."""
    for _ in range(1 if place.port else _TRIES_FOR_A_PAIR):
        opened: list[socket.socket] = []
        try:
            opened.append(socket.create_server(("127.0.0.1", place.port), backlog=_BACKLOG))
            port = opened[0].getsockname()[1]
            if place.published is not None:
                opened.append(socket.create_server((place.published, port), backlog=_BACKLOG))
            _hold_ipv6(opened, port)
        except OSError as error:
            for each in opened:
                each.close()
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                continue
            raise UnavailableError(f"cannot listen for the browser: {error.strerror}") from None
        return opened
    raise UnavailableError(
        f"port {place.port} of this machine is taken" if place.port else "no port is free for the browser",
        hint="end the program that has it, or name another with --callback-port",
    )


def _hold_ipv6(opened: list[socket.socket], port: int) -> None:
    try:
        opened.append(socket.create_server(("::1", port), family=socket.AF_INET6, backlog=_BACKLOG))
    except OSError as error:
        if error.errno not in _NO_SUCH_ADDRESS:
            raise
