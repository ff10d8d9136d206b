"""Undo an earlier run: show what is reversed and what is left, ask, and do it.

usher access undo last
usher access undo 20260302T101500Z-1f0a --yes --profile management --region eu-central-1

RUN is an id from 'usher access runs', a part of one, or 'last'. The Identity Center is read anew: only what
still stands as the run left it is reversed; what others have changed since stays as they made it.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from usher.cli.access.carrying_out import (
    add_consent_arguments,
    carry_out,
    check_consent,
    check_laws,
    wait_until_settled,
)
from usher.cli.access.comparing import open_rooms
from usher.cli.access.options import add_aws_arguments, add_json_argument
from usher.cli.context import Context
from usher.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from usher.apply.runs import PastRun
    from usher.cli.wire_access import AccessRooms


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("run", metavar="RUN", help="which run: its id, a part of it, or 'last'")
    add_json_argument(parser)
    add_aws_arguments(parser)
    add_consent_arguments(parser)
    parser.add_argument("--details", action="store_true", help="every change, however many")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Find the run, read the world, show the reverse, ask, carry out."""
    from usher.apply.journal import RunAbout
    from usher.apply.result import Outcome
    from usher.apply.runs import changes_with, find_run, plan_of
    from usher.cli.text.plan import plan_document, plan_lines, result_document, result_lines
    from usher.cli.text.undo import left_document, left_lines
    from usher.cli.wire_access import journal_folder, read_instance_alone
    from usher.plan.undo import plan_undo

    terminal = context.terminal
    past = find_run(journal_folder(context), options.run)
    made = plan_of(past)
    check_consent(
        options, context, look=f"usher access runs {past.id}", command=f"usher access undo {past.id}"
    )
    rooms = open_rooms(options, context)
    _check_instance(past, rooms)
    wait_until_settled(rooms, context)
    actual = read_instance_alone(rooms).actual
    done, uncertain = (changes_with(past, made, each) for each in (Outcome.DONE, Outcome.BEGUN))
    undo = plan_undo(done, uncertain, actual)
    plan = undo.plan
    if not options.json:
        if plan.changes:
            terminal.say(
                "\n".join(plan_lines(plan, f"undoing {past.id}", terminal.style, details=options.details))
            )
        terminal.say("\n".join(left_lines(undo, past.id, terminal.style)))
    check_laws(plan, actual, None, rooms, options)
    if plan.changes and not options.yes and not terminal.confirm("Make these changes?"):
        terminal.say("Nothing was changed.")
        return ExitCode.FAILED
    about = RunAbout(rooms.instance.arn, past.about.file, past.about.file_digest, undoes=past.id)
    result, journal_path = carry_out(plan, actual, actual.permission_sets, rooms, about, context)
    if options.json:
        document = {
            "undoes": past.id,
            "instance": rooms.instance.arn,
            **plan_document(plan),
            **left_document(undo),
            **result_document(result, plan),
            "run": journal_path.stem if journal_path else "",
            "journal": str(journal_path or ""),
        }
        terminal.result(json.dumps(document, ensure_ascii=False))
    elif plan.changes:
        terminal.say("\n".join(result_lines(result, plan, terminal.style)))
        terminal.say(terminal.style("dim", f"journal: {journal_path}"))
    return ExitCode.FAILED if result.not_done else ExitCode.DONE


def _check_instance(past: PastRun, rooms: AccessRooms) -> None:
    if past.about.instance != rooms.instance.arn:
        raise UsageError(
            f"run {past.id} changed the instance {past.about.instance}, and this is {rooms.instance.arn}",
            hint="give the --profile, --region or --endpoint-url that the run was made with",
        )
