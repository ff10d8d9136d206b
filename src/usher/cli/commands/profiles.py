"""Write one AWS config profile per account and permission set that you may enter, and list them.

Everything already in the file stays as it is; a back-up is kept beside it.

    usher profiles sync
    usher profiles sync mkdev --dry-run
    usher profiles sync --native          plain sso_session profiles, for 'aws sso login'
    usher profiles list
"""

from __future__ import annotations

import argparse
import json

from usher.cli.context import Context
from usher.cli.text.profiles import difference, profile_table, sync_summary
from usher.cli.wire import SessionRooms, open_session_rooms, usher_command
from usher.cli.wire_profiles import read_entrances
from usher.core.errors import ExitCode
from usher.profiles.blocks import DEFAULT_TEMPLATE, BlockStyle, SyncedBlock, WayIn, sync_block
from usher.profiles.config_file import edit_config, read_config
from usher.profiles.lookup import list_profiles
from usher.session.organizations import PortalOrganization, choose_organization


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="sync|list")
    sync = verbs.add_parser("sync", help="write the profiles", allow_abbrev=False)
    sync.add_argument("name", nargs="?", metavar="ORG", help="the organization's name")
    sync.add_argument("--template", default=DEFAULT_TEMPLATE, help="how profiles are named (%(default)s)")
    sync.add_argument(
        "--native", action="store_true", help="sso_session profiles instead of credential_process"
    )
    sync.add_argument("--region", metavar="R", help="the profiles' default region")
    sync.add_argument("--dry-run", action="store_true", help="show the difference, change nothing")
    sync.add_argument("--prune", action="store_true", help="remove profiles that are no longer granted")
    sync.add_argument("--json", action="store_true", help="print the result as JSON")
    listing = verbs.add_parser("list", help="list the profiles", allow_abbrev=False)
    listing.add_argument("--json", action="store_true", help="print the result as JSON")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Run `sync` or `list`."""
    return _sync(options, context) if options.verb == "sync" else _list(options, context)


def _sync(options: argparse.Namespace, context: Context) -> ExitCode:
    rooms = open_session_rooms(context)
    organization = choose_organization(rooms.organizations, options.name)
    style = _style(options, context, organization)
    ways = _ways(rooms, organization)
    path = context.aws_config_file

    def synced(text: str) -> SyncedBlock:
        return sync_block(text, path, style, ways, native=options.native, prune=options.prune)

    if options.dry_run:
        before = read_config(path)
        outcome = synced(before)
        _say_difference(options, context, before, outcome)
        return ExitCode.DONE
    latest: list[SyncedBlock] = []

    def edit(text: str) -> str:
        latest[:] = [synced(text)]
        return latest[0].text

    before, after = edit_config(path, edit)
    outcome = latest[0]
    if options.json:
        context.terminal.result(json.dumps(_document(options, context, outcome, changed=before != after)))
    else:
        summary = sync_summary(
            organization.name, str(path), outcome.names, outcome.stale, pruned=options.prune
        )
        context.terminal.result(summary)
    return ExitCode.DONE


def _list(options: argparse.Namespace, context: Context) -> ExitCode:
    targets = list_profiles(read_config(context.aws_config_file), context.aws_config_file)
    if not options.json:
        context.terminal.result(profile_table(targets))
        return ExitCode.DONE
    document = [
        {
            "profile": target.name,
            "account_id": target.account_id,
            "permission_set": target.permission_set,
            "region": target.region,
            "organization": target.organization,
            "start_url": target.start_url,
        }
        for target in targets
    ]
    context.terminal.result(json.dumps(document, indent=2))
    return ExitCode.DONE


def _style(options: argparse.Namespace, context: Context, organization: PortalOrganization) -> BlockStyle:
    return BlockStyle(
        organization=organization.name,
        template=options.template,
        region=options.region or organization.region,
        command=usher_command(context),
        start_url=organization.profile_start_url,
        sso_region=organization.region,
        scopes=organization.scopes,
        portal_endpoint=organization.endpoint_url,
        aws_endpoint=organization.aws_endpoint_url,
    )


def _ways(rooms: SessionRooms, organization: PortalOrganization) -> list[WayIn]:
    entrances = read_entrances(rooms, organization).entrances
    return [WayIn(entry.account.id, entry.account.name, entry.permission_set) for entry in entrances]


def _say_difference(options: argparse.Namespace, context: Context, before: str, outcome: SyncedBlock) -> None:
    shown = difference(before, outcome.text, str(context.aws_config_file))
    if options.json:
        document = _document(options, context, outcome, changed=before != outcome.text)
        context.terminal.result(json.dumps({**document, "diff": shown}))
    else:
        context.terminal.result(shown or "nothing would change")


def _document(
    options: argparse.Namespace, context: Context, outcome: SyncedBlock, *, changed: bool
) -> dict[str, object]:
    return {
        "config_file": str(context.aws_config_file),
        "profiles": list(outcome.names),
        "no_longer_granted": list(outcome.stale),
        "pruned": options.prune,
        "changed": changed,
    }
