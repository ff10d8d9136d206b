"""Why STS did not give keys: the reasons that a program can act on, apart from the words for a person."""

from __future__ import annotations

from enum import StrEnum

from usher.core.errors import NoAccessError


class StsReason(StrEnum):
    """What STS refused."""

    DENIED = "denied"
    KEYS = "keys"
    CODE = "code"
    TOKEN = "token"  # noqa: S105 -- the reason's name, no token
    REGION = "region"
    REQUEST = "request"


class StsRefusedError(NoAccessError):
    """STS answered and said no. `words` are its own."""

    def __init__(self, reason: StsReason, words: str, *, message: str = "", hint: str = "") -> None:
        super().__init__(message or f"STS says: {words}", hint=hint)
        self.reason = reason
        self.words = words
