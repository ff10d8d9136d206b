"""Leftovers of other tools in words: path, kind, account and age, never the secret."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from usher.cli.terminal import printable
from usher.cli.text.status import iso_time
from usher.core.durations import plain_duration
from usher.session.leftovers.finding import Kind, Leftover, Life

_STYLES = {Life.LIVE: "error", Life.EXPIRED: "dim", Life.UNKNOWN: "warn"}
_DAY = 86_400


def leftover_text(leftover: Leftover, now: float, style: Callable[[str, str], str]) -> str:
    """One find in two or three lines."""
    where = printable(str(leftover.path))
    if leftover.lines:
        where += f":{leftover.lines[0]}"
    facts = [leftover.tool]
    facts += [printable(leftover.name)] if leftover.name else []
    facts += [leftover.key_id] if leftover.key_id else []
    facts += [f"account {leftover.account}"] if leftover.account else []
    facts += [_age(leftover, now)]
    has_life = leftover.kind not in {Kind.OPEN_FILE, Kind.STORE}
    life = style(_STYLES[leftover.life], str(leftover.life)) + " " if has_life else ""
    return (
        f"{where}\n  {life}{leftover.kind}: {', '.join(filter(None, facts))}\n  {printable(leftover.advice)}"
    )


def summary_text(found: Sequence[Leftover], removed: Sequence[Leftover]) -> str:
    """The last line."""
    if not found:
        return "No plain-text keys or tokens found."
    live = sum(leftover.life is Life.LIVE for leftover in found if leftover not in removed)
    left = len(found) - len(removed)
    words = f"{len(removed)} removed, " if removed else ""
    ending = "" if removed or not left else " 'usher doctor secrets --remove' asks about each."
    return f"{words}{left} left, {live} of them live.{ending}"


def leftover_document(leftover: Leftover, *, removed: bool) -> dict[str, object]:
    """One find for scripts."""
    return {
        "path": str(leftover.path),
        "lines": list(leftover.lines),
        "kind": str(leftover.kind),
        "tool": leftover.tool,
        "name": leftover.name,
        "key_id": leftover.key_id,
        "account_id": leftover.account or None,
        "life": str(leftover.life),
        "expires_at": None if leftover.expires_at is None else iso_time(leftover.expires_at),
        "removal": str(leftover.removal),
        "advice": leftover.advice,
        "removed": removed,
    }


def _age(leftover: Leftover, now: float) -> str:
    if leftover.expires_at is not None:
        seconds = int(leftover.expires_at - now)
        days, minutes = abs(seconds) // _DAY, max(abs(seconds) // 60 * 60, 60)
        span = f"{days} days" if days > 1 else plain_duration(minutes)
        return f"for {span} more" if seconds > 0 else f"ended {span} ago"
    if leftover.modified_at is None:
        return ""
    days = int(now - leftover.modified_at) // _DAY
    return f"{days} days old" if days > 1 else "written today or yesterday"
