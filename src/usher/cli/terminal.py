"""The one place that prints, colours and asks: results to stdout, words for people to stderr."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from usher.core.printable import printable as printable
from usher.core.secrets import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_STYLES: Mapping[str, str] = {
    "add": "32",
    "change": "33",
    "remove": "31",
    "error": "1;31",
    "warn": "33",
    "strong": "1",
    "dim": "2",
    "link": "4;36",
    # The eight colours of looks. Orange and pink are not among a terminal's sixteen.
    "red": "31",
    "orange": "38;5;208",
    "yellow": "33",
    "green": "32",
    "turquoise": "36",
    "blue": "34",
    "purple": "35",
    "pink": "38;5;205",
    "badge": "1;7",
}


class Terminal:
    """Where words go. Colour is used only on a real terminal and never when NO_COLOR is set."""

    def __init__(
        self, out: TextIO | None = None, err: TextIO | None = None, *, colour: bool | None = None
    ) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._colour = self._err.isatty() if colour is None else colour
        self._status = ""

    @property
    def interactive(self) -> bool:
        """Whether a person can answer a question here."""
        return sys.stdin is not None and sys.stdin.isatty() and self._err.isatty()

    @property
    def device(self) -> str:
        """What tells this terminal from others; empty where there is none, or nothing that tells."""
        import os

        if sys.platform == "win32":
            return ""
        for stream in (self._err, sys.stdin):  # either may be redirected
            try:
                return os.ttyname(stream.fileno())
            except (OSError, ValueError, AttributeError):  # no terminal; no file at all
                continue
        return ""

    @property
    def colours(self) -> bool:
        """Whether words for people may be coloured."""
        return self._colour

    @property
    def screen(self) -> TextIO:
        """The terminal itself, for what draws all of it: results keep stdout."""
        return self._err

    @property
    def colours_results(self) -> bool:
        """Whether results may be styled: only where a person sees them, never in a pipe or a file."""
        return self._colour and self._out.isatty()

    @property
    def width(self) -> int | None:
        """The columns that a line of results may fill; None where no person looks: a pipe or a file."""
        return self.columns if self._out.isatty() else None

    @property
    def redraws(self) -> bool:
        """Whether a line may be drawn again in place: only where a person watches."""
        return self._err.isatty()

    @property
    def columns(self) -> int:
        """The columns that a line of words may fill."""
        import shutil  # brings five compressors

        return shutil.get_terminal_size().columns

    def result(self, text: str) -> None:
        """Print a result: what a script reads, on stdout."""
        self.status("")
        print(text, file=self._out, flush=True)

    def say(self, text: str = "") -> None:
        """Print words for people, on stderr."""
        self.status("")
        print(text, file=self._err, flush=True)

    def status(self, text: str) -> None:
        """Show how far something is, in a line that the next words replace; only where a person looks."""
        if text == self._status or not self._err.isatty():
            return
        self._status = text
        self._err.write(f"\r\x1b[K{text}")
        self._err.flush()

    def copy(self, text: str) -> bool:
        """Ask the terminal to put `text` in the clipboard (OSC 52), also over SSH. False without a terminal.

        Whether it did so no terminal tells.
        """
        if not self._err.isatty():
            return False
        import base64

        self._err.write(f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07")
        self._err.flush()
        return True

    def style(self, name: str, text: str) -> str:
        """`text` in a named style: one of the words above; a look's colour goes around its `badge`."""
        return f"\x1b[{_STYLES[name]}m{text}\x1b[0m" if self._colour else text

    def ask_secret(self, question: str) -> Secret:
        """What a person types without seeing it; empty when they type nothing."""
        import getpass

        self.status("")
        try:
            return Secret(getpass.getpass(question, self._err))
        except EOFError:
            return Secret("")

    def confirm(self, question: str) -> bool:
        """Ask a yes/no question; anything but a clear yes is no."""
        return self.ask(f"{question} [y/N]").lower() in {"y", "yes"}

    def ask(self, question: str) -> str:
        """Ask for a line of text; empty when there is none to read."""
        self.status("")
        self._err.write(f"{question} ")
        self._err.flush()
        return sys.stdin.readline().strip()
