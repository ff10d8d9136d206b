"""The hook and the completion of each shell: a file in the shell's own language with one placeholder.

The placeholder is the command that runs Usher, quoted for that shell; nothing else is filled in.
"""

from __future__ import annotations

from pathlib import Path

from usher.core.errors import UsageError
from usher.shell.quoting import Shell, quote

PLACEHOLDER = "{{usher}}"
_FOLDER = Path(__file__).parent
_SUFFIXES = {
    Shell.SH: "sh",
    Shell.BASH: "bash",
    Shell.ZSH: "zsh",
    Shell.FISH: "fish",
    Shell.POWERSHELL: "ps1",
    Shell.NU: "nu",
    Shell.ELVISH: "elv",
}
HOOKED = tuple(_SUFFIXES)
COMPLETED = (Shell.BASH, Shell.ZSH, Shell.FISH, Shell.POWERSHELL)


def hook(shell: Shell, command: str) -> str:
    """The code that a shell runs at its start so that `usher use` can change it."""
    if shell not in HOOKED:
        raise UsageError(f"there is no hook for {shell}", hint=f"there is one for: {', '.join(HOOKED)}")
    return _filled("hooks", shell, command)


def completion(shell: Shell, command: str) -> str:
    """The code by which a shell completes `usher`."""
    if shell not in COMPLETED:
        raise UsageError(
            f"there is no completion for {shell}", hint=f"there is one for: {', '.join(COMPLETED)}"
        )
    return _filled("completions", shell, command)


def _filled(folder: str, shell: Shell, command: str) -> str:
    text = (_FOLDER / folder / f"usher.{_SUFFIXES[shell]}").read_text("utf-8")
    return text.replace(PLACEHOLDER, quote(shell, command))
