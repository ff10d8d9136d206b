"""From an error to words and an exit code, at the program's outermost frame and nowhere else."""

from __future__ import annotations

import json

from usher.cli.terminal import Terminal, printable
from usher.core.errors import ExitCode, UsherError


def report_error(error: UsherError, terminal: Terminal, *, as_json: bool = False) -> ExitCode:
    """Say what failed and what to do next, on stderr (and as JSON on stdout when asked)."""
    if as_json:
        document = {"error": error.message, "hint": error.hint, "exit_code": int(error.exit_code)}
        terminal.result(json.dumps(document))
    terminal.say(terminal.style("error", "error: ") + "\n".join(_safe_lines(error.message)))
    if error.hint:
        terminal.say(terminal.style("dim", "       " + "\n       ".join(_safe_lines(error.hint))))
    return error.exit_code


def _safe_lines(text: str) -> list[str]:
    """Errors quote files, servers and programs; none of them may speak to the terminal."""
    return [printable(line) for line in text.split("\n")]
