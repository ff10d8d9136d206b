"""Say who gained and lost what between two days, from the readings that are kept.

usher access diff yesterday
usher access diff 2026-11-01 2026-11-15 --csv
usher access diff 7d --fresh          compare with what is there now

A date means the newest reading at or before it: 2026-11-01 (the day's end), 2026-11-01T08:30, yesterday, 12h,
7d, now. All are UTC. 'usher access snapshot', every night, keeps readings.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from usher.cli.access.answering import find_store, load_snapshot, read_now
from usher.cli.access.options import add_aws_arguments, add_json_argument
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from usher.apply.snapshot import Snapshot
    from usher.report.compare import Changes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("before", metavar="DATE1", help="the earlier day")
    parser.add_argument("after", metavar="DATE2", nargs="?", default="now", help="the later day (now)")
    parser.add_argument("--fresh", action="store_true", help="read now, instead of DATE2")
    parser.add_argument("--csv", action="store_true", help="print the result as CSV")
    add_json_argument(parser)
    add_aws_arguments(parser)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Load both, compare, show."""
    from usher.report.compare import compare

    before, after = _both(options, context)
    changes = compare(before.actual, after.actual)
    _show(changes, before, after, options, context)
    return ExitCode.DONE


def _both(options: argparse.Namespace, context: Context) -> tuple[Snapshot, Snapshot]:
    from usher.apply.snapshot import Snapshot

    now = datetime.now(UTC)
    if options.csv and options.json:
        raise UsageError("--csv and --json are two ways to print one result", hint="give one of them")
    store, rooms = find_store(options, context)
    before = load_snapshot(store, options.before, now)
    if options.fresh:
        known = read_now(options, context, rooms)
        return before, Snapshot(known.access, known.source.taken_at or now)
    after = load_snapshot(store, options.after, now)
    if after.taken_at < before.taken_at:
        raise UsageError(f"{printable(options.after)} is before {printable(options.before)}")
    return before, after


def _show(
    changes: Changes, before: Snapshot, after: Snapshot, options: argparse.Namespace, context: Context
) -> None:
    from usher.cli.text.access_changes import FIELDS, change_lines, change_rows, count_line
    from usher.cli.text.plan import no_style
    from usher.cli.text.table import csv_lines
    from usher.report.source import unread_words

    terminal = context.terminal
    accounts = {**before.actual.accounts, **after.actual.accounts}
    moments = f"{before.taken_at:%Y-%m-%d %H:%M} UTC and {after.taken_at:%Y-%m-%d %H:%M} UTC"
    if before.taken_at == after.taken_at:
        moments = f"{moments}: one and the same reading"
    terminal.say(terminal.style("dim", f"{printable(after.actual.instance.arn)} at {moments}"))
    for moment, unread in zip((before.taken_at, after.taken_at), changes.unread, strict=True):
        for words in unread_words(unread):
            terminal.say(terminal.style("warn", f"not everything was read on {moment:%Y-%m-%d}: ") + words)
    if options.json:
        rows = [dict(zip(FIELDS, row, strict=True)) for row in change_rows(changes, accounts)]
        document = {
            "instance": after.actual.instance.arn,
            "before": before.taken_at.isoformat(),
            "after": after.taken_at.isoformat(),
            "changes": rows,
        }
        terminal.result(json.dumps(document, ensure_ascii=False))
    elif options.csv:
        terminal.result("\n".join(csv_lines(FIELDS, change_rows(changes, accounts))))
    else:
        style = terminal.style if terminal.colours_results else no_style
        lines = list(change_lines(changes, accounts, style))
        terminal.result("\n".join([*lines, *([""] if lines else []), style("strong", count_line(changes))]))
