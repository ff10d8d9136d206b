"""The agent in words: what it holds, since when, and which grants are open."""

from __future__ import annotations

from collections.abc import Mapping

from usher.core.durations import plain_duration


def status_text(about: Mapping[str, object], now: float) -> str:
    """What `usher agent status` shows."""
    if not about.get("running"):
        return "No agent is running. Commands that need it start it; 'usher agent start' does so now."
    lines = [f"The agent runs: process {about.get('pid')}, for {_since(about.get('since'), now)}."]
    holds = about.get("holds")
    if isinstance(holds, Mapping):
        lines.append("  holds        " + ", ".join(f"{count} {name}" for name, count in holds.items()))
    memory = about.get("memory")
    if isinstance(memory, Mapping):
        lines.append("  its memory   " + _memory_words(memory))
    return "\n".join(lines)


def _since(moment: object, now: float) -> str:
    return plain_duration(max(int(now - moment), 0)) if isinstance(moment, int | float) else "some time"


def _memory_words(memory: Mapping[str, object]) -> str:
    words = [
        "closed to other processes" if memory.get("unreadable") else "readable by your other processes",
        "never dumped" if memory.get("no_core_dump") else "may be dumped",
        "never swapped" if memory.get("never_swapped") else "may be swapped out: use encrypted swap",
    ]
    return "; ".join(words)
