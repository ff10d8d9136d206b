"""Find what is wrong on this machine, and say what to do about it.

    usher doctor                      every check, each with its fix
    usher doctor clock winner         some of them
    usher doctor secrets              plain-text keys and tokens that AWS CLI and others left behind
    usher doctor secrets --remove     ask about each, and remove it

Exit code 1 when something is bad.
"""

from __future__ import annotations

import argparse
import json

from usher.cli.context import Context
from usher.cli.doctor.checks import CHECKS, run_checks
from usher.cli.doctor.verdict import State, Verdict
from usher.core.errors import ExitCode, UsageError

_STYLES = {State.GOOD: "add", State.NOTE: "warn", State.BAD: "error"}
_SECRETS = "secrets"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=f"{', '.join(CHECKS)}, or {_SECRETS}")
    parser.add_argument("--remove", action="store_true", help="with secrets: ask about each, and remove it")
    parser.add_argument("--yes", action="store_true", help="with --remove: do not ask; static keys stay")
    parser.add_argument("--static-keys", action="store_true", help="with --yes: static keys go too")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Run the checks, or look for secrets."""
    if options.checks == [_SECRETS]:
        from usher.cli.doctor.leftovers import run_secrets

        return run_secrets(options, context)
    if options.remove or options.yes or options.static_keys:
        raise UsageError("only secrets can be removed", hint="usher doctor secrets --remove")
    unknown = [name for name in options.checks if name not in CHECKS]
    if unknown:
        raise UsageError(
            f"there is no check '{unknown[0]}'", hint=f"they are: {', '.join(CHECKS)}, {_SECRETS}"
        )
    verdicts = []
    for verdict in run_checks(options.checks or CHECKS, context):
        verdicts.append(verdict)
        if not options.json:
            context.terminal.result(_text(verdict, context))
    if options.json:
        shown = [
            {"check": each.check, "state": str(each.state), "words": each.words, "fix": each.fix or None}
            for each in verdicts
        ]
        context.terminal.result(json.dumps(shown, indent=2))
    return ExitCode.FAILED if any(each.state is State.BAD for each in verdicts) else ExitCode.DONE


def _text(verdict: Verdict, context: Context) -> str:
    style = context.terminal.style if context.terminal.colours_results else lambda _name, text: text
    lines = [f"{style(_STYLES[verdict.state], verdict.state.ljust(4))}  {verdict.check:<10}  {verdict.words}"]
    if verdict.fix:
        lines.append(f"{' ' * 18}{style('dim', 'fix: ')}{verdict.fix}")
    return "\n".join(lines)
