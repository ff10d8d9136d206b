"""Words for shells, quoted so that nothing in them is ever run, whoever chose the name.

Every shell has one way: a literal string in which only the quote itself is special. What a shell
cannot hold that way is refused, never approximated: control characters everywhere (a newline ends a
command, NUL ends a value), and for cmd.exe, which has no literal string, every character it expands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from unicodedata import category

from usher.core.errors import UsageError
from usher.core.printable import printable


class Shell(StrEnum):
    """A shell that Usher writes code for."""

    SH = "sh"
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"
    NU = "nu"
    ELVISH = "elvish"
    CMD = "cmd"


class UnquotableError(UsageError):
    """A text that cannot be given to a shell."""


def quote(shell: Shell, text: str) -> str:
    """`text` as one word of `shell`, meaning exactly itself. Raises UnquotableError."""
    check_plain(text)
    return _QUOTES[shell](text)


def check_plain(text: str) -> None:
    """Refuse what no shell and no terminal should be given. Raises UnquotableError.

    Control characters, line and paragraph separators, and bytes that are not UTF-8 (which reach Python
    as lone surrogates).
    """
    wrong = next((c for c in text if category(c) in {"Cc", "Cs", "Zl", "Zp"}), None)
    if wrong is not None:
        raise UnquotableError(
            f"'{printable(text)}' holds the character U+{ord(wrong):04X}, which no shell is given",
            hint="rename it: names hold no control characters, line breaks or bytes that are not UTF-8",
        )


def is_plain(text: str) -> bool:
    """Whether a shell may be given `text`."""
    try:
        check_plain(text)
    except UnquotableError:
        return False
    return True


def _posix(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


# PowerShell takes typographic quotes for quotes (about_Quoting_Rules); each is doubled, as `'` is.
_POWERSHELL_QUOTES = "'‘’‚‛"


def _powershell(text: str) -> str:
    return "'" + "".join(c * 2 if c in _POWERSHELL_QUOTES else c for c in text) + "'"


def _nu(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _elvish(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _cmd(text: str) -> str:
    special = next((c for c in text if c in '"%!^&|<>()'), None)
    if special is not None:
        raise UnquotableError(
            f"'{printable(text)}' holds {special!r}, which cmd.exe would not take literally",
            hint="use PowerShell: --format powershell",
        )
    return text


_QUOTES: Mapping[Shell, Callable[[str], str]] = {
    Shell.SH: _posix,
    Shell.BASH: _posix,
    Shell.ZSH: _posix,
    Shell.FISH: _fish,
    Shell.POWERSHELL: _powershell,
    Shell.NU: _nu,
    Shell.ELVISH: _elvish,
    Shell.CMD: _cmd,
}
