"""The clocks a person lives by, and which of them a job would outlive.

An access token is refreshed for as long as the portal session lasts; a role session's keys end on
their own, and new ones are to be had until the portal session ends. So what binds depends on the
program: one that renews its keys works until the portal session ends, one that was given fixed keys
until those do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from usher.session.records import PortalSession


class Clock(StrEnum):
    """What ends."""

    ACCESS_TOKEN = "access-token"  # noqa: S105 -- a clock's name
    PORTAL_SESSION = "portal-session"
    ROLE_SESSION = "role-session"


@dataclass(frozen=True, slots=True)
class Binding:
    """The clock that decides, and when it runs out (seconds since the epoch; None: nobody tells)."""

    clock: Clock
    ends_at: float | None


def binding_of_session(session: PortalSession, lasts: int | None, now: float) -> Binding:
    """What ends the time in which new keys can be had; `lasts` is the portal session's length, if known.

    A sign-in in a browser that was signed in already continues that session, so the end is the latest
    one possible.
    """
    if not session.is_refreshable(now):
        return Binding(Clock.ACCESS_TOKEN, session.tokens.expires_at)
    if lasts is None:
        return Binding(Clock.PORTAL_SESSION, None)
    return Binding(Clock.PORTAL_SESSION, min(session.signed_in_at + lasts, session.client.expires_at))


def binding_of_keys(ends_at: float) -> Binding:
    """What binds a program that was given keys and cannot renew them."""
    return Binding(Clock.ROLE_SESSION, ends_at)


def outlives(needs: float, now: float, binding: Binding) -> Binding | None:
    """`binding` when a job of `needs` seconds would outlive it; None when not, or when nobody can tell."""
    return binding if binding.ends_at is not None and now + needs > binding.ends_at else None
