"""Print the code by which a shell completes commands, options, profiles, organizations and regions.

'usher shell-init' brings it along; this is for those who want completion alone.

    usher completion zsh > ~/.zfunc/_usher
"""

from __future__ import annotations

import argparse

from usher.cli.context import Context, usher_command
from usher.core.errors import ExitCode
from usher.shell.quoting import Shell
from usher.shell.templates import COMPLETED, completion


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("shell", choices=COMPLETED, type=Shell, help="the shell to write for")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Print it."""
    [command] = usher_command(context)
    context.terminal.result(completion(options.shell, command))
    return ExitCode.DONE
