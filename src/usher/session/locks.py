"""One process at a time: advisory locks on files, released by the kernel even when the holder is killed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from usher.core import machine
from usher.core.errors import UnavailableError
from usher.session.vault.contract import UnsafePlaceError
from usher.session.vault.files import make_private_folder

LONGEST_WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.02
_LONGEST_POLL_SECONDS = 0.2


@contextmanager
def exclusive(
    path: Path, longest_wait: float = LONGEST_WAIT_SECONDS, pause: float = _POLL_SECONDS
) -> Iterator[None]:
    """Hold `path`'s lock inside the block. Raises UnavailableError after `longest_wait` seconds.

    `pause` is how long to wait between the first two looks at a lock that another process holds; it
    grows, so that hundreds who wait leave the machine to the one who works.
    """
    with _held(path, longest_wait, pause, shared=False):
        yield


@contextmanager
def shared(path: Path, longest_wait: float = LONGEST_WAIT_SECONDS) -> Iterator[None]:
    """Hold `path`'s lock beside others who share it; `exclusive` waits for all of them, and they for it."""
    with _held(path, longest_wait, _POLL_SECONDS, shared=True):
        yield


@contextmanager
def _held(path: Path, longest_wait: float, pause: float, *, shared: bool) -> Iterator[None]:
    make_private_folder(path.parent)
    flags = os.O_RDWR | os.O_CREAT | machine.NO_FOLLOW | machine.NOT_INHERITED
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise UnsafePlaceError(f"cannot lock {path}: {error.strerror}", hint="move it away") from None
    try:
        machine.set_mode(descriptor, 0o600)  # whatever the umask
        _wait_for(descriptor, path, longest_wait, pause, shared=shared)
        yield
    finally:
        os.close(descriptor)


def session_lock(folder: Path, organization: str) -> AbstractContextManager[None]:
    """The lock under which an organization's session, or what is kept because of it, changes."""
    return exclusive(folder / f"{organization}.lock")


def _wait_for(descriptor: int, path: Path, longest_wait: float, pause: float, *, shared: bool) -> None:
    give_up = time.monotonic() + longest_wait
    while not machine.try_lock(descriptor, shared=shared):
        if time.monotonic() >= give_up:
            raise UnavailableError(
                f"another usher process has held {path.name} for {longest_wait:.0f} s",
                hint="run the command again; if it lasts, look for a stuck usher process",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_POLL_SECONDS)
