"""The search over all places, and files of AWS tools that other users can read."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from usher.session.leftovers.aws_files import find_in_aws_files
from usher.session.leftovers.caches import find_in_caches
from usher.session.leftovers.finding import Kind, Leftover, Removal, Surroundings, modified_at
from usher.session.leftovers.nearby import find_nearby
from usher.session.leftovers.other_tools import find_of_other_tools

_SEARCHES = (find_in_aws_files, find_in_caches, find_of_other_tools, find_nearby)


def find_leftovers(places: Surroundings, now: float) -> list[Leftover]:
    """Every find, in the order of the places. What cannot be read is passed over."""
    found = [leftover for search in _SEARCHES for leftover in search(places, now)]
    kept = {leftover.path for leftover in found if leftover.removal is not Removal.DELETE_FILE}
    return [*found, *_open_files(places, kept)]


def _open_files(places: Surroundings, with_secrets: set[Path]) -> Iterator[Leftover]:
    """Files with secrets, and AWS's two files in any case, that others may read or change."""
    for path in sorted({*with_secrets, places.credentials_file, places.config_file}):
        try:
            state = path.stat()
        except OSError:
            continue
        writable_only = path == places.config_file and path not in with_secrets
        too_open = stat.S_IMODE(state.st_mode) & (0o022 if writable_only else 0o077)
        if stat.S_ISREG(state.st_mode) and state.st_uid == places.uid and too_open:
            yield Leftover(
                path,
                Kind.OPEN_FILE,
                "file mode",
                Removal.CLOSE_FILE,
                f"chmod 600 '{path}'",
                name=f"{stat.S_IMODE(state.st_mode):04o}",
                modified_at=modified_at(path),
            )
