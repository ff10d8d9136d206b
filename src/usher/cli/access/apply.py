"""Show what changes, ask, and do it.

usher access apply
usher access apply --yes --profile management --region eu-central-1
usher access apply plan.json       a plan that 'usher access plan --out plan.json' saved
"""

from __future__ import annotations

import argparse
import json
import shlex

from usher.cli.access.carrying_out import add_consent_arguments, carry_out, check_consent, check_laws
from usher.cli.access.comparing import make_plan
from usher.cli.access.digest import file_digest
from usher.cli.access.files import read_access_file
from usher.cli.access.judging import judge_comparison, refuse_failing
from usher.cli.access.options import add_aws_arguments, add_file_argument, add_json_argument
from usher.cli.access.reviewing import make_review
from usher.cli.access.saving import check_saved, names_saved_plan, read_saved_plan
from usher.cli.context import Context
from usher.core.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    add_file_argument(parser)
    add_json_argument(parser)
    add_aws_arguments(parser)
    add_consent_arguments(parser)
    parser.add_argument("--details", action="store_true", help="show every change, person and risk")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Read, compare, show, ask, carry out; a saved plan is shown and carried out as it was saved."""
    from usher.apply.journal import RunAbout
    from usher.cli.text.plan import result_document, result_lines, review_document, review_lines

    saved = read_saved_plan(options.file) if names_saved_plan(options.file) else None
    source = saved.file if saved else options.file
    file = read_access_file(source)
    terminal = context.terminal
    command = f"usher access apply {shlex.quote(options.file)}"
    check_consent(options, context, look=f"usher access plan {shlex.quote(source)}", command=command)
    rooms, comparison, plan = make_plan(file, options, context, settle=True)
    actual, desired = comparison.reading.actual, comparison.desired
    if saved:
        check_saved(saved, rooms, comparison)
        plan = saved.plan
    review = make_review(plan, comparison, rooms, options, context)
    if not options.json:
        terminal.say("\n".join(review_lines(review, source, terminal.style, details=options.details)))
    check_laws(plan, actual, desired, rooms, options)
    refuse_failing(judge_comparison(comparison, rooms, options, context), context)
    if plan.changes and not options.yes and not terminal.confirm("Make these changes?"):
        terminal.say("Nothing was changed.")
        return ExitCode.FAILED
    check_laws(plan, actual, desired, rooms, options)  # a person may have thought for long
    about = RunAbout(rooms.instance.arn, source, file_digest(source))
    result, journal_path = carry_out(plan, actual, desired.permission_sets, rooms, about, context)
    if options.json:
        document = {
            "file": source,
            "instance": rooms.instance.arn,
            **review_document(review),
            **result_document(result, plan),
            "run": journal_path.stem if journal_path else "",
            "journal": str(journal_path or ""),
        }
        terminal.result(json.dumps(document, ensure_ascii=False))
    elif plan.changes:
        terminal.say("\n".join(result_lines(result, plan, terminal.style)))
        terminal.say(terminal.style("dim", f"journal: {journal_path}"))
    return ExitCode.FAILED if result.not_done else ExitCode.DONE
