"""The one error hierarchy: what failed, on which object, and what to do next.

Every error that a person may see derives from `UsherError`. It is raised near its cause with the
object's name and printed once, at the edge of the program.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The stable, documented exit codes of the `usher` command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    SIGN_IN_NEEDED = 3
    NO_ACCESS = 4
    NOT_FOUND = 5
    CHANGES = 6
    TRY_AGAIN = 7


class UsherError(Exception):
    """Something failed for a reason a person can act on.

    `message` names the object and what happened; `hint` is the likely cause or the next command.
    """

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str = "", exit_code: ExitCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if exit_code is not None:
            self.exit_code = exit_code


class UsageError(UsherError):
    """Wrong usage or input; nothing was changed."""

    exit_code = ExitCode.USAGE


class SignInNeededError(UsherError):
    """There is no valid portal session; somebody has to sign in."""

    exit_code = ExitCode.SIGN_IN_NEEDED


class NoAccessError(UsherError):
    """The person or key is known but may not do this."""

    exit_code = ExitCode.NO_ACCESS


class NotFoundError(UsherError):
    """The named object does not exist."""

    exit_code = ExitCode.NOT_FOUND


class UnavailableError(UsherError):
    """The other end is throttling, unreachable or broken; running the command again is safe."""

    exit_code = ExitCode.TRY_AGAIN


class BusyError(UnavailableError):
    """The other end asked to try the same call again in a moment: it throttles, or still settles a change."""
