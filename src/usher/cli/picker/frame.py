"""What stands where on the screen: the picture that both painters show.

A picture is lines of fragments, a style and a text each. The first line is the query's: there the picture
holds only what stands at its right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from usher.cli.picker.actions import Action
from usher.cli.picker.cells import beginning, cut, safe, shown, width
from usher.cli.picker.match import folded, positions, words_of
from usher.cli.picker.picking import Picking, findable
from usher.core.looks import Look
from usher.profiles.index import IndexEntry

Fragment = tuple[str, str]
Line = list[Fragment]

PROMPT = "> "
KEYS = {Action.CONSOLE: "^O", Action.EXEC: "^X", Action.ENV: "^V", Action.COPY: "^Y"}
_HEADINGS = {
    "profile": "profile",
    "label": "",
    "account": "account",
    "id": "account id",
    "set": "permission set",
    "keys": "keys",
    "used": "used",
}
_SOON_SECONDS = 900
_ROOM_FOR_LABELS = 60
# With fewer rows than this the list has them all.
_ROWS_FOR_WORDS = 8


class Picture(NamedTuple):
    """The count that stands at the right of the query, and the lines below."""

    found: str
    lines: Sequence[Line]


def draw(picking: Picking, columns: int, rows: int) -> Picture:
    """The picture of `picking` on a screen of this size."""
    plan = plan_columns(picking, columns)
    wordy = rows >= _ROWS_FOR_WORDS
    room = rows - 1 - (3 if wordy else 0)
    words = words_of(picking.query)
    listed = [
        _row(picking, place, plan, words, columns)
        for place in picking.scroll(room)
        if room > 0 and picking.found
    ]
    blank: list[Line] = [[] for _ in range(room - len(listed))]
    lines = [*listed, *blank]
    if wordy:
        lines = [_headings(plan), *lines, _detail(picking, columns), _help(picking, columns)]
    return Picture(_count(picking, columns), lines)


def plan_columns(picking: Picking, columns: int) -> dict[str, int]:
    """The columns that fit, with their widths: first the name, then what the person decides by."""
    entries = picking.entries
    room = columns - 2
    label = min(picking.surroundings.widest_label, max(0, room // 3))
    if room < _ROOM_FOR_LABELS and picking.widest("profile") + label + 1 > room:
        label = 0  # colour has to do, and the line below tells it of the entry at the pointer
    profile = min(picking.widest("profile"), room - (label + 1 if label else 0))
    rest = room - profile - (label + 1 if label else 0)
    wanted = {
        "keys": 5,
        "used": 4,
        "id": 12 if any(entry.account_id for entry in entries[:1]) else 0,
        "account": picking.widest("account_name"),
        "set": picking.widest("permission_set"),
    }
    fitting: dict[str, int] = {}
    for name, needed in wanted.items():
        needed = max(needed, len(_HEADINGS[name]) if needed else 0)
        if needed and needed + 2 <= rest:
            fitting[name] = needed
            rest -= needed + 2
    plan = {"profile": max(0, profile), "label": label, **fitting}
    return {name: plan[name] for name in _HEADINGS if plan.get(name)}


def brief(seconds: float) -> str:
    """A time in at most four columns: `<1m`, `54m`, `7h`, `12d`."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return "<1m"
    if minutes < 60:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes < 48 * 60 else f"{min(999, minutes // 1440)}d"


def _count(picking: Picking, columns: int) -> str:
    marked = f"{len(picking.marked)} marked  " if picking.marked else ""
    count = f"{marked}{len(picking.found):,}/{len(picking.entries):,}"
    return count if len(count) + len(PROMPT) + 8 <= columns else ""


def _headings(plan: dict[str, int]) -> Line:
    cells = [_padded(_HEADINGS[name], columns, "dim") for name, columns in plan.items()]
    return _joined(plan, cells, ("", "  "))


def _row(picking: Picking, place: int, plan: dict[str, int], words: Sequence[str], columns: int) -> Line:
    number = picking.found[place]
    entry = picking.entries[number]
    here = place == picking.pointer
    look = picking.surroundings.look_of(entry)
    rest = folded("\n".join(findable(entry)))
    nowhere_else = [word for word in words if word not in rest]
    cells = [_cell(picking, entry, look, name, room, (words, nowhere_else)) for name, room in plan.items()]
    edge = (">" if here else " ") + ("*" if number in picking.marked else " ")
    line = _joined(plan, cells, ("strong", edge))
    if not here:
        return line
    filled = sum(width(text) for _, text in line)
    # Dim on a reversed line can hardly be read.
    bright = [(style.replace("dim", ""), text) for style, text in line]
    return [(f"{style} here", text) for style, text in [*bright, ("", " " * (columns - filled))]]


def _cell(
    picking: Picking,
    entry: IndexEntry,
    look: Look,
    name: str,
    room: int,
    words: tuple[Sequence[str], Sequence[str]],
) -> Line:
    colour = str(look.colour or "")
    everywhere, nowhere_else = words
    match name:
        case "profile":
            text = safe(entry.profile)
            marked = positions(text, everywhere, scattered=False) | positions(text, nowhere_else)
            return _found(text, marked, room, colour)
        case "label":
            return _padded(safe(look.label), room, f"{colour} strong")
        case "keys":
            return _keys(picking, entry, room)
        case "used":
            use = picking.surroundings.recent.get(entry.profile)
            return _padded(brief(picking.surroundings.now - use.at) if use else "", room, "dim")
    text = safe({"account": entry.account_name, "id": entry.account_id, "set": entry.permission_set}[name])
    return _found(text, positions(text, everywhere, scattered=False), room, "dim")


def _keys(picking: Picking, entry: IndexEntry, room: int) -> Line:
    until = picking.surroundings.keys_until(entry.profile)
    left = (until or 0.0) - picking.surroundings.now
    if left <= 0:
        return _padded("", room, "")
    return _padded(brief(left), room, "green" if left > _SOON_SECONDS else "yellow")


def _found(text: str, marked: frozenset[int], room: int, style: str) -> Line:
    """`text` cut to `room` and padded, with the marked letters in their own style."""
    if not marked:
        return _padded(text, room, style)
    places = cut(text, room)
    line: Line = []
    for place in places:
        letter_style = f"{style} found" if place in marked else style
        letter = shown(text, [place])
        if line and line[-1][0] == letter_style:
            line[-1] = (letter_style, line[-1][1] + letter)
        else:
            line.append((letter_style, letter))
    return [*line, ("", " " * (room - width(shown(text, places))))]


def _padded(text: str, room: int, style: str) -> Line:
    fitting = text if width(text) <= room else shown(text, cut(text, room))
    return [(style, fitting), ("", " " * (room - width(fitting)))]


def _joined(plan: dict[str, int], cells: Sequence[Line], edge: Fragment) -> Line:
    line: Line = [edge]
    for name, cell in zip(plan, cells, strict=True):
        if name != "profile":
            line.append(("", " " if name == "label" else "  "))
        line += cell
    return line


def _detail(picking: Picking, columns: int) -> Line:
    entry = picking.here()
    if entry is None:
        return [("yellow", "  nothing is called so"[:columns])]
    look = picking.surroundings.look_of(entry)
    label = f"  {safe(look.label)}" if look.label else ""
    words = "  " + " · ".join(_facts(entry))
    return [
        (f"{look.colour or ''} strong", shown(label, beginning(label, columns))),
        ("dim", shown(words, beginning(words, columns - width(label)))),
    ]


def _facts(entry: IndexEntry) -> Iterator[str]:
    facts = (
        entry.account_name,
        entry.account_id,
        entry.permission_set,
        entry.description,
        entry.email,
        entry.region,
        entry.unit,
        entry.organization,
    )
    return (safe(fact) for fact in facts if fact)


def _help(picking: Picking, columns: int) -> Line:
    own, *others = picking.actions
    keys = [("Enter", str(own)), ("Esc", "leave")]
    if picking.many:
        keys.append(("Tab", "mark"))
    keys += [(KEYS[action], str(action)) for action in others]
    line: Line = [("", "  ")]
    room = columns - 2
    for key, word in keys:
        room -= len(key) + len(word) + 3
        if room >= 0:
            line += [("strong", key), ("dim", f" {word}  ")]
    return line
