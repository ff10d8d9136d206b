"""Run a command with a profile's credentials in its environment.

Usher is replaced by the command: exit code and signals are the command's own.

    usher exec mkdev-staging/AdministratorAccess -- aws s3 ls
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping

from usher.cli.context import Context
from usher.cli.opening import OpenedProfile, open_profile
from usher.cli.text.status import iso_time
from usher.cli.wire import open_session_rooms
from usher.core.errors import UsageError

COMMAND_NOT_FOUND = 127
COMMAND_NOT_RUNNABLE = 126

# Each of these would beat, or be confused with, the credentials that are given.
_REPLACED = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ACCOUNT_ID",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("profile", metavar="PROFILE", help="a profile of the AWS config file")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...", help="what to run")


def run(options: argparse.Namespace, context: Context) -> int:
    """Replace this process by the command; returns only when that is impossible."""
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise UsageError("which command?", hint=f"usher exec {options.profile} -- COMMAND ...")
    opened = open_profile(open_session_rooms(context), options.profile)
    environ = command_environment(context.environ, opened)
    sys.stdout.flush()
    sys.stderr.flush()
    _restore_signals()
    try:
        os.execvpe(command[0], command, environ)  # noqa: S606 -- running the given command is the purpose
    except (FileNotFoundError, NotADirectoryError):
        context.terminal.say(f"usher exec: there is no command '{command[0]}'")
        return COMMAND_NOT_FOUND
    except OSError as error:
        context.terminal.say(f"usher exec: cannot run '{command[0]}': {error.strerror}")
        return COMMAND_NOT_RUNNABLE


def _restore_signals() -> None:
    """Python ignores these two, and an exec hands that on: `yes | head` would end in an error message."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


def command_environment(environ: Mapping[str, str], opened: OpenedProfile) -> dict[str, str]:
    """`environ` with the profile's credentials and region in place of any others."""
    keys = opened.credentials
    given = {
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key.reveal(),
        "AWS_REGION": opened.region,
        "AWS_DEFAULT_REGION": opened.region,
        "USHER_PROFILE": opened.name,
    }
    if keys.session_token is not None:
        given["AWS_SESSION_TOKEN"] = keys.session_token.reveal()
    if keys.expires_at is not None:
        given["AWS_CREDENTIAL_EXPIRATION"] = iso_time(keys.expires_at)
    if keys.account_id is not None:
        given["AWS_ACCOUNT_ID"] = keys.account_id
    if opened.endpoint_url:
        given["AWS_ENDPOINT_URL"] = opened.endpoint_url
    return {name: value for name, value in environ.items() if name not in _REPLACED} | given
