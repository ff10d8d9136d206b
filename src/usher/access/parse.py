"""YAML text to a located tree. The only place that knows YAML.

Built from parser events instead of YAML's composer, because that bounds nesting and alias expansion
while reading, keeps each position, and lets a duplicate key be one mistake among others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from usher.access.diagnostics import Findings
from usher.access.locate import START, Entry, Fields, Items, Node, Position, Scalar

MAX_BYTES = 1_048_576
MAX_NESTING = 50
MAX_NODES = 250_000

_TEXT_TAG = "tag:yaml.org,2002:str"
_COLLECTION_TAGS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}

# YAML 1.2.2, section 10.3.2. Numbers longer than any sensible one stay text.
_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,100}")
_OTHER_BASE = re.compile(r"0(?:o[0-7]{1,100}|x[0-9a-fA-F]{1,100})")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,100}|[0-9]{1,100}(?:\.[0-9]{0,100})?)(?:[eE][-+]?[0-9]{1,4})?")
_NOT_FINITE = re.compile(r"(?P<sign>[-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_SURROGATE = re.compile("[\ud800-\udfff]")


class _BrokenError(Exception):
    """The text cannot be read further; `message` says why."""

    def __init__(self, at: Position, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.at = at
        self.message = message
        self.hint = hint


def parse_yaml(text: str, findings: Findings) -> Node | None:
    """The tree of the one document in `text`, or None when it cannot be read (then it was noted why).

    Duplicate keys are noted and the first one kept, so that checking can go on.
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        findings.add(START, "the file is larger than 1 MiB")
        return None
    try:
        return _Builder(findings).build(text)
    except _BrokenError as error:
        findings.add(error.at, error.message, error.hint)
        return None


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read yet."""

    at: Position
    is_mapping: bool
    anchor: str | None
    nodes: list[Node] = field(default_factory=list)
    size: int = 1


class _Builder:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._open: list[_Open] = []
        self._open_anchors: set[str] = set()
        self._anchored: dict[str, tuple[Node, int]] = {}
        self._root: Node | None = None
        self._documents = 0

    def build(self, text: str) -> Node:
        for event in _events(text):
            self._take(event)
        if self._root is None:
            raise _BrokenError(START, "the file is empty", "write 'version: 1' first")
        return self._root

    def _take(self, event: Event) -> None:
        match event:
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise _BrokenError(
                        _position(event.start_mark), "one file holds one document, not several"
                    )
            case ScalarEvent():
                node = _scalar(event)
                self._finish(node, 1, event.anchor)
            case AliasEvent():
                self._alias(event)
            case MappingStartEvent() | SequenceStartEvent():
                self._start(event)
            case MappingEndEvent() | SequenceEndEvent():
                self._end()

    def _start(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        at = _position(event.start_mark)
        tag = _tag(event)
        if tag is not None and tag not in _COLLECTION_TAGS:
            raise _BrokenError(at, "YAML tags are not used here", "remove the word that starts with '!'")
        if len(self._open) >= MAX_NESTING:
            raise _BrokenError(at, f"nested more than {MAX_NESTING} levels deep")
        anchor = event.anchor
        if anchor:
            self._open_anchors.add(anchor)
        self._open.append(_Open(at, isinstance(event, MappingStartEvent), anchor))

    def _end(self) -> None:
        done = self._open.pop()
        node: Node
        if done.is_mapping:
            node = Fields(done.at, self._entries(done.nodes))
        else:
            node = Items(done.at, tuple(done.nodes))
        self._open_anchors.discard(done.anchor or "")
        self._finish(node, done.size, done.anchor)

    def _alias(self, event: AliasEvent) -> None:
        at = _position(event.start_mark)
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
                line = entries[key.text].key.at.line
                self._findings.add(key.at, f"'{key.text}' is written twice", f"first on line {line}")
            else:
                entries[key.text] = Entry(key, node)
        for node in merged:
            for entry in _merge_entries(node):
                entries.setdefault(entry.key.text, entry)
        return tuple(entries.values())


def _merge_entries(node: Node) -> Iterator[Entry]:
    for source in node.nodes if isinstance(node, Items) else (node,):
        if not isinstance(source, Fields):
            raise _BrokenError(source.at, "'<<' merges mappings only", "write '<<: *name'")
        yield from source.entries


def _events(text: str) -> Iterator[Event]:
    """The parser's events, with its errors as `_BrokenError`."""
    last = START
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            last = _position(event.start_mark)
            yield event
    except MarkedYAMLError as error:
        at = _position(error.problem_mark) if error.problem_mark else last
        hint = (
            f"{error.context} that starts on line {error.context_mark.line + 1}" if error.context_mark else ""
        )
        raise _BrokenError(at, f"not YAML: {error.problem or error.context}", hint) from None
    except ReaderError as error:
        raise _BrokenError(
            _position_of_index(text, error.position),
            f"the character U+{ord(text[error.position]):04X} is not allowed in YAML",
            "the file must be UTF-8 text",
        ) from None
    except YAMLError as error:
        raise _BrokenError(last, f"not YAML: {error}") from None
    except (ValueError, OverflowError):
        # ruamel.yaml lets chr() and int() fail on escapes such as "\UFFFFFFFF" and huge version numbers.
        raise _BrokenError(last, "not YAML: a number after this place is out of range") from None


def _scalar(event: ScalarEvent) -> Scalar:
    at = _position(event.start_mark)
    if _SURROGATE.search(event.value):
        raise _BrokenError(at, "half of a surrogate pair is not a character")
    tag = _tag(event)
    if tag is not None and tag != _TEXT_TAG:
        raise _BrokenError(at, "YAML tags are not used here", "remove the word that starts with '!'")
    is_plain = tag is None and event.implicit[0]
    return Scalar(at, event.value, _core_value(event.value) if is_plain else event.value)


def _core_value(text: str) -> str | int | float | bool | None:
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


def _tag(event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> str | None:
    tag = event.tag
    return None if tag in (None, "!") else str(tag)


def _position(mark: StringMark) -> Position:
    return Position(mark.line + 1, mark.column + 1)


def _position_of_index(text: str, index: int) -> Position:
    before = text[:index]
    return Position(before.count("\n") + 1, index - before.rfind("\n"))
