"""The AWS config file's text: its sections as the SDKs see them, and Usher's marked blocks in it.

Nothing here parses and re-writes: reading gives values with their line numbers, editing replaces the
lines between two markers and hands every other byte back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from usher.core.errors import UsageError

_HEADER = re.compile(r"\[(?P<header>.+)\]")
_OPTION = re.compile(r"(?P<key>[^\s:=#;\[][^:=]*?)\s*[:=]\s*(?P<value>.*)")
_PLAIN_HEADER = re.compile(
    r"[\w@+.%:/=,~ -]+", re.ASCII
)  # where shlex, which is slow, would find words alike
_MARKER = re.compile(r"# usher:(?P<edge>begin|end) (?P<name>\S+)(?: .*)?")
_DIGEST = re.compile(r"# usher:begin \S+ sha256=(?P<digest>[0-9a-f]{16}) .*")
_NOTE = "(written by 'usher {}'; changes inside this block are overwritten)"


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its kind (`profile`, `sso-session`, `services`, or the header's text), name, values.

    `line` is the header's line number, from 1; `lines` is its text from the header up to the next
    section or marker. A nested block (`sso =` and indented lines) is kept as the text of its lines.
    """

    kind: str
    name: str
    line: int
    values: Mapping[str, str]
    lines: tuple[str, ...]
    block: str | None


class ConfigFileError(UsageError):
    """The AWS config file cannot be edited safely; it was not changed."""


def split_lines(text: str) -> list[str]:
    """The lines of `text` with their ends; only a line feed ends a line, as for the SDKs."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def read_sections(text: str, path: Path) -> list[Section]:
    """Every section of the file in order, with the Usher block it is in. Raises ConfigFileError."""
    found: list[Section] = []
    block: str | None = None
    current: list[str] | None = None
    start = 0

    def finish() -> None:
        if current is not None:
            found.append(_section(current, start, block))

    for number, line in enumerate(split_lines(text), 1):
        marker, header = _marker(line), _HEADER.match(line)
        if marker is not None:
            finish()
            current = None
            block = _follow_marker(marker, block, number, path)
        elif header is not None:
            finish()
            current, start = [line], number
        elif current is not None:
            current.append(line)
    finish()
    _check_is_closed(block, path)
    return found


def replace_block(text: str, name: str, sections: str, path: Path, *, command: str = "profiles sync") -> str:
    """`text` with Usher's block `name` holding `sections`, written by `command`; no sections removes it.

    A new block goes to the end of the file. Everything outside the block stays byte for byte, except
    that a missing line feed at the end of the file is added. Raises ConfigFileError.
    """
    lines = split_lines(text)
    _check_markers(lines, path)
    edges = [i for i, line in enumerate(lines) if (m := _marker(line)) and m[1] == name]
    if len(edges) > 2:
        raise ConfigFileError(
            f"{path}:{edges[2] + 1}: there are two blocks '# usher:begin {name}'", hint="remove one of them"
        )
    block = []
    if sections:
        mark = f"# usher:begin {name} sha256={_digest(sections)} {_NOTE.format(command)}\n"
        block = [mark, sections, f"# usher:end {name}\n"]
    if edges:
        _check_what_follows(lines, edges[1], path)
        return "".join([*lines[: edges[0]], *block, *lines[edges[1] + 1 :]])
    if not block:
        return text
    gap = "" if not text or text.endswith("\n") else "\n"
    return "".join([text, gap, *block])


def is_edited(text: str, name: str) -> bool:
    """Whether the lines of block `name` are not those that were written there."""
    lines = split_lines(text)
    edges = [i for i, line in enumerate(lines) if (m := _marker(line)) and m[1] == name]
    written = _DIGEST.fullmatch(lines[edges[0]].rstrip("\r\n")) if len(edges) == 2 else None
    return written is not None and written["digest"] != _digest("".join(lines[edges[0] + 1 : edges[1]]))


def _digest(sections: str) -> str:
    content = sections.replace("\r\n", "\n").encode("utf-8", "surrogateescape")
    import hashlib  # brings OpenSSL; reading needs none

    return hashlib.sha256(content).hexdigest()[:16]


def _marker(line: str) -> tuple[str, str] | None:
    if not line.startswith("# usher:"):
        return None
    match = _MARKER.fullmatch(line.rstrip("\r\n"))
    return None if match is None else (match["edge"], match["name"])


def _check_markers(lines: list[str], path: Path) -> None:
    """Refuse markers that do not pair: nobody knows then what is Usher's."""
    block: str | None = None
    for number, line in enumerate(lines, 1):
        marker = _marker(line)
        if marker is not None:
            block = _follow_marker(marker, block, number, path)
    _check_is_closed(block, path)


def _check_is_closed(block: str | None, path: Path) -> None:
    if block is not None:
        raise ConfigFileError(
            f"{path}: the block '# usher:begin {block}' has no end",
            hint=f"put '# usher:end {block}' after its last line, or remove the begin line",
        )


def _follow_marker(marker: tuple[str, str], block: str | None, number: int, path: Path) -> str | None:
    edge, name = marker
    if edge == "begin" and block is None:
        return name
    if edge == "end" and block == name:
        return None
    expected = f"inside the block '{block}'" if block else "outside any block"
    raise ConfigFileError(
        f"{path}:{number}: '# usher:{edge} {name}' stands {expected}", hint="repair or remove the marker line"
    )


def _check_what_follows(lines: list[str], end: int, path: Path) -> None:
    """Settings straight after the block would silently belong to another section once it changes."""
    for number, line in enumerate(lines[end + 1 :], end + 2):
        if not line.strip() or line[0] in "#;":
            continue
        if not _HEADER.match(line):
            raise ConfigFileError(
                f"{path}:{number}: this setting follows Usher's block without a section of its own",
                hint="move it below the [section] it belongs to",
            )
        return


def _section(lines: list[str], start: int, block: str | None) -> Section:
    match = _HEADER.match(lines[0])
    header = match["header"] if match else ""
    kind, name = _kind_and_name(header.strip())
    return Section(kind, name, start, dict(_options(lines[1:])), tuple(lines), block)


def _kind_and_name(header: str) -> tuple[str, str]:
    if header == "default":
        return "profile", "default"
    if _PLAIN_HEADER.fullmatch(header):
        parts = header.split()
    else:
        try:
            import shlex

            parts = shlex.split(header)
        except ValueError:
            parts = []
    if len(parts) == 2 and parts[0] in {"profile", "sso-session", "services"}:
        return parts[0], parts[1]
    return "other", header


def _options(lines: list[str]) -> Iterator[tuple[str, str]]:
    key, value = "", ""
    for line in lines:
        bare = line.strip()
        if not bare or bare[0] in "#;":
            continue
        if line[0] in " \t":
            value += "\n" + bare
            continue
        if key:
            yield key, value
        match = _OPTION.fullmatch(bare)
        key, value = (match["key"].lower(), match["value"]) if match else ("", "")
    if key:
        yield key, value
