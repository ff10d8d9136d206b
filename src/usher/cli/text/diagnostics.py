"""An access file's mistakes and warnings, as people and as scripts read them: people get one screen."""

from __future__ import annotations

from collections.abc import Sequence

from usher.access.diagnostics import Diagnostic
from usher.cli.terminal import Terminal, printable

SHOWN = 20
_LONGEST = 200


def say_diagnostics(diagnostics: Sequence[Diagnostic], terminal: Terminal) -> None:
    """Print the first mistakes, each on a line of its own: `access.yaml:12:9: …`, then how many there are."""
    _say_lines(diagnostics, terminal)
    count = "1 mistake" if len(diagnostics) == 1 else f"{len(diagnostics)} mistakes"
    terminal.say(terminal.style("error", count) + "; nothing was changed")


def say_warnings(warnings: Sequence[Diagnostic], terminal: Terminal) -> None:
    """Print the first warnings, each on a line of its own."""
    _say_lines(warnings, terminal, terminal.style("warn", "warning: "))


def diagnostics_document(diagnostics: Sequence[Diagnostic], exit_code: int) -> dict[str, object]:
    """All mistakes as a JSON document."""
    return {
        "error": "the access file has mistakes",
        "diagnostics": diagnostic_documents(diagnostics),
        "exit_code": exit_code,
    }


def diagnostic_documents(diagnostics: Sequence[Diagnostic]) -> list[dict[str, object]]:
    """Each mistake or warning with its parts."""
    return [
        {
            "file": each.file,
            "line": each.line,
            "column": each.column,
            "message": each.message,
            "hint": each.hint,
        }
        for each in diagnostics
    ]


def _say_lines(diagnostics: Sequence[Diagnostic], terminal: Terminal, prefix: str = "") -> None:
    for each in diagnostics[:SHOWN]:
        place = terminal.style("strong", f"{printable(each.file)}:{each.line}:{each.column}:")
        hint = terminal.style("dim", f" ({_short(each.hint)})") if each.hint else ""
        terminal.say(f"{place} {prefix}{_short(each.message)}{hint}")
    if len(diagnostics) > SHOWN:
        terminal.say(terminal.style("dim", f"and {len(diagnostics) - SHOWN} more: --json has them all"))


def _short(text: str) -> str:
    """`text` for one screen: a name of a thousand letters would push everything else off it."""
    safe = printable(text)
    return safe if len(safe) <= _LONGEST else f"{safe[: _LONGEST - 1]}…"
