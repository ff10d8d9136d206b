"""How the agent opens profiles: as the person's own commands do, but never asking anybody anything."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from usher.cli.context import Context, context_of
from usher.cli.opening import OpenedProfile, open_profile
from usher.cli.serving import make_ready
from usher.cli.terminal import Terminal
from usher.cli.wire import SessionRooms, open_session_rooms
from usher.cli.wire_agent import agent_place
from usher.core.errors import UsherError
from usher.core.hops import RoleHop, StaticKeysHop, WebIdentityHop, way_key
from usher.session.agent.supply import LEAD_SECONDS, Supplied, Wanted
from usher.session.organizations import load_organizations
from usher.session.ready_record import NOT_SERVED_SECONDS, UsedRecord, environment_of
from usher.session.vault.contract import UnreadableRecordError
from usher.session.vault.files import make_private_folder

_TO_RENEW_SECONDS = 30.0


class AgentProfiles:
    """Opens profiles for the agent whose own context is `context`.

    Rooms are kept per environment, because finding a vault's key may be slow; what other commands change
    (organizations, the AWS config file) is read anew each time.
    """

    def __init__(self, context: Context) -> None:
        named = environment_of(context.environ)
        self._around = {name: value for name, value in context.environ.items() if name not in named}
        self._place = agent_place(context)
        self._own = open_session_rooms(context)
        self._rooms: dict[Wanted, SessionRooms] = {}

    def open(self, wanted: Wanted, margin: float) -> Supplied:
        """Keys for `wanted` that hold for `margin` seconds, if such can be had. Raises UsherError."""
        _, opened = self._opened(wanted, margin)
        organization = opened.organization.name if opened.organization is not None else ""
        return Supplied(
            opened.credentials,
            way_key(tuple(link.hop for link in opened.chain.links), _root(opened)),
            opened.region,
            opened.account_id,
            opened.role,
            opened.endpoint_url,
            _role_arn(opened),
            organization,
        )

    def lock(self) -> None:
        """Lose the vaults' keys that are in mind: the person has locked the vault."""
        self._rooms = {}

    def token_folder(self) -> Path | None:
        """This agent's own folder for tokens, in memory and empty; None where this machine has none.

        An agent that was killed leaves its tokens there: they open nothing any more.
        """
        folder = self._own.shelf.memory_folder("-grants")
        if folder is None:
            return None
        own = folder / self._place.stem
        make_private_folder(own)
        for leftover in own.iterdir():
            leftover.unlink()
        return own

    def renew_ready(self) -> int:
        """Renew what the hot path serves, is in use and ends soon; says how many records were renewed."""
        renewed = 0
        for record in self._own.shelf.in_use():
            wanted, margin = Wanted.of(record.profile, record.environment), _margin(record)
            if record.expires_at - self._own.clock() > margin or not self._is_ours(wanted):
                continue
            try:
                rooms, opened = self._opened(wanted, margin)
            except UsherError:
                continue  # whoever asks next is told what is wrong
            make_ready(rooms, record.profile, opened)
            renewed += 1
        return renewed

    def _opened(self, wanted: Wanted, margin: float) -> tuple[SessionRooms, OpenedProfile]:
        place = Wanted("", wanted.environment)
        known = self._rooms.get(place)
        if known is not None:
            rooms = replace(
                known,
                keys_margin=margin,
                organizations=load_organizations(known.context.config_dir),
            )
            try:
                return rooms, open_profile(rooms, wanted.profile)
            except UnreadableRecordError:
                self._rooms.pop(place, None)  # sealed with a key of its own since: find it again
        rooms = self._rooms[place] = open_session_rooms(self._context_of(wanted))
        return rooms, open_profile(replace(rooms, keys_margin=margin), wanted.profile)

    def _is_ours(self, wanted: Wanted) -> bool:
        return agent_place(self._context_of(wanted)) == self._place

    def _context_of(self, wanted: Wanted) -> Context:
        nowhere = io.StringIO()
        terminal = Terminal(nowhere, nowhere, colour=False)
        return context_of({**self._around, **dict(wanted.environment)}, terminal)


def _margin(record: UsedRecord) -> float:
    """Half of the record's life at most, and early enough that the hot path never misses it."""
    half = (record.expires_at - record.written_at) / 2
    return min(LEAD_SECONDS, max(half, NOT_SERVED_SECONDS + _TO_RENEW_SECONDS))


def _root(opened: OpenedProfile) -> str:
    """Whose keys the way begins with, as far as its hops do not say."""
    first = opened.chain.links[0].hop
    if opened.organization is not None:
        return f"portal {opened.organization.portal_url} {opened.organization.start_url}"
    if not isinstance(first, StaticKeysHop):
        return ""
    named = first.name if first.keys is None else first.keys.access_key_id
    return f"keys {first.place} {named} {opened.account_id or ''}"


def _role_arn(opened: OpenedProfile) -> str | None:
    last = opened.chain.links[-1].hop
    return last.role_arn if isinstance(last, RoleHop | WebIdentityHop) else None
