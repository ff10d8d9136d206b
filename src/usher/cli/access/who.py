"""Say who may enter, and who may do something there.

usher access who --account production
usher access who --account 'web-*' --action s3:DeleteObject --resource 'arn:aws:s3:::invoices/*'
usher access who --user developer@mkdev.example --csv
usher access who --ou Workloads/Production --permission-set AdministratorAccess --from-snapshot 7d
usher access who --account production --file access.yaml     what the file says

With --action, those who are known not to be able to are left out; the rest comes in three groups: those who
can, those for whom it depends on a condition, and those whose policies are not all known.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from typing import TYPE_CHECKING

from usher.access.model import AccessFile
from usher.cli.access.answering import Known, add_source_arguments, find_known, resolve_file, say_source
from usher.cli.access.files import read_access_file
from usher.cli.access.options import add_aws_arguments, add_json_argument
from usher.cli.access.selecting import add_filter_arguments, make_question
from usher.cli.access.verdicts import add_action_arguments, make_judge, read_documents_of
from usher.cli.context import Context
from usher.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from usher.report.holdings import Access, Holdings, Question
    from usher.report.source import Source
    from usher.report.who import Answer

_LINES_AT_ONCE = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    add_filter_arguments(parser)
    add_action_arguments(parser)
    parser.add_argument("--direct", action="store_true", help="show grants as they are, groups not expanded")
    parser.add_argument("--file", default="", metavar="FILE", help="answer from what the access file says")
    parser.add_argument("--csv", action="store_true", help="print the result as CSV")
    add_json_argument(parser)
    add_source_arguments(parser)
    add_aws_arguments(parser)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Find what to answer from, ask, and show."""
    from usher.report.holdings import Holdings

    if options.csv and options.json:
        raise UsageError("--csv and --json are two ways to print one result", hint="give one of them")
    file = read_access_file(options.file) if options.file else None
    known = find_known(options, context, file)
    access, source = _answered_from(file, known)
    say_source(source, context)
    holdings = Holdings(access)
    question = make_question(options, holdings)
    answers = _answers(options, context, known, holdings, question)
    if options.json:
        _print_json(answers, access, source, context)
    elif options.csv:
        _print_csv(answers, access, context)
    else:
        _print_table(answers, access, options, context)
    return ExitCode.DONE


def _answered_from(file: AccessFile | None, known: Known) -> tuple[Access, Source]:
    """What was read; with --file what the file says of its accounts."""
    from usher.report.source import Source

    if file is None:
        return known.access, known.source
    said = resolve_file(file, known, datetime.now(UTC))
    return said, Source(f"{file.name} (accounts of {known.source.instance})", None)


def _answers(
    options: argparse.Namespace, context: Context, known: Known, holdings: Holdings, question: Question
) -> Iterator[Answer]:
    from usher.report.who import who, who_directly

    documents = read_documents_of(holdings, options, context, known) if options.action else {}
    judge = make_judge(options, holdings, documents)
    if options.direct:
        return who_directly(holdings, question, judge)
    return who(holdings, question, judge)


def _print_json(answers: Iterable[Answer], access: Access, source: Source, context: Context) -> None:
    from usher.cli.text.answers import answer_document

    head = {"instance": source.instance, "read_at": source.taken_at and source.taken_at.isoformat()}
    start = json.dumps(head, ensure_ascii=False)[:-1]
    lines = (json.dumps(answer_document(each, access.accounts)) for each in answers)
    context.terminal.result(f'{start}, "holdings": [')
    last = None
    for chunk in _chunks(lines):
        if last is not None:
            context.terminal.result(f"{last},")
        last = ",\n".join(chunk)
    context.terminal.result(f"{last or ''}]}}")


def _print_csv(answers: Iterable[Answer], access: Access, context: Context) -> None:
    from usher.cli.text.answers import FIELDS, answer_document
    from usher.cli.text.table import csv_lines

    rows = (tuple(answer_document(each, access.accounts).values()) for each in answers)
    for chunk in _chunks(csv_lines(FIELDS, rows)):
        context.terminal.result("\n".join(chunk))


def _print_table(
    answers: Iterator[Answer], access: Access, options: argparse.Namespace, context: Context
) -> None:
    from usher.cli.text.answers import by_standing

    if not options.action:
        if not _print_rows(answers, access, options, context):
            context.terminal.say("nobody")
        return
    groups = list(by_standing(answers))
    for standing, found in groups:
        context.terminal.result(f"{standing.value}:")
        _print_rows(iter(found), access, options, context)
        context.terminal.result("")
    if not groups:
        context.terminal.say("nobody can")


def _print_rows(
    answers: Iterator[Answer], access: Access, options: argparse.Namespace, context: Context
) -> bool:
    """Print the table, unless there is nothing in it; whether there is."""
    from usher.cli.text.answers import HEADINGS, answer_row, grant_row
    from usher.cli.text.table import table_lines

    first = next(answers, None)
    if first is None:
        return False
    make_row = grant_row if options.direct else answer_row
    rows = (make_row(each, access.accounts) for each in chain([first], answers))
    for chunk in _chunks(table_lines(HEADINGS, rows, context.terminal.width)):
        context.terminal.result("\n".join(chunk))
    return True


def _chunks(lines: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(islice(lines, _LINES_AT_ONCE)):
        yield chunk
