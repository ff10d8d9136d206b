"""Run the access tests and separations of the file, without the network.

usher access test
usher access test --scps policies/ --json
usher access test --online --profile management --region eu-central-1

Accounts and the members of external groups come from the file and from the newest kept reading;
documents of AWS managed policies from those kept on this machine. With --online all three are
read first. A test that cannot be decided fails, with the words what is not known.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from usher.cli.access.files import read_access_file
from usher.cli.access.options import add_aws_arguments, add_file_argument, add_json_argument
from usher.cli.context import Context
from usher.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from usher.access.model import AccessFile
    from usher.cli.access.judging import Judgement
    from usher.core.organization import DesiredAccess

SCPS_FROM_AWS = "aws"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    add_file_argument(parser)
    add_json_argument(parser)
    parser.add_argument(
        "--scps",
        default="",
        metavar="FOLDER",
        help="service control policies: a folder of JSON files named root.json, or by an organizational "
        "unit's or account's id or name; or 'aws', to read them from Organizations (with --online)",
    )
    parser.add_argument("--online", action="store_true", help="read the organization and IAM first")
    add_aws_arguments(parser)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Judge the file by its own tests."""
    if options.scps == SCPS_FROM_AWS and not options.online:
        raise UsageError("--scps aws reads from Organizations", hint="add --online, or give a folder")
    file = read_access_file(options.file)
    desired, judgement = (_judge_online if options.online else _judge_offline)(file, options, context)
    _show(desired, judgement, options, context)
    return ExitCode.DONE if judgement.holds else ExitCode.FAILED


def _judge_online(
    file: AccessFile, options: argparse.Namespace, context: Context
) -> tuple[DesiredAccess, Judgement]:
    from usher.apply.cost import Strategy
    from usher.cli.access.comparing import open_rooms
    from usher.cli.access.judging import judge, scps_through_organizations, tested_accounts
    from usher.cli.access.scp_folder import read_scp_folder
    from usher.cli.wire_access import compare
    from usher.cli.wire_policies import read_documents

    rooms = open_rooms(options, context)
    comparison = compare(rooms, file, None if options.strategy == "auto" else Strategy(options.strategy))
    desired = comparison.desired
    documents = read_documents(
        context,
        desired.permission_sets.values(),
        region=rooms.region,
        profile=options.profile,
        endpoint_url=options.endpoint_url,
    )
    accounts = tested_accounts(desired.tests, desired)
    if options.scps == SCPS_FROM_AWS:
        scps = scps_through_organizations(rooms, accounts, context)
    else:
        scps = read_scp_folder(options.scps, accounts) if options.scps else None
    return desired, judge(desired, documents, scps, comparison.reading.actual)


def _judge_offline(
    file: AccessFile, options: argparse.Namespace, context: Context
) -> tuple[DesiredAccess, Judgement]:
    from usher.cli.access.judging import judge, tested_accounts
    from usher.cli.access.offline import resolve_offline
    from usher.cli.access.scp_folder import read_scp_folder
    from usher.cli.wire_policies import documents_of_this_machine, say_what_is_not_known

    desired, actual = resolve_offline(file, options, context)
    documents = documents_of_this_machine(context, desired.permission_sets.values())
    if any(test.actions for test in desired.tests):
        say_what_is_not_known(documents, context)
    scps = read_scp_folder(options.scps, tested_accounts(desired.tests, desired)) if options.scps else None
    return desired, judge(desired, documents.by_arn, scps, actual)


def _show(
    desired: DesiredAccess, judgement: Judgement, options: argparse.Namespace, context: Context
) -> None:
    from usher.cli.access.judging import judgement_document
    from usher.cli.text.access_tests import failure_lines, summary_lines
    from usher.cli.text.plan import no_style

    terminal = context.terminal
    if options.json:
        document = {"file": options.file, **judgement_document(judgement)}
        terminal.result(json.dumps(document, ensure_ascii=False))
        return
    results, violations = judgement.results, judgement.violations
    style = terminal.style if terminal.colours_results else no_style
    for test, action in judgement.unknown_actions:
        words = f"{test.at}: no action '{action}' is known; is it spelt right?"
        terminal.say(terminal.style("warn", "warning: ") + words)
    lines = [
        *failure_lines(results, violations, judgement.unchecked, style),
        *summary_lines(results, violations, len(desired.separations), judgement.coverage, desired, style),
    ]
    terminal.result("\n".join(lines))
