"""Writing what `fastpath` serves: a finished document, in memory only, never on a disk's file system.

The record exists so that a warm `usher credentials` costs little more than starting Python. It is
written only where the mount table says `tmpfs` or `ramfs`; elsewhere none is written and the sealed
vault serves every call.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from usher.core import machine
from usher.fastpath import ready
from usher.session.vault.contract import UnsafePlaceError
from usher.session.vault.files import make_private_folder, write_private

_OCTAL = re.compile(r"\\([0-7]{3})")
_IN_MEMORY = {"tmpfs", "ramfs"}
NOT_SERVED_SECONDS = float(ready.MARGIN_SECONDS)
"""The hot path serves no record that ends within this time."""


def environment_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that say which files a profile's name is looked up in."""
    return {name: environ[name] for name in ready.ENVIRONMENT if environ.get(name)}


@dataclass(frozen=True, slots=True)
class UsedRecord:
    """A record that the hot path has served: of which profile, in which environment, since and until when."""

    profile: str
    environment: Mapping[str, str]
    written_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class ReadyShelf:
    """Where ready records go for one environment. `mounts` is the text of `/proc/self/mountinfo`."""

    environ: Mapping[str, str]
    mounts: str
    uid: int

    def stamp(self) -> str | None:
        """The AWS config file's state; take it before reading the config that a record is made from."""
        try:
            return ready.config_stamp(self.environ)
        except OSError:
            return None

    def put(self, profile: str, document: bytes, expires_at: float, stamp: str | None) -> bool:
        """Make `document` ready for `profile`. False when this machine has no place in memory for it."""
        folder = self.memory_folder()
        if folder is None or stamp is None:
            return False
        key = ready.record_key(profile, self.environ)
        head = f"{int(expires_at):012d}\n{key}\n{stamp}\n".encode()
        try:
            write_private(folder / ready.record_name(key), head + document)
        except UnsafePlaceError:
            return False
        return True

    def expiry(self, profile: str) -> float | None:
        """When `profile`'s ready keys expire; None when there are none. For showing, not for trusting."""
        name = ready.record_name(ready.record_key(profile, self.environ))
        for place in ready.directories(self.environ, self.uid):
            found = _read_quietly(Path(place) / name)
            if found is not None and found[1][:12].isdigit():
                return float(found[1][:12])
        return None

    def remove(self, profile: str) -> None:
        """Take `profile`'s record away."""
        name = ready.record_name(ready.record_key(profile, self.environ))
        for folder in self._every_folder():
            (folder / name).unlink(missing_ok=True)

    def clear(self) -> None:
        """Take every record of this user away."""
        for folder in self._every_folder():
            for record in folder.iterdir():
                record.unlink(missing_ok=True)

    def in_use(self) -> list[UsedRecord]:
        """The records that were read since they were written, as the file system remembers it.

        Reading them here leaves no trace, so that only the hot path counts.
        """
        records = (_used_record(file) for folder in self._every_folder() for file in folder.iterdir())
        return [record for record in records if record is not None]

    def memory_folder(self, suffix: str = "") -> Path | None:
        """A private folder on a memory file system, made if need be; None when this machine has none."""
        for place in ready.directories(self.environ, self.uid):
            folder = Path(place + suffix)
            if folder.parent.is_dir() and _filesystem(self.mounts, folder.parent) in _IN_MEMORY:
                try:
                    make_private_folder(folder)
                except UnsafePlaceError:
                    continue
                return folder
        return None

    def _every_folder(self) -> list[Path]:
        """Also the usual runtime folder: a logout must reach records that another environment made."""
        usual = {"XDG_RUNTIME_DIR": f"/run/user/{self.uid}"}
        places = {*ready.directories(self.environ, self.uid), *ready.directories(usual, self.uid)}
        return [Path(place) for place in sorted(places) if _is_ours(place, self.uid)]


def _used_record(file: Path) -> UsedRecord | None:
    found = _read_quietly(file)
    if found is None or found[0].st_atime_ns <= found[0].st_mtime_ns:
        return None
    try:
        expiry, key, _ = found[1].split(b"\n", 2)
        profile, *values = bytes.fromhex(key.decode()).split(b"\0")
        named = zip(ready.ENVIRONMENT, map(os.fsdecode, values), strict=True)
        environment = {name: value for name, value in named if value}
        return UsedRecord(os.fsdecode(profile), environment, found[0].st_mtime, float(expiry))
    except ValueError:
        return None


def _read_quietly(file: Path) -> tuple[os.stat_result, bytes] | None:
    """A record's state and bytes without a trace of the reading; None when it is not there or not ours."""
    try:
        descriptor = os.open(
            file, os.O_RDONLY | machine.NO_FOLLOW | machine.NOT_INHERITED | getattr(os, "O_NOATIME", 0)
        )
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as record:
        return os.fstat(descriptor), record.read(ready.LARGEST_RECORD_BYTES)


def _is_ours(place: str, uid: int) -> bool:
    path = Path(place)
    return path.is_dir() and not path.is_symlink() and path.lstat().st_uid == uid


def _filesystem(mounts: str, folder: Path) -> str:
    """The type of the file system that holds `folder`: the longest mount point above it, the latest wins."""
    real = os.path.realpath(folder)
    best, kind = "", ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        point = _OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4])
        above = real == point or real.startswith(point.rstrip("/") + "/")
        if above and len(point) >= len(best):
            best, kind = point, after.split()[0]
    return kind
