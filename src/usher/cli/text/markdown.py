"""A plan as Markdown for a pull request: risks first, then people, then the operations, folded.

What people wrote is escaped, so that a name can neither break the page nor call anybody. GitHub takes
65,536 characters in a comment: what does not fit is counted, never cut silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from usher.cli.terminal import printable
from usher.cli.text.operations import Operation, operation_groups
from usher.cli.text.people import SIGN_OF_DIRECTION, people_notes
from usher.cli.text.plan import count_line
from usher.cli.text.risks import reasons, severities
from usher.plan.bundles import Direction
from usher.plan.impact_words import by_heading, content_differences, content_words, what_words, who_words
from usher.plan.places import counted, names_in_words
from usher.plan.review import Review
from usher.plan.risk import Severity

MOST_CHARACTERS = 65_000

_RESERVE = 120
_SPECIAL = re.compile(r"([\\`*_{}\[\]#|~>])")
_MENTION = re.compile(r"(?<![A-Za-z0-9])@")
_BADGES = {Severity.HIGH: "🔴 high", Severity.MEDIUM: "🟠 medium", Severity.LOW: "⚪ low"}


def review_markdown(review: Review, file_name: str, most: int = MOST_CHARACTERS) -> str:
    """`review` as Markdown of at most `most` characters."""
    page = _Page(most)
    page.add(f"### Access plan of {escaped(file_name)}\n\n{_summary(review, file_name)}\n")
    if review.risks:
        page.table("Look at twice", ("", "what", "why"), list(_risk_rows(review)))
    rows = list(_people_rows(review))
    if rows:
        page.table("Who gains and loses access", ("", "who", "what"), rows)
    for note in people_notes(review, details=False):
        page.add(f"\n{escaped(note)}\n")
    for title, operations in operation_groups(review.plan, together=True):
        page.folded(f"{title}: {counted(len(operations), 'operation')}", list(_operation_lines(operations)))
    return page.text


def escaped(text: str) -> str:
    """`text` as Markdown that shows exactly it, mentions nobody and links nowhere."""
    plain = printable(text).replace("&", "&amp;").replace("<", "&lt;")
    return _MENTION.sub("@\u200b", _SPECIAL.sub(r"\\\1", plain)).replace("://", ":\u200b//")


def _summary(review: Review, file_name: str) -> str:
    impact = review.impact
    parts = [f"**{escaped(count_line(review.plan, file_name))}**"]
    if impact.gaining:
        parts.append(f"{counted(impact.gaining, 'gains access', 'gain access')}.")
    if impact.losing:
        parts.append(f"{counted(impact.losing, 'loses some', 'lose some')}.")
    if review.risks:
        parts.append(f"Risks: {severities(review.risks)}.")
    return " ".join(parts)


def _risk_rows(review: Review) -> Iterator[str]:
    for risk in review.risks:
        why = "<br>".join(escaped(reason) for reason in reasons(risk, details=False))
        yield f"| {_BADGES[risk.severity]} | {escaped(risk.words)} | {why} |"


def _people_rows(review: Review) -> Iterator[str]:
    shown = [each for each in review.bundles if each.direction is not Direction.MOVED]
    for bundle in by_heading(shown):
        who, what = who_words(bundle, review.impact), what_words(bundle, review.places)
        yield f"| {_sign(SIGN_OF_DIRECTION[bundle.direction])} | {escaped(who)} | {escaped(what)} |"
    for content in review.impact.contents:
        if content.people or content.whoever:
            different = names_in_words(list(content_differences(content.before, content.after)), 6)
            words = content_words(content, review.places)
            yield f"| {_sign('~')} | {escaped(words)} | {escaped(different)} |"


def _operation_lines(operations: Sequence[Operation]) -> Iterator[str]:
    for operation in operations:
        yield f"{operation.sign} {printable(operation.words)}".replace("~ ", "! ", 1)
        yield from (printable(line) for line in operation.difference)


def _sign(sign: str) -> str:
    return {"+": "➕", "-": "➖", "~": "✏️"}[sign]


class _Page:
    """Text that grows up to a bound; what no longer fits is counted."""

    def __init__(self, most: int) -> None:
        self.text = ""
        self._most = most

    def add(self, text: str) -> None:
        """`text`, if it fits."""
        if self._fits(text):
            self.text += text

    def table(self, title: str, head: tuple[str, str, str], rows: Sequence[str]) -> None:
        """A table with as many of `rows` as fit."""
        opening = f"\n#### {title}\n\n| {' | '.join(head)} |\n|---|---|---|\n"
        self._rows(opening, rows, "", "\n_… and {} more; `usher access plan --details` shows all_\n")

    def folded(self, title: str, lines: Sequence[str]) -> None:
        """A folded block with as many of `lines` as fit."""
        opening = f"\n<details><summary>{escaped(title)}</summary>\n\n```diff\n"
        self._rows(opening, lines, "```\n\n</details>\n", "… and {} more lines\n")

    def _rows(self, opening: str, rows: Sequence[str], closing: str, more: str) -> None:
        if not self._fits(opening + closing):
            self.add("\n_More does not fit here; `usher access plan --details` shows all._\n")
            return
        self.text += opening
        for number, row in enumerate(rows):
            if not self._fits(row + "\n" + closing):
                self.text += more.format(f"{len(rows) - number:,}")
                break
            self.text += row + "\n"
        self.text += closing

    def _fits(self, text: str) -> bool:
        return len(self.text) + len(text) + _RESERVE <= self._most
