"""Private files: read and replaced without trusting the umask, symbolic links or other users.

Folders are 0700 and files 0600, owned by this user. A link or a foreign owner in the way is refused
rather than followed. Replacing is temp file, fsync, rename, so that a crash leaves old or new bytes.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from usher.core import machine
from usher.core.errors import UsageError
from usher.session.vault.contract import LONGEST_NAME_BYTES, UnsafePlaceError

_SUFFIX = ".sealed"
_OPEN = machine.NO_FOLLOW | machine.NOT_INHERITED


def file_name(name: str) -> str:
    """The file name of record `name`: percent-encoded, so that any text is one safe path component."""
    from urllib.parse import quote  # not for those who only read: it brings ipaddress

    try:
        encoded = quote(name, safe="")
    except UnicodeEncodeError:
        raise UsageError(f"{name[:40]!r} cannot name a stored record: it is not UTF-8") from None
    if not name or len(encoded) > LONGEST_NAME_BYTES:
        raise UsageError(f"{name[:40]!r} cannot name a stored record: it is empty or too long")
    return encoded + _SUFFIX


def record_name(file: str) -> str | None:
    """The record that `file_name` gave this file name to; None for other files."""
    from urllib.parse import unquote

    return unquote(file.removesuffix(_SUFFIX)) if file.endswith(_SUFFIX) else None


def make_private_folder(folder: Path) -> None:
    """Create `folder` as 0700, whatever the umask. Raises UnsafePlaceError if it is not ours alone."""
    try:
        if not folder.parent.is_dir():
            make_private_folder(folder.parent)
        folder.mkdir(mode=0o700)
        folder.chmod(0o700)
    except FileExistsError:
        _check_folder(folder)
    except OSError as error:
        raise UnsafePlaceError(
            f"cannot create the folder {folder}: {error.strerror}", hint="make its parent writable"
        ) from None


def _check_folder(folder: Path) -> None:
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode):
        raise UnsafePlaceError(f"{folder} is not a folder but a link or file", hint=f"move {folder} away")
    if state.st_uid != machine.user_id():
        raise UnsafePlaceError(
            f"the folder {folder} belongs to another user", hint="use a folder of your own"
        )
    if machine.others_may(state, 0o077):
        folder.chmod(0o700)


def read_private(path: Path) -> bytes | None:
    """The file's bytes, None when there is no file. Raises UnsafePlaceError if it is not ours alone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | machine.NOT_WAITING | _OPEN)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnsafePlaceError(
            f"cannot read {path}: {error.strerror}", hint="links are not followed; move it away"
        ) from None
    try:
        _check_file(os.fstat(descriptor), path)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def _check_file(state: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(state.st_mode) or state.st_uid != machine.user_id():
        raise UnsafePlaceError(f"{path} is not a plain file of your own", hint="move it away")
    if machine.others_may(state, 0o077):
        raise UnsafePlaceError(
            f"{path} can be read or written by other users", hint=f"run: chmod 600 '{path}'"
        )


def write_private(path: Path, content: bytes) -> None:
    """Create or replace `path` (0600, in a 0700 folder) as a whole; it survives a crash of the machine."""
    make_private_folder(path.parent)
    temporary = path.with_name(f".{os.urandom(8).hex()}.new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                machine.set_mode(descriptor, 0o600)
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            machine.replace(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UnsafePlaceError(
            f"cannot write {path}: {error.strerror}", hint="check space and owner"
        ) from None
