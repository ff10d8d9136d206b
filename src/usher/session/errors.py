"""What can go wrong between a person and their portal, one class per reason that callers tell apart."""

from __future__ import annotations

from usher.core.errors import NoAccessError, SignInNeededError, UnavailableError, UsherError


class NotSignedInError(SignInNeededError):
    """Nobody is signed in to the organization."""


class SessionEndedError(SignInNeededError):
    """There was a session; the portal no longer accepts it and it cannot be refreshed."""


class LoginExpiredError(SignInNeededError):
    """The sign-in was not finished in time."""


class LoginRefusedError(NoAccessError):
    """The person or the portal refused the sign-in."""


class AccessRefusedError(NoAccessError):
    """The person is signed in but has no such permission set in that account (HTTP 403)."""


class PortalUnavailableError(UnavailableError):
    """The portal is throttling (429), failing (5xx) or unreachable."""


class PortalAnswerError(UsherError):
    """The portal answered something its protocol does not allow."""


class OidcError(UsherError):
    """An error answer of `sso-oidc`; `code` is its OAuth error code (`invalid_grant`, ...)."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"the portal refused the sign-in request: {description or code} ({code})")
        self.code = code
