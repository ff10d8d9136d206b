"""Show what would change, and change nothing.

usher access plan
usher access plan --profile management --region eu-central-1 --json
usher access plan --format markdown > plan.md          for a pull request
usher access plan --out plan.json                      to review it, then: usher access apply plan.json
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from usher.cli.access.carrying_out import warn_of_refusals
from usher.cli.access.comparing import make_plan
from usher.cli.access.files import read_access_file
from usher.cli.access.judging import judge_comparison, judgement_document, warn_of
from usher.cli.access.options import add_aws_arguments, add_file_argument, add_json_argument
from usher.cli.access.reviewing import make_review
from usher.cli.context import Context
from usher.core.errors import ExitCode

if TYPE_CHECKING:
    from usher.cli.access.judging import Judgement
    from usher.cli.wire_access import AccessRooms, Comparison
    from usher.plan.review import Review


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    add_file_argument(parser)
    add_json_argument(parser)
    add_aws_arguments(parser)
    parser.add_argument(
        "--format",
        choices=("text", "markdown", "json"),
        default="text",
        help="text for a person, markdown for a pull request, json for a script (the same as --json)",
    )
    parser.add_argument("--details", action="store_true", help="every change, person and risk, however many")
    parser.add_argument("--out", metavar="FILE", help="save the plan, for 'usher access apply FILE'")
    parser.add_argument("--exit-code", action="store_true", help="exit with 6 when something would change")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Read, compare, show."""
    file = read_access_file(options.file)
    rooms, comparison, plan = make_plan(file, options, context)
    review = make_review(plan, comparison, rooms, options, context)
    judgement = judge_comparison(comparison, rooms, options, context)
    if options.json or options.format == "json":
        _show_json(review, rooms, comparison, judgement, options, context)
    elif options.format == "markdown":
        _show_markdown(review, options, context)
    else:
        _show_text(review, rooms, comparison, options, context)
        warn_of_refusals(
            plan, actual=comparison.reading.actual, desired=comparison.desired, rooms=rooms, context=context
        )
    warn_of(judgement, context)
    if options.out:
        from usher.cli.access.saving import save

        save(plan, comparison, rooms, options, context)
    return ExitCode.CHANGES if options.exit_code and plan.changes else ExitCode.DONE


def _show_json(
    review: Review,
    rooms: AccessRooms,
    comparison: Comparison,
    judgement: Judgement,
    options: argparse.Namespace,
    context: Context,
) -> None:
    from usher.cli.text.plan import cost_document, review_document

    document = {
        "file": options.file,
        "instance": rooms.instance.arn,
        **review_document(review),
        "judgement": judgement_document(judgement),
        "calls": cost_document(comparison.reading, rooms.count.by_operation),
    }
    context.terminal.result(json.dumps(document, ensure_ascii=False))


def _show_markdown(review: Review, options: argparse.Namespace, context: Context) -> None:
    from usher.cli.text.markdown import review_markdown

    context.terminal.result(review_markdown(review, options.file))


def _show_text(
    review: Review, rooms: AccessRooms, comparison: Comparison, options: argparse.Namespace, context: Context
) -> None:
    from usher.cli.text.plan import cost_lines, no_style, review_lines

    terminal = context.terminal
    style = terminal.style if terminal.colours_results else no_style
    lines = [
        *review_lines(review, options.file, style, details=options.details),
        *cost_lines(comparison.reading, sum(rooms.count.by_operation.values()), style),
    ]
    terminal.result("\n".join(lines))
