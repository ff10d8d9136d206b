"""Grants: who holds a token of the container endpoint gets keys of one role, for a while, from one place.

A grant is pinned to what its profile meant when it was opened; when the profile leads elsewhere, the
grant is void. It ends with its time, its process, a revocation, or the agent. Tokens are kept as digests.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from usher.core.secrets import Secret
from usher.session.agent.peers import ProcessWatch
from usher.session.agent.supply import Supplied, Wanted

TOKEN_BYTES = 32
LONGEST_SECONDS = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What a grant gives. `addresses` are the endpoint's (IP, port) it may be used at.

    `any_user`: also other users of this machine may use it, as containers with the host's network run.
    """

    wanted: Wanted
    identity: str
    account_id: str | None
    role: str
    expires_at: float
    addresses: frozenset[tuple[str, int]]
    any_user: bool = False
    organization: str = ""


@dataclass(slots=True, eq=False)
class Grant:
    """An open grant and its use so far."""

    id: str
    terms: Terms
    digest: bytes = field(repr=False)
    token_file: Path | None = None
    process: ProcessWatch | None = None
    uses: int = 0
    last_used: float | None = None

    def has_ended(self, now: float) -> bool:
        """Whether its time is over or its process gone."""
        return now >= self.terms.expires_at or (self.process is not None and self.process.has_ended())

    def fits(self, supplied: Supplied) -> bool:
        """Whether the profile still means what was granted."""
        return hmac.compare_digest(self.terms.identity.encode(), supplied.identity.encode())


class GrantBook:
    """The open grants. `on_close` is told each one that ends, with the reason."""

    def __init__(self, clock: Callable[[], float], on_close: Callable[[Grant, str], None]) -> None:
        self._clock = clock
        self._on_close = on_close
        self._guard = threading.Lock()
        self._grants: dict[str, Grant] = {}

    def open(self, terms: Terms, process: ProcessWatch | None = None) -> tuple[Grant, Secret]:
        """A new grant and its token: 256 random bits, told once."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        grant = Grant(secrets.token_hex(4), terms, _digest(token), process=process)
        with self._guard:
            self._grants[grant.id] = grant
        return grant, Secret(token)

    def find(self, token: str, address: tuple[str, int]) -> Grant | None:
        """The open grant of `token` at this address. Every grant is compared, in constant time."""
        digest, found = _digest(token), None
        for grant in self.all():
            if hmac.compare_digest(grant.digest, digest):
                found = grant
        if found is None or address not in found.terms.addresses:
            return None
        if found.has_ended(self._clock()):
            self.sweep()
            return None
        return found

    def used(self, grant: Grant) -> None:
        """Keys were given."""
        with self._guard:
            grant.uses += 1
            grant.last_used = self._clock()

    def all(self) -> list[Grant]:
        """The open grants, oldest first."""
        with self._guard:
            return list(self._grants.values())

    def close(self, grant_id: str, reason: str) -> bool:
        """End a grant. False when there is none of that id."""
        with self._guard:
            grant = self._grants.pop(grant_id, None)
        if grant is None:
            return False
        if grant.token_file is not None:
            with contextlib.suppress(OSError):
                grant.token_file.unlink(missing_ok=True)
        if grant.process is not None:
            grant.process.close()
        self._on_close(grant, reason)
        return True

    def close_all(self, reason: str, organization: str | None = None) -> int:
        """End every grant, or those of one organization's portal, and say how many there were."""
        ending = [each for each in self.all() if organization in (None, each.terms.organization)]
        return sum(self.close(grant.id, reason) for grant in ending)

    def sweep(self) -> None:
        """End the grants whose time is over or whose process has gone."""
        now = self._clock()
        for grant in self.all():
            if grant.has_ended(now):
                self.close(
                    grant.id, "its time is over" if now >= grant.terms.expires_at else "its process ended"
                )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
