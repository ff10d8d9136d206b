"""Move from other sign-in tools: shows what would change, asks, and converts.

Reads what the AWS CLI, Granted, aws-sso-cli, aws-sso-util and aws-vault left. Their portals become
organizations, their profiles become Usher's under the same names, with their comments and other settings.
Running it again changes nothing.

    usher migrate --dry-run
    usher migrate --from granted
    usher migrate --yes
"""

from __future__ import annotations

import argparse
import json

from usher.cli.context import Context
from usher.cli.migrating import Migration, carry_out, plan_migration
from usher.cli.terminal import Terminal, printable
from usher.core.errors import ExitCode, UsageError
from usher.profiles.config_file import BACKUP_SUFFIX
from usher.profiles.foreign.found import Tool
from usher.session.organizations import load_organizations

_NAMED = [str(tool) for tool in Tool if tool is not Tool.OTHER]
_DIFF_STYLES = {"+": "add", "-": "remove", "@": "dim"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "--from", dest="tools", action="append", choices=_NAMED, help="only what this tool left; repeatable"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and stop")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Show the change, ask, carry it out."""
    terminal = context.terminal
    tools = frozenset(Tool(name) for name in options.tools) if options.tools else frozenset(Tool)
    migration = plan_migration(context, load_organizations(context.config_dir), tools)
    _show(migration, terminal)
    done = False
    if not migration.is_nothing and not options.dry_run:
        if not options.yes and not terminal.interactive:
            raise UsageError("nobody can be asked here", hint="add --yes, or --dry-run to look only")
        done = options.yes or terminal.confirm("Change it?")
        if done:
            carry_out(context, migration)
            _say_next(migration, context)
    if options.json:
        terminal.result(json.dumps(_document(migration, applied=done), indent=2))
    return ExitCode.DONE


def _show(migration: Migration, terminal: Terminal) -> None:
    if migration.is_nothing:
        terminal.say("There is nothing to migrate.")
    if migration.organizations:
        terminal.say(terminal.style("strong", "Organizations to add"))
        for each in migration.organizations:
            terminal.say(terminal.style("add", f"  + {each.name}") + f"  {each.start_url} ({each.region})")
    if migration.before != migration.after:
        terminal.say(terminal.style("strong", "Changes to the AWS config file"))
        for line in migration.diff():
            style = _DIFF_STYLES.get(line[:1])
            words = printable(line)
            terminal.say("  " + (terminal.style(style, words) if style else words))
        if any("8 hours" in each.shape for each in migration.conversions):
            terminal.say(
                "Profiles with a start URL of their own get a token that ends after 8 hours and cannot be "
                "refreshed. As Usher's they stay signed in for as long as your portal allows."
            )
    if migration.suggestions:
        terminal.say(terminal.style("strong", "To take over by hand"))
        for suggestion in migration.suggestions:
            terminal.say(f"  {suggestion.tool}: {printable(suggestion.what)}")
            for line in suggestion.instead.splitlines():
                terminal.say("      " + printable(line))
    if migration.unmapped:
        terminal.say(terminal.style("strong", "Left as it is"))
        for left in migration.unmapped:
            terminal.say(f"  {left.tool}: {printable(left.what)}")
            terminal.say(terminal.style("dim", f"      {printable(left.why)}"))


def _say_next(migration: Migration, context: Context) -> None:
    terminal = context.terminal
    if migration.conversions:
        terminal.say(
            f"{len(migration.conversions)} profiles converted; the file as it was: "
            f"{context.aws_config_file}{BACKUP_SUFFIX}"
        )
    for each in migration.organizations:
        terminal.say(terminal.style("dim", f"Next: usher login {each.name}"))


def _document(migration: Migration, *, applied: bool) -> dict[str, object]:
    return {
        "applied": applied,
        "organizations": [
            {"name": each.name, "start_url": each.start_url, "region": each.region}
            for each in migration.organizations
        ],
        "profiles": [
            {
                "name": each.profile,
                "from": str(each.tool),
                "was": each.shape,
                "organization": migration.targets[each.line],
                "account_id": each.account_id,
                "permission_set": each.permission_set,
            }
            for each in migration.conversions
        ],
        "suggestions": [
            {"from": str(each.tool), "what": each.what, "instead": each.instead}
            for each in migration.suggestions
        ],
        "unmapped": [
            {"from": str(each.tool), "what": each.what, "why": each.why} for each in migration.unmapped
        ],
    }
