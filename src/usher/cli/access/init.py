"""Write a commented access file to start from; never over one that exists.

usher access init
usher access init --from platform-team team.yaml
"""

from __future__ import annotations

import argparse
from pathlib import Path

from usher.access.starting import STARTERS, starter_text
from usher.cli.access.options import add_file_argument
from usher.cli.access.writing import write_files
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.core.errors import ExitCode, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    add_file_argument(parser)
    parser.add_argument(
        "--from", dest="starter", choices=STARTERS, default=STARTERS[0], help="the example to start from"
    )


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Write the starter."""
    path = Path(options.file)
    name = printable(options.file)
    if path.exists():
        raise UsageError(
            f"'{name}' exists already; it was left as it is",
            hint="name another file: usher access init FILE",
        )
    write_files(path.parent, {path.name: starter_text(options.starter)})
    context.terminal.result(f"{name} is an example to change: your accounts, people and rules.")
    context.terminal.say(f"next: usher access check {name}, then usher access plan {name}")
    return ExitCode.DONE
