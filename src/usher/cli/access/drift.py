"""What differs from the file, who made it so, and what becomes of it. Changes nothing.

usher access drift
usher access drift --profile management --region eu-central-1 --json

Exit code 6 when anything differs. Who it was comes from CloudTrail's history of 90 days, if the keys may
read it (cloudtrail:LookupEvents); --no-history does not ask. For access that a rule adopts, the lines are
printed that say it in the file.
"""

from __future__ import annotations

import argparse
import json

from usher.access.model import AccessFile
from usher.cli.access.comparing import make_plan
from usher.cli.access.digest import file_digest
from usher.cli.access.files import read_access_file
from usher.cli.access.options import add_aws_arguments, add_file_argument, add_json_argument
from usher.cli.context import Context
from usher.core.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    add_file_argument(parser)
    add_json_argument(parser)
    add_aws_arguments(parser)
    parser.add_argument("--details", action="store_true", help="every difference in a line of its own")
    parser.add_argument(
        "--no-history", action="store_true", help="do not ask CloudTrail who made a difference"
    )


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Read, compare, ask who, show."""
    from usher.apply.attribution import NOT_ASKED, attribute
    from usher.cli.text.drift import adoption_lines, drift_document, drift_lines
    from usher.cli.text.plan import no_style
    from usher.plan.drift import drift_of

    file = read_access_file(options.file)
    terminal = context.terminal
    rooms, comparison, plan = make_plan(file, options, context)
    actual = comparison.reading.actual
    drift = drift_of(plan, comparison.desired)
    ask = drift and not options.no_history
    attribution = attribute(drift, actual, rooms.audit_trail()) if ask else NOT_ASKED
    terminal.status("")
    adoption = adoption_lines(drift, file, plan.accounts)
    if options.json:
        document = {
            "file": options.file,
            "instance": rooms.instance.arn,
            **drift_document(drift, attribution, actual, plan.accounts),
            "adopt": adoption,
        }
        terminal.result(json.dumps(document, ensure_ascii=False))
    else:
        style = terminal.style if terminal.colours_results else no_style
        told = drift_lines(
            drift, attribution, actual, plan.accounts, options.file, style, details=options.details
        )
        lines = list(told)
        if adoption:
            lines += ["", style("strong", "To keep what is adopted, write in the file:"), *adoption]
        terminal.result("\n".join(lines))
        _say_if_the_file_is_newer(file, rooms.instance.arn, options, context)
    return ExitCode.CHANGES if drift else ExitCode.DONE


def _say_if_the_file_is_newer(
    file: AccessFile, instance: str, options: argparse.Namespace, context: Context
) -> None:
    """Differences may come from the file too: say so, when it changed since it was last applied from here."""
    from usher.apply.runs import list_runs
    from usher.cli.wire_access import journal_folder

    applied = (
        run
        for run in list_runs(journal_folder(context))
        if (run.about.instance, run.about.file) == (instance, file.name) and not run.about.undoes
    )
    last = next(applied, None)
    if last is not None and last.about.file_digest != file_digest(options.file):
        words = f"the file has changed since it was last applied ({last.began:%Y-%m-%d %H:%M} UTC): "
        context.terminal.say(words + "a difference may be the file's")
