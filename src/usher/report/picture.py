"""The picture of access: people, groups, permission sets and accounts in four columns, and what flows there.

Laid out here, so that it needs no script to be seen; built as a tree of elements, so that every name is text.
Ribbons fill the sides of their nodes in proportion; node heights grow with the root of what passes through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from unicodedata import east_asian_width
from xml.etree import ElementTree

from usher.core.printable import printable
from usher.report.bundles import Bundle, Bundled, BundleKind

WIDTH = 1280
_NODE_WIDTH = 212
_TOP = 46
_GAP = 8
_NODE_LEAST = 26
_NODE_MOST = 90
_SHARED_HEIGHT = 520
_CHARACTER = 6.5
_MOST_LISTED = 12
_SWEEPS = 6
_HEADINGS = ("People", "Groups", "Permission sets", "Accounts")
_LETTERS = "pgta"
_NOT_COUNTED = frozenset({BundleKind.DIRECT, BundleKind.DELETED})

_Pair = tuple[int, int]


@dataclass(slots=True)
class _Node:
    bundle: Bundle
    weight: int
    y: float = 0.0
    height: float = 0.0
    filled: dict[str, float] = field(default_factory=lambda: {"left": 0.0, "right": 0.0})


@dataclass(frozen=True, slots=True)
class _Ribbon:
    column: int
    ends: _Pair
    weight: int
    kind: str


def draw(bundled: Bundled, name: str) -> str:
    """The picture as an SVG element; `name` makes its ids unique in a page."""
    columns = _columns(bundled)
    ribbons = _ribbons(bundled)
    order = _ordered(columns, ribbons)
    height = _place(columns, order)
    root = ElementTree.Element(
        "svg",
        {
            "viewBox": f"0 0 {WIDTH} {height:.0f}",
            "class": "picture",
            "role": "group",
            "aria-label": "People, groups, permission sets and accounts, and what flows between them",
            "data-picture": name,
        },
    )
    _draw_headings(root, bundled)
    below = ElementTree.SubElement(root, "g", {"class": "ribbons"})
    _draw_ribbons(below, columns, order, ribbons)
    for letter, nodes, drawn in zip(_LETTERS, columns, order, strict=True):
        for index in drawn:
            _draw_node(root, nodes[index], f"{letter}{index}", _LETTERS.index(letter))
    return ElementTree.tostring(root, "unicode", short_empty_elements=True)


def _columns(bundled: Bundled) -> list[list[_Node]]:
    through: list[dict[int, int]] = [{}, {}, {}, {}]
    for (people, _), count in bundled.joins.items():
        through[0][people] = through[0].get(people, 0) + count
    for route, count in bundled.routes.items():
        for column, index in enumerate(route, 1):
            through[column][index] = through[column].get(index, 0) + count
    bundles = (bundled.people, bundled.groups, bundled.targets, bundled.accounts)
    return [
        [_Node(each, weights.get(index, 0)) for index, each in enumerate(found)]
        for found, weights in zip(bundles, through, strict=True)
    ]


def _ribbons(bundled: Bundled) -> list[_Ribbon]:
    to_targets: dict[_Pair, int] = {}
    to_accounts: dict[_Pair, int] = {}
    for (group, target, account), count in bundled.routes.items():
        to_targets[group, target] = to_targets.get((group, target), 0) + count
        to_accounts[target, account] = to_accounts.get((target, account), 0) + count
    strong = {i for i, each in enumerate(bundled.targets) if each.kind is BundleKind.ADMINISTRATOR}
    found = [_Ribbon(0, ends, count, "join") for ends, count in bundled.joins.items()]
    found += [
        _Ribbon(1, ends, count, "admin" if ends[1] in strong else "grant")
        for ends, count in to_targets.items()
    ]
    found += [
        _Ribbon(2, ends, count, "admin" if ends[0] in strong else "grant")
        for ends, count in to_accounts.items()
    ]
    return found


def _ordered(columns: Sequence[Sequence[_Node]], ribbons: Iterable[_Ribbon]) -> list[list[int]]:
    """The order in each column, by the mean place of neighbours, swept to and fro, so that few ribbons cross.

    Accounts keep the order of their units.
    """
    order = [list(range(len(nodes))) for nodes in columns]
    neighbours: list[dict[int, list[tuple[int, int, int]]]] = [{} for _ in columns]
    for each in ribbons:
        left, right = each.ends
        neighbours[each.column].setdefault(left, []).append((each.column + 1, right, each.weight))
        neighbours[each.column + 1].setdefault(right, []).append((each.column, left, each.weight))
    for _ in range(_SWEEPS):
        for column in (2, 1, 0, 1, 2):
            means = _means(neighbours[column], order)
            order[column] = sorted(order[column], key=means.__getitem__)
    return order


def _means(
    neighbours: Mapping[int, Iterable[tuple[int, int, int]]], order: Sequence[Sequence[int]]
) -> dict[int, float]:
    places = [{index: (rank + 0.5) / len(drawn) for rank, index in enumerate(drawn)} for drawn in order]
    return {index: _mean(found, places) for index, found in neighbours.items()}


def _mean(neighbours: Iterable[tuple[int, int, int]], places: Sequence[Mapping[int, float]]) -> float:
    total = weights = 0.0
    for column, index, weight in neighbours:
        total += places[column][index] * sqrt(weight)
        weights += sqrt(weight)
    return total / weights if weights else 1.0


def _place(columns: Sequence[Sequence[_Node]], order: Sequence[Sequence[int]]) -> float:
    """Give every node its height and place; returns the picture's height."""
    heights = []
    for nodes in columns:
        roots = sum(sqrt(node.weight) for node in nodes) or 1.0
        shared = min(_SHARED_HEIGHT, len(nodes) * _NODE_MOST)
        spare = max(0, shared - len(nodes) * (_NODE_LEAST + _GAP))
        for node in nodes:
            node.height = _NODE_LEAST + spare * sqrt(node.weight) / roots
        heights.append(sum(node.height + _GAP for node in nodes) - _GAP)
    tallest = max([*heights, _NODE_LEAST])
    for nodes, drawn, height in zip(columns, order, heights, strict=True):
        y = _TOP + (tallest - height) / 2
        for index in drawn:
            nodes[index].y = y
            y += nodes[index].height + _GAP
    return _TOP + tallest + 12


def _left_of(column: int) -> float:
    return column * (WIDTH - _NODE_WIDTH - 2) / 3 + 1


def _draw_headings(root: ElementTree.Element, bundled: Bundled) -> None:
    bundles = (bundled.people, bundled.groups, bundled.targets, bundled.accounts)
    for column, (heading, found) in enumerate(zip(_HEADINGS, bundles, strict=True)):
        things = sum(len(each.members) for each in found if each.kind not in _NOT_COUNTED)
        text = ElementTree.SubElement(
            root, "text", {"class": "heading", "x": f"{_left_of(column) + 2:.0f}", "y": "22"}
        )
        text.text = heading
        ElementTree.SubElement(text, "tspan", {"class": "figure", "dx": "8"}).text = f"{things:,}"


def _draw_ribbons(
    root: ElementTree.Element,
    columns: Sequence[Sequence[_Node]],
    order: Sequence[Sequence[int]],
    ribbons: Iterable[_Ribbon],
) -> None:
    rank = [{index: place for place, index in enumerate(drawn)} for drawn in order]
    sides: dict[tuple[int, str, int], int] = {}
    ends: dict[_Ribbon, list[tuple[float, float]]] = {}
    chosen = list(ribbons)
    for each in chosen:
        for column, side, index in _ends(each):
            sides[column, side, index] = sides.get((column, side, index), 0) + each.weight
    # Each side is filled in the order of the other ends, so that ribbons of one node do not cross.
    for near, far in ((0, 1), (1, 0)):

        def by_place(each: _Ribbon, near: int = near, far: int = far) -> _Pair:
            return rank[each.column + near][each.ends[near]], rank[each.column + far][each.ends[far]]

        for each in sorted(chosen, key=by_place):
            column, side, index = _ends(each)[near]
            node = columns[column][index]
            share = node.height * each.weight / sides[column, side, index]
            ends.setdefault(each, []).append((node.y + node.filled[side], share))
            node.filled[side] += share
    for each in sorted(chosen, key=lambda ribbon: (ribbon.kind == "admin", -ribbon.weight)):
        (left, left_size), (right, right_size) = ends[each]
        names = [f"{_LETTERS[column]}{index}" for column, _, index in _ends(each)]
        attributes = {
            "class": f"r {each.kind}",
            "data-r": "-".join(names),
            "d": _ribbon_path(each.column, left, left_size, right, right_size),
        }
        path = ElementTree.SubElement(root, "path", attributes)
        nodes = [columns[column][index].bundle for column, _, index in _ends(each)]
        unit = "people" if each.kind == "join" else "grants"
        words = f"{nodes[0].label} → {nodes[1].label}: {each.weight:,} {unit}"
        ElementTree.SubElement(path, "title").text = printable(words)


def _ends(ribbon: _Ribbon) -> tuple[tuple[int, str, int], tuple[int, str, int]]:
    return (ribbon.column, "right", ribbon.ends[0]), (ribbon.column + 1, "left", ribbon.ends[1])


def _ribbon_path(column: int, left: float, left_size: float, right: float, right_size: float) -> str:
    start, end = _left_of(column) + _NODE_WIDTH, _left_of(column + 1)
    middle = (start + end) / 2
    # A hair is still seen, and clicked.
    below_left, below_right = left + max(left_size, 0.8), right + max(right_size, 0.8)
    return (
        f"M{start:.0f} {left:.1f}C{middle:.0f} {left:.1f} {middle:.0f} {right:.1f} {end:.0f} {right:.1f}"
        f"V{below_right:.1f}C{middle:.0f} {below_right:.1f} {middle:.0f} {below_left:.1f} "
        f"{start:.0f} {below_left:.1f}Z"
    )


def _draw_node(root: ElementTree.Element, node: _Node, name: str, column: int) -> None:
    bundle = node.bundle
    x, middle = _left_of(column), node.y + node.height / 2
    count = f"{len(bundle.members):,}" if len(bundle.members) > 1 else ""
    if count and bundle.label.startswith(f"{count} "):
        count = ""
    attributes = {
        "class": f"n {bundle.kind}",
        "data-n": name,
        "tabindex": "0",
        "role": "button",
        "aria-label": printable(f"{bundle.label} {count}".strip()),
    }
    group = ElementTree.SubElement(root, "g", attributes)
    box = {"x": f"{x:.1f}", "y": f"{node.y:.1f}", "width": str(_NODE_WIDTH), "height": f"{node.height:.1f}"}
    ElementTree.SubElement(group, "rect", {**box, "rx": "6"})
    label = {"class": "label", "x": f"{x + 11:.1f}", "y": f"{middle + 4.3:.1f}"}
    room = _NODE_WIDTH - 22 - (len(count) * 7 + 10 if count else 0)
    ElementTree.SubElement(group, "text", label).text = _fitted(printable(bundle.label), room)
    if count:
        place = {"class": "count", "x": f"{x + _NODE_WIDTH - 10:.1f}", "y": f"{middle + 4.3:.1f}"}
        ElementTree.SubElement(group, "text", place).text = count
    ElementTree.SubElement(group, "title").text = printable(_listing(bundle))


def _listing(bundle: Bundle) -> str:
    shown = ", ".join(bundle.members[:_MOST_LISTED])
    more = len(bundle.members) - _MOST_LISTED
    words = f"{shown} and {more:,} more" if more > 0 else shown
    return words if bundle.kind is BundleKind.ONE else f"{bundle.label}: {words}" if words else bundle.label


def _fitted(text: str, room: float) -> str:
    """`text` cut to about `room` pixels: a path from its root, a name in its middle."""
    if _width(text) <= room:
        return text
    while "/" in text.removeprefix("…/") and _width(text) > room:
        text = f"…/{text.removeprefix('…/').partition('/')[2]}"
    if _width(text) <= room:
        return text
    head, tail = len(text) * 2 // 3, len(text) - len(text) * 2 // 3
    while head + tail > 2 and _width(text[:head]) + _width(text[len(text) - tail :]) + _CHARACTER > room:
        if head > 2 * tail:
            head -= 1
        else:
            tail -= 1
    return f"{text[:head]}…{text[len(text) - tail :]}"


def _width(text: str) -> float:
    return sum(13.0 if east_asian_width(c) in "WF" else _CHARACTER for c in text)
