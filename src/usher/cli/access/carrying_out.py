"""From a plan that was shown to its result: the laws, the question, the run and its progress.

Shared by the verbs that change something: `apply` and `undo`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from usher.cli.access.options import count
from usher.cli.context import Context
from usher.core.errors import UsageError, UsherError

if TYPE_CHECKING:
    from usher.apply.journal import RunAbout
    from usher.apply.result import Item, RunResult
    from usher.cli.wire_access import AccessRooms
    from usher.core.organization import ActualAccess, DesiredAccess
    from usher.core.permission_sets import PermissionSet
    from usher.plan.changes import Plan


def add_consent_arguments(parser: argparse.ArgumentParser) -> None:
    """What a person may say beforehand."""
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--allow-removals",
        type=count,
        metavar="N",
        help="remove up to N assignments, even if that is more than a fifth of them",
    )
    parser.add_argument(
        "--allow-set-deletions",
        type=count,
        metavar="N",
        help="delete up to N permission sets, even if that is more than a fifth of them",
    )
    parser.add_argument(
        "--allow-self-removal",
        action="store_true",
        help="take away the access that the command itself is run with",
    )


def check_consent(options: argparse.Namespace, context: Context, *, look: str, command: str) -> None:
    """Refuse where nobody can be asked: `look` shows what would be done, `command` does it with --yes."""
    if not options.yes and (options.json or not context.terminal.interactive):
        raise UsageError(
            "there is nobody to ask here, and nothing was changed",
            hint=f"look at '{look}', then run '{command} --yes'",
        )


def wait_until_settled(rooms: AccessRooms, context: Context) -> None:
    """Wait for what an earlier run left in progress, so that what is read afterwards is settled."""
    from usher.apply.follow import wait_for_running

    say = context.terminal.say
    wait_for_running(rooms.sso, rooms.timing, lambda count: say(f"waiting for {count} earlier requests"))


def check_laws(
    plan: Plan,
    actual: ActualAccess,
    desired: DesiredAccess | None,
    rooms: AccessRooms,
    options: argparse.Namespace,
) -> None:
    """Refuse a plan that breaks a law which the options do not lift. Raises RefusedPlanError."""
    from datetime import UTC, datetime

    from usher.plan.guards import Allowances, check_plan

    allowances = Allowances(options.allow_removals, options.allow_set_deletions, options.allow_self_removal)
    check_plan(plan, actual, desired, rooms.caller, datetime.now(UTC), allowances)


def warn_of_refusals(
    plan: Plan, *, actual: ActualAccess, desired: DesiredAccess, rooms: AccessRooms, context: Context
) -> None:
    """Say under a plan why it will be refused, and which flags let it through."""
    from datetime import UTC, datetime

    from usher.plan.guards import Allowances, refusals

    terminal = context.terminal
    for refusal in refusals(plan, actual, desired, rooms.caller, datetime.now(UTC), Allowances()):
        terminal.say(terminal.style("warn", "apply will refuse: ") + refusal.message)
        terminal.say(terminal.style("dim", refusal.hint))


def carry_out(
    plan: Plan,
    actual: ActualAccess,
    permission_sets: Mapping[str, PermissionSet],
    rooms: AccessRooms,
    about: RunAbout,
    context: Context,
) -> tuple[RunResult, Path | None]:
    """Run `plan`, telling progress; the journal's path, if one was needed."""
    from usher.apply.at_once import side_by_side
    from usher.apply.result import RunResult
    from usher.apply.run import run_plan
    from usher.cli.wire_access import new_journal

    if not plan.changes:
        return RunResult(()), None
    terminal = context.terminal
    terminal.say()
    with new_journal(context) as journal, side_by_side() as at_once:
        journal.begin(about, plan)
        try:
            with _progress(plan, rooms.timing.clock, context) as progress:
                result = run_plan(
                    plan,
                    actual,
                    permission_sets,
                    rooms.sso,
                    rooms.people,
                    rooms.entitlements,
                    journal=journal,
                    timing=rooms.timing,
                    progress=progress,
                    at_once=at_once,
                )
        except KeyboardInterrupt:
            terminal.say("interrupted; run the same command again: it goes on from what is there")
            raise
        except UsherError:
            terminal.say(terminal.style("dim", f"journal: {journal.path}"))
            raise
        return result, journal.path


@contextmanager
def _progress(plan: Plan, clock: Callable[[], float], context: Context) -> Iterator[Callable[[Item], None]]:
    """Tells items as they come: on a terminal in one line, with failures above it; else a line each."""
    from usher.apply.progress import Progress
    from usher.apply.result import Outcome
    from usher.cli.text.plan import item_line
    from usher.cli.text.progress import progress_line

    terminal = context.terminal
    progress = Progress(plan.changes, clock)

    def tell(item: Item) -> None:
        progress.note(item)
        view = progress.view()
        is_done = item.outcome is Outcome.DONE
        if item.outcome is not Outcome.BEGUN and not (terminal.redraws and is_done):
            terminal.say(item_line(item, plan, view.ended, terminal.style))
        terminal.status(progress_line(view, terminal.columns))

    try:
        yield tell
    finally:
        terminal.status("")
