"""Find the mistakes in an access file, without the network.

usher access check
usher access check team.yaml --json
"""

from __future__ import annotations

import argparse
import json

from usher.cli.access.files import read_access_file
from usher.cli.access.options import add_file_argument, add_json_argument
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.core.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    add_file_argument(parser)
    add_json_argument(parser)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Say what the file holds; its mistakes leave as AccessFileError."""
    file = read_access_file(options.file)
    counts = {
        "accounts": len(file.accounts),
        "users": len(file.users),
        "groups": len(file.groups),
        "permission_sets": len(file.permission_sets),
        "rules": len(file.rules),
    }
    if options.json:
        context.terminal.result(json.dumps({"file": options.file, "mistakes": 0, **counts}))
    else:
        words = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in counts.items())
        context.terminal.result(f"{printable(options.file)} has no mistakes: {words}")
    return ExitCode.DONE
