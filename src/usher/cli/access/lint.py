"""Find the mistakes in the policies of permission sets, without the network.

usher access lint
usher access lint access/ --json

Looks for actions and operators that AWS does not know, resources that an action does not take, statements
that change nothing, and what applies to more than it seems. Exits with 1 when there is an error.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from usher.cli.access.files import read_access_file
from usher.cli.access.options import add_file_argument, add_json_argument
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.core.errors import ExitCode
from usher.core.rules import Place

if TYPE_CHECKING:
    from usher.access.model import AccessFile
    from usher.policy.lint_findings import LintFinding

_STYLES = {"error": "error", "warning": "warn", "note": "dim"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    add_file_argument(parser)
    add_json_argument(parser)
    parser.add_argument("--region", default="", metavar="R", help="a region of the partition that it is for")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Look at the inline policies, together with what is known of the managed ones."""
    from usher.policy.lint_findings import LintLevel

    file = read_access_file(options.file)
    found = [
        (file.permission_sets[name].at.place, name, finding)
        for name, findings in _findings(file, options, context).items()
        for finding in findings
    ]
    if options.json:
        documents = [_document(*each) for each in found]
        context.terminal.result(json.dumps({"file": options.file, "findings": documents}))
    else:
        _show(found, len(file.permission_sets), context)
    failed = any(finding.level is LintLevel.ERROR for _, _, finding in found)
    return ExitCode.FAILED if failed else ExitCode.DONE


def _findings(
    file: AccessFile, options: argparse.Namespace, context: Context
) -> dict[str, tuple[LintFinding, ...]]:
    from usher.access.resolve import resolve_permission_sets
    from usher.cli.access.offline import partition_of
    from usher.cli.wire_policies import documents_of_this_machine
    from usher.policy.lint import lint_role
    from usher.policy.role_policies import INLINE, role_policies

    permission_sets = resolve_permission_sets(file, partition_of(file, options, context))
    documents = documents_of_this_machine(context, permission_sets.values()).by_arn
    own = frozenset({INLINE})
    return {
        name: lint_role(role_policies(permission_set, documents), own)
        for name, permission_set in permission_sets.items()
    }


def _show(found: list[tuple[Place, str, LintFinding]], count: int, context: Context) -> None:
    from usher.cli.text.styles import no_style

    terminal = context.terminal
    style = terminal.style if terminal.colours_results else no_style
    lines = []
    for place, name, finding in found:
        where = f", {finding.statement}" if finding.statement else ""
        words = printable(f"{name}, {finding.policy}{where}: {finding.words}")
        level = style(_STYLES[finding.level.value], finding.level.value)
        lines.append(f"{printable(str(place))}: {level} {words} [{finding.kind.value}]")
    sets = "1 permission set" if count == 1 else f"{count} permission sets"
    findings = "1 finding" if len(found) == 1 else f"{len(found)} findings"
    lines.append(f"{sets}: {findings if found else 'nothing found'}")
    terminal.result("\n".join(lines))


def _document(place: Place, name: str, finding: LintFinding) -> dict[str, object]:
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "permission_set": name,
        "policy": finding.policy,
        "statement": finding.statement,
        "level": finding.level.value,
        "kind": finding.kind.value,
        "words": finding.words,
    }
