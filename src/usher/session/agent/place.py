"""Where the agent's socket is, and reaching it there without trusting anybody else's folder.

The folder is 0700 and ours; it is opened first, checked by its descriptor, and the socket is reached
through that descriptor (where `/proc` allows it), so that nothing can be swapped in between and a long
path does not matter: a socket address holds 107 bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from usher.core.errors import UnavailableError
from usher.session.agent.peers import peer_of
from usher.session.vault.contract import UnsafePlaceError
from usher.session.vault.files import make_private_folder

BACKLOG = 256
LONGEST_ADDRESS_BYTES = 103
_PAUSE_SECONDS = 0.01
_DESCRIPTORS = Path("/proc/self/fd")


class NoAgentError(UnavailableError):
    """Nobody listens there."""

    def __init__(self) -> None:
        super().__init__("no agent is running", hint="'usher agent start' starts one")


def agent_socket(environ: Mapping[str, str], cache_dir: Path, uid: int) -> Path:
    """The socket of the agent that belongs to `cache_dir`: one agent per set of sealed files."""
    digest = hashlib.sha256(os.fsencode(os.path.abspath(cache_dir))).hexdigest()  # noqa: PTH100
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    usable = runtime.startswith("/") and Path(runtime).is_dir()
    folder = Path(runtime) / "usher-agent" if usable else Path(f"/tmp/usher-agent-{uid}")  # noqa: S108
    return folder / f"{digest[:16]}.sock"


def connect(place: Path, timeout: float) -> socket.socket:
    """A connection to our own agent. Raises NoAgentError, UnavailableError or UnsafePlaceError."""
    if sys.platform == "win32":
        raise NoAgentError
    try:
        folder = _open_folder(place.parent)
    except FileNotFoundError:
        raise NoAgentError from None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout)
    try:
        _check_socket(folder, place)
        _connect_patiently(connection, _address(folder, place, place.name), timeout)
        if peer_of(connection).uid != os.geteuid():
            raise UnsafePlaceError(f"{place} is served by another user", hint=f"remove {place}")
    except (FileNotFoundError, ConnectionError):
        connection.close()
        raise NoAgentError from None
    except OSError as error:
        connection.close()
        raise UnavailableError(f"cannot reach the agent at {place}: {error.strerror}") from None
    except UnsafePlaceError:
        connection.close()
        raise
    finally:
        os.close(folder)
    return connection


def listen(place: Path) -> socket.socket:
    """Listen at `place`, 0600. Whoever held the place before is replaced: hold the agent's lock.

    The socket appears under its name only when it accepts connections. Windows has no such sockets.
    """
    if sys.platform == "win32":
        raise UnavailableError(
            "the agent is not available on Windows",
            hint="keep secrets in the OS store: usher vault move --to os",
        )
    make_private_folder(place.parent)
    folder = _open_folder(place.parent)
    draft = f".{os.urandom(8).hex()}.new"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _umask(0o177):
            listener.bind(_address(folder, place, draft))
        listener.listen(BACKLOG)
        os.rename(draft, place.name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError as error:
        listener.close()
        raise UnsafePlaceError(
            f"cannot listen at {place}: {error.strerror or error}", hint="move what is there away"
        ) from None
    finally:
        os.close(folder)
    return listener


def identity_of(place: Path) -> tuple[int, int] | None:
    """Which file is at `place` (device and number), None for none: tells whether ours was replaced."""
    try:
        state = place.lstat()
    except OSError:
        return None
    return state.st_dev, state.st_ino


def _open_folder(folder: Path) -> int:
    if sys.platform == "win32":
        raise FileNotFoundError
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnsafePlaceError(
            f"{folder} is not a folder of your own: {error.strerror}", hint=f"move {folder} away"
        ) from None
    state = os.fstat(descriptor)
    if state.st_uid != os.geteuid() or state.st_mode & 0o077:
        os.close(descriptor)
        raise UnsafePlaceError(
            f"the folder {folder} is not private to you: it belongs to another user or is open to others",
            hint=f"move {folder} away",
        )
    return descriptor


def _check_socket(folder: int, place: Path) -> None:
    if sys.platform == "win32":
        return
    state = os.stat(place.name, dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISSOCK(state.st_mode) or state.st_uid != os.geteuid():
        raise UnsafePlaceError(f"{place} is not your agent's socket", hint=f"remove {place}")


def _connect_patiently(connection: socket.socket, address: str, timeout: float) -> None:
    """Linux refuses at once what would have to wait for a place in the queue: hundreds may come together."""
    give_up = time.monotonic() + timeout
    while True:
        try:
            connection.connect(address)
        except BlockingIOError:
            if time.monotonic() >= give_up:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _address(folder: int, place: Path, name: str) -> str:
    if _DESCRIPTORS.is_dir():
        return f"{_DESCRIPTORS}/{folder}/{name}"
    address = str(place.with_name(name))
    if len(os.fsencode(address)) > LONGEST_ADDRESS_BYTES:
        raise UnsafePlaceError(
            f"the path of the agent's socket is too long: {place}",
            hint="set XDG_RUNTIME_DIR to a short path of your own",
        )
    return address


@contextlib.contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)
