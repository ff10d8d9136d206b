"""Which account a terminal and its browser window are in: one small private file for each such pair.

A shell has a window from its first `usher switch` on: a random id in `USHER_WINDOW`, which programs and
shells that it starts inherit. The file says which profile was entered last in that window and by whom. Its
first line is new with every switch, so that a shell sees at its prompt, by reading 16 characters and starting
nothing, that somebody else switched. Neither the AWS config file nor another window is touched.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Mapping
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
    """What was entered last in a window, where, and when (Unix seconds). `mark` is this switch's own."""

    profile: str
    who: Who
    at: float
    mark: str


def window_file(context: Context, window: str) -> Path:
    """The file of `window`, which must be an id. Raises UsageError."""
    if not WINDOW_ID.fullmatch(window):
        raise UsageError("a window's id has 1 to 64 letters, digits, '-' and '_'")
    return context.cache_dir / "windows" / window


def window_here(environ: Mapping[str, str]) -> str | None:
    """The window of the shell whose environment is `environ`; None before its first switch."""
    window = environ.get(WINDOW, "")
    return window if WINDOW_ID.fullmatch(window) else None


def new_window() -> str:
    """An id for a terminal that switches for the first time."""
    import secrets  # brings hashes; a shell that only follows makes no id

    return secrets.token_hex(8)


def read_window(context: Context, window: str) -> WindowState | None:
    """What `window` is in. None when it was never switched, or when its file is not as Usher writes it."""
    file = window_file(context, window)
    try:
        if file.lstat().st_size > _LARGEST_BYTES:
            return None
        mark, _, rest = (read_private(file) or b"").decode().partition("\n")
        document = json.loads(rest)
        state = WindowState(document["profile"], Who(document["who"]), float(document["at"]), mark)
    except (OSError, UnsafePlaceError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return state if _MARK.fullmatch(mark) and _is_profile(state.profile) else None


def write_window(context: Context, window: str, profile: str, who: Who) -> WindowState:
    """Note that `profile` was entered in `window`; its other shells see it at their next prompt."""
    import secrets

    state = WindowState(profile, who, time.time(), secrets.token_hex(8))
    document = {"profile": profile, "who": who, "at": state.at}
    write_private(window_file(context, window), f"{state.mark}\n{json.dumps(document)}\n".encode())
    return state


def forget_window(context: Context, window: str) -> None:
    """The terminal goes its own way: a browser that still knows the window is told so when it asks."""
    window_file(context, window).unlink(missing_ok=True)


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
    if not window_file(context, window).is_file():
        raise NotFoundError(
            "no terminal belongs to this browser window any more",
            hint="'usher switch PROFILE' in a terminal gives it a browser window",
        )
    write_window(context, window, profile_named(context, profile), Who.BROWSER)


def _is_profile(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_PROFILE and is_plain(value)
