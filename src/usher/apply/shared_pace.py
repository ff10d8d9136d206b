"""A bucket in a small file, so that all processes of this person keep one pace together.

The file is changed under a lock that the kernel releases even when its holder is killed, with one write of
a few bytes; one that makes no sense is begun anew.
"""

from __future__ import annotations

import math
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from usher.core import machine
from usher.core.pace import Bucket

_Answer = TypeVar("_Answer")

_FORM = struct.Struct("<8sdddII")
_MARK = b"usher p1"
_LONGEST_WAIT = 1.0  # the lock is held for microseconds; who holds it longer was stopped
_BETWEEN_TRIES = 0.002


class SharedMemory:
    """The bucket in the file at `path`, made with its folder when first used.

    Raises OSError when the file or its lock cannot be had.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def update(self, change: Callable[[Bucket | None], tuple[Bucket, _Answer]]) -> _Answer:
        """Replace the bucket, while no other process does."""
        descriptor = self._open()
        with _locked(descriptor, self._path):
            bucket, answer = change(_unpack(machine.read_beginning(descriptor, _FORM.size)))
            machine.write_beginning(descriptor, _pack(bucket))
        return answer

    def _open(self) -> int:
        if self._descriptor is None:
            if not self._path.parent.is_dir():
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._path.parent.chmod(0o700)  # whatever the umask
            flags = os.O_RDWR | os.O_CREAT | machine.NOT_INHERITED | machine.NO_FOLLOW
            self._descriptor = os.open(self._path, flags, 0o600)
            machine.set_mode(self._descriptor, 0o600)
        return self._descriptor

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


@contextmanager
def _locked(descriptor: int, path: Path) -> Iterator[None]:
    give_up = time.monotonic() + _LONGEST_WAIT
    while not machine.try_lock(descriptor):
        if time.monotonic() > give_up:
            raise TimeoutError(f"another process does not let go of {path}")
        time.sleep(_BETWEEN_TRIES)
    try:
        yield
    finally:
        machine.unlock(descriptor)


def _pack(bucket: Bucket) -> bytes:
    return _FORM.pack(_MARK, bucket.due, bucket.learnt, bucket.learnt_at, bucket.calls, bucket.throttles)


def _unpack(data: bytes) -> Bucket | None:
    if len(data) != _FORM.size:
        return None
    mark, due, learnt, learnt_at, calls, throttles = _FORM.unpack(data)
    sound = mark == _MARK and all(map(math.isfinite, (due, learnt, learnt_at))) and learnt >= 0
    return Bucket(due, learnt, learnt_at, calls, throttles) if sound else None
