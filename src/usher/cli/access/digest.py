"""Which state of an access file something was made from: the SHA-256 of its text, or of a folder's files."""

from __future__ import annotations

import hashlib
from pathlib import Path


def file_digest(name: str) -> str:
    """The digest of the access file called `name`, or of the files in the folder of that name."""
    path = Path(name)
    if not path.is_dir():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for each in sorted([*path.rglob("*.yaml"), *path.rglob("*.yml")]):
        digest.update(f"{each.relative_to(path).as_posix()}\0".encode())
        digest.update(hashlib.sha256(each.read_bytes()).digest())
    return digest.hexdigest()
