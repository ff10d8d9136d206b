"""Leaving the terminal: the agent goes on in a session of its own once it is ready, or says why not."""

from __future__ import annotations

import os
import sys

from usher.core.errors import UnavailableError

_READY = b"ready"


class Detached:
    """One fork, made before any thread exists. The parent waits for the child's word and returns."""

    def __init__(self) -> None:
        reader, writer = os.pipe()
        self.is_parent = _fork() != 0
        os.close(writer if self.is_parent else reader)
        self._pipe = reader if self.is_parent else writer
        if not self.is_parent:
            _lead_a_session()
            os.chdir(os.sep)

    def child_is_ready(self) -> bool:
        """In the parent: wait; False when the child ended instead (it has said why on stderr)."""
        with os.fdopen(self._pipe, "rb") as pipe:
            return pipe.read() == _READY

    def report_ready(self) -> None:
        """In the child: let go of the terminal, then of the parent."""
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        os.close(null)
        os.write(self._pipe, _READY)
        os.close(self._pipe)


def _fork() -> int:
    if sys.platform == "win32":
        raise UnavailableError("the agent is not available on Windows", hint="use the OS store")
    return os.fork()


def _lead_a_session() -> None:
    if sys.platform == "win32":
        return
    os.setsid()
