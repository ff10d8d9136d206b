"""Switching the shell that asked, through its hook: what `usher use` and `usher switch` have in common."""

from __future__ import annotations

from pathlib import Path

from usher.cli.context import Context
from usher.cli.entering import has_static_keys, note_entry, profile_named
from usher.cli.looks import badge, coloured, confirm_entry, look_for
from usher.core.errors import NotFoundError, UsageError
from usher.core.printable import printable
from usher.shell.changes import Changes
from usher.shell.quoting import check_plain
from usher.shell.switching import Entry, foreign_region
from usher.shell.variables import PREVIOUS


def hook_needed(context: Context, command: str) -> UsageError:
    """The error of a command that nobody takes the answer over from."""
    return UsageError(
        f"'usher {command}' changes a shell only through the shell's hook, which is not installed here",
        hint=_how_to_install(context),
    )


def confirmed_entry(context: Context, name: str, region: str, *, yes: bool) -> Entry:
    """The entry of the profile `name`, which is its whole name; confirmed when it is protected."""
    check_plain(name)
    look = look_for(context, name)
    confirm_entry(context, name, look, yes=yes)
    note_entry(context, name, None)
    return Entry(name, region, look)


def profile_before(context: Context) -> str:
    """The profile that this shell was in before. Raises NotFoundError."""
    previous = context.environ.get(PREVIOUS)
    if not previous:
        raise NotFoundError("there is no profile before this one", hint="name one")
    return profile_named(context, previous)


def say_entered(context: Context, entry: Entry, why: str = "") -> None:
    """Say which profile this shell is in now; `why` stands behind it."""
    terminal = context.terminal
    shown = coloured(terminal, entry.look, printable(entry.profile))
    marked = f"{badge(terminal, entry.look)} {shown}" if entry.look.label else shown
    region = f" in {entry.region}" if entry.region else ""
    terminal.say(f"usher: {marked}{region}{why}")


def warn_of(context: Context, entry: Entry, wanted: Changes) -> None:
    """Warn of what is not taken away and wins over the profile, or stands beside it."""
    terminal = context.terminal
    warning = terminal.style("warn", "warning: ")
    if name := foreign_region(context.environ, wanted):
        value = printable(context.environ[name])
        terminal.say(f"{warning}{name}={value} stays set and wins over the profile's region")
    endpoint = wanted.applied_to(context.environ).get("AWS_ENDPOINT_URL")
    if endpoint:
        terminal.say(f"{warning}AWS_ENDPOINT_URL is set: every call goes to {printable(endpoint)}")
    if has_static_keys(context, entry.profile):
        terminal.say(f"{warning}the AWS credentials file has keys of that name, which SDKs take first")


def _how_to_install(context: Context) -> str:
    name = Path(context.environ.get("SHELL", "")).name
    line = {
        "zsh": 'in ~/.zshrc: eval "$(usher shell-init zsh)"',
        "bash": 'in ~/.bashrc: eval "$(usher shell-init bash)"',
        "fish": "in ~/.config/fish/config.fish: usher shell-init fish | source",
    }.get(name, "'usher shell-init --help' says how for each shell")
    others = (
        "or start a new shell: usher use --shell PROFILE\nor run one command: usher exec PROFILE -- COMMAND"
    )
    return f"{line}\n{others}"
