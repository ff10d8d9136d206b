"""The one console script: a ready credential is served at once, everything else goes to `cli.main`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run `usher` with the process's arguments and return its exit code."""
    arguments = sys.argv[1:]
    if len(arguments) == 2 and arguments[0] == "credentials":
        from usher.fastpath import ready

        if ready.serve(arguments[1]):
            return 0
    from usher.cli.main import run

    return run(arguments)
