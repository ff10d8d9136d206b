"""Keys for profiles, ahead of their expiry: whoever asks gets ones that hold for a while.

AWS SDKs ask for new keys from fifteen minutes before the old ones end, and wait two seconds for them. So keys
are renewed earlier, in the background for profiles that are in use; a request gets what is at hand while that
holds, and neither waits for the portal nor fails because it was away for a moment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from usher.core.credentials import Credentials
from usher.core.errors import UsherError

LEAD_SECONDS = 1_200.0
AT_LEAST_SECONDS = 60.0
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
    """Keys, and what the profile means now: `identity` changes when it leads elsewhere.

    `organization` is whose portal the way starts at, empty where it starts elsewhere.
    """

    credentials: Credentials
    identity: str
    region: str
    account_id: str | None
    role: str
    endpoint_url: str | None = None
    role_arn: str | None = None
    organization: str = ""


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
    """Opens profiles and renews the ones in use. Several threads may use it at once.

    `wake` is called when a renewal is due, for whoever calls `renew_due` in the background.
    """

    def __init__(
        self,
        open_profile: OpenProfile,
        clock: Callable[[], float],
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._open = open_profile
        self._clock = clock
        self.wake = wake
        self._guard = threading.Lock()
        self._demands: dict[Wanted, _Demand] = {}

    def credentials(self, wanted: Wanted) -> Supplied:
        """Keys for `wanted` that hold for a while. Raises what opening a profile raises."""
        with self._guard:
            demand = self._demands.setdefault(wanted, _Demand())
        try:
            supplied = self._open(wanted, min(demand.margin, AT_LEAST_SECONDS))
        except UsherError as error:
            self._failed(wanted, demand, error)
            raise
        demand.used, demand.expires_at = True, supplied.credentials.expires_at
        if self._is_due(demand):
            self.wake()
        return supplied

    def renew_due(self) -> None:
        """Renew what is in use and ends soon. A failure is kept for `problems` and tried again later."""
        with self._guard:
            demands = list(self._demands.items())
        for wanted, demand in demands:
            if self._is_due(demand):
                self._renew(wanted, demand)

    def problems(self) -> dict[str, str]:
        """Why the last attempt for a profile failed, by profile."""
        with self._guard:
            return {w.profile: d.problem for w, d in self._demands.items() if d.problem is not None}

    def profiles(self) -> list[str]:
        """The profiles whose keys were given out."""
        with self._guard:
            return sorted({wanted.profile for wanted in self._demands})

    def _is_due(self, demand: _Demand) -> bool:
        now, ends = self._clock(), demand.expires_at
        return demand.used and ends is not None and ends - now <= demand.margin and now >= demand.retry_at

    def _renew(self, wanted: Wanted, demand: _Demand) -> None:
        try:
            supplied = self._open(wanted, demand.margin)
        except UsherError as error:
            self._failed(wanted, demand, error)
            return
        demand.used, demand.problem, demand.retry_at = False, None, 0.0
        demand.expires_at = supplied.credentials.expires_at
        if demand.expires_at is not None:  # sessions shorter than twice the lead are renewed half-way
            demand.margin = min(max((demand.expires_at - self._clock()) / 2, 0.0), LEAD_SECONDS)

    def _failed(self, wanted: Wanted, demand: _Demand, error: UsherError) -> None:
        demand.problem = f"{error.message}: {error.hint}" if error.hint else error.message
        demand.retry_at = self._clock() + RETRY_SECONDS
        if demand.expires_at is None:  # it never gave keys: who asked was told, and nothing is in use
            with self._guard:
                self._demands.pop(wanted, None)
