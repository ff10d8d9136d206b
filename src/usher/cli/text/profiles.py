"""Profiles in words: what a sync wrote, its difference, and what to look at twice."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence

from usher.cli.terminal import printable
from usher.profiles.blocks import SyncedBlock
from usher.session.crawl import Unlisted

_MOST_LISTED = 10
_COSTS_FROM = 500


def difference(before: str, after: str, path: str) -> str:
    """A unified diff, safe to show; empty when nothing changes."""
    lines = difflib.unified_diff(
        before.split("\n"), after.split("\n"), f"{path} (now)", f"{path} (after)", lineterm=""
    )
    return "\n".join(printable(line) for line in lines)


def coloured_difference(shown: str, style: Callable[[str, str], str]) -> str:
    """A difference with what goes and comes in colours."""
    return "\n".join(
        style("add" if line[0] == "+" else "remove", line) if line[:1] in {"+", "-"} else line
        for line in shown.split("\n")
    )


def sync_summary(
    organization: str, path: str, outcome: SyncedBlock, *, left_out: int, pruned: bool, changed: bool
) -> str:
    """What the block holds now, and what became of the rest."""
    names = outcome.names
    lines = [f"{len(names):,} profile{'' if len(names) == 1 else 's'} of {organization} in {path}"]
    if not changed:
        lines[0] += ", as before"
    if left_out:
        lines.append(f"left out by your selectors: {left_out:,} more that you may enter")
    if outcome.dropped:
        lines.append(f"gone, named otherwise or left out now: {_listed(outcome.dropped)}")
    if outcome.stale and pruned:
        lines.append(f"removed, no longer granted: {_listed(outcome.stale)}")
    elif outcome.stale:
        lines.append(f"no longer granted, kept: {_listed(outcome.stale)}\n'--prune' removes them")
    return "\n".join(lines)


def unlisted_words(unlisted: Sequence[Unlisted]) -> Iterator[str]:
    """Which accounts could not be listed, why, and what to do."""
    if not unlisted:
        return
    one = len(unlisted) == 1
    accounts, whose = f"{len(unlisted):,} account{'' if one else 's'}", "its" if one else "their"
    yield f"{accounts} could not be listed; {whose} profiles stay as they are:"
    for each in unlisted[:_MOST_LISTED]:
        yield f"  {printable(each.account.name)} ({each.account.id}): {printable(each.reason)}"
    if len(unlisted) > _MOST_LISTED:
        yield f"  and {len(unlisted) - _MOST_LISTED:,} more"
    yield f"Run it again: it goes on with {'this' if one else 'these'}."


def shadow_warning(names: Sequence[str]) -> Iterator[str]:
    """That the credentials file has the last word on some names."""
    if names:
        yield (
            f"the AWS credentials file has sections called {_listed(names)}; "
            "every SDK takes their keys instead of these profiles. Remove them there."
        )


def cost_note(text: str) -> Iterator[str]:
    """What many profiles cost: every start of an SDK reads them all, about 100 ms per thousand."""
    count = text.count("\n[profile ") + text.startswith("[profile ")
    if count >= _COSTS_FROM:
        yield (
            f"the file has {count:,} profiles, which cost every start of an AWS SDK about {count // 10} ms; "
            "'--include' or '--only-used' keeps it short."
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name) for name in names[:_MOST_LISTED])
    return shown if len(names) <= _MOST_LISTED else f"{shown} and {len(names) - _MOST_LISTED:,} more"
