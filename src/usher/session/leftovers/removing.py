"""Removing a find: a file as a whole, some lines of one, or the rights of others to it.

Everything that is not the secret stays as it is, byte by byte. A file that has changed since it was
looked at is looked at again: its line numbers no longer mean what they meant.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from usher.core import machine
from usher.core.errors import UsherError
from usher.session.leftovers.finding import Leftover, Removal


class NotRemovedError(UsherError):
    """The find is still there."""


def remove(leftovers: Sequence[Leftover]) -> dict[Leftover, UsherError | None]:
    """Remove the finds, file by file, and say of each what stood in the way (None: it is gone)."""
    outcomes: dict[Leftover, UsherError | None] = {}
    for path in dict.fromkeys(leftover.path for leftover in leftovers):
        here = [leftover for leftover in leftovers if leftover.path == path]
        try:
            _clean(path, here)
            problem = None
        except OSError as error:
            problem = NotRemovedError(f"cannot clean {path}: {error.strerror}", hint="check owner and rights")
        except NotRemovedError as error:
            problem = error
        outcomes |= dict.fromkeys(here, problem)
    return outcomes


def _clean(path: Path, here: Sequence[Leftover]) -> None:
    ways = {leftover.removal for leftover in here}
    if Removal.BY_HAND in ways:
        raise NotRemovedError(f"{path} cannot be cleaned for you", hint=here[0].advice)
    target = Path(os.path.realpath(path))
    state = target.stat()
    if state.st_uid != machine.user_id():
        raise NotRemovedError(f"{target} belongs to another user", hint="ask its owner")
    if Removal.DELETE_FILE in ways:
        target.unlink()  # the secret is there, not in a link that leads to it
        path.unlink(missing_ok=True)
        return
    lines = {line for leftover in here for line in leftover.lines}
    if lines:
        if any(leftover.modified_at not in {None, state.st_mtime} for leftover in here):
            raise NotRemovedError(f"{path} has changed meanwhile", hint="run 'usher doctor secrets' again")
        _cut_lines(target, lines)
    else:
        target.chmod(stat.S_IMODE(state.st_mode) & 0o700)


def _cut_lines(path: Path, lines: set[int]) -> None:
    content = path.read_bytes().split(b"\n")
    kept = b"\n".join(line for number, line in enumerate(content, 1) if number not in lines)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | machine.NO_FOLLOW | machine.NOT_INHERITED
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(kept)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
