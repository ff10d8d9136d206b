"""The agent's socket server: requests of this user, answered one by one; strangers are turned away."""

from __future__ import annotations

import contextlib
import select
import socket
import sys
import time
from collections.abc import Callable, Mapping

from usher.core.errors import UsherError
from usher.session.agent.crowd import Crowd
from usher.session.agent.peers import Peer, peer_of
from usher.session.agent.wire import MessageStream, WireError

MOST_CONNECTIONS = 128
REQUEST_SECONDS = 10.0
ANSWER_SECONDS = 10.0
TICK_SECONDS = 1.0

Answer = Callable[[Mapping[str, object], Peer], dict[str, object]]


class SocketServer:
    """Serves `listener` until `stop` or until `tick`, called every second, says no."""

    def __init__(self, listener: socket.socket, answer: Answer, uid: int) -> None:
        self._listener = listener
        self._answer = answer
        self._uid = uid
        self._crowd = Crowd(MOST_CONNECTIONS)
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._stopped = False

    def stop(self) -> None:
        """Make `run` return. Safe in a signal handler and in any thread."""
        self._stopped = True
        with contextlib.suppress(OSError):  # it is told already
            self._waker.send(b"x")

    def run(self, tick: Callable[[], bool]) -> None:
        """Accept connections. Returns once stopped; answers that are under way still go out."""
        if sys.platform == "win32":
            return  # nothing listens there
        poller = select.poll()
        poller.register(self._listener, select.POLLIN)
        poller.register(self._woken, select.POLLIN)
        next_tick = time.monotonic() + TICK_SECONDS
        while not self._stopped:
            ready = poller.poll(max(next_tick - time.monotonic(), 0) * 1000)
            if any(descriptor == self._listener.fileno() for descriptor, _ in ready):
                self._accept()
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + TICK_SECONDS
                if not tick():
                    break
        self._listener.close()
        self._crowd.disperse()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # it is gone already, or descriptors have run out: the next one comes
            time.sleep(0.01)
        else:
            self._crowd.admit(connection, self._serve)

    def _serve(self, connection: socket.socket) -> None:
        peer = peer_of(connection)
        if peer.uid != self._uid:
            return
        stream = MessageStream(connection)
        while True:
            try:
                with self._crowd.silent(connection):
                    request = stream.receive(REQUEST_SECONDS)
            except WireError as error:
                _send_quietly(stream, failure(error))
                return
            if request is None or not _send_quietly(stream, self._answered(request, peer)):
                return

    def _answered(self, request: Mapping[str, object], peer: Peer) -> dict[str, object]:
        try:
            return {"ok": True, **self._answer(request, peer)}
        except UsherError as error:
            return failure(error)


def failure(error: UsherError) -> dict[str, object]:
    """An error as an answer."""
    return {"ok": False, "error": error.message, "hint": error.hint, "exit_code": int(error.exit_code)}


def _send_quietly(stream: MessageStream, answer: Mapping[str, object]) -> bool:
    try:
        stream.send(answer, ANSWER_SECONDS)
    except WireError:
        return False
    return True
