"""Show what changes, ask, and do it.

usher access apply
usher access apply --yes --profile management --region eu-central-1
"""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from usher.cli.access.comparing import make_plan
from usher.cli.access.files import read_access_file
from usher.cli.access.judging import judge_comparison, refuse_failing
from usher.cli.access.options import add_aws_arguments, add_file_argument, add_json_argument, count
from usher.cli.context import Context
from usher.core.errors import ExitCode, UsageError, UsherError

if TYPE_CHECKING:
    from usher.apply.result import Item, RunResult
    from usher.cli.wire_access import AccessRooms, Comparison
    from usher.plan.changes import Plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    add_file_argument(parser)
    add_json_argument(parser)
    add_aws_arguments(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--allow-removals",
        type=count,
        metavar="N",
        help="remove up to N assignments, even if that is more than a fifth of them",
    )


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Read, compare, show, ask, carry out."""
    from usher.cli.text.plan import plan_document, plan_lines, result_document, result_lines
    from usher.plan.guards import check_removals

    file = read_access_file(options.file)
    terminal = context.terminal
    if not options.yes and (options.json or not terminal.interactive):
        raise UsageError(
            "there is nobody to ask here, and nothing was changed",
            hint=f"look at 'usher access plan {shlex.quote(options.file)}', "
            f"then run 'usher access apply {shlex.quote(options.file)} --yes'",
        )
    rooms, comparison, plan = make_plan(file, options, context, settle=True)
    if not options.json:
        terminal.say("\n".join(plan_lines(plan, options.file, terminal.style)))
    check_removals(plan, options.allow_removals)
    refuse_failing(judge_comparison(comparison, rooms, options, context), context)
    if plan.changes and not options.yes and not terminal.confirm("Make these changes?"):
        terminal.say("Nothing was changed.")
        return ExitCode.FAILED
    result, journal_path = _carry_out(plan, comparison, rooms, context)
    if options.json:
        document = {
            "file": options.file,
            "instance": rooms.instance.arn,
            **plan_document(plan),
            **result_document(result, plan),
            "journal": str(journal_path or ""),
        }
        terminal.result(json.dumps(document, ensure_ascii=False))
    elif plan.changes:
        terminal.say("\n".join(result_lines(result, plan, terminal.style)))
        terminal.say(terminal.style("dim", f"journal: {journal_path}"))
    return ExitCode.FAILED if result.not_done else ExitCode.DONE


def _carry_out(
    plan: Plan, comparison: Comparison, rooms: AccessRooms, context: Context
) -> tuple[RunResult, Path | None]:
    """Run `plan`, telling progress; the journal's path, if one was needed."""
    from usher.apply.at_once import side_by_side
    from usher.apply.result import Outcome, RunResult
    from usher.apply.run import run_plan
    from usher.cli.text.plan import item_line
    from usher.cli.wire_access import new_journal

    if not plan.changes:
        return RunResult(()), None
    terminal = context.terminal
    ended = 0

    def progress(item: Item) -> None:
        nonlocal ended
        if item.outcome is not Outcome.BEGUN:
            ended += 1
            terminal.say(item_line(item, plan, ended, terminal.style))

    terminal.say()
    with new_journal(context) as journal, side_by_side() as at_once:
        try:
            result = run_plan(
                plan,
                comparison.reading.actual,
                comparison.desired.permission_sets,
                rooms.sso,
                rooms.people,
                rooms.entitlements,
                journal=journal,
                timing=rooms.timing,
                progress=progress,
                at_once=at_once,
            )
        except KeyboardInterrupt:
            terminal.say("interrupted; run the same command again: it goes on from what is there")
            raise
        except UsherError:
            terminal.say(terminal.style("dim", f"journal: {journal.path}"))
            raise
        return result, journal.path
