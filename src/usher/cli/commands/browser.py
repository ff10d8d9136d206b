"""The browser extension: consoles of many accounts side by side, each in its own colour.

usher browser setup                everything that this machine can do, and the click that is left to you
usher browser setup chromium       for one browser; --dry-run shows what would be written
usher browser setup --remove       take it all away again
usher browser setup --policies DIR what a platform team gives to its own tools
usher browser doctor               what is wrong, each with its fix
usher browser jars                 the browsers set apart for one account each: size and last use
usher browser jars --remove NAME   the one of a profile; or --remove-all, or --unused 90d
usher browser host                 what browsers start for the extension; not for people
"""

from __future__ import annotations

import argparse

from usher.cli.context import Context
from usher.core.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    setup = verbs.add_parser("setup", help="make browsers open consoles side by side")
    setup.add_argument("browsers", nargs="*", metavar="BROWSER", help="these browsers only, not all")
    setup.add_argument("--dry-run", action="store_true", help="show what would be written, write nothing")
    setup.add_argument("--remove", action="store_true", help="take everything away again")
    setup.add_argument("--open", action="store_true", help="open the page of the last click where possible")
    setup.add_argument("--policies", metavar="DIR", help="write policies for a fleet of machines; '-' prints")
    setup.add_argument("--firefox-url", metavar="URL", help="with --policies: where Firefox gets the package")
    _json(setup)
    doctor = verbs.add_parser("doctor", help="find what is wrong with browsers, and the fix")
    doctor.add_argument("browsers", nargs="*", metavar="BROWSER", help="these browsers only, not all")
    _json(doctor)
    jars = verbs.add_parser("jars", help="browsers set apart for one account each")
    which = jars.add_mutually_exclusive_group()
    which.add_argument("--remove", nargs="+", metavar="PROFILE", help="remove those of these profiles")
    which.add_argument("--remove-all", action="store_true", help="remove all that are not open")
    which.add_argument("--unused", metavar="90d", help="remove those that were not used for so long")
    _json(jars)
    host = verbs.add_parser("host", help="what browsers start for the extension; not for people")
    host.add_argument("caller", nargs=argparse.REMAINDER, help="what the browser says of itself")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Do what the verb says."""
    verbs = {"setup": _setup, "doctor": _doctor, "jars": _jars, "host": _host}
    return verbs[options.verb](options, context)


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _setup(options: argparse.Namespace, context: Context) -> ExitCode:
    from usher.cli.browser.setup import run_setup

    return run_setup(options, context)


def _doctor(options: argparse.Namespace, context: Context) -> ExitCode:
    from usher.cli.browser.doctor import run_doctor

    return run_doctor(options, context)


def _jars(options: argparse.Namespace, context: Context) -> ExitCode:
    from usher.cli.browser.kept_jars import run_jars

    return run_jars(options, context)


def _host(options: argparse.Namespace, context: Context) -> ExitCode:
    from usher.cli.browser.host import run_host

    run_host(context, options.caller)
    return ExitCode.DONE
