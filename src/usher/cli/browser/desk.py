"""Who asks the native host and what it works with, and errors as the extension reads them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from usher.cli.browser.installs import Install
from usher.cli.browser.link_key import link_key
from usher.cli.browser.messages import WrongMessageError
from usher.cli.context import Context
from usher.cli.looks import Question
from usher.cli.wire import open_session_rooms
from usher.console.browsers import Family
from usher.core.errors import NoAccessError, NotFoundError, SignInNeededError, UnavailableError, UsherError
from usher.core.secrets import Secret
from usher.session.vault.keys import VaultLockedError


@dataclass(frozen=True, slots=True)
class Caller:
    """The browser that started this host, as far as its command line and the system tell."""

    family: Family
    program: str = ""
    options: tuple[str, ...] = ()


class Desk:
    """What operations work with: one extension's host. `greeted` is told who the extension is."""

    def __init__(self, context: Context, caller: Caller, greeted: Callable[[Install], None]) -> None:
        self.context = context
        self.caller = caller
        self._greeted = greeted
        self._install: Install | None = None
        self._key: Secret | None = None
        self._greeting = threading.Lock()

    @property
    def install(self) -> Install:
        """Who asks. Raises WrongMessageError before `hello`."""
        if self._install is None:
            raise WrongMessageError("the extension has not said hello")
        return self._install

    def has_old_key(self) -> bool:
        """Whether links are sealed with another key by now than the extension was given."""
        return self._key is not None and self._key != link_key(open_session_rooms(self.context))

    def greet(self, install: Install, key: Secret) -> None:
        """Take the extension, which is given `key`, for `install` from now on. Raises WrongMessageError."""
        with self._greeting:
            if self._install is not None and self._install.id != install.id:
                raise WrongMessageError("the extension has said hello as another install")
            if self._install is None:
                self._greeted(install)
            self._install, self._key = install, key


class ConfirmNeededError(UsherError):
    """A protected account is entered only by who says the word."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.text, hint=question.doubt)
        self.question = question


class PortalSignInNeededError(SignInNeededError):
    """A sign-in is needed, and it is known to which organization."""

    def __init__(self, cause: SignInNeededError, organization: str) -> None:
        super().__init__(cause.message, hint=cause.hint)
        self.organization = organization


def error_document(error: UsherError) -> dict[str, object]:
    """An error as the extension reads it: a code to act on, words for a person."""
    document: dict[str, object] = {"code": _code(error), "message": error.message, "hint": error.hint}
    if isinstance(error, PortalSignInNeededError):
        document["organization"] = error.organization
    if isinstance(error, ConfirmNeededError):
        asked = error.question
        document["confirm"] = {"how": str(asked.how), "word": asked.word, "text": asked.text}
    return document


def _code(error: UsherError) -> str:
    kinds: tuple[tuple[type[UsherError], str], ...] = (
        (WrongMessageError, "wrong"),
        (ConfirmNeededError, "confirm"),
        (VaultLockedError, "locked"),
        (SignInNeededError, "sign_in"),
        (NoAccessError, "no_access"),
        (NotFoundError, "not_found"),
        (UnavailableError, "unavailable"),
    )
    return next((code for kind, code in kinds if isinstance(error, kind)), "failed")
