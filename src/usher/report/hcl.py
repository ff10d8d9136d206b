"""Values as HCL, laid out as `terraform fmt` would."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Expression:
    """HCL that stands as it is: a reference, a call. Lines after the first are indented as they shall be."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function called with one value."""

    function: str
    argument: Value


Value: TypeAlias = (
    "Expression | Call | str | int | float | bool | Sequence[Value] | Mapping[str, Value] | None"
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its type and labels, its attributes, and the blocks inside."""

    header: str
    attributes: Mapping[str, Value]
    blocks: Sequence[Block] = ()


def hcl_text(parts: Iterable[Block | str]) -> str:
    """Blocks and comments as one file."""
    return "\n".join("\n".join(_part_lines(part)) + "\n" for part in parts)


def quoted(text: str) -> str:
    """`text` as an HCL string that holds no template."""
    escaped = json.dumps(text, ensure_ascii=False)
    return escaped.replace("\x7f", "\\u007f").replace("${", "$${").replace("%{", "%%{")


def _part_lines(part: Block | str) -> Iterator[str]:
    if isinstance(part, str):
        yield from (f"# {line}".rstrip() for line in part.splitlines())
    else:
        yield from _block_lines(part, "")


def _block_lines(block: Block, indent: str) -> Iterator[str]:
    yield f"{indent}{block.header} {{"
    yield from _attribute_lines(block.attributes, f"{indent}  ")
    for place, inner in enumerate(block.blocks):
        if block.attributes or place:
            yield ""
        yield from _block_lines(inner, f"{indent}  ")
    yield f"{indent}}}"


def _attribute_lines(attributes: Mapping[str, Value], indent: str) -> Iterator[str]:
    """The attributes; the equals signs of neighbours on one line each stand below each other."""
    chain: list[tuple[str, str]] = []
    for name, value in attributes.items():
        key = name if _IDENTIFIER.fullmatch(name) else quoted(name)
        first, *rest = _value_lines(value, indent)
        if not rest:
            chain.append((key, first))
            continue
        yield from _aligned(chain, indent)
        chain = []
        yield f"{indent}{key} = {first}"
        yield from rest
    yield from _aligned(chain, indent)


def _aligned(chain: Sequence[tuple[str, str]], indent: str) -> Iterator[str]:
    width = max((len(key) for key, _ in chain), default=0)
    yield from (f"{indent}{key:<{width}} = {value}" for key, value in chain)


def _value_lines(value: Value, indent: str) -> list[str]:
    """The value's first line without indentation, and the lines below with it."""
    match value:
        case Expression(text):
            return text.split("\n")
        case Call(function, argument):
            first, *rest = _value_lines(argument, indent)
            lines = [f"{function}({first}", *rest]
            lines[-1] += ")"
            return lines
        case str():
            return [quoted(value)]
        case Mapping():
            if not value:
                return ["{}"]
            return ["{", *_attribute_lines(value, f"{indent}  "), f"{indent}}}"]
        case Sequence():
            return _list_lines(value, indent)
        case _:
            return [json.dumps(value)]


def _list_lines(values: Sequence[Value], indent: str) -> list[str]:
    inner = f"{indent}  "
    items = [_value_lines(each, inner) for each in values]
    if len(items) <= 1 and all(len(item) == 1 for item in items):
        return [f"[{''.join(item[0] for item in items)}]"]
    lines = ["["]
    for item in items:
        lines += [f"{inner}{item[0]}", *item[1:]]
        lines[-1] += ","
    return [*lines, f"{indent}]"]
