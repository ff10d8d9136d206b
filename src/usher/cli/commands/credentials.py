"""Print a profile's credentials as a `credential_process` document, for AWS SDKs and tools.

Profiles written by 'usher profiles sync' call this themselves.

    usher credentials mkdev-staging/AdministratorAccess
"""

from __future__ import annotations

import argparse
import json

from usher.cli.context import Context
from usher.cli.opening import OpenedProfile, is_still_kept, open_profile
from usher.cli.text.status import iso_time
from usher.cli.wire import open_session_rooms
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
    if expires_at is not None:
        rooms.shelf.put(options.profile, text.encode() + b"\n", expires_at, opened.stamp)
    if not is_still_kept(rooms, opened):  # a login or logout came in between and has cleared the shelf
        rooms.shelf.remove(options.profile)
    context.terminal.result(text)
    return ExitCode.DONE


def _document(opened: OpenedProfile) -> str:
    keys = opened.credentials
    document: dict[str, object] = {
        "Version": 1,
        "AccessKeyId": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key.reveal(),
    }
    if keys.session_token is not None:
        document["SessionToken"] = keys.session_token.reveal()
    if keys.expires_at is not None:
        document["Expiration"] = iso_time(keys.expires_at)
    if keys.account_id is not None:
        document["AccountId"] = keys.account_id
    return json.dumps(document)
