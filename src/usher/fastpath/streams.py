"""Standard streams that the caller has closed: `usher ... 2>&-`, as some services start their programs."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TextIO


def fill_closed() -> None:
    """Open them on nothing: a file of secrets that became descriptor 2 would get our words."""
    opened = os.open(os.devnull, os.O_RDWR)  # always the lowest number that is free
    while opened <= 2:
        os.set_inheritable(opened, True)
        opened = os.open(os.devnull, os.O_RDWR)
    os.close(opened)
    sys.stdin = sys.stdin or _stream(0, "r")
    sys.stdout = sys.stdout or _stream(1, "w")
    sys.stderr = sys.stderr or _stream(2, "w")


def _stream(descriptor: int, mode: "Literal['r', 'w']") -> "TextIO":
    return open(descriptor, mode, encoding="utf-8", closefd=False)
