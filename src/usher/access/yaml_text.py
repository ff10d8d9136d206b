"""Values as the YAML that a person would write: plain words stay plain, everything else is quoted.

`parse` reads back exactly what stands here. Only what the access file needs: text, numbers, lists and
mappings; short ones on one line, long ones as blocks.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

Value: TypeAlias = "str | int | float | bool | Sequence[Value] | Mapping[str, Value] | None"

WIDTH = 110

# Words that YAML, or readers of its older versions, take for something else than text.
_SPECIAL = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./+=@-]*(?: [A-Za-z0-9_./+=@()&-]+)*", re.ASCII)
_DURATION = re.compile(r"[0-9]{1,3}[hms](?:[0-9]{1,2}[ms]){0,2}", re.ASCII)
_WORDS = re.compile(r"[^\W\d_][\w.@-]*(?: [\w.@()&-]+)*")
_SHORT_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def scalar(value: str | float | bool | None) -> str:
    """One value, plain where that is safe and quoted where not."""
    if isinstance(value, str):
        return value if _is_plain(value) else _quoted(value)
    return json.dumps(value)


def flow(value: Value) -> str:
    """`value` on one line: `{tags: {env: production}}`."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{scalar(key)}: {flow(each)}" for key, each in value.items()) + "}"
        case str():
            return scalar(value)
        case Sequence():
            return "[" + ", ".join(map(flow, value)) + "]"
        case _:
            return scalar(value)


def entry(key: str, value: Value, indent: int = 0) -> Iterator[str]:
    """The lines of `key: value`, on one line if it fits, as a block if not; None is nothing at all."""
    start = f"{' ' * indent}{scalar(key)}:"
    if value is None:
        yield start
        return
    on_one_line = f"{start} {flow(value)}"
    if len(on_one_line) <= WIDTH or not isinstance(value, Mapping | Sequence) or isinstance(value, str):
        yield on_one_line
        return
    yield start
    yield from block(value, indent + 2)


def block(value: Mapping[str, Value] | Sequence[Value], indent: int) -> Iterator[str]:
    """The lines of a mapping or list, one entry below the other."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from entry(key, each, indent)
        return
    for each in value:
        yield from item(each, indent)


def item(value: Value, indent: int) -> Iterator[str]:
    """The lines of one `- value` of a list."""
    start = " " * indent + "- "
    on_one_line = start + flow(value)
    is_text = isinstance(value, str) or not isinstance(value, Mapping | Sequence)
    if len(on_one_line) <= WIDTH or is_text or not value:
        yield on_one_line
        return
    lines = list(block(value, indent + 2)) if isinstance(value, Mapping | Sequence) else []
    yield start + lines[0].lstrip(" ")
    yield from lines[1:]


def comment(text: str, indent: int = 0) -> str:
    """`text` as one comment line, whatever characters are in it."""
    return " " * indent + "# " + "".join(letter if _is_shown(letter) else "?" for letter in text)


def _is_plain(text: str) -> bool:
    if text.casefold() in _SPECIAL:
        return False
    if _PLAIN.fullmatch(text) or _DURATION.fullmatch(text):
        return True
    return bool(_WORDS.fullmatch(text)) and all(map(_is_shown, text))


def _quoted(text: str) -> str:
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(letter: str) -> str:
    if letter in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[letter]
    if _is_shown(letter):
        return letter
    code = ord(letter)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _is_shown(letter: str) -> bool:
    """Whether `letter` can stand in the text as it is: no control, line break, mark of direction or half."""
    return letter == " " or unicodedata.category(letter)[0] not in "CZ"
