"""Read everything and keep it, for questions about the past and for reports.

usher access snapshot
usher access snapshot --list

Run it every night: 'usher access diff yesterday now' then says what changed. A day costs what changed on it.
"""

from __future__ import annotations

import argparse
import json

from usher.cli.access.answering import find_store, read_now, say_source
from usher.cli.access.options import add_aws_arguments, add_json_argument
from usher.cli.context import Context
from usher.core.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("--list", action="store_true", help="only say which readings are kept")
    add_json_argument(parser)
    add_aws_arguments(parser)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Take one, or list them."""
    if options.list:
        return _list(options, context)
    known = read_now(options, context)
    taken_at = known.source.taken_at
    say_source(known.source, context)
    counts = {
        "accounts": len(known.access.accounts),
        "permission_sets": len(known.access.permission_sets),
        "groups": len(known.access.groups),
        "users": len(known.access.users),
        "assignments": len(known.access.assignments),
        "entitlements": len(known.access.entitlements),
    }
    if options.json:
        read_at = taken_at and taken_at.isoformat()
        context.terminal.result(json.dumps({"instance": known.source.instance, "read_at": read_at, **counts}))
    else:
        words = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in counts.items())
        context.terminal.result(f"kept: {words}")
    return ExitCode.DONE


def _list(options: argparse.Namespace, context: Context) -> ExitCode:
    store, _ = find_store(options, context)
    moments = store.moments()
    if options.json:
        context.terminal.result(json.dumps([moment.isoformat() for moment in moments]))
    elif moments:
        context.terminal.result("\n".join(f"{moment:%Y-%m-%d %H:%M} UTC" for moment in moments))
    else:
        context.terminal.say("no reading is kept yet: 'usher access snapshot' takes one")
    return ExitCode.DONE
