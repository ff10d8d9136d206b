"""Print a profile's credentials as a `credential_process` document, for AWS SDKs and tools.

Profiles written by 'usher profiles sync' call this themselves.

    usher credentials mkdev-staging/AdministratorAccess
"""

from __future__ import annotations

import argparse
import json

from usher.cli.context import Context
from usher.cli.text.status import iso_time
from usher.cli.wire import OpenedProfile, is_still_kept, open_profile, open_session_rooms
from usher.core.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("profile", metavar="PROFILE", help="a profile of the AWS config file")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Print the document and make it ready for the next call."""
    rooms = open_session_rooms(context)
    opened = open_profile(rooms, options.profile)
    text = _document(opened)
    expires_at = opened.credentials.expires_at
    rooms.shelf.put(options.profile, text.encode() + b"\n", expires_at, opened.stamp)
    if not is_still_kept(rooms, opened):  # a login or logout came in between and has cleared the shelf
        rooms.shelf.remove(options.profile)
    context.terminal.result(text)
    return ExitCode.DONE


def _document(opened: OpenedProfile) -> str:
    keys = opened.credentials
    return json.dumps(
        {
            "Version": 1,
            "AccessKeyId": keys.access_key_id,
            "SecretAccessKey": keys.secret_access_key.reveal(),
            "SessionToken": keys.session_token.reveal(),
            "Expiration": iso_time(keys.expires_at),
            "AccountId": keys.account_id,
        }
    )
