"""Writing files that people keep: all or none, and never over what is there without being asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from usher.cli.terminal import printable
from usher.core.errors import UsageError


def check_free(folder: Path, names: Mapping[str, str], *, force: bool) -> None:
    """Refuse to write into `folder` where one of `names` is, unless `force`. Raises UsageError."""
    taken = sorted(name for name in names if (folder / name).exists())
    if taken and not force:
        raise UsageError(
            f"'{printable(str(folder / taken[0]))}' exists already; nothing was written",
            hint="choose another place with --out, or overwrite it with --force",
        )


def write_files(folder: Path, texts: Mapping[str, str]) -> None:
    """Write every text under its name, each whole or not at all. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            unfinished = folder / f".{name}.part"
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(folder / name)
    except OSError as error:
        raise UsageError(f"'{printable(str(folder))}' cannot be written: {error.strerror}") from None
