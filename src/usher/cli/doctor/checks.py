"""The table of checks, in the order in which they are shown; each is imported when it runs."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator

from usher.cli.context import Context
from usher.cli.doctor.verdict import Verdict, bad
from usher.core.errors import UsherError

CHECKS = {
    "path": "usher.cli.doctor.machine:check_path",
    "clock": "usher.cli.doctor.machine:check_clock",
    "proxies": "usher.cli.doctor.machine:check_proxies",
    "vault": "usher.cli.doctor.keeping:check_vault",
    "agent": "usher.cli.doctor.keeping:check_agent",
    "files": "usher.cli.doctor.keeping:check_files",
    "shell": "usher.cli.doctor.shell_hook:check_shell",
    "aws-config": "usher.cli.doctor.aws_config:check_aws_config",
    "winner": "usher.cli.doctor.aws_config:check_winner",
    "browsers": "usher.cli.doctor.browsers:check_browsers",
    "leftovers": "usher.cli.doctor.keeping:check_leftovers",
}


def run_checks(names: Iterable[str], context: Context) -> Iterator[Verdict]:
    """The verdicts of the named checks. A check that cannot look says so as its verdict."""
    for name in names:
        module, _, function = CHECKS[name].partition(":")
        check = getattr(importlib.import_module(module), function)
        try:
            yield from check(context)
        except UsherError as error:
            yield bad(name, error.message, error.hint)
