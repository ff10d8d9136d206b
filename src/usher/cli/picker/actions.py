"""What may be done with a profile once it is picked."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Action(StrEnum):
    """What is done with a profile: a command of that name, or printing and copying the name."""

    USE = "use"
    EXEC = "exec"
    ENV = "env"
    CONSOLE = "console"
    PRINT = "print"
    COPY = "copy"


class Picked(NamedTuple):
    """The profiles that were picked, and what for. One, unless several could be marked."""

    profiles: tuple[str, ...]
    action: Action

    @property
    def profile(self) -> str:
        """The one profile."""
        return self.profiles[0]
