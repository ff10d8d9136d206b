"""A run's progress as one line: a bar, counts, and the time that is left."""

from __future__ import annotations

from usher.apply.progress import ProgressView

_WIDEST_BAR = 32
_NARROWEST_BAR = 6
_SOON = 10


def progress_line(view: ProgressView, columns: int) -> str:
    """`view` in less than `columns` characters."""
    words = [f"{view.ended}/{view.total}"]
    if view.not_done:
        words.append(f"{view.not_done} not done")
    if view.running:
        words.append(f"{view.running} under way")
    words.append(time_left(view.seconds_left))
    return _with_bar(view.ended, view.total, "  ".join(each for each in words if each), columns)


def crawl_line(organization: str, done: int, total: int, seconds_left: float, columns: int) -> str:
    """How far the reading of an organization's accounts is, in less than `columns` characters."""
    text = f"{organization}: {done:,} of {total:,} accounts  {time_left(seconds_left)}"
    return _with_bar(done, total, text, columns)


def _with_bar(done: int, total: int, text: str, columns: int) -> str:
    room = min(_WIDEST_BAR, columns - len(text) - len("[]  100%  ") - 1)
    if room < _NARROWEST_BAR:
        return text[: columns - 1]
    share = done / total if total else 1.0
    full = int(room * share)
    return f"[{'█' * full}{'·' * (room - full)}] {int(share * 100):>3}%  {text}"


def time_left(seconds: float | None) -> str:
    """A time to wait in words that do not pretend to know it to the second."""
    if seconds is None:
        return ""
    if seconds < _SOON:
        return "a few seconds left"
    if seconds < 55:
        return f"about {round(seconds / 5) * 5} s left"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min left"
    return f"about {seconds / 3600:.1f} h left"
