"""The shell's hook: without it `usher use` cannot change the shell it is typed in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePath

from usher.cli.context import Context
from usher.cli.doctor.verdict import Verdict, good, note

_FILES = {
    "bash": (".bashrc", ".bash_profile", ".bash_login", ".profile"),
    "zsh": (".zshrc", ".zshenv", ".zprofile"),
    "fish": (".config/fish/config.fish",),
    "pwsh": (".config/powershell/Microsoft.PowerShell_profile.ps1", ".config/powershell/profile.ps1"),
    "nu": (".config/nushell/config.nu",),
    "elvish": (".config/elvish/rc.elv",),
}
_LINE = 'eval "$(usher shell-init {})"'
_LINES = {"fish": "usher shell-init fish | source", "pwsh": "see 'usher shell-init --help'"}
_OTHERS = {"granted": ("alias assume=", "assume.fish"), "aws-sso-cli": ("aws-sso setup completions",)}


def check_shell(context: Context) -> Iterator[Verdict]:
    """Whether the login shell's start-up files load the hook; other tools' hooks are named."""
    shell = PurePath(context.environ.get("SHELL", "")).name
    if shell not in _FILES:
        yield note("shell", f"the shell '{shell or 'unknown'}' is not looked into", "usher shell-init --help")
        return
    texts = {path: _text(path) for path in (context.home / name for name in _FILES[shell])}
    hooked = [path for path, text in texts.items() if "usher shell-init" in text]
    if hooked:
        yield good("shell", f"{shell} loads the hook in {hooked[0]}")
    else:
        first = next(iter(texts))
        line = _LINES.get(shell, _LINE.format(shell))
        yield note(
            "shell",
            f"{shell} does not load usher's hook, so 'usher use' cannot switch it",
            f"add to {first}: {line}",
        )
    for tool, marks in _OTHERS.items():
        if any(mark in text for mark in marks for text in texts.values()):
            yield note("shell", f"the hook of {tool} is loaded too; both set AWS_PROFILE")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
