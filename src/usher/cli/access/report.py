"""Write a report that everybody can open: one HTML file with figures, the picture, and every list.

usher access report
usher access report --out access-2026-11.html --from-snapshot 2026-11-30
usher access report --format mermaid --ou Workloads/Production --out -
usher access report --format dot --user developer@mkdev.example | dot -Tsvg > developer.svg

The HTML file needs no network and no server. --account, --ou, --user, --group, --permission-set and --role
choose what is drawn as text (--format dot or mermaid); the HTML report holds everything.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from usher.cli.access.answering import (
    Known,
    add_rules_argument,
    add_source_arguments,
    find_file,
    find_known,
    say_source,
    view_file,
)
from usher.cli.access.options import add_aws_arguments, add_json_argument
from usher.cli.access.selecting import add_filter_arguments, make_question
from usher.cli.access.verdicts import judge_powers, read_documents_of
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from usher.report.figures import Powers
    from usher.report.holdings import Holdings

DEFAULT_OUT = "access-report.html"
_FILTERS = ("account", "ou", "user", "group", "permission_set", "role")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument(
        "--out", default="", metavar="FILE", help=f"where to write ({DEFAULT_OUT}); '-' is stdout"
    )
    parser.add_argument(
        "--format", choices=("html", "dot", "mermaid"), default="html", help="a page, or text to draw"
    )
    add_filter_arguments(parser)
    add_rules_argument(parser)
    add_json_argument(parser)
    add_source_arguments(parser)
    add_aws_arguments(parser)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Answer from what is known, write it, and say where."""
    from usher.report.holdings import Holdings
    from usher.report.page import render_page

    filtered = [name for name in _FILTERS if getattr(options, name)]
    if options.format == "html" and filtered:
        raise UsageError(
            f"--{filtered[0].replace('_', '-')} chooses what is drawn with --format dot or mermaid",
            hint="the HTML report holds everything, and has a search of its own",
        )
    declared = find_file(options)
    known = find_known(options, context, declared)
    say_source(known.source, context)
    holdings = Holdings(known.access)
    powers = judge_powers(holdings, read_documents_of(holdings, options, context, known))
    if options.format == "html":
        file = view_file(declared, known, context)
        text = render_page(holdings, powers, known.source, datetime.now(UTC), file)
        out = options.out or DEFAULT_OUT
    else:
        text = "\n".join(_graph(options, holdings, powers)) + "\n"
        out = options.out or "-"
    if out == "-":
        context.terminal.result(text.rstrip("\n"))
        return ExitCode.DONE
    _write(out, text)
    _say_written(out, text, options, context, known)
    return ExitCode.DONE


def _graph(options: argparse.Namespace, holdings: Holdings, powers: Powers) -> Iterator[str]:
    from usher.report.bundles import bundle
    from usher.report.graph_text import dot_lines, mermaid_lines

    question = make_question(options, holdings)
    grants = tuple(holdings.grants(question))
    bundled = bundle(holdings, powers.administrators, grants=grants, people=question.people)
    return dot_lines(bundled) if options.format == "dot" else mermaid_lines(bundled)


def _write(out: str, text: str) -> None:
    """Write the file for its owner alone: who may enter what is nobody else's business."""
    try:
        with open(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"'{printable(out)}' cannot be written: {error.strerror}") from None


def _say_written(out: str, text: str, options: argparse.Namespace, context: Context, known: Known) -> None:
    size = len(text.encode())
    if options.json:
        read_at = known.source.taken_at and known.source.taken_at.isoformat()
        document = {"file": out, "bytes": size, "instance": known.source.instance, "read_at": read_at}
        context.terminal.result(json.dumps(document, ensure_ascii=False))
    else:
        context.terminal.result(f"{printable(str(Path(out)))} is written ({_size_words(size)})")


def _size_words(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{size / 1e3:.0f} kB"
