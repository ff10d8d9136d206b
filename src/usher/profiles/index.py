"""What a person may enter, as last seen: one small file per organization, without secrets.

Written by `usher profiles sync`, read by whatever must answer at once: the picker, completion, the
prompt, the rules for looks. The file is a cache: when it is missing or damaged it is as if empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from usher.core.ids import AccountId
from usher.session.vault.files import read_private, write_private

VERSION = 2
SHARED = "@"  # begins what a registry's part is called; no organization's name begins so
_NO_TAGS: Mapping[str, str] = MappingProxyType({})


class IndexEntry(NamedTuple):
    """One way in, by the profile's name. `unit` is the organizational unit's path, empty when not known;
    `colour` is what a registry of shared profiles suggests.

    A named tuple, and a row in the file: thousands are read in a tenth of the time that dataclasses take.
    """

    profile: str
    organization: str
    account_id: AccountId
    account_name: str
    permission_set: str
    email: str = ""
    region: str = ""
    description: str = ""
    unit: str = ""
    colour: str = ""
    tags: Mapping[str, str] = _NO_TAGS


def index_folder(cache_dir: Path) -> Path:
    """Where the index files are."""
    return cache_dir / "index"


def read_index(cache_dir: Path) -> list[IndexEntry]:
    """Every entry of every organization, in the files' order."""
    folder = index_folder(cache_dir)
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return [entry for file in files for entry in _read(file)]


def write_index(cache_dir: Path, organization: str, entries: Iterable[IndexEntry]) -> None:
    """Replace the organization's part of the index."""
    rows = [[*entry[:-1], dict(entry.tags)] for entry in entries]
    document = {"version": VERSION, "fields": IndexEntry._fields, "entries": rows}
    write_private(index_folder(cache_dir) / f"{organization}.json", json.dumps(document).encode())


def has_shared(cache_dir: Path) -> bool:
    """Whether registries of shared profiles have a part in the index, which may suggest colours."""
    return next(index_folder(cache_dir).glob(f"{SHARED}*.json"), None) is not None


def forget_index(cache_dir: Path, organization: str) -> None:
    """Remove the organization's part of the index."""
    (index_folder(cache_dir) / f"{organization}.json").unlink(missing_ok=True)


def _read(file: Path) -> list[IndexEntry]:
    try:
        document = json.loads(read_private(file) or b"{}")
        if document["version"] != VERSION or tuple(document["fields"]) != IndexEntry._fields:
            return []
        return [IndexEntry._make(row) for row in document["entries"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []
