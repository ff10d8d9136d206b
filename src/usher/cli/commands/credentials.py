"""Print a profile's credentials as a `credential_process` document, for AWS SDKs and tools.

Profiles written by 'usher profiles sync' call this themselves.

    usher credentials mkdev-staging/AdministratorAccess
"""

from __future__ import annotations

import argparse

from usher.cli.context import Context
from usher.cli.opening import open_profile
from usher.cli.serving import credentials_document, make_ready
from usher.cli.wire import open_session_rooms
from usher.core.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("profile", metavar="PROFILE", help="a profile of the AWS config file")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Print the document and make it ready for the next call."""
    rooms = open_session_rooms(context)
    opened = open_profile(rooms, options.profile)
    make_ready(rooms, options.profile, opened)
    context.terminal.result(credentials_document(opened))
    return ExitCode.DONE
