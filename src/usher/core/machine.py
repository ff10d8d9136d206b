"""What differs between operating systems where files are private, locks are held and commands written.

POSIX has owners, modes and advisory locks. Windows keeps a person's files from others by where they lie
(the access lists of the profile folder), has no links without a privilege, and refuses to replace a file
that somebody reads in this moment.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    NO_FOLLOW = 0
    NOT_INHERITED = os.O_NOINHERIT | os.O_BINARY
    NOT_WAITING = 0
else:
    import fcntl

    NO_FOLLOW = os.O_NOFOLLOW
    NOT_INHERITED = os.O_CLOEXEC
    NOT_WAITING = os.O_NONBLOCK

# Windows keeps others from reading what is locked, so a byte is locked that no file has.
_LOCKED_BYTE = 0x7FFF_FFFF
_REPLACE_TRIES = 50
_PAUSE_SECONDS = 0.01


def user_id() -> int:
    """Who owns what this process makes; 0 on Windows, as `st_uid` is there."""
    if sys.platform == "win32":
        return 0
    return os.geteuid()


def others_may(state: os.stat_result, mask: int) -> bool:
    """Whether the mode lets others do what `mask` says. Never on Windows, whose modes mean nothing."""
    if sys.platform == "win32":
        return False
    return state.st_mode & mask != 0


def set_mode(descriptor: int, mode: int) -> None:
    """Set an open file's mode, whatever the umask; nothing on Windows."""
    if sys.platform == "win32":
        return
    os.fchmod(descriptor, mode)


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Lock the whole file if nobody else has; it ends with the descriptor. Windows shares no locks."""
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def wait_for_lock(descriptor: int) -> None:
    """Lock the whole file, however long that takes."""
    if sys.platform == "win32":
        while not try_lock(descriptor):
            time.sleep(_PAUSE_SECONDS)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def unlock(descriptor: int) -> None:
    """Give a lock back before its descriptor is closed."""
    if sys.platform == "win32":
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def read_beginning(descriptor: int, length: int) -> bytes:
    """The first bytes of an open file."""
    if sys.platform == "win32":
        os.lseek(descriptor, 0, os.SEEK_SET)
        return os.read(descriptor, length)
    return os.pread(descriptor, length, 0)


def write_beginning(descriptor: int, content: bytes) -> None:
    """Replace the first bytes of an open file in one write."""
    if sys.platform == "win32":
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, content)
    else:
        os.pwrite(descriptor, content, 0)


def replace(source: Path, target: Path) -> None:
    """Put `source` in the place of `target` as a whole. On Windows a reader in this moment is waited for."""
    if sys.platform == "win32":
        for _ in range(_REPLACE_TRIES):
            try:
                source.replace(target)
            except PermissionError:
                time.sleep(_PAUSE_SECONDS)
            else:
                return
    source.replace(target)


def join_command(words: Sequence[str]) -> str:
    """A command line for AWS's config file, which SDKs split as this system's programs do."""
    if sys.platform == "win32":
        import subprocess

        return subprocess.list2cmdline(words)
    import shlex

    return shlex.join(words)


def split_command(line: str) -> list[str]:
    """The words of such a command line. Raises ValueError for a quotation without an end."""
    import shlex

    if sys.platform == "win32":
        return [word.strip('"') for word in shlex.split(line, posix=False)]
    return shlex.split(line)
