"""Show what would change, and change nothing.

usher access plan
usher access plan --profile management --region eu-central-1 --json
"""

from __future__ import annotations

import argparse
import json

from usher.cli.access.comparing import make_plan
from usher.cli.access.files import read_access_file
from usher.cli.access.options import add_aws_arguments, add_file_argument, add_json_argument
from usher.cli.context import Context
from usher.core.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    add_file_argument(parser)
    add_json_argument(parser)
    add_aws_arguments(parser)
    parser.add_argument("--exit-code", action="store_true", help="exit with 6 when something would change")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Read, compare, show."""
    from usher.cli.text.plan import cost_document, cost_lines, no_style, plan_document, plan_lines
    from usher.plan.guards import TooManyRemovalsError, check_removals

    file = read_access_file(options.file)
    rooms, comparison, plan = make_plan(file, options, context)
    calls = rooms.count.by_operation
    terminal = context.terminal
    if options.json:
        document = {
            "file": options.file,
            "instance": rooms.instance.arn,
            **plan_document(plan),
            "calls": cost_document(comparison.reading, calls),
        }
        terminal.result(json.dumps(document, ensure_ascii=False))
    else:
        style = terminal.style if terminal.colours_results else no_style
        lines = [
            *plan_lines(plan, options.file, style),
            *cost_lines(comparison.reading, sum(calls.values()), style),
        ]
        terminal.result("\n".join(lines))
        try:
            check_removals(plan)
        except TooManyRemovalsError as refusal:
            terminal.say(terminal.style("warn", "apply will refuse: ") + refusal.message)
            terminal.say(terminal.style("dim", refusal.hint))
    return ExitCode.CHANGES if options.exit_code and plan.changes else ExitCode.DONE
