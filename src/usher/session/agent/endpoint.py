"""The container-credentials endpoint: what AWS SDKs ask in containers and long jobs, on loopback.

SDKs send `GET` with the token of `AWS_CONTAINER_AUTHORIZATION_TOKEN(_FILE)` to
`AWS_CONTAINER_CREDENTIALS_FULL_URI` and get keys with their expiry; they ask again before it. Answers
are made by `give`; what may reach it is decided in `gate`.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping

from usher.core.errors import ExitCode, UsageError, UsherError
from usher.session.agent.crowd import Crowd
from usher.session.agent.gate import LARGEST_HEAD_BYTES, PATH, RefusedError, authorization_of
from usher.session.agent.peers import Peer, tcp_peer_of

LOOPBACK = "127.0.0.1"
ECS_ADDRESS = "169.254.170.2"
MOST_CONNECTIONS = 64
HEAD_SECONDS = 5.0
ANSWER_SECONDS = 5.0
DRAIN_SECONDS = 0.5
_CHUNKS_DRAINED = 16

_STATUS = {ExitCode.SIGN_IN_NEEDED: 403, ExitCode.NO_ACCESS: 403, ExitCode.TRY_AGAIN: 503}
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}

Address = tuple[str, int]
Give = Callable[[str, Address, "Peer | None"], Mapping[str, object]]
"""Keys for a token that came to an address from a peer. Raises RefusedError or UsherError."""


class Endpoint:
    """Listens where it is told to, until it is closed."""

    def __init__(self, give: Give, refused: Callable[[str, Peer | None], None]) -> None:
        self._give = give
        self._refused = refused
        self._crowd = Crowd(MOST_CONNECTIONS)
        self._guard = threading.Lock()
        self._listeners: dict[Address, socket.socket] = {}

    def listen(self, host: str, port: int) -> Address:
        """Listen at `host` too, unless that is so already; port 0 takes the one in use there or a free one.

        Raises UsageError when the address is not one to listen at, or taken.
        """
        check_private(host)
        with self._guard:
            for known in self._listeners:
                if known[0] == host and port in {0, known[1]}:
                    return known
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            try:
                listener = socket.create_server((host, port), family=family, backlog=MOST_CONNECTIONS)
            except OSError as error:
                raise UsageError(
                    f"cannot listen at {host} port {port}: {error.strerror}",
                    hint="choose another --port, or an address that this machine has",
                ) from None
            address = (host, int(listener.getsockname()[1]))
            self._listeners[address] = listener
        threading.Thread(target=self._accept, args=(listener, address), daemon=True).start()
        return address

    def addresses(self) -> list[Address]:
        """Where it listens."""
        with self._guard:
            return list(self._listeners)

    def close(self) -> None:
        """Stop listening; answers that are under way still go out."""
        with self._guard:
            listeners, self._listeners = list(self._listeners.values()), {}
        for listener in listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes its thread, which close alone does not
            listener.close()
        self._crowd.disperse()

    def _accept(self, listener: socket.socket, address: Address) -> None:
        hosts = hosts_of(address)
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                if address not in self.addresses():
                    return
                time.sleep(0.01)
                continue
            self._crowd.admit(connection, lambda each: self._serve(each, address, hosts))

    def _serve(self, connection: socket.socket, address: Address, hosts: frozenset[str]) -> None:
        with contextlib.suppress(OSError):  # the client is gone
            status, document = self._answer(connection, address, hosts)
            connection.settimeout(ANSWER_SECONDS)
            connection.sendall(_response(status, document))
            connection.shutdown(socket.SHUT_WR)
            _drain(connection)

    def _answer(
        self, connection: socket.socket, address: Address, hosts: frozenset[str]
    ) -> tuple[int, Mapping[str, object]]:
        peer = None
        try:
            with self._crowd.silent(connection):
                head = _read_head(connection)
            peer = tcp_peer_of(connection)
            return 200, self._give(authorization_of(head, hosts), address, peer)
        except RefusedError as refused:
            self._refused(refused.code, peer)
            return refused.status, {"code": refused.code, "message": refused.words}
        except UsherError as error:
            words = f"{error.message}: {error.hint}" if error.hint else error.message
            return _STATUS.get(error.exit_code, 500), {"code": type(error).__name__, "message": words}


def check_private(host: str) -> None:
    """Refuse addresses that other machines may reach. Raises UsageError."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise UsageError(f"{host!r} is not an IP address", hint=f"for example {ECS_ADDRESS}") from None
    usable = address.is_loopback or address.is_link_local or address.is_private
    outward = host == _outward_address(address.version)
    if not usable or address.is_unspecified or address.is_multicast or outward:
        raise UsageError(
            f"keys are not served at {host}: other machines could reach it",
            hint=f"use {LOOPBACK}, {ECS_ADDRESS} or the address of a container network's bridge",
        )


def _outward_address(version: int) -> str | None:
    """This machine's address towards everybody else, which its network reaches; no packet is sent."""
    family, somewhere = (socket.AF_INET, "192.0.2.1") if version == 4 else (socket.AF_INET6, "2001:db8::1")
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((somewhere, 9))
            return str(probe.getsockname()[0])
    except OSError:  # no way out, so none in
        return None


def hosts_of(address: Address) -> frozenset[str]:
    """The Host headers that name this address. All are numbers: no name can be made to lead here.

    The address that SDKs know containers' credentials at counts too: a forwarder inside a container
    network that listens there leads here.
    """
    host, port = address
    written = f"[{host}]" if ":" in host else host
    hosts = {f"{written}:{port}", f"{ECS_ADDRESS}:{port}"}
    return frozenset(hosts | ({written} if port == 80 else set()))


def url_of(address: Address) -> str:
    """The URL that an SDK is given."""
    host, port = address
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}"


def _read_head(connection: socket.socket) -> bytes:
    """The request up to its empty line. Raises RefusedError when it is slow, too long, or goes on."""
    deadline, head = time.monotonic() + HEAD_SECONDS, b""
    while b"\r\n\r\n" not in head and len(head) <= LARGEST_HEAD_BYTES:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            chunk = connection.recv(4_096)
        except TimeoutError:
            raise RefusedError(408, "TooSlow", "the request took too long") from None
        if not chunk:
            raise RefusedError(400, "BadRequest", "the request is not complete")
        head += chunk
    if len(head) > LARGEST_HEAD_BYTES:
        raise RefusedError(431, "HeadTooLarge", "the request's headers are too large")
    if not head.endswith(b"\r\n\r\n") or head.count(b"\r\n\r\n") > 1:
        raise RefusedError(400, "BadRequest", "one request per connection, without a body")
    return head


def _response(status: int, document: Mapping[str, object]) -> bytes:
    body = json.dumps(document).encode()
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body


def _drain(connection: socket.socket) -> None:
    """Read what still comes, a little: closing on unread bytes would take the answer back."""
    connection.settimeout(DRAIN_SECONDS)
    for _ in range(_CHUNKS_DRAINED):
        if not connection.recv(4_096):
            return
