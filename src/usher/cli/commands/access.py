"""Who may enter which account: one reviewed file, planned and applied.

    usher access init                write an access.yaml to start from
    usher access import              write access files from what is there
    usher access check               find the mistakes in access.yaml, without the network
    usher access plan                show what would change, and change nothing
    usher access apply               show it, ask, and do it
    usher access drift               what differs from it, and who made it so
    usher access undo last           take the last run back
    usher access plan --profile management --region eu-central-1 --json

FILE is access.yaml unless given. Keys come from --profile or from where the AWS CLI takes them.
'usher access VERB --help' shows a verb's arguments and an example.
"""

from __future__ import annotations

import argparse
import importlib
import keyword

from usher.access.diagnostics import AccessFileError
from usher.cli.access.files import say_mistakes
from usher.cli.context import Context
from usher.core.errors import ExitCode

VERBS = {
    "init": "write a commented file to start from",
    "import": "write files that ask for what is there",
    "check": "find mistakes, without the network",
    "plan": "show what would change",
    "apply": "show what changes, ask, and do it",
    "move": "move a rule between a permission set and a role",
    "drift": "what differs from the file, and who made it so",
    "undo": "reverse an earlier run, as far as it still stands",
    "runs": "the runs that were made from this machine",
    "export": "write Terraform or CloudFormation",
    "test": "run the tests that the file holds",
    "lint": "find mistakes in policies",
    "who": "who may enter, and who may do something there",
    "why": "every way of somebody into an account",
    "why-not": "what keeps somebody out, and what would let them in",
    "diff": "who gained and lost what between two days",
    "report": "one HTML file with figures, a picture and every list",
    "snapshot": "read everything and keep it",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs, each with its own arguments."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, summary in VERBS.items():
        module = importlib.import_module(_module(name))
        verb = verbs.add_parser(
            name,
            help=summary,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(verb)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Run one verb; the mistakes of an access file are shown here for all of them."""
    try:
        code: ExitCode = importlib.import_module(_module(options.verb)).run(options, context)
    except AccessFileError as error:
        return say_mistakes(error, context, as_json=getattr(options, "json", False))
    return code


def _module(verb: str) -> str:
    name = verb.replace("-", "_")
    return f"usher.cli.access.{name}_" if keyword.iskeyword(name) else f"usher.cli.access.{name}"
