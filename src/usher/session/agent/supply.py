"""Keys for profiles, ahead of their expiry: whoever asks gets ones that hold for a while.

AWS SDKs ask for new keys from fifteen minutes before the old ones end. So keys are renewed earlier, in
the background for profiles that are in use, and an SDK's request never waits for the portal nor fails
because it was away for a moment.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from usher.core.credentials import Credentials
from usher.core.errors import UsherError

LEAD_SECONDS = 1_200.0
AT_LEAST_SECONDS = 30.0
RETRY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A profile as somebody's environment means it: the variables that say which files are read."""

    profile: str
    environment: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, profile: str, environment: Mapping[str, str]) -> Wanted:
        """A profile in an environment."""
        return cls(profile, tuple(sorted(environment.items())))


@dataclass(frozen=True, slots=True)
class Supplied:
    """Keys, and what the profile means now: `identity` changes when it leads elsewhere."""

    credentials: Credentials
    identity: str
    region: str
    account_id: str | None
    role: str
    endpoint_url: str | None = None
    role_arn: str | None = None


OpenProfile = Callable[[Wanted, float], Supplied]
"""Opens a profile to keys that hold for that many seconds at least, if such can be had at all."""


@dataclass(slots=True)
class _Demand:
    """A profile that somebody asked for: whether since its last renewal, and why that failed if it did.

    `margin` adapts to sessions that are shorter than the lead.
    """

    margin: float = LEAD_SECONDS
    expires_at: float | None = None
    used: bool = False
    retry_at: float = 0.0
    problem: str | None = None


class CredentialSupply:
    """Opens profiles and renews the ones in use. Several threads may use it at once."""

    def __init__(self, open_profile: OpenProfile, clock: Callable[[], float]) -> None:
        self._open = open_profile
        self._clock = clock
        self._guard = threading.Lock()
        self._demands: dict[Wanted, _Demand] = {}

    def credentials(self, wanted: Wanted) -> Supplied:
        """Keys for `wanted`, those at hand while the portal is away. Raises what opening a profile raises."""
        demand = self._demand(wanted)
        demand.used = True
        return self._opened(wanted, demand)

    def renew_due(self) -> None:
        """Renew what is in use and ends soon. A failure is kept for `problems` and tried again later."""
        now = self._clock()
        with self._guard:
            demands = list(self._demands.items())
        for wanted, demand in demands:
            ends = demand.expires_at
            if not demand.used or ends is None or ends - now > demand.margin or now < demand.retry_at:
                continue
            with contextlib.suppress(UsherError):  # it is kept as the demand's problem
                self._opened(wanted, demand)
                demand.used = demand.problem is not None

    def problems(self) -> dict[str, str]:
        """Why the last attempt for a profile failed, by profile."""
        with self._guard:
            return {w.profile: d.problem for w, d in self._demands.items() if d.problem is not None}

    def profiles(self) -> list[str]:
        """The profiles that were asked for."""
        with self._guard:
            return sorted({wanted.profile for wanted in self._demands})

    def _demand(self, wanted: Wanted) -> _Demand:
        with self._guard:
            return self._demands.setdefault(wanted, _Demand())

    def _opened(self, wanted: Wanted, demand: _Demand) -> Supplied:
        """Keys that hold for the demand's margin; failing that, those at hand while they hold at all."""
        try:
            supplied = self._open(wanted, demand.margin)
        except UsherError as error:
            demand.problem = f"{error.message}: {error.hint}" if error.hint else error.message
            demand.retry_at = self._clock() + RETRY_SECONDS
            if demand.margin <= AT_LEAST_SECONDS:
                raise
            supplied = self._open(wanted, AT_LEAST_SECONDS)
        else:
            demand.problem, demand.retry_at = None, 0.0
            self._adapt(demand, supplied)
        demand.expires_at = supplied.credentials.expires_at
        return supplied

    def _adapt(self, demand: _Demand, supplied: Supplied) -> None:
        """Sessions shorter than twice the lead are renewed half-way."""
        if supplied.credentials.expires_at is None:
            return
        left = supplied.credentials.expires_at - self._clock()
        if left < demand.margin or left / 2 > demand.margin:  # new, and of another length than before
            demand.margin = min(max(left / 2, 0.0), LEAD_SECONDS)
