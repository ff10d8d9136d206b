"""`usher browser jars`: which browsers are set apart, how large they are, and removing them when asked."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence

from usher.cli.browser.installs import forget_install, read_installs
from usher.cli.browser.jars import name_of
from usher.cli.context import Context
from usher.cli.text.table import table_lines
from usher.console.jars import KeptJar, all_roots, kept_jars, remove_jar
from usher.core.durations import parse_age
from usher.core.errors import ExitCode, NotFoundError, UsageError
from usher.core.printable import printable

_DAY = 86_400.0
_HEADINGS = ("PROFILE", "ACCOUNT", "BROWSER", "SIZE", "LAST USED", "")


def run_jars(options: argparse.Namespace, context: Context) -> ExitCode:
    """List them, or remove those that are named."""
    kept = kept_jars(all_roots(context.data_dir, context.home))
    if options.remove or options.remove_all or options.unused:
        return _remove(context, _meant(kept, options))
    if options.json:
        context.terminal.result(json.dumps([_document(each) for each in kept], indent=2))
    elif kept:
        _show(context, kept)
    else:
        context.terminal.say(
            "No browser is set apart yet: 'usher console' does it where a Chromium is meant."
        )
    return ExitCode.DONE


def _meant(kept: Sequence[KeptJar], options: argparse.Namespace) -> list[KeptJar]:
    """What the options name. Raises NotFoundError and UsageError."""
    if options.remove_all:
        return list(kept)
    if options.unused:
        try:
            before = time.time() - parse_age(options.unused)
        except ValueError as error:
            raise UsageError(str(error), hint="for example --unused 90d") from None
        return [each for each in kept if each.used < before]
    found: list[KeptJar] = []
    for name in options.remove:
        of_name = [each for each in kept if name in {each.jar.session.profile, each.jar.id}]
        if not of_name:
            raise NotFoundError(
                f"no browser is set apart for '{printable(name)}'", hint="'usher browser jars' lists them"
            )
        found += of_name
    return found


def _remove(context: Context, meant: Sequence[KeptJar]) -> ExitCode:
    """Remove those that are closed, and say which are not."""
    closed = [each for each in meant if not each.jar.is_open]
    for each in closed:
        remove_jar(each.jar)
        for install in read_installs(context.cache_dir):
            if install.jar == each.jar.id:
                forget_install(context.cache_dir, install.id)
        context.terminal.say(f"Removed {_name(each)} ({_size(each.size)}): it is signed out.")
    if not meant:
        context.terminal.say("There is none to remove.")
    if len(closed) < len(meant):
        names = ", ".join(_name(each) for each in meant if each not in closed)
        raise UsageError(f"open, and so not removed: {names}", hint="close the windows and run it again")
    return ExitCode.DONE


def _show(context: Context, kept: Sequence[KeptJar]) -> None:
    now = time.time()
    rows = [
        (
            each.jar.session.profile,
            f"{each.jar.session.account_name} {each.jar.session.account_id}".strip(),
            name_of(each.jar),
            _size(each.size),
            _days(now - each.used),
            "open" if each.jar.is_open else "",
        )
        for each in kept
    ]
    for line in table_lines(_HEADINGS, rows, context.terminal.width):
        context.terminal.result(line)
    context.terminal.say(f"{len(kept)} with {_size(sum(each.size for each in kept))} in all.")


def _document(kept: KeptJar) -> dict[str, object]:
    session = kept.jar.session
    return {
        "profile": session.profile,
        "organization": session.organization,
        "account_id": session.account_id,
        "account_name": session.account_name,
        "role": session.role,
        "browser": kept.jar.kind,
        "bytes": kept.size,
        "used": int(kept.used),
        "open": kept.jar.is_open,
        "folder": str(kept.jar.folder),
    }


def _name(kept: KeptJar) -> str:
    return f"{printable(kept.jar.session.profile)} in {name_of(kept.jar)}"


def _size(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"


def _days(seconds: float) -> str:
    days = int(seconds // _DAY)
    return "today" if days < 1 else "yesterday" if days == 1 else f"{days} days ago"
