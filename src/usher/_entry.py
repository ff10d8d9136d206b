"""The one console script: what must be quick is served at once, everything else goes to `cli.main`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run `usher` with the process's arguments and return its exit code."""
    if None in {sys.stdin, sys.stdout, sys.stderr}:
        from usher.fastpath import streams

        streams.fill_closed()
    arguments = sys.argv[1:]
    if _served_at_once(arguments):
        return 0
    from usher.cli.main import run

    return run(arguments)


def _served_at_once(arguments: list[str]) -> bool:
    """A ready credential, the prompt's segment, completions: asked for by programs, many times a day."""
    match arguments:
        case ["credentials", profile]:
            from usher.fastpath import ready

            return ready.serve(profile)
        case ["prompt", *words]:
            from usher.fastpath import segment

            return segment.serve(words)
        case ["--complete", *words]:
            from usher.fastpath import complete

            return complete.serve(words)
    return False
