"""Where the native host of each running browser listens, and asking it: from a terminal into a browser.

The sockets are in the agent's own folder (0700, ours), and whoever serves one is known to be this user
before a word is said: a link is as good as a password.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from usher.cli.context import Context
from usher.core import machine
from usher.core.errors import UnavailableError, UsherError
from usher.core.printable import printable
from usher.session.agent.peers import Peer
from usher.session.agent.place import NoAgentError, agent_socket, connect, identity_of, listen
from usher.session.agent.wire import MessageStream, WireError
from usher.session.locks import exclusive
from usher.session.vault.files import make_private_folder

INSTALL_ID = re.compile(r"[0-9a-f]{32}")
CONNECT_SECONDS = 2.0
CALL_SECONDS = 15.0

Answer = Callable[[Mapping[str, object], Peer], dict[str, object]]


class HostGoneError(UnavailableError):
    """The browser's native host does not listen any more."""

    def __init__(self) -> None:
        super().__init__("the browser has ended", hint="open it and run the command again")


def has_sockets() -> bool:
    """Whether this system has Unix sockets that tell who connects."""
    return hasattr(socket, "AF_UNIX") and os.name != "nt"


def socket_of(context: Context, install: str) -> Path:
    """The socket of the native host of `install`, for one set of sealed files: they hold the key."""
    agent = agent_socket(context.environ, context.cache_dir, machine.user_id())
    return agent.with_name(f"browser-{agent.stem}-{install}.sock")


def sits_elsewhere(environ: Mapping[str, str]) -> bool:
    """Whether who types here sees another screen: no console must open on one that nobody watches."""
    has_screen = environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY")) and not has_screen


def listening(context: Context) -> list[str]:
    """The installs whose host has a socket, the newest first. Whether it answers is found out by asking."""
    agent = agent_socket(context.environ, context.cache_dir, machine.user_id())
    prefix = f"browser-{agent.stem}-"
    found: list[tuple[float, str]] = []
    for path in agent.parent.glob(f"{prefix}*.sock"):
        install = path.stem.removeprefix(prefix)
        with contextlib.suppress(OSError):  # it ended in this moment
            if INSTALL_ID.fullmatch(install):
                found.append((path.lstat().st_mtime, install))
    return [install for _, install in sorted(found, reverse=True)]


def call_host(
    context: Context, install: str, request: Mapping[str, object], within: float = CALL_SECONDS
) -> dict[str, object]:
    """The host's answer. Raises HostGoneError, and then a socket that was left behind is gone."""
    place = socket_of(context, install)
    seen = identity_of(place)
    try:
        connection = connect(place, CONNECT_SECONDS)
    except NoAgentError:
        _remove_left_behind(place, seen)
        raise HostGoneError from None
    with connection:
        try:
            stream = MessageStream(connection)
            stream.send(request, CONNECT_SECONDS)
            answer = stream.receive(within)
        except WireError:
            answer = None
    if answer is None:
        raise UnavailableError(
            "the browser did not answer", hint="is it busy, or asking something? Look there, then try again"
        )
    return answer


def refusal_in(answer: Mapping[str, object], browser: str) -> UsherError:
    """What the extension in `browser`, or its host, says against opening a console."""
    if "refusal" in answer:
        reason = printable(str(answer["refusal"])) or "it gave no reason"
        return UsherError(
            f"the extension in {browser} did not open the console: {reason}",
            hint="'usher browser doctor' looks what is wrong; --print gives the link itself",
        )
    return UnavailableError(f"{browser}: {answer.get('error')}", hint=str(answer.get("hint", "")))


@contextmanager
def serving(place: Path, answer: Answer, lost: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Answer this user's programs at `place` while the block runs; then the socket is gone.

    `lost` is told when the socket was removed under us, by what cleans old files away, say.
    """
    from usher.session.agent.server import SocketServer

    with _changing(place):
        listener = listen(place)
        ours = identity_of(place)
    server = SocketServer(listener, answer, machine.user_id())

    def is_there() -> bool:
        if identity_of(place) is None:
            lost()
            return False
        return True

    thread = threading.Thread(target=server.run, args=(is_there,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        with _changing(place):
            if identity_of(place) == ours:
                place.unlink(missing_ok=True)
        server.stop()
        thread.join(CONNECT_SECONDS)


def _remove_left_behind(place: Path, seen: tuple[int, int] | None) -> None:
    """Remove the socket of a host that was killed, unless another host has taken the place meanwhile."""
    if seen is None:
        return
    with _changing(place):
        if identity_of(place) == seen:
            place.unlink(missing_ok=True)


@contextmanager
def _changing(place: Path) -> Iterator[None]:
    make_private_folder(place.parent)
    with exclusive(place.with_name("browsers.lock")):
        yield
