"""Sessions in words: who is signed in where, and how long each clock still runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from usher.cli.terminal import printable
from usher.core.durations import plain_duration


@dataclass(frozen=True, slots=True)
class RoleState:
    """A cached role session; `expires_at` in seconds since the epoch."""

    account_id: str
    permission_set: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class OrganizationState:
    """One organization's portal session. `expires_at` is None when there is no session."""

    name: str
    start_url: str
    region: str
    signed_in: bool
    expires_at: float | None
    refreshable: bool
    roles: Sequence[RoleState]
    problem: str | None = None


def iso_time(seconds: float) -> str:
    """A moment as ISO 8601 in UTC, for example `2026-11-24T13:00:00Z`."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def remaining(expires_at: float, now: float) -> str:
    """How long until `expires_at`, to the minute when it is more than one."""
    seconds = int(expires_at - now)
    if seconds <= 0:
        return "ended"
    return plain_duration(seconds if seconds < 60 else seconds // 60 * 60)


def status_text(states: Sequence[OrganizationState], kept: str, now: float) -> str:
    """Every organization with its portal session and role sessions."""
    if not states:
        return "No organization is known yet: run 'usher login NAME --start-url URL --region REGION'."
    lines: list[str] = []
    for state in states:
        lines.append(f"{state.name}  {state.start_url} ({state.region})")
        lines.append(f"  portal session  {_portal_words(state, now)}")
        lines += [
            f"  role session    {role.account_id} {printable(role.permission_set)}: "
            f"{remaining(role.expires_at, now)}"
            for role in state.roles
        ]
    return "\n".join([*lines, f"secrets  {kept}"])


def status_document(states: Sequence[OrganizationState], kept: dict[str, object]) -> dict[str, object]:
    """The same for scripts."""
    return {
        "organizations": [
            {
                "name": state.name,
                "start_url": state.start_url,
                "region": state.region,
                "signed_in": state.signed_in,
                "access_token_expires_at": None if state.expires_at is None else iso_time(state.expires_at),
                "refreshable": state.refreshable,
                "problem": state.problem,
                "roles": [
                    {
                        "account_id": role.account_id,
                        "permission_set": role.permission_set,
                        "expires_at": iso_time(role.expires_at),
                    }
                    for role in state.roles
                ],
            }
            for state in states
        ],
        "secrets": kept,
    }


def skew_warning(seconds: float) -> str:
    """What to say about a wrong clock. `seconds` is positive when ours is ahead."""
    direction = "ahead of" if seconds > 0 else "behind"
    amount = plain_duration(round(abs(seconds) / 60) * 60)
    return f"this machine's clock is {amount} {direction} the server's; set it, or keys will seem expired"


def _portal_words(state: OrganizationState, now: float) -> str:
    if state.problem:
        return f"{state.problem}: run 'usher login {state.name}'"
    if state.expires_at is None:
        return f"not signed in: run 'usher login {state.name}'"
    if not state.signed_in:
        return f"ended: run 'usher login {state.name}'"
    left = remaining(state.expires_at, now)
    if not state.refreshable:
        return f"{left} left, cannot be refreshed"
    if state.expires_at <= now:
        return "access token ended, refreshed at next use"
    return f"{left} left, then refreshed"
