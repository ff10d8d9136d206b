"""The profiles that a person keeps at hand: chosen one by one, kept in one small file of theirs."""

from __future__ import annotations

import json
from pathlib import Path

from usher.core.errors import UsageError
from usher.session.locks import exclusive
from usher.session.vault.contract import UnsafePlaceError
from usher.session.vault.files import read_private, write_private

MOST = 200
_VERSION = 1


def read_favourites(config_dir: Path) -> frozenset[str]:
    """Their names. A damaged file is as if nothing was chosen."""
    try:
        document = json.loads(read_private(_file(config_dir)) or b"{}")
        names = document["profiles"] if document["version"] == _VERSION else []
        return frozenset(name for name in names if isinstance(name, str))
    except (ValueError, TypeError, KeyError, RecursionError, UnsafePlaceError):
        return frozenset()


def set_favourite(config_dir: Path, profile: str, *, on: bool) -> None:
    """Add the profile, or take it away. Raises UsageError beyond 200."""
    with exclusive(config_dir / "favourites.lock"):
        names = set(read_favourites(config_dir))
        if on and profile not in names and len(names) >= MOST:
            raise UsageError(f"there are {MOST} favourites already", hint="take one away first")
        names = names | {profile} if on else names - {profile}
        document = {"version": _VERSION, "profiles": sorted(names)}
        write_private(_file(config_dir), json.dumps(document).encode())


def _file(config_dir: Path) -> Path:
    return config_dir / "favourites.json"
