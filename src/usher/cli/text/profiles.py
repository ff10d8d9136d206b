"""Profiles in words: what a sync wrote, its difference, and the list."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from usher.cli.terminal import printable
from usher.profiles.lookup import ProfileTarget


def difference(before: str, after: str, path: str) -> str:
    """A unified diff, safe to show; empty when nothing changes."""
    lines = difflib.unified_diff(
        before.split("\n"), after.split("\n"), f"{path} (now)", f"{path} (after)", lineterm=""
    )
    return "\n".join(printable(line) for line in lines)


def sync_summary(
    organization: str, path: str, names: Sequence[str], stale: Sequence[str], *, pruned: bool
) -> str:
    """What the block holds now."""
    words = f"{len(names)} profile{'' if len(names) == 1 else 's'} of {organization} in {path}"
    if not stale:
        return words
    listed = ", ".join(printable(name) for name in stale)
    if pruned:
        return f"{words}\nremoved, no longer granted: {listed}"
    return f"{words}\nno longer granted, kept: {listed}\n'--prune' removes them"


def profile_table(targets: Sequence[ProfileTarget]) -> str:
    """One line per profile: name, account, permission set, organization or start URL."""
    if not targets:
        return "No profiles for single sign-on: run 'usher profiles sync'."
    rows = [("PROFILE", "ACCOUNT", "PERMISSION SET", "FROM")]
    rows += [
        (
            printable(target.name),
            target.account_id,
            printable(target.permission_set),
            printable(target.organization or target.start_url or ""),
        )
        for target in targets
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
