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

from usher.fastpath import ready
from usher.session.vault.contract import UnsafePlaceError
from usher.session.vault.files import make_private_folder, write_private

_OCTAL = re.compile(r"\\([0-7]{3})")
_IN_MEMORY = {"tmpfs", "ramfs"}


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
        folder = self._folder()
        if folder is None or stamp is None:
            return False
        key = ready.record_key(profile, self.environ)
        head = f"{int(expires_at):012d}\n{key}\n{stamp}\n".encode()
        try:
            write_private(folder / ready.record_name(key), head + document)
        except UnsafePlaceError:
            return False
        return True

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

    def _folder(self) -> Path | None:
        for place in ready.directories(self.environ, self.uid):
            folder = Path(place)
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
