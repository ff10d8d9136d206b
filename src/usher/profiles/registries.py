"""The registries of shared profiles that a person follows: where each is, and what was agreed to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from usher.core.errors import NotFoundError, UsageError
from usher.session.locks import exclusive
from usher.session.vault.files import read_private, write_private

FILE_NAME = "registries.json"
VERSION = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,40}", re.ASCII)


class Prefix(StrEnum):
    """Which profiles carry the registry's name in front of theirs."""

    DUPLICATES = "duplicates"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Registry:
    """One registry.

    `commit` and `start_urls` are what the person agreed to last. `signers` are the keys that may sign,
    empty when none is asked for. Of two registries with a profile of the same name, the one with the higher
    `priority` gives it.
    """

    name: str
    url: str
    ref: str = ""
    path: str = ""
    commit: str = ""
    start_urls: tuple[str, ...] = ()
    signers: str = ""
    priority: int = 0
    prefix: Prefix = Prefix.DUPLICATES
    native: bool = False
    allow_file: bool = False


def load_registries(config_dir: Path) -> dict[str, Registry]:
    """The registries by name, the one with the highest priority first. Raises UsageError when damaged."""
    path = config_dir / FILE_NAME
    content = read_private(path)
    if content is None:
        return {}
    try:
        document = json.loads(content)
        found = [_read(entry) for entry in document["registries"]] if document["version"] == VERSION else []
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UsageError(f"{path} is damaged", hint="correct it, or remove it and add them again") from None
    return {
        registry.name: registry for registry in sorted(found, key=lambda each: (-each.priority, each.name))
    }


def save_registry(config_dir: Path, registry: Registry) -> None:
    """Add or replace one registry."""
    with exclusive(config_dir / "registries.lock"):
        _write(config_dir, {**load_registries(config_dir), registry.name: registry})


def forget_registry(config_dir: Path, name: str) -> None:
    """Follow the registry no more."""
    with exclusive(config_dir / "registries.lock"):
        _write(config_dir, {key: each for key, each in load_registries(config_dir).items() if key != name})


def find_registry(registries: Mapping[str, Registry], name: str) -> Registry:
    """The registry called `name`. Raises NotFoundError."""
    if name not in registries:
        known = ", ".join(registries) or "none; 'usher registry add NAME URL' adds one"
        raise NotFoundError(f"there is no registry '{name}'", hint=f"known: {known}")
    return registries[name]


def _write(config_dir: Path, registries: Mapping[str, Registry]) -> None:
    document = {"version": VERSION, "registries": [asdict(each) for each in registries.values()]}
    write_private(config_dir / FILE_NAME, json.dumps(document, indent=2).encode() + b"\n")


def _read(entry: Mapping[str, object]) -> Registry:
    name, urls = _text(entry, "name"), entry["start_urls"]
    if not NAME.fullmatch(name) or not isinstance(urls, list):
        raise ValueError("a name or list is none")
    return Registry(
        name,
        _text(entry, "url"),
        _text(entry, "ref"),
        _text(entry, "path"),
        _text(entry, "commit"),
        start_urls=tuple(map(str, urls)),
        signers=_text(entry, "signers"),
        priority=int(str(entry["priority"])),
        prefix=Prefix(_text(entry, "prefix")),
        native=entry["native"] is True,
        allow_file=entry["allow_file"] is True,
    )


def _text(entry: Mapping[str, object], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value
