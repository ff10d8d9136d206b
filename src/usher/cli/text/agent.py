"""The agent in words: what it holds, since when, which grants are open, and who was given keys."""

from __future__ import annotations

import time
from collections.abc import Mapping

from usher.cli.terminal import printable
from usher.cli.text.table import table_lines
from usher.core.durations import plain_duration


def text_in(answer: Mapping[str, object], name: str) -> str:
    """The text `name` of an answer, empty when it is not there."""
    value = answer.get(name)
    return value if isinstance(value, str) else ""


def status_text(about: Mapping[str, object], now: float) -> str:
    """What `usher agent status` shows."""
    if not about.get("running"):
        return "No agent is running. Commands that need it start it; 'usher agent start' does so now."
    lines = [f"The agent runs: process {about.get('pid')}, for {_ago(about.get('since'), now)}."]
    lines.append(f"  holds       {_counts(_part(about, 'holds'))}")
    serving = _part(about, "serving")
    grants, endpoint = serving.get("grants", 0), serving.get("endpoint")
    where = f" at {', '.join(map(str, endpoint))}" if isinstance(endpoint, list) and endpoint else ""
    lines.append(f"  grants      {grants} open{where}")
    lines.append(f"  its memory  {_memory_words(_part(about, 'memory'))}")
    lines.append(f"  ends        {_end_words(about)}")
    for profile, problem in _part(serving, "problems").items():
        lines.append(f"  {printable(profile)}: {printable(str(problem))}")
    return "\n".join(lines)


def grants_text(grants: object, now: float, width: int | None) -> str:
    """What `usher agent grants` shows."""
    if not isinstance(grants, list) or not grants:
        return "No grant is open: 'usher agent grant PROFILE' opens one."
    headings = ("id", "profile", "account", "role", "ends", "uses", "last used")
    return "\n".join(table_lines(headings, (_grant_row(each, now) for each in grants), width))


def _grant_row(grant: Mapping[str, object], now: float) -> tuple[str, ...]:
    ends = f"in {_ahead(grant.get('expires_at'), now)}"
    return (
        text_in(grant, "id"),
        text_in(grant, "profile"),
        text_in(grant, "account"),
        text_in(grant, "role"),
        f"{ends} or with its process" if grant.get("ends_with_a_process") else ends,
        str(grant.get("uses")),
        f"{_ago(grant['last_used'], now)} ago" if grant.get("last_used") else "never",
    )


def log_line(event: Mapping[str, object]) -> str:
    """One event of the agent's log, on one line."""
    told = {name: value for name, value in event.items() if name not in {"time", "event"}}
    words = [
        f"{name}={_clock_time(value) if name.endswith('_at') else printable(str(value))}"
        for name, value in told.items()
    ]
    return " ".join([_clock_time(event.get("time")), str(event.get("event")), *words])


def _clock_time(moment: object) -> str:
    if not isinstance(moment, int | float):
        return "never"
    return time.strftime("%H:%M:%S", time.localtime(moment))


def _part(about: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = about.get(name)
    return found if isinstance(found, Mapping) else {}


def _counts(holds: Mapping[str, object]) -> str:
    return ", ".join(f"{count} {name}" for name, count in holds.items())


def _ago(moment: object, now: float) -> str:
    return plain_duration(max(int(now - moment), 0)) if isinstance(moment, int | float) else "some time"


def _ahead(moment: object, now: float) -> str:
    seconds = max(int(moment - now), 0) if isinstance(moment, int | float) else 0
    return plain_duration(seconds if seconds < 60 else seconds // 60 * 60)


def _memory_words(memory: Mapping[str, object]) -> str:
    words = [
        "closed to other processes" if memory.get("unreadable") else "readable by your other processes",
        "never dumped" if memory.get("no_core_dump") else "may be dumped",
        "never swapped" if memory.get("never_swapped") else "may be swapped out: use encrypted swap",
    ]
    return "; ".join(words)


def _end_words(about: Mapping[str, object]) -> str:
    idle = about.get("idle_seconds")
    words = "when told"
    if isinstance(idle, int | float):
        words = f"when nobody asked for {plain_duration(int(idle))}"
    return words + (", or soon after it holds nothing" if about.get("on_demand") else "")
