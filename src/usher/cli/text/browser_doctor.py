"""`usher browser doctor` in words: one paragraph for what all browsers share, one for each browser."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from usher.cli.browser.finding import Found
from usher.cli.context import Context
from usher.cli.doctor.verdict import State
from usher.core.printable import printable

if TYPE_CHECKING:
    from usher.cli.browser.doctor import Finding

_STYLES = {State.GOOD: "add", State.NOTE: "warn", State.BAD: "error"}
_INDENT = 19


def as_text(context: Context, finding: Finding, before: Finding | None, browsers: Sequence[Found]) -> str:
    """One finding in a line or two, under its browser's name where the one before was another's."""
    style = context.terminal.style if context.terminal.colours_results else lambda _name, text: text
    verdict = finding.verdict
    lines = []
    is_first = before is None or before.browser != finding.browser
    if is_first and before is not None:
        lines.append("")
    if is_first and finding.browser:
        program = next((each.program for each in browsers if each.name == finding.browser), None)
        where = f"  {printable(str(program.path))}" if program else ""
        lines.append(style("strong", finding.browser) + where)
    state = style(_STYLES[verdict.state], verdict.state.ljust(4))
    room = context.terminal.width
    lines.append(f"  {state}  {verdict.check:<9}  {_hung(verdict.words, _INDENT, room)}")
    if verdict.fix:
        lines.append(f"{' ' * _INDENT}{style('dim', 'fix: ')}{_hung(verdict.fix, _INDENT + 5, room)}")
    return "\n".join(lines)


def _hung(text: str, indent: int, room: int | None) -> str:
    """`text` in lines that fit, the second and later ones below the first. Paths are never broken."""
    if room is None:
        return text
    lines = textwrap.wrap(text, max(room - indent, 20), break_long_words=False, break_on_hyphens=False)
    return f"\n{' ' * indent}".join(lines)


def as_document(finding: Finding) -> dict[str, object]:
    """One finding for scripts."""
    verdict = finding.verdict
    return {
        "browser": finding.browser or None,
        "check": verdict.check,
        "state": str(verdict.state),
        "words": verdict.words,
        "fix": verdict.fix or None,
    }
