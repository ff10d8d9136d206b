"""Connections served at once: one thread each, no more than so many, the silent ones go first.

A half-open or silent connection costs a thread until its time limit, or until there are too many: then
the one that has been silent longest is cut, so that a flood never keeps the next honest client out.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

FAREWELL_SECONDS = 2.0


class Crowd:
    """The connections of one server."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()
        self._silent: dict[socket.socket, None] = {}

    def admit(self, connection: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        """Serve `connection` in a thread of its own, then close it."""
        with self._guard:
            if len(self._open) >= self._most:
                self._cut_longest_silent()
            self._open.add(connection)
        try:
            threading.Thread(target=self._serve, args=(connection, serve), daemon=True).start()
        except (
            RuntimeError
        ):  # the machine gives no more threads: this client is sent away, the next may do better
            with self._guard:
                self._open.discard(connection)
            connection.close()

    @contextlib.contextmanager
    def silent(self, connection: socket.socket) -> Iterator[None]:
        """While the block waits for the client, its connection is one that may be cut."""
        with self._guard:
            self._silent[connection] = None
        try:
            yield
        finally:
            with self._guard:
                self._silent.pop(connection, None)

    def disperse(self) -> None:
        """Let answers that are under way go out, for a moment; cut everything else."""
        give_up = time.monotonic() + FAREWELL_SECONDS
        while self._cut_the_silent() and time.monotonic() < give_up:
            time.sleep(0.005)

    def _serve(self, connection: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        try:
            serve(connection)
        finally:
            with self._guard:
                self._open.discard(connection)
            connection.close()

    def _cut_longest_silent(self) -> None:
        longest = next(iter(self._silent), None)
        if longest is not None:
            del self._silent[longest]
            _cut(longest)

    def _cut_the_silent(self) -> bool:
        with self._guard:
            for connection in self._silent:
                _cut(connection)
            return bool(self._open)


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # its client went first
        connection.shutdown(socket.SHUT_RDWR)
