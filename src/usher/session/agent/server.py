"""The agent's socket server: one thread per connection, no more than so many, strangers turned away.

A connection may carry several requests. Half-open and silent ones cost a thread for a few seconds and
are the first to go when there are too many, so that a flood never keeps the next honest client out.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping

from usher.core.errors import UsherError
from usher.session.agent.peers import Peer, peer_of
from usher.session.agent.wire import MessageStream, WireError

MOST_CONNECTIONS = 128
REQUEST_SECONDS = 10.0
ANSWER_SECONDS = 10.0
TICK_SECONDS = 1.0
FAREWELL_SECONDS = 2.0

Answer = Callable[[Mapping[str, object], Peer], dict[str, object]]


class SocketServer:
    """Serves `listener` until `stop` or until `tick`, called every second, says no."""

    def __init__(self, listener: socket.socket, answer: Answer, uid: int) -> None:
        self._listener = listener
        self._answer = answer
        self._uid = uid
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()
        self._silent: dict[socket.socket, None] = {}
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._stopped = False

    def stop(self) -> None:
        """Make `run` return. Safe in a signal handler and in any thread."""
        self._stopped = True
        with contextlib.suppress(OSError):  # it is told already
            self._waker.send(b"x")

    def run(self, tick: Callable[[], bool], tick_seconds: float = TICK_SECONDS) -> None:
        """Accept connections. Returns once stopped; connections that are still open are cut."""
        poller = select.poll()
        poller.register(self._listener, select.POLLIN)
        poller.register(self._woken, select.POLLIN)
        next_tick = time.monotonic() + tick_seconds
        while not self._stopped:
            ready = poller.poll(max(next_tick - time.monotonic(), 0) * 1000)
            if any(descriptor == self._listener.fileno() for descriptor, _ in ready):
                self._accept()
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + tick_seconds
                if not tick():
                    break
        self._close()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # it is gone already, or descriptors have run out: the next tick comes
            time.sleep(0.01)
            return
        with self._guard:
            if len(self._open) >= MOST_CONNECTIONS:
                self._make_room()
            self._open.add(connection)
        threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _make_room(self) -> None:
        silent = next(iter(self._silent), None)
        if silent is not None:
            del self._silent[silent]
            _cut(silent)

    def _serve(self, connection: socket.socket) -> None:
        try:
            peer = peer_of(connection)
            if peer.uid == self._uid:
                self._converse(connection, peer)
        except OSError:
            pass  # the client is gone
        finally:
            with self._guard:
                self._open.discard(connection)
                self._silent.pop(connection, None)
            connection.close()

    def _converse(self, connection: socket.socket, peer: Peer) -> None:
        stream = MessageStream(connection)
        while True:
            with self._guard:
                self._silent[connection] = None
            try:
                request = stream.receive(REQUEST_SECONDS)
            except WireError as error:
                _send_quietly(stream, failure(error))
                return
            with self._guard:
                self._silent.pop(connection, None)
            if request is None or not _send_quietly(stream, self._answered(request, peer)):
                return

    def _answered(self, request: Mapping[str, object], peer: Peer) -> dict[str, object]:
        try:
            return {"ok": True, **self._answer(request, peer)}
        except UsherError as error:
            return failure(error)

    def _close(self) -> None:
        """Let answers that are under way go out, for a moment; cut everything else."""
        self._listener.close()
        give_up = time.monotonic() + FAREWELL_SECONDS
        while self._cut_the_silent() and time.monotonic() < give_up:
            time.sleep(0.005)

    def _cut_the_silent(self) -> bool:
        with self._guard:
            for connection in self._silent:
                _cut(connection)
            return bool(self._open)


def failure(error: UsherError) -> dict[str, object]:
    """An error as an answer."""
    return {"ok": False, "error": error.message, "hint": error.hint, "exit_code": int(error.exit_code)}


def _send_quietly(stream: MessageStream, answer: Mapping[str, object]) -> bool:
    try:
        stream.send(answer, ANSWER_SECONDS)
    except WireError:
        return False
    return True


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # its client went first
        connection.shutdown(socket.SHUT_RDWR)
