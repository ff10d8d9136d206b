"""The browser extension: consoles of many accounts side by side, each in its own colour.

usher browser host            what browsers start for the extension; not for people
"""

from __future__ import annotations

import argparse

from usher.cli.context import Context
from usher.core.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    host = verbs.add_parser("host", help="what browsers start for the extension; not for people")
    host.add_argument("caller", nargs=argparse.REMAINDER, help="what the browser says of itself")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Do what the verb says."""
    verbs = {"host": _host}
    return verbs[options.verb](options, context)


def _host(options: argparse.Namespace, context: Context) -> ExitCode:
    from usher.cli.browser.host import run_host

    run_host(context, options.caller)
    return ExitCode.DONE
