"""The demonstration in words: what was set up, who may enter where, and what to try next."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from usher.cli.terminal import Terminal, printable

if TYPE_CHECKING:
    from usher.sandbox.demo import Demo, Entry
    from usher.sandbox.walk_through import WalkThrough


def say_plan(terminal: Terminal, demo: Demo) -> None:
    """Show what the access file would change, and what applying it said."""
    _say_heading(terminal, "The plan: 'usher access plan'")
    _say_block(terminal, demo.plan)
    _say_heading(terminal, "What was done: 'usher access apply'")
    planned = set(demo.plan.split("\n"))
    _say_block(terminal, "\n".join(line for line in demo.applied.split("\n") if line not in planned))


def say_entries(terminal: Terminal, demo: Demo) -> None:
    """Show who may enter which account, and with which permission set."""
    _say_heading(terminal, "Who may now enter where")
    for line in entry_lines(demo.entries, demo.organization.accounts):
        terminal.say(f"  {line}")


def entry_lines(entries: Iterable[Entry], accounts: Mapping[str, str]) -> list[str]:
    """One line per entry, in columns."""
    rows = [
        (entry.user_name, f"{entry.account} ({accounts[entry.account]})", entry.permission_set)
        for entry in entries
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)] if rows else [0, 0]
    return [f"{user:<{widths[0]}}  {account:<{widths[1]}}  {name}" for user, account, name in rows]


def say_next_steps(terminal: Terminal, demo: Demo, *, search_path: str, keeps_data: bool) -> None:
    """Show the sign-in page, the one-time passwords and the commands to try in another terminal.

    `search_path` is a folder to put on the PATH for `usher` to be found, or empty.
    """
    _say_heading(terminal, "Sign in")
    terminal.say(f"  {terminal.style('link', demo.portal.start_url)}")
    width = max(len(name) for name in demo.passwords)
    for name, password in demo.passwords.items():
        terminal.say(f"  {name:<{width}}  one-time password {terminal.style('strong', password.reveal())}")
    _say_heading(terminal, "Try in another terminal")
    for line in try_lines(demo, search_path=search_path):
        terminal.say(f"  {line}" if line else "")
    terminal.say()
    after = f"{demo.access_file.parent} stays" if keeps_data else "nothing of it stays"
    terminal.say(terminal.style("dim", f"Running. Ctrl-C ends it; {after}."))


def try_lines(demo: Demo, *, search_path: str) -> Sequence[str]:
    """Commands that work while the demonstration runs, ready to paste."""
    settings = {"AWS_CONFIG_FILE": demo.aws_config_file, "USHER_HOME": demo.usher_home}
    exports = [f"export {name}={shlex.quote(str(value))}" for name, value in settings.items()]
    if search_path:
        exports.insert(0, f'export PATH={shlex.quote(search_path)}:"$PATH"')
    return [
        *exports,
        "",
        f"usher login {demo.portal.name}",
        "usher profiles sync",
        "usher exec mkdev-staging/AdministratorAccess -- aws s3 ls",
        "usher console mkdev-staging/AdministratorAccess",
        "",
        "# the AWS CLI alone, without Usher's client",
        "aws sso login --profile mkdev-staging",
        "aws s3 ls --profile mkdev-staging",
        "",
        "# change who may enter where",
        f"usher access plan --profile mkdev-admin {shlex.quote(str(demo.access_file))}",
    ]


def say_walk_through(terminal: Terminal, walk: WalkThrough) -> None:
    """Show what each person entered and saw."""
    _say_heading(terminal, "Every door was tried")
    for name, doors in walk.users.items():
        for door in doors:
            terminal.say(f"  {name}  {door.account}/{door.permission_set}")
            terminal.say(terminal.style("dim", f"    {door.arn}"))
            terminal.say(terminal.style("dim", f"    sees {', '.join(door.buckets)}"))


def walk_through_json(walk: WalkThrough, timings: Mapping[str, float]) -> str:
    """The walk as one JSON document: `users` by name, and `timings_s`."""
    users = {
        name: [asdict(door) | {"buckets": list(door.buckets)} for door in doors]
        for name, doors in walk.users.items()
    }
    return json.dumps({"users": users, "timings_s": dict(timings)}, indent=2, sort_keys=True)


def _say_heading(terminal: Terminal, words: str) -> None:
    terminal.say()
    terminal.say(terminal.style("strong", words))


def _say_block(terminal: Terminal, text: str) -> None:
    for line in text.strip("\n").split("\n"):
        terminal.say(f"  {printable(line)}")
