"""Trying again: which refusals pass by themselves, which calls may be repeated, and for how long.

Botocore's own retries are switched off where this is used, so that every request is paced and counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from botocore import exceptions as aws_errors

from usher.aws.clients import error_code, is_taken, is_throttle
from usher.core.errors import UnavailableError, UsherError

_READS = ("Describe", "Get", "Is", "List", "Lookup")

# AWS refuses to attach what is attached: an attachment that was made, and whose answer was lost, would be
# told as a conflict. Every other write gives the same result when it is made twice.
_NOT_REPEATABLE = ("Attach", "CreateApplication")

_FIRST_WAIT = 0.25
_LONGEST_WAIT = 20.0
_LONGEST_ASKED_WAIT = 60.0


class Trouble(Enum):
    """Why a call had no answer, if that passes by itself."""

    THROTTLED = "throttled"
    SETTLING = "settling"  # a change before this one has not spread yet
    BROKEN = "broken"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call is tried again: `seconds` while the service answers at all.

    `clock` gives seconds that never go back, `random` numbers in [0, 1).
    """

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]
    seconds: float = 300.0
    unreachable_seconds: float = 20.0

    def wait(self, trouble: Trouble, attempt: int, began: float, asked: float = 0.0) -> bool:
        """Wait after the `attempt`th refusal, counted from 0; False when it is time to give up.

        `asked` is how long the service asked to wait. The jitter is full, so that those who were refused
        together do not return together.
        """
        longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**attempt)
        pause = max(self.random() * longest, min(asked, _LONGEST_ASKED_WAIT))
        limit = self.unreachable_seconds if trouble is Trouble.UNREACHABLE else self.seconds
        if self.clock() + pause - began > limit:
            return False
        self.sleep(pause)
        return True


def trouble_of(error: UsherError) -> Trouble | None:
    """The passing trouble behind `error`, or None when it will not pass."""
    cause = error.__cause__
    if is_throttle(error):
        return Trouble.THROTTLED
    if error_code(error) == "ConflictException":
        return None if is_taken(error) else Trouble.SETTLING
    if isinstance(cause, aws_errors.ClientError):
        return Trouble.BROKEN if isinstance(error, UnavailableError) else None
    return Trouble.UNREACHABLE if isinstance(error, UnavailableError) else None


def may_repeat(operation: str, trouble: Trouble) -> bool:
    """Whether `operation` may be sent again after `trouble`.

    A throttled call was not begun. A write that meets a change still settling is for its caller to delay,
    who may do something else meanwhile.
    """
    match trouble:
        case Trouble.THROTTLED:
            return True
        case Trouble.SETTLING:
            return operation.startswith(_READS)
        case Trouble.BROKEN | Trouble.UNREACHABLE:
            return not operation.startswith(_NOT_REPEATABLE)


def asked_wait(error: UsherError) -> float:
    """How long the service asked to wait (`RetryAfterSeconds`), in seconds; 0 when it did not say."""
    response = getattr(error.__cause__, "response", {})
    asked = response.get("RetryAfterSeconds", 0)
    return float(asked) if isinstance(asked, int | float) and asked > 0 else 0.0
