"""Reading the world and comparing it with the file: what `plan` and `apply` begin with."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from usher.access.model import AccessFile
from usher.access.organization import OrganizationRef
from usher.access.reviews import warnings_at
from usher.cli.context import Context
from usher.cli.text.diagnostics import say_warnings

if TYPE_CHECKING:
    from usher.cli.wire_access import AccessRooms, Comparison
    from usher.plan.changes import Plan


def open_rooms(
    options: argparse.Namespace, context: Context, organization: OrganizationRef | None = None
) -> AccessRooms:
    """The Identity Center that the options name; where they are silent, that of the file's organization."""
    from usher.cli.wire_access import open_access_rooms

    named = organization or OrganizationRef()
    return open_access_rooms(
        context,
        region=options.region or named.region,
        profile=options.profile or named.profile,
        endpoint_url=options.endpoint_url,
        instance_arn=options.instance_arn or named.instance,
        calls_per_second=options.calls_per_second,
    )


def make_plan(
    file: AccessFile, options: argparse.Namespace, context: Context, *, settle: bool = False
) -> tuple[AccessRooms, Comparison, Plan]:
    """Read and compare; with `settle` what an earlier run left in progress is waited for first."""
    from usher.apply.cost import Strategy
    from usher.apply.follow import wait_for_running
    from usher.cli.wire_access import compare
    from usher.plan.diff import plan_changes

    rooms = open_rooms(options, context, file.organization)
    if settle:
        terminal = context.terminal
        wait_for_running(
            rooms.sso, rooms.timing, lambda count: terminal.say(f"waiting for {count} earlier requests")
        )
    strategy = None if options.strategy == "auto" else Strategy(options.strategy)
    comparison = compare(rooms, file, strategy)
    say_warnings(warnings_at(file, datetime.now(UTC)), context.terminal)
    return rooms, comparison, plan_changes(comparison.desired, comparison.reading.actual)
