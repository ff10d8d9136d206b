"""Say why somebody may enter an account: every path, and the rule that gives it.

usher access why developer@mkdev.example production
usher access why developer@mkdev.example production --action s3:GetObject --json

Exits with 4 when there is no way in, with 5 when there is no such person or account.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from usher.cli.access.answering import (
    add_rules_argument,
    add_source_arguments,
    find_file,
    find_known,
    say_source,
    view_file,
)
from usher.cli.access.options import add_aws_arguments, add_json_argument
from usher.cli.access.selecting import find_account, find_person
from usher.cli.access.verdicts import add_action_arguments, make_judge, read_documents_of
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.core.errors import ExitCode

if TYPE_CHECKING:
    from usher.report.why import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    add_person_and_account(parser)
    add_action_arguments(parser)
    add_rules_argument(parser)
    add_json_argument(parser)
    add_source_arguments(parser)
    add_aws_arguments(parser)


def add_person_and_account(parser: argparse.ArgumentParser) -> None:
    """USER ACCOUNT."""
    parser.add_argument("user", metavar="USER", help="what the person signs in with")
    parser.add_argument("account", metavar="ACCOUNT", help="the account's name or id")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Find every path and show it; exits with 4 when none is open."""
    from usher.report.holdings import Holdings
    from usher.report.why import is_open, paths

    declared = find_file(options)
    known = find_known(options, context, declared)
    say_source(known.source, context)
    holdings = Holdings(known.access)
    file = view_file(declared, known, context)
    account = find_account(options.account, holdings)
    person = find_person(options.user, holdings, file)
    documents = read_documents_of(holdings, options, context, known) if options.action else {}
    judge = make_judge(options, holdings, documents)
    found = paths(holdings, person, account.id, file=file, judge=judge)
    has_access = any(is_open(path, account) for path in found)
    if options.json:
        document = _document(person, account.id, found, has_access=has_access)
        context.terminal.result(json.dumps(document, ensure_ascii=False))
    else:
        _show(person, str(account), found, options, context, has_access=has_access)
    return ExitCode.DONE if has_access else ExitCode.NO_ACCESS


def _document(person: str, account: str, found: tuple[Path, ...], *, has_access: bool) -> dict[str, object]:
    from usher.cli.text.why import path_document

    listed = [path_document(path) for path in found]
    return {"person": person, "account_id": account, "has_access": has_access, "paths": listed}


def _show(
    person: str,
    account: str,
    found: tuple[Path, ...],
    options: argparse.Namespace,
    context: Context,
    *,
    has_access: bool,
) -> None:
    from usher.cli.text.plan import no_style
    from usher.cli.text.why import path_lines

    terminal = context.terminal
    style = terminal.style if terminal.colours_results else no_style
    does = f"do {options.action} in" if options.action else "enter"
    may = "may" if has_access else "may not"
    end = ":" if found else "."
    lines = [f"{printable(person)} {may} {printable(does)} {printable(account)}{end}"]
    for number, path in enumerate(found, 1):
        lines += ["", *path_lines(path, number, printable(options.action), style)]
    terminal.result("\n".join(lines))
    if not has_access:
        terminal.say(terminal.style("dim", "'usher access why-not' says what is missing"))
