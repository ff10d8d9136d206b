"""What a person may enter, as last seen: one small file per organization, without secrets.

Written by `usher profiles sync`, read by whatever must answer at once: the picker, completion, the
prompt, the rules for looks. The file is a cache: when it is missing or damaged it is as if empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from usher.core.ids import AccountId
from usher.session.vault.files import read_private, write_private

VERSION = 1


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One way in, by the profile's name. `unit` is the organizational unit's path, empty when not known."""

    profile: str
    organization: str
    account_id: AccountId
    account_name: str
    permission_set: str
    email: str = ""
    region: str = ""
    description: str = ""
    unit: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


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
    document = {"version": VERSION, "entries": [asdict(entry) for entry in entries]}
    write_private(index_folder(cache_dir) / f"{organization}.json", json.dumps(document).encode())


def forget_index(cache_dir: Path, organization: str) -> None:
    """Remove the organization's part of the index."""
    (index_folder(cache_dir) / f"{organization}.json").unlink(missing_ok=True)


def _read(file: Path) -> list[IndexEntry]:
    try:
        document = json.loads(read_private(file) or b"{}")
        entries = document["entries"] if document["version"] == VERSION else []
        return [IndexEntry(**entry) for entry in entries]
    except (ValueError, TypeError, KeyError):
        return []
