"""An access file's mistakes, as people and as scripts read them."""

from __future__ import annotations

from collections.abc import Sequence

from usher.access.diagnostics import Diagnostic
from usher.cli.terminal import Terminal, printable


def say_diagnostics(diagnostics: Sequence[Diagnostic], terminal: Terminal) -> None:
    """Print each mistake on a line of its own: `access.yaml:12:9: …`, then how many there are."""
    for each in diagnostics:
        place = terminal.style("strong", f"{printable(each.file)}:{each.line}:{each.column}:")
        hint = terminal.style("dim", f" ({printable(each.hint)})") if each.hint else ""
        terminal.say(f"{place} {printable(each.message)}{hint}")
    count = "1 mistake" if len(diagnostics) == 1 else f"{len(diagnostics)} mistakes"
    terminal.say(terminal.style("error", count) + "; nothing was changed")


def diagnostics_document(diagnostics: Sequence[Diagnostic], exit_code: int) -> dict[str, object]:
    """The mistakes as a JSON document."""
    return {
        "error": "the access file has mistakes",
        "diagnostics": [
            {
                "file": each.file,
                "line": each.line,
                "column": each.column,
                "message": each.message,
                "hint": each.hint,
            }
            for each in diagnostics
        ],
        "exit_code": exit_code,
    }
