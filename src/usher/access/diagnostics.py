"""A person's mistakes in an access file: collected all, shown in the file's order, raised once."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass

from usher.access.locate import Position
from usher.core.errors import UsageError

# difflib compares with every candidate; past these bounds a file full of mistakes would take minutes.
_MAX_CANDIDATES = 2_000
_MAX_SUGGESTIONS = 50


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One mistake or warning; line and column count from 1. `hint` is what probably was meant, or empty."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        words = f"{self.file}:{self.line}:{self.column}: {self.message}"
        return f"{words} ({self.hint})" if self.hint else words


class AccessFileError(UsageError):
    """The access file has mistakes; its message lists them all, one per line. Nothing was changed."""

    def __init__(self, diagnostics: Collection[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(set(diagnostics)))
        count = len(self.diagnostics)
        hint = "nothing was changed" if count == 1 else f"{count} mistakes; nothing was changed"
        super().__init__("\n".join(map(str, self.diagnostics)), hint=hint)


class Findings:
    """The mistakes and warnings found so far. `file` is where a position stands that names no file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: list[Diagnostic] = []
        self._warned: list[Diagnostic] = []
        self._suggestions = 0

    def __len__(self) -> int:
        return len(self._found)

    def add(self, at: Position, message: str, hint: str = "") -> None:
        """Note a mistake at `at`."""
        self._found.append(self._diagnostic(at, message, hint))

    def warn(self, at: Position, message: str, hint: str = "") -> None:
        """Note at `at` what is allowed but should be known."""
        self._warned.append(self._diagnostic(at, message, hint))

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings in the files' order."""
        return tuple(sorted(set(self._warned)))

    def did_you_mean(self, written: str, candidates: Collection[str]) -> str:
        """A hint with the candidate most like `written`, or an empty one."""
        if self._suggestions >= _MAX_SUGGESTIONS:
            return ""
        self._suggestions += 1
        near = nearest(written, candidates)
        return f"did you mean '{near}'?" if near else ""

    def error(self) -> AccessFileError:
        """The error that shows everything found."""
        return AccessFileError(self._found)

    def raise_if_any(self) -> None:
        """Raise AccessFileError with everything found, if anything was."""
        if self._found:
            raise self.error()

    def _diagnostic(self, at: Position, message: str, hint: str) -> Diagnostic:
        return Diagnostic(at.file or self._file, at.line, at.column, message, hint)


def nearest(written: str, candidates: Collection[str]) -> str | None:
    """The candidate that `written` most likely stands for, or None when none is near."""
    folded = written.casefold()
    same = [name for name in candidates if name.casefold() == folded]
    if same:
        return same[0]
    if len(candidates) > _MAX_CANDIDATES or len(written) > 200:
        return None
    longer = [name for name in candidates if name.casefold().startswith(folded)]
    if len(longer) == 1 and len(written) >= 3:
        return longer[0]
    by_folded = {name.casefold(): name for name in candidates}
    near = difflib.get_close_matches(folded, by_folded, 1, cutoff=0.6)
    return by_folded[near[0]] if near else None
