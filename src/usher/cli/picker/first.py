"""The first paint, before prompt_toolkit is there: importing it takes longer than everything else together.

The terminal is put in raw mode first of all, so that keys typed from now on wait in its buffer, unseen and
in order, until prompt_toolkit reads them. POSIX only; elsewhere prompt_toolkit paints first as well.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TextIO

from usher.cli.picker.cells import safe, width
from usher.cli.picker.frame import PROMPT, Picture
from usher.cli.picker.styles import sgr

_ENTER, _LEAVE = "\x1b[?1049h", "\x1b[?1049l"


@contextmanager
def own_screen(keyboard: int, screen: TextIO) -> Iterator[None]:
    """Have the whole screen and every key inside the block, and give back both however it ends."""
    if sys.platform == "win32":
        yield
        return
    import termios

    before = termios.tcgetattr(keyboard)
    try:
        _make_raw(keyboard)
        screen.write(_ENTER)
        screen.flush()
        yield
    finally:
        screen.write(f"\x1b[0m\x1b[?25h{_LEAVE}")
        screen.flush()
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


@contextmanager
def leaving_when_told() -> Iterator[None]:
    """Inside the block a hang-up or a request to end leaves as Ctrl-C does: the terminal is given back."""
    import signal

    def leave(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    ending = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None))]
    handlers = {number: signal.signal(number, leave) for number in ending}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def paint(picture: Picture, query: str, screen: TextIO, columns: int, *, colours: bool) -> None:
    """Show the picture at once, with the cursor behind the query."""
    if sys.platform == "win32":
        return  # its console may not know escape sequences yet; prompt_toolkit sees to that
    query = safe(query)
    # Every line is placed by itself: a name that a terminal measures differently moves nothing else.
    parts = [f"\x1b[H\x1b[2J{_painted('strong', PROMPT, colours=colours)}{query}"]
    if picture.found:
        parts.append(
            f"\x1b[1;{columns - len(picture.found) + 1}H{_painted('dim', picture.found, colours=colours)}"
        )
    for row, line in enumerate(picture.lines, 2):
        parts.append(f"\x1b[{row};1H")
        parts += [_painted(style, text, colours=colours) for style, text in line]
    parts.append(f"\x1b[1;{len(PROMPT) + width(query) + 1}H")
    screen.write("".join(parts))
    screen.flush()


def size(screen: TextIO) -> tuple[int, int]:
    """Columns and rows of the screen."""
    try:
        columns, rows = os.get_terminal_size(screen.fileno())
    except OSError:
        return 80, 24
    return columns or 80, rows or 24


def _painted(style: str, text: str, *, colours: bool) -> str:
    begin = sgr(style, colours=colours)
    return f"{begin}{text}\x1b[0m" if begin else text


def _make_raw(keyboard: int) -> None:
    """Take away what prompt_toolkit takes away: echo, lines, signals, translation."""
    if sys.platform == "win32":
        return
    import termios

    mode = termios.tcgetattr(keyboard)
    mode[0] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    mode[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
    mode[6][termios.VMIN] = 1
    # TCSADRAIN, not the usual TCSAFLUSH: what was typed already is kept.
    termios.tcsetattr(keyboard, termios.TCSADRAIN, mode)
