"""Folders that are bound to a profile: finding their `.usher` file, and what the person has trusted.

Trust is given to a file's path and content together, and kept in `trusted-folders.json` beside the
settings (0600). A file that somebody else owns is never read: only its presence is said.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from usher.cli.context import Context
from usher.core import machine
from usher.core.errors import NotFoundError, UsageError
from usher.core.printable import printable
from usher.shell.folder import FILE_NAME, LARGEST_BYTES, FolderFile, content_hash, read_folder_file

TRUST_FILE = "trusted-folders.json"


@dataclass(frozen=True, slots=True)
class BoundFolder:
    """A `.usher` file as found: its real path, its content, and whether that content is trusted."""

    path: Path
    content: bytes
    trusted: bool

    @property
    def hash(self) -> str:
        """What trust is given to."""
        return content_hash(self.content)

    def says(self) -> FolderFile:
        """What the file says. Raises UsageError."""
        return read_folder_file(self.content, str(self.path))


def find_folder_file(context: Context, start: Path) -> Path | None:
    """The nearest `.usher` file from `start` upwards.

    The search ends at the home folder, at the root, and at a folder that somebody else owns.
    """
    for folder in (start, *start.parents):
        try:
            if folder.stat().st_uid != machine.user_id():
                return None
        except OSError:
            return None
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
        if folder == context.home:
            return None
    return None


def read_bound_folder(context: Context, path: Path) -> BoundFolder:
    """The `.usher` file at `path`. Raises NotFoundError, and UsageError for another user's file."""
    try:
        real = path.resolve(strict=True)
        descriptor = os.open(
            real, os.O_RDONLY | machine.NO_FOLLOW | machine.NOT_WAITING | machine.NOT_INHERITED
        )
    except OSError as error:
        raise NotFoundError(f"cannot read {printable(str(path))}: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_uid != machine.user_id():
            raise UsageError(
                f"{printable(str(real))} is not a plain file of your own", hint="make one of your own"
            )
        content = file.read(LARGEST_BYTES + 1)
    trusted = read_trusted(context).get(str(real)) == content_hash(content)
    return BoundFolder(real, content, trusted)


def bound_folder_here(context: Context) -> BoundFolder | None:
    """The bound folder that the working folder lies in, trusted or not."""
    found = find_folder_file(context, Path.cwd())
    return None if found is None else read_bound_folder(context, found)


def read_trusted(context: Context) -> dict[str, str]:
    """Every trusted file with the hash of its content. A damaged list trusts nothing."""
    from usher.session.vault.files import read_private

    try:
        document = json.loads(read_private(context.config_dir / TRUST_FILE) or b"{}")
        files = document["files"] if document["version"] == 1 else {}
        return {str(path): str(digest) for path, digest in files.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def change_trust(context: Context, wanted: Mapping[str, str | None]) -> None:
    """Trust the files of `wanted` with the given hash; None takes trust away."""
    from usher.session.locks import exclusive
    from usher.session.vault.files import write_private

    place = context.config_dir / TRUST_FILE
    with exclusive(context.cache_dir / "locks" / "trusted-folders.lock"):
        files = {**read_trusted(context), **wanted}
        kept = {path: digest for path, digest in sorted(files.items()) if digest is not None}
        write_private(place, json.dumps({"version": 1, "files": kept}, indent=1).encode())


def stamp_folder(context: Context, folder: BoundFolder) -> str:
    """Keep a file whose time is the `.usher` file's, so that a shell sees a later change by itself."""
    from usher.session.vault.files import make_private_folder, write_private

    place = context.cache_dir / "folders" / content_hash(os.fsencode(folder.path))[:32]
    make_private_folder(place.parent)
    write_private(place, b"")
    modified = folder.path.stat().st_mtime_ns
    os.utime(place, ns=(modified, modified))
    return str(place)
