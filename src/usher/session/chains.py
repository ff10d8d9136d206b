"""Walking a chain of hops to keys: in one process, each hop's keys kept, one walker at a time.

What a hop gave is kept in the vault under everything that determines it, until shortly before it ends.
The walk begins at the last hop whose keys still hold, so a role that is kept costs no call at all. Keys
that STS refuses are taken out of the vault and made once more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, assert_never

from usher.core.credentials import Credentials
from usher.core.errors import SignInNeededError, UsageError
from usher.core.hops import (
    Chain,
    Hop,
    KeyPlace,
    Link,
    LoginSessionHop,
    PortalHop,
    ProcessHop,
    RoleHop,
    SessionTokenHop,
    StaticKeysHop,
    WebIdentityHop,
    way_key,
)
from usher.core.secrets import Secret
from usher.core.sts_refusals import StsReason, StsRefusedError
from usher.session.aws_login import LoginSessions
from usher.session.chain_records import chain_record, read_hop, write_hop
from usher.session.keeper import KEYS_MARGIN_SECONDS, SessionKeeper
from usher.session.locks import exclusive, session_lock
from usher.session.mfa import CodeDesk
from usher.session.organizations import PortalOrganization, check_address
from usher.session.process import ProcessRunner
from usher.session.records import read_role, role_name
from usher.session.roles import role_credentials
from usher.session.static_keys import read_keys
from usher.session.sts_words import Asked, in_words
from usher.session.vault.contract import Vault

LONGEST_WAIT_SECONDS = 180.0
MOST_CODES = 3
LARGEST_TOKEN_BYTES = 65_536


class Sts(Protocol):
    """Security Token Service. Every call raises StsRefusedError when the answer is no."""

    def assume_role(
        self, hop: RoleHop, keys: Credentials, session_name: str, code: str | None
    ) -> Credentials:
        """Enter the role of `hop` with `keys`."""

    def session_token(self, hop: SessionTokenHop, keys: Credentials, code: str) -> Credentials:
        """A session of the IAM user of `keys`."""

    def assume_role_with_web_identity(
        self, hop: WebIdentityHop, token: Secret, session_name: str
    ) -> Credentials:
        """Enter the role of `hop` with an OpenID Connect token."""


@dataclass(frozen=True, slots=True)
class ChainPorts:
    """What walking needs. `session_name` names role sessions that the profile does not name.

    `keys_margin` is for how many seconds kept keys must still hold to be used again.
    """

    organization_of: Callable[[PortalHop, str], PortalOrganization]
    keeper: Callable[[PortalOrganization], SessionKeeper]
    sts: Sts
    codes: CodeDesk
    processes: ProcessRunner
    logins: LoginSessions
    vault: Vault
    locks: Path
    clock: Callable[[], float]
    session_name: str
    keys_margin: float = KEYS_MARGIN_SECONDS


@dataclass(frozen=True, slots=True)
class KeptHop:
    """What there is for one link without a call: when it ends, None for nothing that still serves."""

    link: Link
    keepable: bool
    expires_at: float | None


class ChainWalker:
    """Walks one chain. Raises the errors of portals, STS, programs and prompts."""

    def __init__(self, ports: ChainPorts, chain: Chain) -> None:
        self._ports = ports
        portal = chain.portal
        self._profile = chain.profile
        self.organization = self._organization_of(portal) if portal else None
        emulated = self.organization.aws_endpoint_url if self.organization else None
        self._links = tuple(replace(link, hop=_placed(link.hop, emulated)) for link in chain.links)
        self._root = self._identity_of_root()

    def keys(self) -> Credentials:
        """The chain's keys, kept or made."""
        return self._after(len(self._links))

    def is_still_kept(self, keys: Credentials) -> bool:
        """Whether nothing has taken `keys` away since: a login or logout, or new keys of an IAM user."""
        count = len(self._links)
        if not self._is_keepable(count):
            return self._identity_of_root() == self._root
        kept = self._kept_at_all(count)
        return keys.expires_at is None if kept is None else kept == keys

    def forget(self) -> None:
        """Take what is kept for the last hop out of the vault."""
        self._drop(len(self._links))

    def kept(self) -> list[KeptHop]:
        """For each link what is there; no call is made."""
        found: list[KeptHop] = []
        for count, link in enumerate(self._links, 1):
            keys = self._kept(count) if self._is_keepable(count) else self._held_elsewhere(link.hop)
            found.append(KeptHop(link, self._is_keepable(count), keys.expires_at if keys else None))
        return found

    def _held_elsewhere(self, hop: Hop) -> Credentials | None:
        return self._ports.logins.held(hop.principal_arn) if isinstance(hop, LoginSessionHop) else None

    def _after(self, count: int) -> Credentials:
        if not self._is_keepable(count):
            return self._start(self._links[0])
        kept = self._kept(count)
        if kept is not None:
            return kept
        if isinstance(self._links[count - 1].hop, PortalHop):
            return self._start(self._links[0])  # the portal's own lock and record
        with exclusive(self._ports.locks / f"hop-{self._key(count)[:40]}.lock", LONGEST_WAIT_SECONDS):
            kept = self._kept(count)
            return kept if kept is not None else self._make(count)

    def _make(self, count: int) -> Credentials:
        link = self._links[count - 1]
        if count == 1:
            made = self._start(link)
            self._keep(count, made, None)
            return made
        parent = self._after(count - 1)
        try:
            made = self._step(link, parent)
        except StsRefusedError as refusal:
            if refusal.reason is not StsReason.KEYS or not self._is_keepable(count - 1):
                raise self._told(refusal, count) from None
            self._drop(count - 1)
            parent = self._after(count - 1)
            made = self._step_or_words(count, parent)
        self._keep(count, made, parent)
        return made

    def _step_or_words(self, count: int, parent: Credentials) -> Credentials:
        try:
            return self._step(self._links[count - 1], parent)
        except StsRefusedError as refusal:
            raise self._told(refusal, count) from None

    def _told(self, refusal: StsRefusedError, count: int) -> StsRefusedError:
        hop, before = self._links[count - 1].hop, self._links[count - 2].hop
        return in_words(refusal, hop, before) if isinstance(hop, Asked) else refusal

    def _start(self, link: Link) -> Credentials:
        ports, hop = self._ports, link.hop
        match hop:
            case PortalHop():
                return self._from_portal(hop)
            case StaticKeysHop(place=KeyPlace.VAULT):
                return read_keys(ports.vault, hop.name).credentials
            case StaticKeysHop():
                return hop.open_keys
            case ProcessHop():
                return ports.processes.keys(hop.command, link.profile, hop.account_id)
            case LoginSessionHop():
                return ports.logins.keys(hop.principal_arn, link.profile)
            case WebIdentityHop():
                return self._from_web_identity(hop)
            case SessionTokenHop() | RoleHop():
                raise UsageError(f"the way of '{link.profile}' does not start anywhere")
            case never:
                assert_never(never)

    def _from_portal(self, hop: PortalHop) -> Credentials:
        keeper = self._ports.keeper(self._organization_of(hop))
        keys = role_credentials(keeper, hop.account_id, hop.permission_set)
        return Credentials(
            keys.access_key_id, keys.secret_access_key, keys.session_token, keys.expires_at, keys.account_id
        )

    def _organization_of(self, hop: PortalHop) -> PortalOrganization:
        return self._ports.organization_of(hop, self._profile)

    def _from_web_identity(self, hop: WebIdentityHop) -> Credentials:
        try:
            with Path(hop.token_file).open("rb") as file:
                token = file.read(LARGEST_TOKEN_BYTES).decode("ascii").strip()
        except (OSError, ValueError):
            token = ""
        if not token:
            raise SignInNeededError(
                f"there is no token in {hop.token_file} to enter {hop.role_arn} with",
                hint="the program that keeps that file has to write it first",
            )
        try:
            return self._ports.sts.assume_role_with_web_identity(
                hop, Secret(token), hop.session_name or self._ports.session_name
            )
        except StsRefusedError as refusal:
            raise in_words(refusal, hop, None) from None

    def _step(self, link: Link, parent: Credentials) -> Credentials:
        match link.hop:
            case SessionTokenHop():
                return self._session_token(link.hop, parent)
            case RoleHop():
                return self._role(link.hop, parent)
            case _:
                raise UsageError(f"the way of '{link.profile}' starts in its middle")

    def _session_token(self, hop: SessionTokenHop, parent: Credentials) -> Credentials:
        sts = self._ports.sts
        return self._with_code(hop.mfa_serial, lambda code: sts.session_token(hop, parent, code))

    def _role(self, hop: RoleHop, parent: Credentials) -> Credentials:
        sts, name = self._ports.sts, hop.session_name or self._ports.session_name
        if hop.mfa_serial is None:
            return sts.assume_role(hop, parent, name, None)
        return self._with_code(hop.mfa_serial, lambda code: sts.assume_role(hop, parent, name, code))

    def _with_code(self, serial: str, call: Callable[[str], Credentials]) -> Credentials:
        codes = self._ports.codes
        attempt = 1
        while True:
            try:
                return call(codes.code(serial, again=attempt > 1))
            except StsRefusedError as refusal:
                last = attempt == MOST_CODES or not codes.asks_again
                if refusal.reason is not StsReason.CODE or last:
                    raise
            attempt += 1

    # What is kept ------------------------------------------------------------------------------------

    def _is_keepable(self, count: int) -> bool:
        """Keys that lie somewhere already are not kept a second time."""
        return not isinstance(self._links[count - 1].hop, StaticKeysHop | LoginSessionHop)

    def _key(self, count: int) -> str:
        return way_key(tuple(link.hop for link in self._links[:count]), self._root)

    def _record(self, count: int) -> str:
        hop = self._links[count - 1].hop
        if isinstance(hop, PortalHop):
            return role_name(self._organization_of(hop).name, hop.account_id, hop.permission_set)
        return chain_record(self.organization.name if self.organization else None, self._key(count))

    def _kept_at_all(self, count: int) -> Credentials | None:
        hop = self._links[count - 1].hop
        if not isinstance(hop, PortalHop):
            return read_hop(self._ports.vault, self._record(count))
        role = read_role(self._ports.vault, self._organization_of(hop), hop.account_id, hop.permission_set)
        if role is None:
            return None
        return Credentials(
            role.access_key_id, role.secret_access_key, role.session_token, role.expires_at, role.account_id
        )

    def _kept(self, count: int) -> Credentials | None:
        kept = self._kept_at_all(count)
        # Only what is given out has to last: a session with a code need not be younger than it must be.
        last = count == len(self._links)
        margin = self._ports.keys_margin if last else min(self._ports.keys_margin, KEYS_MARGIN_SECONDS)
        if kept is None or (kept.expires_at or 0) <= self._ports.clock() + margin:
            return None
        return kept

    def _keep(self, count: int, made: Credentials, parent: Credentials | None) -> None:
        """Keep `made`, unless what it was made with has been taken away meanwhile."""
        if made.expires_at is None:
            return
        if self.organization is None:
            write_hop(self._ports.vault, self._record(count), self._links[count - 1].hop, made)
            return
        with session_lock(self._ports.locks, self.organization.name):
            if parent is not None and self._kept_at_all(count - 1) == parent:
                write_hop(self._ports.vault, self._record(count), self._links[count - 1].hop, made)

    def _drop(self, count: int) -> None:
        if self._is_keepable(count):
            self._ports.vault.delete(self._record(count))

    def _identity_of_root(self) -> str:
        hop = self._links[0].hop
        match hop:
            case PortalHop():
                organization = self._organization_of(hop)
                return f"portal {organization.name} {organization.portal_url}"
            case StaticKeysHop(place=KeyPlace.VAULT):
                return f"key {read_keys(self._ports.vault, hop.name).access_key_id}"
            case StaticKeysHop():
                return f"key {hop.open_keys.access_key_id}"
            case ProcessHop():
                return f"process {self._ports.processes.surroundings()}"
            case _:
                return ""


def _placed(hop: Hop, emulated: str | None) -> Hop:
    """`hop` with its STS where AWS is emulated; an address over which no token may travel is refused."""
    if not isinstance(hop, SessionTokenHop | RoleHop | WebIdentityHop):
        return hop
    if hop.sts.endpoint_url is not None:
        check_address(hop.sts.endpoint_url, "endpoint URL of STS")
        return hop
    return replace(hop, sts=replace(hop.sts, endpoint_url=emulated)) if emulated else hop
