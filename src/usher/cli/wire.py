"""Composition: which rooms stand behind a command, built from the process's context.

The clock, random numbers and network enter here and nowhere deeper.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from usher.cli.context import Context
from usher.cli.context import usher_command as usher_command
from usher.cli.wire_vault import open_vault
from usher.core import machine
from usher.profiles.config_file import read_config
from usher.profiles.lookup import ProfileTarget, sso_lookups
from usher.session.aws_cli_cache import AwsCliCache
from usher.session.errors import NotSignedInError
from usher.session.http import HttpClient
from usher.session.keeper import KEYS_MARGIN_SECONDS, SessionKeeper
from usher.session.locks import session_lock
from usher.session.oidc import OidcClient
from usher.session.organizations import PortalOrganization, load_organizations, same_start_url
from usher.session.portal import PortalClient
from usher.session.ready_record import ReadyShelf
from usher.session.vault.ladder import LadderVault

if TYPE_CHECKING:
    from usher.session.login import LoginDesk  # a listener, a web server: only who signs in pays for them


@dataclass(frozen=True, slots=True)
class SessionRooms:
    """Everything the terminal's sign-in commands work with.

    `keys_margin` is for how many seconds keys must still hold to be used again.
    """

    context: Context
    organizations: Mapping[str, PortalOrganization]
    http: HttpClient
    vault: LadderVault
    shelf: ReadyShelf
    clock: Callable[[], float]
    keys_margin: float = KEYS_MARGIN_SECONDS

    def keeper(self, organization: PortalOrganization) -> SessionKeeper:
        """The keeper of `organization`'s portal session."""
        oidc = OidcClient(self.http, organization.oidc_url, self.clock)
        portal = PortalClient(self.http, organization.portal_url)
        return SessionKeeper(
            organization,
            oidc,
            portal,
            self.vault,
            self._locks,
            self.clock,
            self.keys_margin,
            self.shared(organization),
        )

    def login_desk(self, organization: PortalOrganization) -> LoginDesk:
        """What signing in to `organization` needs."""
        from usher.session.crawl import CRAWL_FOLDER, forget_crawl
        from usher.session.login import LoginDesk

        oidc = OidcClient(self.http, organization.oidc_url, self.clock)

        def forget() -> None:
            self.shelf.clear()
            forget_crawl(self.context.cache_dir / CRAWL_FOLDER, organization.name)

        shared = self.shared(organization)
        return LoginDesk(oidc, self.vault, self._locks, forget, self.clock, shared=shared)

    def shared(self, organization: PortalOrganization) -> AwsCliCache | None:
        """Where the AWS CLI finds the session of an organization that is shared with it."""
        return self.aws_cli_cache if organization.share else None

    @property
    def aws_cli_cache(self) -> AwsCliCache:
        """The AWS CLI's tokens. It always looks in the home folder, whatever names its config file."""
        return AwsCliCache(self.context.home / ".aws" / "sso" / "cache", self._lookups)

    def _lookups(self) -> list[tuple[str, str]]:
        path = self.context.aws_config_file
        return sso_lookups(read_config(path), path)

    def holding_session(self, organization: PortalOrganization | None) -> AbstractContextManager[None]:
        """While the block runs, no sign-in or sign-out changes what `organization`'s session has opened."""
        return session_lock(self._locks, organization.name) if organization else nullcontext()

    @property
    def _locks(self) -> Path:
        return self.context.cache_dir / "locks"


def open_session_rooms(context: Context) -> SessionRooms:
    """The rooms of step 2 for this process."""
    warned: list[float] = []

    def on_skew(seconds: float) -> None:
        if not warned:
            from usher.cli.text.status import skew_warning

            warned.append(seconds)
            context.terminal.say(context.terminal.style("warn", "warning: ") + skew_warning(seconds))

    return SessionRooms(
        context,
        load_organizations(context.config_dir),
        HttpClient(context.environ, time.time, on_skew),
        open_vault(context),
        ReadyShelf(context.environ, _mounts(), machine.user_id()),
        time.time,
    )


def organization_of(rooms: SessionRooms, target: ProfileTarget) -> PortalOrganization:
    """The organization whose session opens `target`. Raises NotSignedInError when it is not known."""
    by_name = rooms.organizations.get(target.organization or "")
    if by_name is not None:
        return by_name
    for organization in rooms.organizations.values():
        for known in (organization.start_url, organization.alias_start_url):
            if known and target.start_url and same_start_url(known, target.start_url):
                return organization
    options = f" --start-url {target.start_url}" if target.start_url else " --start-url URL"
    options += f" --region {target.sso_region}" if target.sso_region else ""
    where = target.organization or target.start_url
    raise NotSignedInError(
        f"the profile '{target.name}' belongs to {where}, which usher does not know yet",
        hint=f"run 'usher login{' ' + target.organization if target.organization else ''}{options}'",
    )


def _mounts() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text("utf-8", "replace")
    except OSError:
        return ""
