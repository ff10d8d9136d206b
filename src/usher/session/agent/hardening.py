"""Keeping a process's memory to itself: no core dump, no reading by other processes, no swap if allowed."""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass

_SET_DUMPABLE, _GET_DUMPABLE = 4, 3
_LOCK_NOW_AND_LATER_ON_FAULT = 1 | 2 | 4


@dataclass(frozen=True, slots=True)
class MemoryGuard:
    """What the system granted. `unreadable`: other processes of this user cannot read the memory."""

    no_core_dump: bool
    unreadable: bool
    never_swapped: bool


def guard_memory() -> MemoryGuard:
    """Close this process's memory as far as the system allows."""
    if sys.platform == "win32":
        return MemoryGuard(no_core_dump=False, unreadable=False, never_swapped=False)
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    no_core = resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    if not sys.platform.startswith("linux"):
        return MemoryGuard(no_core, unreadable=False, never_swapped=False)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    unreadable = libc.prctl(_GET_DUMPABLE, 0, 0, 0, 0) == 0
    return MemoryGuard(no_core, unreadable, _lock_in_memory(libc))


def _lock_in_memory(libc: ctypes.CDLL) -> bool:
    """Lock all pages, only where no limit can make a later allocation fail because of it."""
    if sys.platform == "win32":
        return False
    import resource

    unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
    if not unlimited and os.geteuid() != 0:
        return False
    return bool(libc.mlockall(_LOCK_NOW_AND_LATER_ON_FAULT) == 0)
