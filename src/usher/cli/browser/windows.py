"""Which account a terminal and its browser window are in: one small private file for each such pair.

A shell has a window from its first `usher switch` on: a random id in `USHER_WINDOW`, which shells that it
starts in the same terminal share. The file says which profile was entered last in that window and by whom.
Its first line is new with every switch, so that a shell sees at its prompt, by reading 16 characters and
starting nothing, that somebody else switched. Neither the AWS config file nor another window is touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from usher.cli.context import Context
from usher.core.errors import NotFoundError, UsageError
from usher.core.printable import printable
from usher.session.vault.contract import UnsafePlaceError
from usher.session.vault.files import read_private, write_private
from usher.shell.quoting import is_plain
from usher.shell.variables import WINDOW

WINDOW_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
LONGEST_UNUSED_SECONDS = 30 * 86_400
"""A window that nobody switched for so long is forgotten: most terminals are gone by then."""

_MARK = re.compile(r"[0-9a-f]{16}")
_LARGEST_BYTES = 8_192
_LONGEST_PROFILE = 1_024


class Who(StrEnum):
    """Where a window was switched."""

    TERMINAL = "terminal"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class WindowState:
    """What was entered last in a window, where, and when (Unix seconds). `mark` is this switch's own.

    `device` is the terminal whose window it is, empty where that is not known.
    """

    profile: str
    who: Who
    at: float
    device: str
    mark: str


def window_file(context: Context, window: str) -> Path:
    """The file of `window`, which must be an id. Raises UsageError."""
    if not WINDOW_ID.fullmatch(window):
        raise UsageError("a window's id has 1 to 64 letters, digits, '-' and '_'")
    return context.cache_dir / "windows" / window


def window_here(context: Context) -> str | None:
    """The window of the shell that asks; None before the first switch in its terminal.

    A multiplexer's panes and terminals in an editor inherit the variables of the shell that started those.
    They are other terminals, whose accounts must not change with that one's.
    """
    window = context.environ.get(WINDOW, "")
    if not WINDOW_ID.fullmatch(window):
        return None
    state, device = read_window(context, window), context.terminal.device
    inherited = state is not None and state.device and device and state.device != device
    return None if inherited else window


def new_window() -> str:
    """An id for a terminal that switches for the first time."""
    return os.urandom(8).hex()


def read_window(context: Context, window: str) -> WindowState | None:
    """What `window` is in. None when it was never switched, or when its file is not as Usher writes it."""
    file = window_file(context, window)
    try:
        if file.lstat().st_size > _LARGEST_BYTES:
            return None
        mark, _, rest = (read_private(file) or b"").decode().partition("\n")
        document = json.loads(rest)
        who, at, device = Who(document["who"]), float(document["at"]), str(document["device"])
        state = WindowState(document["profile"], who, at, device, mark)
    except (OSError, UnsafePlaceError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return state if _MARK.fullmatch(mark) and _is_profile(state.profile) else None


def write_window(context: Context, window: str, profile: str, who: Who, device: str) -> WindowState:
    """Note that `profile` was entered in `window`; its shells see it at their next prompt."""
    state = WindowState(profile, who, time.time(), device, os.urandom(8).hex())
    document = {"profile": profile, "who": who, "at": state.at, "device": device}
    write_private(window_file(context, window), f"{state.mark}\n{json.dumps(document)}\n".encode())
    return state


def forget_old_windows(context: Context) -> None:
    """Drop the windows that nobody switched for long: their terminals are gone."""
    oldest = time.time() - LONGEST_UNUSED_SECONDS
    for file in (context.cache_dir / "windows").glob("*"):
        with contextlib.suppress(OSError):  # somebody else dropped it
            if file.lstat().st_mtime < oldest:
                file.unlink()


def switch_from_browser(context: Context, window: str, profile: str) -> None:
    """A person switched in the browser window that belongs to the terminal `window`: its shells follow.

    Raises NotFoundError when no terminal has such a window (any more) or there is no such profile, and
    UsageError for what is no window or no profile.
    """
    from usher.cli.entering import profile_named

    if not _is_profile(profile):
        raise UsageError(f"'{printable(profile[:80])}' is no profile that a shell is given")
    before = read_window(context, window)
    if before is None:
        raise NotFoundError(
            "no terminal belongs to this browser window any more",
            hint="'usher switch PROFILE' in a terminal gives it a browser window",
        )
    write_window(context, window, profile_named(context, profile), Who.BROWSER, before.device)


def _is_profile(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_PROFILE and is_plain(value)
