"""Who is at the other end of a connection: user and process, as far as the kernel tells."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import select
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

PROCESSES = Path("/proc")
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


def tcp_peer_of(connection: socket.socket, processes: Path = PROCESSES) -> Peer | None:
    """Who connected a TCP socket from this very machine; None when the kernel does not tell.

    Connections from another network namespace (a container's own) are not in its table.
    """
    fields = _line_of(connection, processes)
    return Peer(int(fields[7]), _holder_of(fields[9], processes)) if fields else None


def tcp_user_of(connection: socket.socket, processes: Path = PROCESSES) -> int | None:
    """Whose process connected, as `tcp_peer_of` tells; without looking for which one it is."""
    fields = _line_of(connection, processes)
    return int(fields[7]) if fields else None


def _line_of(connection: socket.socket, processes: Path) -> list[str]:
    """The other end's line in the kernel's tables; empty where there is none.

    An IPv6 socket may be connected to an IPv4 one: then its line is in its own table, with mapped addresses.
    """
    ends = connection.getpeername(), connection.getsockname()
    tables = {"tcp": "", "tcp6": "::ffff:"} if connection.family == socket.AF_INET else {"tcp6": ""}
    for table, prefix in tables.items():
        theirs, ours = (_in_the_table(prefix + address, port) for address, port, *_ in ends)
        try:
            lines = (processes / "net" / table).read_text("ascii", "replace").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[1:3] == [theirs, ours]:
                return fields
    return []


def _in_the_table(address: str, port: int) -> str:
    """The kernel prints each four bytes of an address as one number of this machine's byte order."""
    packed = ipaddress.ip_address(address).packed
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{port:04X}"


def _holder_of(inode: str, processes: Path) -> int | None:
    """The process that holds the socket, among those whose descriptors we may list."""
    wanted = f"socket:[{inode}]"
    for process in processes.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended, or it is another user's
            if any(_leads_to(link) == wanted for link in (process / "fd").iterdir()):
                return int(process.name)
    return None


def _leads_to(link: Path) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115 -- the text, not a path: `socket:[4711]`
    except OSError:
        return ""


def process_words(pid: int | None, processes: Path = PROCESSES) -> str:
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


class ProcessWatch:
    """Tells whether a process has ended, without taking a later one with its number for it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        opened = getattr(os, "pidfd_open", None)
        try:
            self._descriptor: int | None = opened(pid) if opened is not None else None
        except OSError:
            self._descriptor = None

    def has_ended(self) -> bool:
        """Whether it has ended."""
        if self._descriptor is not None:
            ready, _, _ = select.select([self._descriptor], [], [], 0)
            return bool(ready)
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return True
        return False

    def close(self) -> None:
        """Stop watching."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
