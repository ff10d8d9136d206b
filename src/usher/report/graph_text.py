"""The small view as text that other tools draw: Graphviz DOT and Mermaid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from usher.core.printable import printable
from usher.report.bundles import Bundle, Bundled, BundleKind

_LETTERS = "pgta"


def dot_lines(bundled: Bundled) -> Iterator[str]:
    """The bundled view in Graphviz's language."""
    yield "digraph access {"
    yield "  rankdir=LR; node [shape=box, style=rounded]; edge [color=gray50];"
    for letter, index, each in _nodes(bundled):
        attributes = f"label={_dot_text(_label(each))}"
        if each.kind is BundleKind.ADMINISTRATOR:
            attributes += ", color=orangered"
        yield f"  {letter}{index} [{attributes}];"
    for left, right, count in _edges(bundled):
        yield f'  {left} -> {right} [label="{count}"];'
    yield "}"


def mermaid_lines(bundled: Bundled) -> Iterator[str]:
    """The bundled view as a Mermaid flowchart."""
    yield "flowchart LR"
    for letter, index, each in _nodes(bundled):
        look = ":::admin" if each.kind is BundleKind.ADMINISTRATOR else ""
        yield f"  {letter}{index}[{_mermaid_text(_label(each))}]{look}"
    for left, right, count in _edges(bundled):
        yield f"  {left} -->|{count}| {right}"
    yield "  classDef admin stroke:#c2410c,stroke-width:2px"


def _nodes(bundled: Bundled) -> Iterator[tuple[str, int, Bundle]]:
    columns: Sequence[Sequence[Bundle]] = (
        bundled.people,
        bundled.groups,
        bundled.targets,
        bundled.accounts,
    )
    for letter, column in zip(_LETTERS, columns, strict=True):
        yield from ((letter, index, each) for index, each in enumerate(column))


def _edges(bundled: Bundled) -> Iterator[tuple[str, str, int]]:
    found: dict[tuple[str, str], int] = {}
    for (people, group), count in bundled.joins.items():
        found[f"p{people}", f"g{group}"] = count
    for (group, target, account), count in bundled.routes.items():
        for edge in ((f"g{group}", f"t{target}"), (f"t{target}", f"a{account}")):
            found[edge] = found.get(edge, 0) + count
    yield from ((left, right, count) for (left, right), count in sorted(found.items()))


def _label(bundle: Bundle) -> str:
    count = len(bundle.members)
    words = printable(bundle.label)
    return words if count < 2 or words.startswith(f"{count:,} ") else f"{words} ({count:,})"


def _dot_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _mermaid_text(text: str) -> str:
    """Mermaid decodes `#…;` entities and takes everything else in quotes as text or, worse, as markup."""
    plain = "".join(c if c.isalnum() or c in " .,@_-/…()" else f"#{ord(c)};" for c in text)
    return f'"{plain}"'
