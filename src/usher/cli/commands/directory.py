"""Set up and look after the directory in a data folder on this machine.

usher directory init --data /var/lib/usher --admin admin@example.com --public-url https://sso.example.com
usher directory user list --data /var/lib/usher
usher directory user reset-password --data /var/lib/usher someone@example.com
    usher directory key create --data /var/lib/usher admin@example.com
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from usher.cli.commands.serve import DEFAULT_LISTEN, parse_public_url
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.core.errors import ExitCode, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    init = actions.add_parser("init", help="make a new directory with its first administrator")
    init.add_argument("--admin", required=True, metavar="EMAIL", help="the first administrator's user name")
    init.add_argument("--public-url", default=f"http://{DEFAULT_LISTEN}", metavar="URL")
    init.add_argument("--region", default="us-east-1", help="the home region it answers for")
    init.set_defaults(do=_initialise)
    user = actions.add_parser("user", help="look after people")
    user_actions = user.add_subparsers(dest="user_action", required=True, metavar="ACTION")
    listing = user_actions.add_parser("list", help="everybody in the identity store")
    listing.set_defaults(do=_list_users)
    reset = user_actions.add_parser("reset-password", help="give somebody a one-time password")
    reset.add_argument("user_name", metavar="EMAIL")
    reset.set_defaults(do=_reset_password)
    key = actions.add_parser("key", help="look after administration keys")
    key_actions = key.add_subparsers(dest="key_action", required=True, metavar="ACTION")
    keys = key_actions.add_parser("list", help="every key and whose it is")
    keys.set_defaults(do=_list_keys)
    create = key_actions.add_parser("create", help="a new key for an administrator, shown once")
    create.add_argument("user_name", metavar="EMAIL")
    create.set_defaults(do=_create_key)
    disable = key_actions.add_parser("disable", help="switch a key off for good")
    disable.add_argument("access_key_id", metavar="KEY")
    disable.set_defaults(do=_disable_key)
    for action in (init, listing, reset, keys, create, disable):
        action.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data folder")
        action.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Run the action that was asked for."""
    options.do(options, context)
    return ExitCode.DONE


def _initialise(options: argparse.Namespace, context: Context) -> None:
    from usher.core.ids import USER_NAME
    from usher.server.config import ServerConfig
    from usher.server.setup import initialise_directory

    if not USER_NAME.fullmatch(options.admin):
        raise UsageError(f"--admin {options.admin!r} is not a user name", hint="1 to 128 visible characters")
    config = ServerConfig(options.data, parse_public_url(options.public_url), options.region)
    keys = initialise_directory(config, options.admin, time.time)
    document = {
        "access_key_id": keys.access_key_id,
        "secret_access_key": keys.secret_access_key.reveal(),
        "region": keys.region,
        "instance_arn": keys.instance_arn,
        "identity_store_id": keys.identity_store_id,
        "start_url": keys.start_url,
        "user_name": keys.user_name,
        "one_time_password": keys.one_time_password.reveal(),
    }
    if options.json:
        context.terminal.result(json.dumps(document))
        return
    context.terminal.say(f"The directory in {options.data} is ready. This is shown once:\n")
    for name, value in document.items():
        context.terminal.result(f"  {name.replace('_', ' '):<18} {value}")
    context.terminal.say(
        f"\nStart it with: usher serve --data {options.data} --public-url {config.public_url}"
    )


def _list_users(options: argparse.Namespace, context: Context) -> None:
    from usher.server.setup import all_users

    for user in all_users(options.data, time.time):
        if options.json:
            listed = {"user_name": user.user_name, "display_name": user.display_name, "active": user.active}
            context.terminal.result(json.dumps(listed))
        else:
            state = "" if user.active else "  (disabled)"
            context.terminal.result(printable(f"{user.user_name:<40} {user.display_name}{state}"))


def _reset_password(options: argparse.Namespace, context: Context) -> None:
    from usher.server.setup import reset_password

    user_name, password = reset_password(options.data, options.user_name, time.time)
    if options.json:
        document = {"user_name": user_name, "one_time_password": password.reveal()}
        context.terminal.result(json.dumps(document))
        return
    context.terminal.say(f"One-time password of {printable(user_name)}, shown once:")
    context.terminal.result(password.reveal())


def _list_keys(options: argparse.Namespace, context: Context) -> None:
    from usher.server.setup import all_keys

    for key in all_keys(options.data, time.time):
        if options.json:
            listed = {"access_key_id": key.access_key_id, "owner": key.owner, "active": key.active}
            context.terminal.result(json.dumps(listed))
        else:
            state = "" if key.active else "  (disabled)"
            context.terminal.result(printable(f"{key.access_key_id}  {key.owner or '(deleted)'}{state}"))


def _create_key(options: argparse.Namespace, context: Context) -> None:
    from usher.server.setup import create_key

    key_id, secret = create_key(options.data, options.user_name, time.time)
    if options.json:
        document = {"access_key_id": key_id, "secret_access_key": secret.reveal()}
        context.terminal.result(json.dumps(document))
        return
    context.terminal.say("A new administration key, shown once:")
    context.terminal.result(f"{key_id} {secret.reveal()}")


def _disable_key(options: argparse.Namespace, context: Context) -> None:
    from usher.server.setup import disable_key

    disable_key(options.data, options.access_key_id, time.time)
    if options.json:
        context.terminal.result(json.dumps({"access_key_id": options.access_key_id, "active": False}))
    else:
        context.terminal.say(f"{options.access_key_id} is switched off.")
