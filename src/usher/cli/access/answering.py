"""What questions are answered from: the newest kept reading, one of an earlier day, a new one, or the file.

Every answer says on stderr from when it is, and what was not read.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from usher.access.model import AccessFile
from usher.cli.access.comparing import open_rooms
from usher.cli.access.files import read_access_file
from usher.cli.access.moments import parse_moment
from usher.cli.access.options import DEFAULT_FILE
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.core.durations import plain_duration
from usher.core.errors import NotFoundError
from usher.core.organization import ActualAccess, DesiredAccess, Instance

if TYPE_CHECKING:
    from usher.apply.snapshot import Snapshot, SnapshotStore
    from usher.cli.wire_access import AccessRooms
    from usher.report.source import Source
    from usher.report.why import FileView

DEFAULT_FOLDER = "access"
FRESH_ENOUGH = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an organization, and from when. `rooms` is None where nothing had to be called."""

    access: ActualAccess
    source: Source
    rooms: AccessRooms | None


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """--from-snapshot or --fresh."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--from-snapshot",
        default="",
        metavar="DATE",
        help="answer from the reading kept at or before DATE: 2026-11-01, yesterday, 7d",
    )
    source.add_argument("--fresh", action="store_true", help="read now, however new the newest reading is")


def add_rules_argument(parser: argparse.ArgumentParser) -> None:
    """--file: the access file that says why access is there."""
    parser.add_argument(
        "--file",
        default="",
        metavar="FILE",
        help=f"the access file or folder whose rules are told ({DEFAULT_FILE} or {DEFAULT_FOLDER}/, if here)",
    )


def find_known(options: argparse.Namespace, context: Context, file: AccessFile | None = None) -> Known:
    """What the options ask to answer from, in the organization of `file` where they are silent.

    Raises NotFoundError when no reading of that day is kept.
    """
    now = datetime.now(UTC)
    if options.from_snapshot:
        store, rooms = find_store(options, context)
        return _known(load_snapshot(store, options.from_snapshot, now), rooms)
    return _newest(options, context, now, file)


def read_now(options: argparse.Namespace, context: Context, rooms: AccessRooms | None = None) -> Known:
    """A new and complete reading, which is kept."""
    from usher.apply.cost import Strategy
    from usher.apply.snapshot import Snapshot
    from usher.cli.wire_access import read_world

    rooms = rooms or open_rooms(options, context)
    context.terminal.say(f"reading {printable(rooms.instance.arn)} …")
    strategy = None if options.strategy == "auto" else Strategy(options.strategy)
    reading = read_world(rooms, strategy)
    return _known(Snapshot(reading.actual, datetime.now(UTC)), rooms)


def find_store(options: argparse.Namespace, context: Context) -> tuple[SnapshotStore, AccessRooms | None]:
    """Where the readings are kept: without a call when the instance is named, or only one was ever read."""
    from usher.cli.wire_access import known_snapshots, open_snapshots
    from usher.core.ids import IdentityStoreId, InstanceArn

    if options.instance_arn:
        instance = Instance(InstanceArn(options.instance_arn), IdentityStoreId(""))
        return open_snapshots(context, instance), None
    stores = known_snapshots(context)
    if len(stores) == 1 and not (options.profile or options.region or options.endpoint_url):
        return stores[0], None
    rooms = open_rooms(options, context)
    return rooms.snapshots, rooms


def load_snapshot(store: SnapshotStore, text: str, now: datetime) -> Snapshot:
    """The reading kept at or before the moment that `text` means. Raises NotFoundError without one."""
    moment = parse_moment(text, now)
    found = store.load(moment)
    if found is not None:
        return found
    moments = store.moments()
    hint = "'usher access snapshot', every night, keeps one"
    if moments:
        hint = f"the oldest reading that is kept is of {moments[0]:%Y-%m-%d %H:%M} UTC"
    raise NotFoundError(f"no reading of {moment:%Y-%m-%d %H:%M} UTC or before is kept", hint=hint)


def say_source(source: Source, context: Context) -> None:
    """From when the answer is, and what was not read."""
    from usher.report.source import unread_words

    now = datetime.now(UTC)
    terminal = context.terminal
    age = int((now - source.taken_at).total_seconds()) if source.taken_at else 0
    old = f", {plain_duration(age // 60 * 60)} ago" if age >= 60 else ""
    terminal.say(terminal.style("dim", f"{source.words}{old}"))
    for words in unread_words(source.unread):
        terminal.say(terminal.style("warn", "not everything was read: ") + words)


def find_file(options: argparse.Namespace) -> AccessFile | None:
    """The access file that `--file` names, or the file or folder that lies here; None when there is none."""
    at_hand = (name for name in (DEFAULT_FILE, DEFAULT_FOLDER) if Path(name).exists())
    name = options.file or next(at_hand, "")
    return read_access_file(name) if name else None


def view_file(file: AccessFile | None, known: Known, context: Context) -> FileView | None:
    """The file's rules beside what was read, those in force and those that are not."""
    from usher.report.why import FileView

    if file is None:
        return None
    desired = resolve_file(file, known, datetime.now(UTC))
    always = resolve_file(file, known, None)
    in_force = {rule.at for rule in desired.rules}
    lapsed = {
        granted: tuple(rule for rule in (always.rules[index] for index in rules) if rule.at not in in_force)
        for granted, rules in always.origins.items()
    }
    context.terminal.say(context.terminal.style("dim", f"rules from {printable(file.name)}"))
    return FileView(desired, {granted: rules for granted, rules in lapsed.items() if rules})


def resolve_file(file: AccessFile, known: Known, now: datetime | None) -> DesiredAccess:
    """What the file says at `now` (None: whatever a rule's time), with the accounts of a reading."""
    from usher.access.resolve import resolve_access
    from usher.core.partitions import partition_of_arn

    partition = partition_of_arn(known.access.instance.arn)
    return resolve_access(file, tuple(known.access.accounts.values()), partition=partition, now=now)


def _newest(options: argparse.Namespace, context: Context, now: datetime, file: AccessFile | None) -> Known:
    rooms = open_rooms(options, context, file.organization if file else None)
    if not options.fresh:
        kept = rooms.snapshots.load(now)
        if kept is not None and now - kept.taken_at <= FRESH_ENOUGH:
            return _known(kept, rooms)
    return read_now(options, context, rooms)


def _known(snapshot: Snapshot, rooms: AccessRooms | None) -> Known:
    from usher.report.source import Source

    actual = snapshot.actual
    return Known(actual, Source(actual.instance.arn, snapshot.taken_at, actual.unread), rooms)
