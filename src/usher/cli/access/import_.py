"""Write access files that ask for exactly what an Identity Center has: their plan is empty at once.

usher access import
usher access import --profile management --region eu-central-1 --out access/
usher access import --terraform terraform.tfstate --out access/

Thousands of assignments become few rules, by organizational unit, tag or name where those fit exactly.
Users and groups of an external directory are referred to. What no file can say is told. With --terraform, a
state, the output of 'terraform show -json', or a folder of .tf files is read instead of AWS.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from usher.access.selections import Candidates
from usher.access.write import Written, write_access
from usher.cli.access.comparing import open_rooms
from usher.cli.access.options import add_aws_arguments, add_json_argument
from usher.cli.access.writing import check_free, write_files
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.core.errors import ExitCode, UsageError, UsherError
from usher.core.organization import ActualAccess
from usher.core.partitions import Partition, partition_of_region

if TYPE_CHECKING:
    from usher.access.terraform import Unresolved

_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Source:
    """What was read, and from where; `candidates` are the selectors that may stand for its accounts."""

    actual: ActualAccess
    partition: Partition
    candidates: Candidates
    origin: str
    unresolved: tuple[Unresolved, ...] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("--out", default="access", metavar="FOLDER", help="where the files go (access/)")
    parser.add_argument("--force", action="store_true", help="overwrite files that are there")
    parser.add_argument(
        "--terraform", default="", metavar="PATH", help="read a state, or a folder of .tf files, instead"
    )
    add_json_argument(parser)
    add_aws_arguments(parser)


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Read, write, and prove that what was written is what was read."""
    source = _read_terraform(options.terraform) if options.terraform else _read_aws(options, context)
    written = write_access(
        source.actual, source.partition, candidates=source.candidates, origin=source.origin
    )
    left = _prove(written, source)
    folder = Path(options.out)
    check_free(folder, written.files, force=options.force)
    _check_alone(folder, written)
    write_files(folder, written.files)
    if options.json:
        context.terminal.result(json.dumps(_document(options.out, written, source, left)))
    else:
        _tell(options.out, written, source, left, context)
    return ExitCode.DONE


def _read_aws(options: argparse.Namespace, context: Context) -> _Source:
    from usher.apply.cost import Strategy
    from usher.cli.wire_access import read_world

    rooms = open_rooms(options, context)
    strategy = None if options.strategy == "auto" else Strategy(options.strategy)
    actual = read_world(rooms, strategy).actual
    origin = f"{rooms.instance.arn} on {datetime.now(UTC):%Y-%m-%d}"
    candidates = Candidates.of(actual.accounts.values())
    return _Source(actual, partition_of_region(rooms.region), candidates, origin)


def _read_terraform(path: str) -> _Source:
    from usher.cli.access.terraform import read_terraform

    found = read_terraform(Path(path))
    candidates = Candidates.names_only(found.reading.actual.accounts.values())
    return _Source(
        found.reading.actual, found.partition, candidates, f"Terraform ({path})", found.reading.unresolved
    )


def _prove(written: Written, source: _Source) -> tuple[str, ...]:
    """Load, resolve and plan the files as `plan` does: nothing may differ.

    What comes back in words is what no file could keep from the plan: access of nobody, and roles that lag
    behind their permission sets. Raises UsherError for anything else.
    """
    from usher.access.load import load_access_files
    from usher.access.resolve import resolve_access
    from usher.plan.changes import DeleteAssignment, DeleteEntitlement, ProvisionPermissionSet
    from usher.plan.diff import plan_changes
    from usher.plan.words import words_of

    actual = source.actual
    desired = resolve_access(
        load_access_files(written.files),
        list(actual.accounts.values()),
        partition=source.partition,
        now=datetime.now(UTC),
    )
    plan = plan_changes(desired, actual)
    left = []
    for change in plan.changes:
        words = words_of(change, plan.accounts)
        match change:
            case (
                DeleteAssignment(dangling=True) | DeleteEntitlement(dangling=True) | ProvisionPermissionSet()
            ):
                left.append(words)
            case _:
                raise UsherError(
                    f"the files would change what is there: {words}; nothing was written",
                    hint="this is a mistake of Usher's, not of yours: please report it with these words",
                )
    return tuple(left)


def _check_alone(folder: Path, written: Written) -> None:
    """Refuse a folder with other access files: they would be read together with the new ones."""
    others = sorted(
        each.name for each in folder.glob("*.y*ml") if each.name not in written.files and each.is_file()
    )
    if others:
        raise UsageError(
            f"the folder '{printable(str(folder))}' has other access files: {', '.join(others[:3])}",
            hint="they would be read together with the new ones: choose an empty folder with --out",
        )


def _tell(out: str, written: Written, source: _Source, left: tuple[str, ...], context: Context) -> None:
    terminal = context.terminal
    for each in written.unsaid[:_MOST_SHOWN]:
        terminal.say(f"{terminal.style('warn', 'not in the files:')} {printable(f'{each.what}: {each.why}')}")
    for lost in source.unresolved[:_MOST_SHOWN]:
        words = printable(f"{lost.place}: {lost.address}: {lost.why}")
        terminal.say(f"{terminal.style('warn', 'not understood:')} {words}")
    more = max(0, len(written.unsaid) - _MOST_SHOWN) + max(0, len(source.unresolved) - _MOST_SHOWN)
    if more:
        terminal.say(f"and {more:,} more: --json lists them all")
    names = "1 file" if len(written.files) == 1 else f"{len(written.files)} files"
    rules = "1 rule" if written.rules == 1 else f"{written.rules:,} rules"
    terminal.result(f"{written.grants:,} grants are {rules}, in {names} in {printable(out)}.")
    if source.actual.principal_ids:
        but = f" but for {len(left):,}:" if left else "."
        terminal.result(f"Checked against what was read: the plan of these files is empty{but}")
        for sentence in left[:_MOST_SHOWN]:
            terminal.result(f"  {printable(sentence)}")
    terminal.say(f"next: usher access plan {printable(out)}")


def _document(out: str, written: Written, source: _Source, left: tuple[str, ...]) -> dict[str, object]:
    return {
        "out": out,
        "files": sorted(written.files),
        "grants": written.grants,
        "rules": written.rules,
        "plan": list(left),
        "unsaid": [{"what": each.what, "why": each.why} for each in written.unsaid],
        "unresolved": [
            {"place": each.place, "address": each.address, "why": each.why} for each in source.unresolved
        ],
    }
