"""YAML text to a located tree. The only place that knows YAML.

Built from parser events instead of YAML's composer, because that bounds nesting and alias expansion
while reading, keeps each position, and lets a duplicate key be one mistake among others.

The events come from libyaml, which is ten times as fast, where it is installed and certain to agree;
ruamel.yaml reads what libyaml cannot, and words every complaint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from usher.access.diagnostics import Findings
from usher.access.locate import Entry, Fields, Items, Node, Position, Scalar, line_words

MAX_BYTES = 4_194_304
MAX_NESTING = 50
MAX_NODES = 250_000

_TEXT_TAG = "tag:yaml.org,2002:str"
_COLLECTION_TAGS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}

# YAML 1.2.2, section 10.3.2. Numbers longer than any sensible one stay text.
_NOT_TEXT = re.compile(r"[-+.0-9~nNtTfF]|$")
_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,100}")
_OTHER_BASE = re.compile(r"0(?:o[0-7]{1,100}|x[0-9a-fA-F]{1,100})")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,100}|[0-9]{1,100}(?:\.[0-9]{0,100})?)(?:[eE][-+]?[0-9]{1,4})?")
_NOT_FINITE = re.compile(r"(?P<sign>[-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_SURROGATE = re.compile("[\ud800-\udfff]")

# Where the two parsers may disagree: libyaml speaks YAML 1.1, which has more line breaks, other directives
# and shorter anchors, and both have tastes of their own about tabs and about '#' after a block's mark.
_ONLY_RUAMEL = re.compile(
    "[\t\x85\u2028\u2029\ufeff\ud800-\udfff]"
    r"|^%|[|>][-+0-9]*#|(?:^|[\s\[{,]|[\"']:)[&*][\w-]*[^\w\s,\[\]{}-]",
    re.MULTILINE,
)

_Notes: TypeAlias = list[tuple[Position, str, str]]


class _Mark(Protocol):
    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


class _Event(Protocol):
    """What the events of both parsers have; scalars and collections have the rest."""

    @property
    def start_mark(self) -> _Mark: ...
    @property
    def end_mark(self) -> _Mark: ...

    anchor: str
    tag: str | None
    value: str
    implicit: tuple[bool, bool]


class _BrokenError(Exception):
    """The text cannot be read further; `message` says why."""

    def __init__(self, at: Position, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.at = at
        self.message = message
        self.hint = hint


def parse_yaml(text: str, file: str, findings: Findings) -> Node | None:
    """The tree of the one document in `text`, or None when it cannot be read (then it was noted why).

    Duplicate keys are noted and the first one kept, so that checking can go on.
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        findings.add(Position(1, 1, file), f"the file is larger than {MAX_BYTES // 2**20} MiB")
        return None
    tree, notes = _parse_fast(text, file, findings) or _build(_events(text, file), file, findings)
    for note in notes:
        findings.add(*note)
    return tree


def _parse_fast(text: str, file: str, findings: Findings) -> tuple[Fields, _Notes] | None:
    """The tree by libyaml; None where it is not installed, finds a mistake, or could mean something else."""
    if not yaml.__with_libyaml__ or _ONLY_RUAMEL.search(text):
        return None
    try:
        tree, notes = _build(yaml.parse(text, Loader=yaml.CLoader), file, findings)
    except (yaml.YAMLError, ValueError, OverflowError):
        return None
    return (tree, notes) if isinstance(tree, Fields) else None


def _build(events: Iterator[Any], file: str, findings: Findings) -> tuple[Node | None, _Notes]:
    builder = _Builder(file, findings)
    try:
        return builder.build(events), builder.notes
    except _BrokenError as error:
        return None, [*builder.notes, (error.at, error.message, error.hint)]


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read yet."""

    at: Position
    is_mapping: bool
    anchor: str | None
    nodes: list[Node] = field(default_factory=list)
    size: int = 1


class _Builder:
    def __init__(self, file: str, findings: Findings) -> None:
        self._file = file
        self._findings = findings
        self._open: list[_Open] = []
        self._open_anchors: set[str] = set()
        self._anchored: dict[str, tuple[Node, int]] = {}
        self._root: Node | None = None
        self.notes: _Notes = []
        self._documents = 0
        self._previous: _Event | None = None
        self._takers: dict[str, Callable[[_Event], None]] = {
            "ScalarEvent": self._scalar,
            "MappingStartEvent": self._start_mapping,
            "SequenceStartEvent": self._start_sequence,
            "MappingEndEvent": self._end,
            "SequenceEndEvent": self._end,
            "AliasEvent": self._alias,
            "DocumentStartEvent": self._document,
        }

    def build(self, events: Iterator[_Event]) -> Node:
        takers = self._takers
        for event in events:
            take = takers.get(type(event).__name__)
            if take is not None:
                take(event)
                self._previous = event
        if self._root is None:
            raise _BrokenError(Position(1, 1, self._file), "the file is empty", "write 'version: 1' first")
        return self._root

    def _document(self, event: _Event) -> None:
        self._documents += 1
        if self._documents > 1:
            raise _BrokenError(self._position(event), "one file holds one document, not several")

    def _scalar(self, event: _Event) -> None:
        text, tag = event.value, event.tag
        at = self._position(event) if text else self._position_of_nothing(event)
        if _SURROGATE.search(text):
            raise _BrokenError(at, "half of a surrogate pair is not a character")
        if tag is not None and tag != "!" and tag != _TEXT_TAG:
            raise _BrokenError(at, "YAML tags are not used here", "remove the word that starts with '!'")
        is_plain = event.implicit[0] and (tag is None or tag == "!")
        self._finish(Scalar(at, text, _core_value(text) if is_plain else text), 1, event.anchor)

    def _start_mapping(self, event: _Event) -> None:
        self._start(event, is_mapping=True)

    def _start_sequence(self, event: _Event) -> None:
        self._start(event, is_mapping=False)

    def _start(self, event: _Event, *, is_mapping: bool) -> None:
        at = self._position(event)
        if event.tag not in (None, "!") and event.tag not in _COLLECTION_TAGS:
            raise _BrokenError(at, "YAML tags are not used here", "remove the word that starts with '!'")
        if len(self._open) >= MAX_NESTING:
            raise _BrokenError(at, f"nested more than {MAX_NESTING} levels deep")
        anchor = event.anchor
        if anchor:
            self._open_anchors.add(anchor)
        self._open.append(_Open(at, is_mapping, anchor))

    def _end(self, _: _Event) -> None:
        done = self._open.pop()
        node: Node
        if done.is_mapping:
            node = Fields(done.at, self._entries(done.nodes))
        else:
            node = Items(done.at, tuple(done.nodes))
        self._open_anchors.discard(done.anchor or "")
        self._finish(node, done.size, done.anchor)

    def _alias(self, event: _Event) -> None:
        at = self._position(event)
        if event.anchor in self._open_anchors:
            raise _BrokenError(at, f"'*{event.anchor}' refers to itself")
        if event.anchor not in self._anchored:
            hint = self._findings.did_you_mean(event.anchor, list(self._anchored))
            raise _BrokenError(at, f"there is no '&{event.anchor}' above for '*{event.anchor}'", hint)
        node, size = self._anchored[event.anchor]
        self._finish(node, size, None)

    def _finish(self, node: Node, size: int, anchor: str | None) -> None:
        if anchor:
            self._anchored[anchor] = (node, size)
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        parent.nodes.append(node)
        parent.size += size
        if parent.size > MAX_NODES:
            raise _BrokenError(
                parent.at, f"more than {MAX_NODES:,} values", "aliases count each time they are used"
            )

    def _entries(self, nodes: list[Node]) -> tuple[Entry, ...]:
        entries: dict[str, Entry] = {}
        merged: list[Node] = []
        for key, node in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                raise _BrokenError(key.at, "a key must be text")
            if key.text == "<<":
                merged.append(node)
            elif key.text in entries:
                first = line_words(entries[key.text].key.at, key.at)
                self.notes.append((key.at, f"'{key.text}' is written twice", f"first on {first}"))
            else:
                entries[key.text] = Entry(key, node)
        for node in merged:
            for entry in _merge_entries(node):
                entries.setdefault(entry.key.text, entry)
        return tuple(entries.values())

    def _position_of_nothing(self, event: _Event) -> Position:
        """Where an empty value stands: after its key and colon. The parsers' own marks of it differ."""
        previous = self._previous
        if not event.implicit[0] or previous is None:
            return self._position(event)
        if type(previous).__name__ != "ScalarEvent":
            return self._position(previous)
        mark = previous.end_mark
        return Position(mark.line + 1, mark.column + 2, self._file)

    def _position(self, event: _Event) -> Position:
        mark = event.start_mark
        return Position(mark.line + 1, mark.column + 1, self._file)


def _merge_entries(node: Node) -> Iterator[Entry]:
    for source in node.nodes if isinstance(node, Items) else (node,):
        if not isinstance(source, Fields):
            raise _BrokenError(source.at, "'<<' merges mappings only", "write '<<: *name'")
        yield from source.entries


def _events(text: str, file: str) -> Iterator[_Event]:
    """ruamel.yaml's events, with its errors as `_BrokenError`."""
    last = Position(1, 1, file)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            last = Position(event.start_mark.line + 1, event.start_mark.column + 1, file)
            yield event
    except MarkedYAMLError as error:
        mark = error.problem_mark
        at = Position(mark.line + 1, mark.column + 1, file) if mark else last
        hint = (
            f"{error.context} that starts on line {error.context_mark.line + 1}" if error.context_mark else ""
        )
        raise _BrokenError(at, f"not YAML: {error.problem or error.context}", hint) from None
    except ReaderError as error:
        raise _BrokenError(
            _position_of_index(text, error.position, file),
            f"the character U+{ord(text[error.position]):04X} is not allowed in YAML",
            "the file must be UTF-8 text",
        ) from None
    except YAMLError as error:
        raise _BrokenError(last, f"not YAML: {error}") from None
    except (ValueError, OverflowError):
        # ruamel.yaml lets chr() and int() fail on escapes such as "\UFFFFFFFF" and huge version numbers.
        raise _BrokenError(last, "not YAML: a number after this place is out of range") from None


def _core_value(text: str) -> str | int | float | bool | None:
    if not _NOT_TEXT.match(text):
        return text
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return text in ("true", "True", "TRUE")
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OTHER_BASE.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def _position_of_index(text: str, index: int, file: str) -> Position:
    before = text[:index]
    return Position(before.count("\n") + 1, index - before.rfind("\n"), file)
