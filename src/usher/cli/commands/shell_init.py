"""Print the code that a shell runs at its start, so that 'usher use' can change it.

    bash        eval "$(usher shell-init bash)"                              in ~/.bashrc
    zsh         eval "$(usher shell-init zsh)"                               in ~/.zshrc
    fish        usher shell-init fish | source                               in ~/.config/fish/config.fish
    PowerShell  usher shell-init powershell | Out-String | Invoke-Expression in $PROFILE
    nu          usher shell-init nu | save -f ~/usher.nu                    and source ~/usher.nu in config.nu
    elvish      eval (usher shell-init elvish | slurp)                       in ~/.config/elvish/rc.elv
    sh, dash    eval "$(usher shell-init sh)"                                in the file that $ENV names

It brings 'usher use' and 'usher switch', folders with a trusted .usher file, and completion.
"""

from __future__ import annotations

import argparse

from usher.cli.context import Context, usher_command
from usher.core.errors import ExitCode
from usher.shell.quoting import Shell
from usher.shell.templates import COMPLETED, HOOKED, completion, hook


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("shell", choices=HOOKED, type=Shell, help="the shell to write for")
    parser.add_argument("--no-completion", action="store_true", help="the hook alone")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Print the hook, with completion where the shell has one."""
    [command] = usher_command(context)
    text = hook(options.shell, command)
    if options.shell in COMPLETED and not options.no_completion:
        text += "\n" + completion(options.shell, command)
    context.terminal.result(text)
    return ExitCode.DONE
