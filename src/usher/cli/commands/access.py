"""Check, plan and apply who may enter which account.

    usher access check               find the mistakes in access.yaml, without the network
    usher access plan                show what would change, and change nothing
    usher access apply               show it, ask, and do it
    usher access plan --profile management --region eu-central-1 --json

FILE is access.yaml unless given. Keys come from --profile or from where the AWS CLI takes them.
"""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from usher.access.diagnostics import AccessFileError
from usher.access.load import load_access_file
from usher.access.model import AccessFile
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.cli.text.diagnostics import diagnostics_document, say_diagnostics
from usher.core.errors import ExitCode, NotFoundError, UsageError, UsherError

if TYPE_CHECKING:
    from usher.apply.result import Item, RunResult
    from usher.cli.wire_access import AccessRooms, Comparison
    from usher.plan.changes import Plan

_DEFAULT_FILE = "access.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    verbs = parser.add_subparsers(dest="verb", metavar="check|plan|apply", required=True)
    check = verbs.add_parser("check", help="find mistakes, without the network")
    plan = verbs.add_parser("plan", help="show what would change")
    apply = verbs.add_parser("apply", help="show what changes, ask, and do it")
    for verb in (check, plan, apply):
        verb.add_argument("file", nargs="?", default=_DEFAULT_FILE, metavar="FILE", help="the access file")
        verb.add_argument("--json", action="store_true", help="print the result as JSON")
    for verb in (plan, apply):
        _add_aws_arguments(verb)
    plan.add_argument("--exit-code", action="store_true", help="exit with 6 when something would change")
    apply.add_argument("--yes", action="store_true", help="do not ask")
    apply.add_argument(
        "--allow-removals",
        type=_count,
        metavar="N",
        help="remove up to N assignments, even if that is more than a fifth of them",
    )


def _add_aws_arguments(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--profile", default="", metavar="P", help="the AWS profile whose keys are used")
    verb.add_argument("--region", default="", metavar="R", help="the region of the Identity Center")
    verb.add_argument(
        "--endpoint-url", default="", metavar="URL", help="where a self-hosted directory answers"
    )
    verb.add_argument(
        "--instance-arn", default="", metavar="ARN", help="which instance, if there are several"
    )
    verb.add_argument(
        "--strategy",
        choices=("auto", "per-principal", "per-pair"),
        default="auto",
        help="how assignments are read (auto: with the fewest calls)",
    )
    verb.add_argument(
        "--calls-per-second",
        type=_count,
        metavar="N",
        help="if AWS raised your quota of 20 calls a second",
    )


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10**6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a count")
    return int(text)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Check, plan or apply."""
    try:
        file = load_access_file(_read_text(options.file), options.file)
        match options.verb:
            case "check":
                return _check(file, options, context)
            case "plan":
                return _plan(file, options, context)
            case _:
                return _apply(file, options, context)
    except AccessFileError as error:
        if options.json:
            document = diagnostics_document(error.diagnostics, error.exit_code)
            context.terminal.result(json.dumps(document))
        say_diagnostics(error.diagnostics, context.terminal)
        return error.exit_code


def _read_text(name: str) -> str:
    try:
        return Path(name).read_text("utf-8", errors="surrogateescape")
    except FileNotFoundError:
        hint = "name the access file: usher access plan FILE" if name == _DEFAULT_FILE else ""
        raise NotFoundError(f"there is no file '{printable(name)}' here", hint=hint) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise UsageError(f"'{printable(name)}' cannot be read: {reason}") from None


def _check(file: AccessFile, options: argparse.Namespace, context: Context) -> ExitCode:
    counts = {
        "accounts": len(file.accounts),
        "users": len(file.users),
        "groups": len(file.groups),
        "permission_sets": len(file.permission_sets),
        "rules": len(file.rules),
    }
    if options.json:
        context.terminal.result(json.dumps({"file": options.file, "mistakes": 0, **counts}))
    else:
        words = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in counts.items())
        context.terminal.result(f"{printable(options.file)} has no mistakes: {words}")
    return ExitCode.DONE


def _plan(file: AccessFile, options: argparse.Namespace, context: Context) -> ExitCode:
    from usher.cli.text.plan import cost_document, cost_lines, no_style, plan_document, plan_lines
    from usher.plan.guards import TooManyRemovalsError, check_removals

    rooms, comparison, plan = _make_plan(file, options, context)
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


def _apply(file: AccessFile, options: argparse.Namespace, context: Context) -> ExitCode:
    from usher.cli.text.plan import plan_document, plan_lines, result_document, result_lines
    from usher.plan.guards import check_removals

    terminal = context.terminal
    if not options.yes and (options.json or not terminal.interactive):
        raise UsageError(
            "there is nobody to ask here, and nothing was changed",
            hint=f"look at 'usher access plan {shlex.quote(options.file)}', "
            f"then run 'usher access apply {shlex.quote(options.file)} --yes'",
        )
    rooms, comparison, plan = _make_plan(file, options, context, settle=True)
    if not options.json:
        terminal.say("\n".join(plan_lines(plan, options.file, terminal.style)))
    check_removals(plan, options.allow_removals)
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


def _make_plan(
    file: AccessFile, options: argparse.Namespace, context: Context, *, settle: bool = False
) -> tuple[AccessRooms, Comparison, Plan]:
    """Read and compare; with `settle` what an earlier run left in progress is waited for first."""
    from usher.apply.cost import Strategy
    from usher.apply.follow import wait_for_running
    from usher.cli.wire_access import compare, open_access_rooms
    from usher.plan.diff import plan_changes

    rooms = open_access_rooms(
        context,
        region=options.region,
        profile=options.profile,
        endpoint_url=options.endpoint_url,
        instance_arn=options.instance_arn,
        calls_per_second=options.calls_per_second,
    )
    if settle:
        terminal = context.terminal
        wait_for_running(
            rooms.sso, rooms.timing, lambda count: terminal.say(f"waiting for {count} earlier requests")
        )
    strategy = None if options.strategy == "auto" else Strategy(options.strategy)
    comparison = compare(rooms, file, strategy)
    return rooms, comparison, plan_changes(comparison.desired, comparison.reading.actual)


def _carry_out(
    plan: Plan, comparison: Comparison, rooms: AccessRooms, context: Context
) -> tuple[RunResult, Path | None]:
    """Run `plan`, telling progress; the journal's path, if one was needed."""
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
    with new_journal(context) as journal:
        try:
            result = run_plan(
                plan,
                comparison.reading.actual,
                comparison.desired.permission_sets,
                rooms.sso,
                rooms.people,
                journal=journal,
                timing=rooms.timing,
                progress=progress,
            )
        except KeyboardInterrupt:
            terminal.say("interrupted; run the same command again: it goes on from what is there")
            raise
        except UsherError:
            terminal.say(terminal.style("dim", f"journal: {journal.path}"))
            raise
        return result, journal.path
