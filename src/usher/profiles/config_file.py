"""The AWS config file on disk: read, and replaced as a whole under a lock with a back-up beside it.

The file belongs to the person and is shared with every AWS tool. A symbolic link is resolved and its
target replaced, the mode is kept, and a change by another program between our reading and writing is
noticed and the edit done again on the new text.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from usher.core import machine
from usher.profiles.config_text import ConfigFileError
from usher.session.vault.files import make_private_folder

BACKUP_SUFFIX = ".usher-backup"
LOCK_SUFFIX = ".usher-lock"
_MOST_TRIES = 20


def read_config(path: Path) -> str:
    """The file's text; empty when there is none. Bytes that are not UTF-8 survive a round trip.

    `/dev/null` is no file, as for the SDKs. A file of the machine's administrator may be read: a company
    may keep one for everybody in `/etc`.
    """
    return "" if path.is_char_device() else _decode(_read(_target(path, {0, machine.user_id()})))


def edit_config(path: Path, edit: Callable[[str], str]) -> tuple[str, str]:
    """Replace the file's text by `edit` of it, and return the text before and after.

    Nothing is written when the text stays the same. `edit` may be called again when another program
    changes the file meanwhile. Raises ConfigFileError; then the file is as it was.
    """
    target = _target(path, {machine.user_id()})
    try:
        if not target.parent.is_dir():
            make_private_folder(target.parent)
        with _locked(target):
            for _ in range(_MOST_TRIES):
                before = _read(target)
                after = _encode(edit(_decode(before)))
                if before == after or _replace(target, before, after):
                    return _decode(before), _decode(after)
    except OSError as error:
        raise ConfigFileError(
            f"cannot change {target}: {error.strerror}", hint="check owner and space"
        ) from None
    raise ConfigFileError(f"{target} keeps changing while it is edited", hint="close the other program")


def _target(path: Path, owners: set[int]) -> Path:
    target = Path(os.path.realpath(path))
    try:
        state = target.lstat()
    except FileNotFoundError:
        return target
    except OSError as error:
        raise ConfigFileError(f"cannot read {target}: {error.strerror}") from None
    if not stat.S_ISREG(state.st_mode):
        raise ConfigFileError(f"{target} is not a plain file", hint="point AWS_CONFIG_FILE at a file")
    if state.st_uid not in owners:
        raise ConfigFileError(
            f"{target} belongs to another user", hint="point AWS_CONFIG_FILE at your own file"
        )
    return target


def _read(target: Path) -> bytes:
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ConfigFileError(f"cannot read {target}: {error.strerror}") from None


def _replace(target: Path, before: bytes, after: bytes) -> bool:
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o600
    prepared = _write_temporary(target, after, mode)
    try:
        if before:
            machine.replace(
                _write_temporary(target, before, 0o600), target.with_name(target.name + BACKUP_SUFFIX)
            )
        if _read(target) != before:
            return False
        machine.replace(prepared, target)
    finally:
        prepared.unlink(missing_ok=True)
    return True


def _write_temporary(target: Path, content: bytes, mode: int) -> Path:
    temporary = target.with_name(f".{target.name}.{os.urandom(8).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | machine.NO_FOLLOW | machine.NOT_INHERITED
    with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
        machine.set_mode(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return temporary


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    flags = os.O_RDWR | os.O_CREAT | machine.NO_FOLLOW | machine.NOT_INHERITED
    descriptor = os.open(target.with_name(target.name + LOCK_SUFFIX), flags, 0o600)
    try:
        machine.set_mode(descriptor, 0o600)  # whatever the umask
        machine.wait_for_lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _decode(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
