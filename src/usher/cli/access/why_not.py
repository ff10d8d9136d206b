"""Say what keeps somebody out of an account, and the smallest change that would let them in.

usher access why-not developer@mkdev.example production
usher access why-not developer@mkdev.example production --permission-set AdministratorAccess
usher access why-not developer@mkdev.example production --action s3:DeleteObject

When they may after all, the ways in are shown. Exits with 5 when there is no such person or account.
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
from usher.cli.access.selecting import find_account, find_person, find_target
from usher.cli.access.verdicts import add_action_arguments, judge_powers, make_judge, read_documents_of
from usher.cli.access.why import add_person_and_account
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.core.errors import ExitCode

if TYPE_CHECKING:
    from usher.core.accounts import Account
    from usher.report.why import WhyNot


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    add_person_and_account(parser)
    wanted = parser.add_mutually_exclusive_group()
    wanted.add_argument("--permission-set", default="", metavar="PERMISSION-SET", help="the one they want")
    wanted.add_argument("--role", default="", metavar="ROLE", help="the IAM role of your own they want")
    add_action_arguments(parser)
    add_rules_argument(parser)
    add_json_argument(parser)
    add_source_arguments(parser)
    add_aws_arguments(parser)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Find what is missing and what would give it."""
    from usher.report.holdings import Holdings
    from usher.report.why import is_open, why_not

    declared = find_file(options)
    known = find_known(options, context, declared)
    say_source(known.source, context)
    holdings = Holdings(known.access)
    file = view_file(declared, known, context)
    account = find_account(options.account, holdings)
    person = find_person(options.user, holdings, file)
    target = find_target(options, holdings, file)
    documents = read_documents_of(holdings, options, context, known)
    judge = make_judge(options, holdings, documents)
    risks = judge_powers(holdings, documents).risks
    answer = why_not(
        holdings,
        person,
        account,
        target=target,
        file=file,
        judge=judge,
        risk_of=lambda each: len(risks.get(each, ())),
    )
    may = any(is_open(path, account, target) for path in answer.other)
    _show(person, account, answer, options, context, may=may)
    return ExitCode.DONE


def _show(
    person: str,
    account: Account,
    answer: WhyNot,
    options: argparse.Namespace,
    context: Context,
    *,
    may: bool,
) -> None:
    from usher.cli.text.plan import no_style
    from usher.cli.text.why import path_lines, why_not_document, why_not_lines

    terminal = context.terminal
    if options.json:
        document = {"person": person, "account_id": account.id, "has_access": may}
        document |= why_not_document(answer, account)
        terminal.result(json.dumps(document, ensure_ascii=False))
        return
    style = terminal.style if terminal.colours_results else no_style
    if may:
        lines = [f"{printable(person)} may, in {printable(str(account))}:"]
        for number, path in enumerate(answer.other, 1):
            lines += ["", *path_lines(path, number, printable(options.action), style)]
    else:
        wanted = options.permission_set or options.role
        what = f" with {printable(wanted)}" if wanted else ""
        does = f"do {printable(options.action)} in" if options.action else "enter"
        lines = [f"{printable(person)} may not {does} {printable(str(account))}{what}:", ""]
        lines += why_not_lines(answer, account, style)
    terminal.result("\n".join(lines))
