"""Sessions in words: who is signed in where, how long each clock still runs, and which one binds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from usher.cli.terminal import printable
from usher.core.durations import plain_duration
from usher.session.clocks import Binding, Clock


@dataclass(frozen=True, slots=True)
class RoleState:
    """A cached role session; `expires_at` in seconds since the epoch.

    `account_name` is empty where it is not known; `mark` is the label of a protected account, as shown.
    """

    account_id: str
    permission_set: str
    expires_at: float
    account_name: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class ChainState:
    """Kept keys of a chained role, or of an IAM user's session with a code; `what` says of which."""

    what: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class OrganizationState:
    """One organization's portal session; `expires_at` is its access token's end. None: no session."""

    name: str
    start_url: str
    region: str
    signed_in: bool
    expires_at: float | None
    refreshable: bool
    roles: Sequence[RoleState]
    problem: str | None = None
    signed_in_at: float | None = None
    binding: Binding | None = None
    outlived: Binding | None = None
    """The clock that a job would outlive, when it was asked for how long one needs."""
    chains: Sequence[ChainState] = ()


def iso_time(seconds: float) -> str:
    """A moment as ISO 8601 in UTC, for example `2026-11-24T13:00:00Z`."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_time(seconds: float, now: float) -> str:
    """A moment on the person's own clock: `15:30`, with the day when it is not today's."""
    moment, today = (datetime.fromtimestamp(each).astimezone() for each in (seconds, now))
    return moment.strftime("%H:%M" if moment.date() == today.date() else "%a %d %b %H:%M")


def remaining(expires_at: float, now: float) -> str:
    """How long until `expires_at`, to the minute when it is more than one."""
    seconds = int(expires_at - now)
    return "ended" if seconds <= 0 else plain_duration(_to_the_minute(seconds))


def status_text(
    states: Sequence[OrganizationState],
    kept: str,
    now: float,
    needs: int | None = None,
    chains: Sequence[ChainState] = (),
) -> str:
    """Every organization with its clocks, the one that binds, and what a job of `needs` would outlive.

    `chains` are kept keys that no portal is at the root of.
    """
    if not states and not chains:
        return "No organization is known yet: run 'usher login NAME --start-url URL --region REGION'."
    lines: list[str] = []
    for state in states:
        lines += [f"{state.name}  {state.start_url} ({state.region})", *_clocks(state, now)]
        if needs is not None and state.binding is not None:
            lines.append(f"  a job of {plain_duration(needs):<6} {_verdict(state, now)}")
    if chains:
        lines += ["without a portal", *_chain_lines(chains, now)]
    return "\n".join([*lines, f"secrets  {kept}"])


def status_document(
    states: Sequence[OrganizationState], kept: dict[str, object], chains: Sequence[ChainState] = ()
) -> dict[str, object]:
    """The same for scripts."""
    return {
        "organizations": [_document(state) for state in states],
        "without_a_portal": [_chain_document(chain) for chain in chains],
        "secrets": kept,
    }


def outlived_words(outlived: Binding, needs: float, now: float) -> str:
    """A warning for somebody who is about to start a job that its keys or session will not survive."""
    end = outlived.ends_at or now
    job, left = plain_duration(int(needs)), remaining(end, now)
    match outlived.clock:
        case Clock.ROLE_SESSION:
            return (
                f"these keys end in {left} ({local_time(end, now)}), before a job of {job} is done; "
                "'usher exec --renew' renews them"
            )
        case Clock.PORTAL_SESSION:
            return (
                f"the portal session ends in {left} ({local_time(end, now)}), before a job of {job} is "
                "done; 'usher login --fresh' starts a full one"
            )
        case Clock.ACCESS_TOKEN:
            return (
                f"this session ends in {left} ({local_time(end, now)}) and cannot be refreshed, before a "
                f"job of {job} is done; run 'usher login'"
            )


def skew_warning(seconds: float) -> str:
    """What to say about a wrong clock. `seconds` is positive when ours is ahead."""
    direction = "ahead of" if seconds > 0 else "behind"
    amount = plain_duration(round(abs(seconds) / 60) * 60)
    return f"this machine's clock is {amount} {direction} the server's; set it, or keys will seem expired"


def _clocks(state: OrganizationState, now: float) -> list[str]:
    if state.problem:
        return [f"  portal session  {state.problem}: run 'usher login {state.name}'"]
    if state.expires_at is None or not state.signed_in or state.binding is None:
        words = "not signed in" if state.expires_at is None else "ended"
        return [f"  portal session  {words}: run 'usher login {state.name}'", *_roles(state, now)]
    return [
        f"  portal session  {_portal_words(state, state.binding, now)}",
        f"  access token    {_token_words(state.expires_at, now, refreshable=state.refreshable)}",
        *_roles(state, now),
        f"  binding         {_binding_words(state, state.binding, now)}",
    ]


def _roles(state: OrganizationState, now: float) -> list[str]:
    return [
        f"  role session    {_account_words(role)} {printable(role.permission_set)}: "
        f"{remaining(role.expires_at, now)} left{f'  {role.mark}' if role.mark else ''}"
        for role in state.roles
    ] + _chain_lines(state.chains, now)


def _chain_lines(chains: Sequence[ChainState], now: float) -> list[str]:
    return [
        f"  chained         {printable(each.what)}: {remaining(each.expires_at, now)} left" for each in chains
    ]


def _chain_document(chain: ChainState) -> dict[str, object]:
    return {"what": chain.what, "expires_at": iso_time(chain.expires_at)}


def _account_words(role: RoleState) -> str:
    return f"{printable(role.account_name)} ({role.account_id})" if role.account_name else role.account_id


def _portal_words(state: OrganizationState, binding: Binding, now: float) -> str:
    since = ""
    if state.signed_in_at is not None:
        ago = int(now - state.signed_in_at)
        since = f"signed in {plain_duration(_to_the_minute(ago))} ago"
    if binding.clock is Clock.PORTAL_SESSION and binding.ends_at is not None:
        end = f"ends in {remaining(binding.ends_at, now)} at the latest ({local_time(binding.ends_at, now)})"
        return f"{since}, {end}" if since else end
    return since or "signed in"


def _token_words(expires_at: float, now: float, *, refreshable: bool) -> str:
    if not refreshable:
        return f"{remaining(expires_at, now)} left, cannot be refreshed"
    if expires_at <= now:
        return "ended, refreshed at next use"
    return f"{remaining(expires_at, now)} left, then refreshed"


def _binding_words(state: OrganizationState, binding: Binding, now: float) -> str:
    if binding.ends_at is None:
        return (
            "the portal session; this portal does not tell its end. If you know how long one\n"
            f'                  lasts: [organizations.{state.name}] portal_session = "8h" in settings.toml'
        )
    what = "the portal session" if binding.clock is Clock.PORTAL_SESSION else "the access token"
    return f"{what}: new keys until {local_time(binding.ends_at, now)}, then sign in again"


def _verdict(state: OrganizationState, now: float) -> str:
    if state.outlived is not None:
        what = "portal session" if state.outlived.clock is Clock.PORTAL_SESSION else "session"
        return f"outlives the {what}, which ends in {remaining(state.outlived.ends_at or now, now)}"
    if state.binding is not None and state.binding.ends_at is None:
        return "may outlive the portal session: its end is not known"
    return "holds, if the program renews its keys"


def _document(state: OrganizationState) -> dict[str, object]:
    binding = state.binding if state.signed_in else None
    ends_at = binding.ends_at if binding else None
    return {
        "name": state.name,
        "start_url": state.start_url,
        "region": state.region,
        "signed_in": state.signed_in,
        "signed_in_at": _optional_time(state.signed_in_at if state.signed_in else None),
        "access_token_expires_at": _optional_time(state.expires_at or None),
        "refreshable": state.refreshable,
        "binding": binding.clock if binding else None,
        "binding_ends_at": _optional_time(ends_at),
        "outlived": state.outlived.clock if state.outlived else None,
        "problem": state.problem,
        "roles": [
            {
                "account_id": role.account_id,
                "account_name": role.account_name,
                "permission_set": role.permission_set,
                "expires_at": iso_time(role.expires_at),
            }
            for role in state.roles
        ],
        "chains": [_chain_document(chain) for chain in state.chains],
    }


def _optional_time(seconds: float | None) -> str | None:
    return None if seconds is None else iso_time(seconds)


def _to_the_minute(seconds: int) -> int:
    return seconds if seconds < 60 else seconds // 60 * 60
