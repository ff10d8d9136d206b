"""`usher profiles list`: what is in the file, with what is known of it, line by line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping

from usher.cli.context import Context
from usher.cli.text.table import table_lines
from usher.core.errors import ExitCode
from usher.profiles.config_file import read_config
from usher.profiles.filters import Selection
from usher.profiles.index import IndexEntry, read_index
from usher.profiles.lookup import ProfileTarget, list_profiles
from usher.profiles.preferences import selection
from usher.profiles.ways import WayIn

_HEADINGS = ("PROFILE", "ACCOUNT", "ID", "PERMISSION SET", "UNIT", "FROM")


def add_list_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("pattern", nargs="*", metavar="S", help="only what S selects: prod*, unit:Workloads")
    parser.add_argument("--exclude", action="append", default=[], metavar="S", help="nothing that S selects")
    parser.add_argument("--organization", metavar="ORG", help="of this organization alone")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def list_all(options: argparse.Namespace, context: Context) -> ExitCode:
    """Print the profiles that are wanted, in the file's order."""
    rows = _rows(context, selection(options.pattern, options.exclude), options.organization)
    if options.json:
        _print_json(context, rows)
        return ExitCode.DONE
    first = next(rows, None)
    if first is None:
        context.terminal.result("No such profiles; 'usher profiles sync' writes those of single sign-on.")
        return ExitCode.DONE
    cells = (_cells(*row) for row in _chained(first, rows))
    for line in table_lines(_HEADINGS, cells, context.terminal.width):
        context.terminal.result(line)
    return ExitCode.DONE


def _rows(
    context: Context, wanted: Selection, organization: str | None
) -> Iterator[tuple[ProfileTarget, IndexEntry | None]]:
    path = context.aws_config_file
    known: Mapping[str, IndexEntry] = {entry.profile: entry for entry in read_index(context.cache_dir)}
    for target in list_profiles(read_config(path), path):
        entry = known.get(target.name)
        if organization is not None and organization not in {
            target.organization,
            entry and entry.organization,
        }:
            continue
        if wanted.wants(target.name, _way(target, entry)):
            yield target, entry


def _way(target: ProfileTarget, entry: IndexEntry | None) -> WayIn:
    if entry is None:
        return WayIn(target.account_id, "", target.permission_set)
    return WayIn(
        target.account_id, entry.account_name, target.permission_set, unit=entry.unit, tags=entry.tags
    )


def _chained(
    first: tuple[ProfileTarget, IndexEntry | None], rest: Iterator[tuple[ProfileTarget, IndexEntry | None]]
) -> Iterator[tuple[ProfileTarget, IndexEntry | None]]:
    yield first
    yield from rest


def _cells(target: ProfileTarget, entry: IndexEntry | None) -> tuple[str, ...]:
    return (
        target.name,
        entry.account_name if entry else "",
        target.account_id,
        target.permission_set,
        entry.unit if entry else "",
        target.organization or target.start_url or f"a role of {target.source}",
    )


def _print_json(context: Context, rows: Iterator[tuple[ProfileTarget, IndexEntry | None]]) -> None:
    """A JSON array, one profile a line, printed as it is read."""
    opened = "["
    for target, entry in rows:
        document = {
            "profile": target.name,
            "account_id": target.account_id,
            "account": entry.account_name if entry else None,
            "permission_set": target.permission_set,
            "region": target.region,
            "organization": target.organization,
            "start_url": target.start_url,
            "source": target.source,
            "unit": entry.unit if entry else "",
            "tags": dict(entry.tags) if entry else {},
            "description": entry.description if entry else "",
        }
        context.terminal.result(opened + json.dumps(document))
        opened = ","
    context.terminal.result("]" if opened == "," else "[]")
