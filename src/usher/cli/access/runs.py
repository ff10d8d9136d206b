"""The runs that were made from this machine, newest first: what each did, and whether it was undone.

usher access runs
usher access runs last
usher access runs --json

With RUN, what that run did, change by change.
"""

from __future__ import annotations

import argparse
import json

from usher.cli.access.options import add_json_argument
from usher.cli.context import Context
from usher.core.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="one run: its id, a part of it, or 'last'")
    add_json_argument(parser)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """List the runs, or tell one."""
    from usher.apply.runs import find_run, list_runs, plan_of
    from usher.cli.text.undo import one_run_document, one_run_lines, run_document, run_lines
    from usher.cli.wire_access import journal_folder

    terminal = context.terminal
    folder = journal_folder(context)
    if options.run is None:
        runs = list_runs(folder)
        if options.json:
            terminal.result(json.dumps({"runs": [run_document(each) for each in runs]}, ensure_ascii=False))
        else:
            terminal.result("\n".join(run_lines(runs)))
        return ExitCode.DONE
    past = find_run(folder, options.run)
    plan = plan_of(past)
    if options.json:
        terminal.result(json.dumps(one_run_document(past, plan), ensure_ascii=False))
    else:
        terminal.result("\n".join(one_run_lines(past, plan)))
    return ExitCode.DONE
