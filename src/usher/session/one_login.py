"""One sign-in at a time per organization, whoever asks: the others wait for it and share what it brings.

Terraform, editors and k9s start many processes that all find the session ended in the same moment, and
poll for hours. One of them signs in, holding the organization's login lock; those who waited find its
session. A refusal, a timeout or Ctrl-C is remembered for a while, so that nobody opens tab after tab.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from usher.core.durations import plain_duration
from usher.core.errors import SignInNeededError, UnavailableError, UsherError
from usher.session.locks import exclusive
from usher.session.login import LoginDesk
from usher.session.organizations import PortalOrganization
from usher.session.records import PortalSession, read_session
from usher.session.vault.contract import UnreadableRecordError
from usher.session.vault.files import read_private, write_private

COOL_DOWN_SECONDS = 300.0
_QUEUE_SECONDS = 900.0
_PAUSE_SECONDS = 0.2

SignIn = Callable[[], PortalSession]
OnWait = Callable[[], None]
"""Told once when another process's sign-in is under way."""


def sign_in_if_needed(
    desk: LoginDesk, organization: PortalOrganization, sign_in: SignIn, on_wait: OnWait
) -> PortalSession:
    """A usable session, for a program that found none: another process's, or by `sign_in`.

    Raises SignInNeededError without asking anybody while the last refusal is recent.
    """
    with _turn(desk, organization, on_wait):
        session = _usable_session(desk, organization)
        if session is not None:
            return session
        _respect_refusal(desk, organization)
        return _signed_in(desk, organization, sign_in)


def sign_in_on_request(
    desk: LoginDesk, organization: PortalOrganization, sign_in: SignIn, on_wait: OnWait
) -> PortalSession:
    """A session for a person who asked for it: by `sign_in`, unless another sign-in ends well just now."""
    before = _usable_session(desk, organization)
    with _turn(desk, organization, on_wait) as waited:
        after = _usable_session(desk, organization) if waited else None
        if after is not None and (before is None or before.signed_in_at != after.signed_in_at):
            return after
        return _signed_in(desk, organization, sign_in)


def sign_in_afresh(
    desk: LoginDesk, organization: PortalOrganization, sign_in: SignIn, on_wait: OnWait
) -> PortalSession:
    """A session by `sign_in` whatever others have brought."""
    with _turn(desk, organization, on_wait):
        return _signed_in(desk, organization, sign_in)


@contextmanager
def _turn(desk: LoginDesk, organization: PortalOrganization, on_wait: OnWait) -> Iterator[bool]:
    """Hold the login lock; the value says whether another process had it first."""
    lock, waited = desk.locks / f"{organization.name}.login.lock", False
    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive(lock, 0.0))
        except UnavailableError:
            waited = True
            on_wait()
            stack.enter_context(exclusive(lock, _QUEUE_SECONDS, _PAUSE_SECONDS))
        yield waited


def _signed_in(desk: LoginDesk, organization: PortalOrganization, sign_in: SignIn) -> PortalSession:
    refusal = _refusal_file(desk, organization)
    try:
        session = sign_in()
    except KeyboardInterrupt:
        _remember(refusal, desk.clock(), "was interrupted")
        raise
    except UnavailableError:
        raise  # no refusal: the portal could not be reached, and nobody was asked
    except UsherError as error:
        _remember(refusal, desk.clock(), f"failed: {error.message}")
        raise
    refusal.unlink(missing_ok=True)
    return session


def _usable_session(desk: LoginDesk, organization: PortalOrganization) -> PortalSession | None:
    try:
        session = read_session(desk.vault, organization)
    except UnreadableRecordError:
        return None
    return session if session is not None and session.is_usable(desk.clock()) else None


def _respect_refusal(desk: LoginDesk, organization: PortalOrganization) -> None:
    at, why = _refusal(_refusal_file(desk, organization))
    ago = desk.clock() - at
    if 0 <= ago < COOL_DOWN_SECONDS:
        raise SignInNeededError(
            f"you are not signed in to {organization.name}; the last sign-in, {plain_duration(int(ago))} "
            f"ago, {why}",
            hint=f"run 'usher login {organization.name}' when you are ready",
        )


def _refusal(path: Path) -> tuple[float, str]:
    try:
        document = json.loads(read_private(path) or b"{}")
        return float(document["at"]), str(document["why"])
    except (ValueError, TypeError, KeyError):
        return 0.0, ""


def _remember(path: Path, now: float, why: str) -> None:
    write_private(path, json.dumps({"at": now, "why": why}).encode())


def _refusal_file(desk: LoginDesk, organization: PortalOrganization) -> Path:
    return desk.locks / f"{organization.name}.login.refused"
