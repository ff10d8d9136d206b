"""Who is at the other end of a connection: user and process, as far as the kernel tells."""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

_PROCESSES = Path("/proc")
_LOCAL_PEERCRED = 1  # BSD and macOS: level 0, a struct xucred whose second field is the user
_XUCRED_BYTES = 76


@dataclass(frozen=True, slots=True)
class Peer:
    """The user, and the process where the kernel tells it."""

    uid: int
    pid: int | None = None


def peer_of(connection: socket.socket) -> Peer:
    """Who connected a Unix socket, as of then. Raises OSError when the kernel does not tell."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        found = connection.getsockopt(0, _LOCAL_PEERCRED, _XUCRED_BYTES)
        return Peer(struct.unpack_from("=II", found)[1])
    pid, uid, _gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, option, 12))
    return Peer(uid, pid or None)


def process_words(pid: int | None, processes: Path = _PROCESSES) -> str:
    """`terraform (4711) of bash (4700)` as far as it is known; a process may have ended meanwhile."""
    if pid is None:
        return "unknown process"
    name, parent = _name_and_parent(pid, processes)
    if parent is None:
        return f"{name} ({pid})"
    return f"{name} ({pid}) of {_name_and_parent(parent, processes)[0]} ({parent})"


def _name_and_parent(pid: int, processes: Path) -> tuple[str, int | None]:
    try:
        text = (processes / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return "a process", None
    name, _, rest = text.partition("(")[2].rpartition(")")
    parent = int(rest.split()[1])
    return "".join(c if c.isprintable() else "?" for c in name), parent or None


def watch_process(pid: int) -> int | None:
    """A descriptor that becomes readable when process `pid` ends; None where the system has none.

    Raises ProcessLookupError when it has ended already.
    """
    opened = getattr(os, "pidfd_open", None)
    return opened(pid) if opened is not None else None
