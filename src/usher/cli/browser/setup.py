"""`usher browser setup`: everything a machine can do so that a browser opens consoles side by side.

It writes the native host's launcher and manifests, hands the extension over, and says which click is left:
no browser lets a program install an extension, and none should.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from usher.cli.browser.finding import Found, choose_browsers, find_browsers
from usher.cli.browser.manifests import (
    Put,
    Register,
    State,
    carry_out,
    wanted_launcher,
    wanted_manifests,
)
from usher.cli.browser.packages import (
    Package,
    hand_over_package,
    handed_over,
    package_state,
    read_package,
)
from usher.cli.browser.probing import probe_launcher
from usher.cli.context import Context
from usher.cli.text.browser_setup import clicks, plan_lines, setup_document, steps_text
from usher.console.browsers import browser_command, start_browser
from usher.console.sandboxed import Sandboxed
from usher.core.errors import ExitCode, UsageError, UsherError


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """What is to be there afterwards; shown and carried out as this one value."""

    found: tuple[Found, ...]
    boxes: tuple[Sandboxed, ...]
    files: tuple[Put | Register, ...]
    packages: tuple[Package, ...]


def plan_setup(context: Context, names: Sequence[str]) -> SetupPlan:
    """What the set-up of these browsers, or of all that are here, is to leave behind."""
    found, boxes = find_browsers(context)
    chosen = choose_browsers(found, boxes, names)
    families = dict.fromkeys(each.family for each in chosen)
    return SetupPlan(
        tuple(chosen),
        tuple(boxes),
        (wanted_launcher(context), *wanted_manifests(context, [each.name for each in chosen])),
        tuple(read_package(family) for family in families),
    )


def run_setup(options: argparse.Namespace, context: Context) -> ExitCode:
    """Set up, or show what that would do."""
    _check(options)
    if options.remove:
        from usher.cli.browser.removal import run_removal

        return run_removal(options, context)
    if options.policies is not None:
        from usher.cli.browser.policies import run_policies

        return run_policies(options, context)
    plan = plan_setup(context, options.browsers)
    states = [(each, each.state()) for each in plan.files]
    packages = [(each, package_state(context, each)) for each in plan.packages]
    terminal = context.terminal
    if not options.json:
        for line in plan_lines(context, states, packages):
            terminal.result(line)
    if not options.dry_run:
        _carry_out(context, states, packages)
    if options.json:
        terminal.result(json.dumps(setup_document(context, plan, states, packages), indent=2))
        return ExitCode.DONE
    if options.dry_run:
        terminal.say("Nothing was written.")
        return ExitCode.DONE
    terminal.result(steps_text(context, plan))
    if options.open:
        _open_pages(context, plan)
    return ExitCode.DONE


def _carry_out(
    context: Context,
    files: Sequence[tuple[Put | Register, State]],
    packages: Sequence[tuple[Package, State]],
) -> None:
    """Write what differs: the extension, then the launcher, and only then what leads browsers to it."""
    for package, state in packages:
        if state is not State.SAME:
            hand_over_package(context, package)
    for wanted, state in files:
        if state is not State.SAME:
            carry_out(wanted)
    launcher = wanted_launcher(context).path
    probe = probe_launcher(launcher, context.environ)
    if probe.problem:
        raise UsherError(
            f"browsers cannot start {launcher}: {probe.problem}", hint="'usher browser doctor' looks closer"
        )


def _open_pages(context: Context, plan: SetupPlan) -> None:
    """Open the page that the click is on, in those browsers that take its address from a program."""
    for found in plan.found:
        page = clicks(found, handed_over(context, found.family)).opens
        if page is None or found.program is None:
            continue
        command = browser_command(found.program, None, Path(), page)
        if start_browser(command, context.environ):
            context.terminal.say(f"{found.name} opens {page}.")
        else:
            context.terminal.say(f"{found.name} could not be started; open {page} in it.")


def _check(options: argparse.Namespace) -> None:
    """Refuse options that would do nothing together. Raises UsageError."""
    if options.remove and (options.browsers or options.open or options.policies is not None):
        raise UsageError("--remove takes everything away; it goes with --dry-run and --json alone")
    if options.policies is not None and (options.browsers or options.open or options.dry_run):
        raise UsageError(
            "--policies is for other machines, and does nothing to this one",
            hint="'--policies -' prints the files instead of writing them",
        )
    if options.policies is None and options.firefox_url:
        raise UsageError("--firefox-url stands in the policies", hint="add --policies DIR")
