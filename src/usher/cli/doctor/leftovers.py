"""`usher doctor secrets`: what was left in plain text, shown without showing it, and removed on consent."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from usher.cli.context import Context
from usher.cli.text.leftovers import leftover_document, leftover_text, summary_text
from usher.core import machine
from usher.core.errors import ExitCode, UsageError, UsherError
from usher.session.leftovers.finding import Kind, Leftover, Surroundings
from usher.session.leftovers.removing import remove
from usher.session.leftovers.search import find_leftovers


def surroundings(context: Context) -> Surroundings:
    """Where to look, for this person in this folder."""
    return Surroundings(context.environ, context.home, Path.cwd(), machine.user_id())


def run_secrets(options: argparse.Namespace, context: Context) -> ExitCode:
    """Show the finds, and remove those that the person agrees to. Exit code 1 while some are left."""
    if options.yes and not options.remove:
        raise UsageError("--yes needs --remove", hint="usher doctor secrets --remove --yes")
    if options.remove and not options.yes and not context.terminal.interactive:
        raise UsageError("nobody is here to answer", hint="add --yes to remove all that can be removed")
    terminal, now = context.terminal, time.time()
    found = find_leftovers(surroundings(context), now)
    removed: list[Leftover] = []
    if options.remove and not options.yes:
        removed = _import_keys(found, context, now)
        if removed:  # what is left stands on other lines now
            found = [*removed, *find_leftovers(surroundings(context), now)]
    if options.remove:
        removed += _remove(
            _chosen([each for each in found if each not in removed], options, context, now), context
        )
    if options.json:
        document = [leftover_document(each, removed=each in removed) for each in found]
        terminal.result(json.dumps(document, indent=2))
    elif not options.remove or options.yes:
        for leftover in found:
            if leftover not in removed:
                terminal.result(leftover_text(leftover, now, _style_of_results(context)))
    if not options.json:
        terminal.say(summary_text(found, removed))
    return ExitCode.DONE if len(removed) == len(found) else ExitCode.FAILED


def _import_keys(found: Sequence[Leftover], context: Context, now: float) -> list[Leftover]:
    """Offer a place in the vault to every static key of the AWS files, before it is offered to be removed."""
    files = (context.aws_credentials_file, context.aws_config_file)
    imported = []
    for leftover in found:
        if leftover.kind is not Kind.STATIC_KEY or leftover.path not in files:
            continue
        context.terminal.say(leftover_text(leftover, now, context.terminal.style))
        if context.terminal.confirm("  Is it still needed? Try it at AWS, then move it into the vault?"):
            try:
                _import_key(leftover, context)
            except UsherError as error:
                context.terminal.say(f"  not moved: {error.message}\n  {error.hint}")
            else:
                imported.append(leftover)
    return imported


def _import_key(leftover: Leftover, context: Context) -> None:
    from usher.cli.keys_import import find_plain_keys, store_keys, take_out
    from usher.cli.wire import open_session_rooms

    plain = find_plain_keys(context, leftover.name, None)
    stored = store_keys(open_session_rooms(context), plain, None)
    take_out(context, plain, stored)
    context.terminal.say(f"  In the vault as '{stored.name}'; 'usher keys rotate {stored.name}' replaces it.")


def _style_of_results(context: Context) -> Callable[[str, str], str]:
    return context.terminal.style if context.terminal.colours_results else lambda _name, text: text


def _chosen(
    found: Sequence[Leftover], options: argparse.Namespace, context: Context, now: float
) -> list[Leftover]:
    """What is to be removed. `--yes` leaves static keys alone: the only copy of a key is nothing to lose."""
    removable = [leftover for leftover in found if leftover.is_removable]
    if options.yes:
        return [
            leftover for leftover in removable if leftover.kind is not Kind.STATIC_KEY or options.static_keys
        ]
    chosen = []
    for leftover in removable:
        context.terminal.say(leftover_text(leftover, now, context.terminal.style))
        if leftover.kind is Kind.STATIC_KEY:
            context.terminal.say(
                "  This may be the only copy of the key. Import it first if it is still needed."
            )
        if context.terminal.confirm(f"  {leftover.removal.capitalize()}?"):
            chosen.append(leftover)
    return chosen


def _remove(chosen: Sequence[Leftover], context: Context) -> list[Leftover]:
    outcomes = remove(chosen)
    for leftover, problem in outcomes.items():
        if problem is not None:
            context.terminal.say(f"not removed: {problem.message} ({leftover.kind})")
    return [leftover for leftover, problem in outcomes.items() if problem is None]
