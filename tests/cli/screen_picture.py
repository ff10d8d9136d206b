"""A terminal's screen as a picture: the captured escape sequences of colour, drawn as SVG."""

from __future__ import annotations

import re
from html import escape
from unicodedata import combining, east_asian_width

_CELL, _LINE = 8.43, 18
_NORMAL, _PAPER = "#d8dee9", "#1d2129"
_SIXTEEN = (
    *("#3b4252", "#e0565b", "#7fb069", "#e5c05b", "#6a9fe0", "#b48ead", "#5fc4c9", "#d8dee9"),
    *("#616e88", "#ff7b80", "#a3d48a", "#ffd97a", "#8fbcff", "#d3a6cf", "#88e1e5", "#ffffff"),
)
_SEQUENCE = re.compile(r"\x1b\[([\d;]*)m|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\([AB0]")


def picture(lines, columns, rows, title):
    """The screen's lines, with their SGR sequences, as one SVG document."""
    wide, high = columns * _CELL + 24, rows * _LINE + 52
    font = 'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace"'
    size = f'width="{wide:.0f}" height="{high:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font} font-size="14">',
        f'<rect width="100%" height="100%" rx="8" fill="{_PAPER}"/>',
        f'<text x="12" y="22" fill="#7b8494">{escape(title)}</text>',
    ]
    left = {}
    for row, line in enumerate(lines):
        column = 0
        for text, style in _runs(line, left):
            parts += _run(text, style, column, row)
            column += sum(map(_columns, text))
            left = style
    return "\n".join([*parts, "</svg>"]) + "\n"


def _run(text, style, column, row):
    colour, paper = style.get("fg", _NORMAL), style.get("bg")
    if style.get("reverse"):
        colour, paper = paper or _PAPER, colour
    x, y = 12 + column * _CELL, 36 + row * _LINE
    length = sum(map(_columns, text)) * _CELL
    if paper:
        yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{length:.1f}" height="{_LINE}" fill="{paper}"/>'
    looks = ' font-weight="bold"' * bool(style.get("bold")) + ' opacity="0.6"' * bool(style.get("dim"))
    looks += ' text-decoration="underline"' * bool(style.get("underline"))
    if text.strip():
        yield (
            f'<text x="{x:.1f}" y="{y + 13:.1f}" fill="{colour}" textLength="{length:.1f}" '
            f'xml:space="preserve"{looks}>{escape(text)}</text>'
        )


def _runs(line, style):
    place = 0
    for match in _SEQUENCE.finditer(line):
        if match.start() > place:
            yield line[place : match.start()], style
        place = match.end()
        if match[1] is not None:
            style = _after(style, [int(number or 0) for number in match[1].split(";")])
    if place < len(line):
        yield line[place:], style
    else:
        yield "", style


def _after(style, numbers):
    style = dict(style)
    numbers = iter(numbers)
    for number in numbers:
        match number:
            case 0:
                style = {}
            case 1 | 2 | 4 | 7:
                style[{1: "bold", 2: "dim", 4: "underline", 7: "reverse"}[number]] = True
            case 22:
                style.pop("bold", None), style.pop("dim", None)
            case 24 | 27:
                style.pop({24: "underline", 27: "reverse"}[number], None)
            case 39 | 49:
                style.pop({39: "fg", 49: "bg"}[number], None)
            case 38 | 48:
                is_256 = next(numbers) == 5
                colour = _of_256(next(numbers)) if is_256 else _hex(next(numbers) for _ in range(3))
                style["fg" if number == 38 else "bg"] = colour
            case _ if 30 <= number <= 37 or 90 <= number <= 97:
                style["fg"] = _SIXTEEN[number - 30 if number < 90 else number - 82]
            case _ if 40 <= number <= 47:
                style["bg"] = _SIXTEEN[number - 40]
    return style


def _of_256(number):
    if number < 16:
        return _SIXTEEN[number]
    if number >= 232:
        return _hex([8 + (number - 232) * 10] * 3)
    number -= 16
    return _hex(55 + 40 * part if part else 0 for part in (number // 36, number // 6 % 6, number % 6))


def _hex(parts):
    return "#" + "".join(f"{part:02x}" for part in parts)


def _columns(character):
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in {"W", "F"} else 1
