"""Completion: what may follow the words typed so far. Asked for at each Tab, so it asks nobody else.

    usher --complete WORD ... CURRENT

writes one candidate a line, `value<TAB>description`; a line with an empty value and `files` lets the
shell complete files. The commands and options stand in a table that the slow path writes once for
each version of Usher; profiles are read from the AWS config file and organizations from
`organizations.json`, so that they are never out of date. Only `os` and `sys` are imported, and `json`
for organizations. The network is never asked.

The table has one line for each thing, its fields divided by tabs: `version`, the version; `command`,
its path, its name, its summary; `option`, the command's path, the option, what its value is (empty
when it takes none), help; `argument`, the command's path, what it is; `value`, a kind, a value.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

FILES = "\tfiles"
_MOST_CANDIDATES = 10_000


def serve(words: "Sequence[str]") -> bool:
    """Write the candidates to stdout. False, with nothing written, while there is no table."""
    environ = os.environ
    try:
        with open(table_place(environ), encoding="utf-8") as file:
            table = file.read()
    except (OSError, ValueError):
        return False
    if not table.startswith(f"version\t{table_version()}\n"):
        return False
    write(table, words, environ)
    return True


def write(table: str, words: "Sequence[str]", environ: "Mapping[str, str]") -> None:
    """Write the candidates that `table` gives for `words`, the last of which is being typed."""
    found = candidates(table, words or [""], environ)
    lines = [line for _, line in zip(range(_MOST_CANDIDATES), found, strict=False)]
    text = "".join(f"{line}\n" for line in lines)
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))


def table_place(environ: "Mapping[str, str]") -> str:
    """Where the table is."""
    return f"{_folder(environ, 'cache', 'XDG_CACHE_HOME', '.cache')}/completion"


def table_version() -> str:
    """What the table must be made from: these very sources, by their commands' last change."""
    commands = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + "/cli"  # noqa: PTH100, PTH120
    newest = 0
    for folder in (commands, commands + "/commands", commands + "/access"):
        for entry in os.scandir(folder):
            if entry.name.endswith(".py"):
                newest = max(newest, entry.stat().st_mtime_ns)
    return f"{commands} {newest}"


def candidates(table: str, words: "Sequence[str]", environ: "Mapping[str, str]") -> "Iterator[str]":
    """The lines for the word being typed, the last of `words`."""
    current = words[-1]
    if "--" in words[:-1]:
        yield FILES
        return
    path, position, awaited = _walk(table, words[:-1])
    kind = awaited
    if kind is None and current.startswith("-"):
        option, equals, typed = current.partition("=")
        if not equals:
            yield from _options(table, path, current)
            return
        kind = _option_kind(table, path, option) or ""
        for line in _values(table, kind, typed, environ):
            yield line if line == FILES else f"{option}={line}"
        return
    if kind is not None:
        yield from _values(table, kind, current, environ)
        return
    if position == 0:
        yield from _commands(table, path, current)
    for kind in _arguments(table, path)[position : position + 1]:
        yield from _values(table, kind, current, environ)


def profile_names(text: str) -> "list[str]":
    """The profiles of an AWS config file's text, in its order. Names that no shell is given are left out."""
    names = []
    for part in ("\n" + text).split("\n[")[1:]:
        header = part.partition("\n")[0].rpartition("]")[0].strip()
        if header == "default":
            names.append(header)
        elif header.startswith("profile "):
            name = header[8:].strip()
            if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
                name = name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
            names.append(name)
    return [name for name in dict.fromkeys(names) if name and name.isprintable()]


def _walk(table: str, words: "Sequence[str]") -> "tuple[str, int, str | None]":
    """The command that the words have come to, how many arguments it has, the value that is awaited."""
    path, position, awaited = "", 0, None
    for word in words:
        if awaited is not None:
            awaited = None
        elif word.startswith("-") and word != "-":
            awaited = _option_kind(table, path, word)
        elif f"\ncommand\t{path}\t{word}\t" in table:
            path, position = f"{path} {word}".strip(), 0
        else:
            position += 1
    return path, position, awaited


def _fields(table: str, kind: str, path: str) -> "Iterator[list[str]]":
    start = f"\n{kind}\t{path}\t"
    at = table.find(start)
    while at >= 0:
        end = table.find("\n", at + 1)
        yield table[at + len(start) : end].split("\t")
        at = table.find(start, end)


def _commands(table: str, path: str, current: str) -> "Iterator[str]":
    for name, summary in _fields(table, "command", path):
        if name.startswith(current):
            yield f"{name}\t{summary}"


def _options(table: str, path: str, current: str) -> "Iterator[str]":
    for name, _, summary in _fields(table, "option", path):
        if name.startswith(current):
            yield f"{name}\t{summary}"


def _option_kind(table: str, path: str, option: str) -> "str | None":
    """What the option's value is; None for an option without one, and for one that is not known."""
    return next((kind or None for name, kind, _ in _fields(table, "option", path) if name == option), None)


def _arguments(table: str, path: str) -> "list[str]":
    """What each argument is; the last one of a repeated kind goes on."""
    found = [fields[0] for fields in _fields(table, "argument", path)]
    if found and found[-1].endswith("*"):
        found += [found[-1]] * 64
    return [kind.removesuffix("*") for kind in found]


def _values(table: str, kind: str, current: str, environ: "Mapping[str, str]") -> "Iterator[str]":
    if kind in {"FILE", "FOLDER"}:
        yield FILES
        return
    known = _DYNAMIC[kind](environ) if kind in _DYNAMIC else (f[0] for f in _fields(table, "value", kind))
    for value in known:
        if value.startswith(current):
            yield f"{value}\t"


def _profiles(environ: "Mapping[str, str]") -> "list[str]":
    path = environ.get("AWS_CONFIG_FILE") or environ.get("HOME", "") + "/.aws/config"
    return profile_names(_read(path))


def _organizations(environ: "Mapping[str, str]") -> "list[str]":
    import json

    folder = _folder(environ, "config", "XDG_CONFIG_HOME", ".config")
    try:
        document = json.loads(_read(f"{folder}/organizations.json"))
    except ValueError:
        return []
    return [name for name in document if name.isprintable()] if isinstance(document, dict) else []


_DYNAMIC: "Mapping[str, Callable[[Mapping[str, str]], list[str]]]" = {
    "PROFILE": _profiles,
    "ORGANIZATION": _organizations,
}


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            return file.read()
    except OSError:
        return ""


def _folder(environ: "Mapping[str, str]", own: str, variable: str, usual: str) -> str:
    home = environ.get("USHER_HOME")
    if home:
        return f"{home}/{own}"
    return (environ.get(variable) or f"{environ.get('HOME', '')}/{usual}") + "/usher"
