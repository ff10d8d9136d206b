"""Write one AWS config profile per account and permission set that you may enter, and list them.

Everything already in the file stays as it is; a back-up is kept beside it. What is not said here is taken
from settings.toml: [profiles.ORG] and [accounts.ID].

    usher profiles sync
    usher profiles sync mkdev --dry-run
    usher profiles sync --all --if-older-than 1d
    usher profiles sync --include 'unit:Workloads' --exclude 'set:Billing*'
    usher profiles sync --template '{account|lower}-{permission_set|short}' --strip-prefix mkdev-
    usher profiles sync --native          plain sso_session profiles, for 'aws sso login'
    usher profiles prune mkdev            and remove what is no longer granted
    usher profiles list 'prod*' 'tag:env=staging'
    usher profiles remove customer-b
"""

from __future__ import annotations

import argparse

from usher.cli.context import Context
from usher.cli.profiles.listing import add_list_arguments, list_all
from usher.cli.profiles.removing import add_remove_arguments, remove
from usher.cli.profiles.sync import add_sync_arguments, sync
from usher.core.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="sync|list|prune|remove")
    syncing = verbs.add_parser("sync", help="write the profiles", allow_abbrev=False)
    add_sync_arguments(syncing)
    syncing.add_argument("--prune", action="store_true", help="remove profiles that are no longer granted")
    add_list_arguments(verbs.add_parser("list", help="list the profiles", allow_abbrev=False))
    add_sync_arguments(
        verbs.add_parser("prune", help="write them, and remove what is no longer granted", allow_abbrev=False)
    )
    add_remove_arguments(verbs.add_parser("remove", help="remove an organization's", allow_abbrev=False))


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Run the verb."""
    match options.verb:
        case "list":
            return list_all(options, context)
        case "remove":
            return remove(options, context)
        case "prune":
            return sync(options, context, prune=True)
        case _:
            return sync(options, context, prune=options.prune)
