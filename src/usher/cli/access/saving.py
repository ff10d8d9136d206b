"""Saved plans on disk: written whole and for their owner alone, read back, and held against the world."""

from __future__ import annotations

import argparse
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from usher.cli.access.digest import file_digest
from usher.cli.context import Context
from usher.cli.terminal import printable
from usher.core import machine
from usher.core.errors import UsageError

if TYPE_CHECKING:
    from usher.cli.wire_access import AccessRooms, Comparison
    from usher.plan.changes import Plan
    from usher.plan.saved import SavedPlan


def save(
    plan: Plan, comparison: Comparison, rooms: AccessRooms, options: argparse.Namespace, context: Context
) -> None:
    """Write `plan` with what it was made from to `options.out`. Raises UsageError when that fails."""
    from usher.cli.main import VERSION
    from usher.plan.saved import SavedPlan, save_plan
    from usher.plan.world_facts import world_facts

    saved = SavedPlan(
        plan,
        world_facts(comparison.reading.actual, comparison.desired),
        options.file,
        file_digest(options.file),
        rooms.instance.arn,
        next((each.id for each in plan.accounts.values() if each.is_management), ""),
        datetime.now(UTC),
        VERSION,
    )
    write_for_owner(Path(options.out), save_plan(saved))
    words = (
        f"saved in {printable(options.out)}; carry it out with: usher access apply {printable(options.out)}"
    )
    context.terminal.say(context.terminal.style("dim", words))


def names_saved_plan(name: str) -> bool:
    """Whether the file called `name` is a saved plan, rather than an access file."""
    from usher.plan.saved import is_saved_plan

    try:
        with Path(name).open(encoding="utf-8") as file:
            return is_saved_plan(file.read(400))
    except (OSError, ValueError):
        return False


def read_saved_plan(name: str) -> SavedPlan:
    """The saved plan in the file called `name`.

    Raises UsageError when it is damaged, of a newer Usher, or made from an access file that changed since.
    """
    from usher.plan.saved import load_plan

    try:
        saved = load_plan(Path(name).read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"'{printable(name)}' cannot be read: {reason}") from None
    if _digest_now(saved) != saved.file_digest:
        raise UsageError(
            f"{printable(saved.file)} has changed since the plan was saved ({saved.made_at:%Y-%m-%d})",
            hint=f"nothing was done; make the plan anew: usher access plan {saved.file} --out {name}",
        )
    return saved


def check_saved(saved: SavedPlan, rooms: AccessRooms, comparison: Comparison) -> None:
    """Refuse a saved plan of another instance, or one that the world has left behind; names what changed."""
    from usher.plan.saved import check_unchanged

    if saved.instance != rooms.instance.arn:
        raise UsageError(
            f"the plan was saved for {printable(saved.instance)}, and this is {rooms.instance.arn}",
            hint="name the other instance with --profile, --region or --instance-arn",
        )
    check_unchanged(saved, comparison.reading.actual, comparison.desired)


def _digest_now(saved: SavedPlan) -> str:
    try:
        return file_digest(saved.file)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise UsageError(
            f"the access file '{printable(saved.file)}' of this plan cannot be read: {reason}",
            hint="run the command in the folder in which the plan was made",
        ) from None


def write_for_owner(path: Path, text: str) -> None:
    """Create or replace the file at `path` as a whole, readable by its owner alone."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | machine.NO_FOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise UsageError(f"cannot write '{printable(str(path))}': {reason}") from None
