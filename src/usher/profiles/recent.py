"""Which profiles were used, how often and how lately: what the picker puts first.

One small private file. Every use counts one and halves in worth every ten days; profiles that are gone
are dropped. It is noted when a person enters a profile, never when a program asks for credentials.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from usher.session.vault.contract import UnsafePlaceError
from usher.session.vault.files import read_private, write_private

HALF_LIFE_SECONDS = 10 * 86_400
MOST_KEPT = 500
_VERSION = 1


class Use(NamedTuple):
    """A profile's uses: their worth at the moment `at` of the last one, and when its last keys expire."""

    worth: float
    at: float
    expires_at: float | None = None

    def worth_at(self, now: float) -> float:
        """What the uses are still worth. A clock that was set back makes none worth more."""
        return float(self.worth * 0.5 ** (max(0.0, now - self.at) / HALF_LIFE_SECONDS))


def read_recent(cache_dir: Path) -> dict[str, Use]:
    """Every noted profile. A missing or damaged file is as if nothing was ever used."""
    try:
        document = json.loads(read_private(_file(cache_dir)) or b"{}")
        noted = document["profiles"] if document["version"] == _VERSION else {}
        return {name: _use(entry) for name, entry in noted.items()}
    except (ValueError, TypeError, KeyError, AttributeError, UnsafePlaceError):
        return {}


def note_use(cache_dir: Path, profile: str, now: float, expires_at: float | None) -> None:
    """Count one use of `profile`, with keys until `expires_at`, where that is known."""
    with _lock(cache_dir):
        uses = read_recent(cache_dir)
        before = uses.get(profile)
        worth = 1.0 + (before.worth_at(now) if before else 0.0)
        uses[profile] = Use(worth, now, expires_at or (before.expires_at if before else None))
        best = sorted(uses, key=lambda name: uses[name].worth_at(now), reverse=True)[:MOST_KEPT]
        _write(cache_dir, {name: uses[name] for name in best})


def keep_only(cache_dir: Path, known: Collection[str]) -> None:
    """Drop the profiles that are gone. Called by whoever has every name at hand."""
    if all(name in known for name in read_recent(cache_dir)):
        return
    with _lock(cache_dir):
        uses = read_recent(cache_dir)
        _write(cache_dir, {name: use for name, use in uses.items() if name in known})


def forget_expiries(cache_dir: Path) -> None:
    """No keys are kept any more, after a logout: only habits stay."""
    if not _file(cache_dir).exists():
        return
    with _lock(cache_dir):
        uses = read_recent(cache_dir)
        _write(cache_dir, {name: use._replace(expires_at=None) for name, use in uses.items()})


def habits(uses: Mapping[str, Use], now: float) -> dict[str, float]:
    """How much each profile is a habit: 1 for the foremost, less for the others."""
    worths = {name: use.worth_at(now) for name, use in uses.items()}
    most = max(worths.values(), default=0.0)
    return {name: worth / most for name, worth in worths.items()} if most > 0 else {}


def _lock(cache_dir: Path) -> AbstractContextManager[None]:
    """Habits are worth no waiting: whoever cannot have the lock at once, nearly, goes on without."""
    from usher.session.locks import exclusive

    return exclusive(cache_dir / "locks" / "recent.lock", longest_wait=0.5)


def _file(cache_dir: Path) -> Path:
    return cache_dir / "recent.json"


def _use(entry: Mapping[str, float | None]) -> Use:
    expires_at = entry["expires_at"]
    worth, at = entry["worth"], entry["at"]
    if worth is None or at is None:
        raise ValueError("a use has a worth and a moment")
    return Use(float(worth), float(at), None if expires_at is None else float(expires_at))


def _write(cache_dir: Path, uses: Mapping[str, Use]) -> None:
    noted = {
        name: {"worth": round(use.worth, 4), "at": use.at, "expires_at": use.expires_at}
        for name, use in uses.items()
    }
    write_private(_file(cache_dir), json.dumps({"version": _VERSION, "profiles": noted}).encode())
