"""Composition of what walks from a profile to keys. STS's library takes 280 ms: the first call loads it."""

from __future__ import annotations

import re

from usher.cli.passphrases import check_may_name_commands
from usher.cli.signing_in import terminal_of_person
from usher.cli.wire import SessionRooms, organization_of
from usher.core.credentials import Credentials
from usher.core.hops import Chain, PortalHop, RoleHop, SessionTokenHop, WebIdentityHop
from usher.core.secrets import Secret
from usher.profiles.lookup import ProfileTarget
from usher.session.aws_login import LoginSessions
from usher.session.chains import ChainPorts, ChainWalker
from usher.session.mfa import CodeDesk, read_code_command
from usher.session.organizations import PortalOrganization
from usher.session.process import ProcessRunner
from usher.session.settings import load_settings

_NOT_IN_A_SESSION_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)


def chain_walker(rooms: SessionRooms, chain: Chain) -> ChainWalker:
    """What walks `chain` in this process. Raises NotSignedInError when its organization is not known."""
    context = rooms.context
    processes = ProcessRunner(context.environ, rooms.clock)

    def known_organization(hop: PortalHop, profile: str) -> PortalOrganization:
        return organization_of(rooms, target_of(hop, profile, None))

    ports = ChainPorts(
        known_organization,
        rooms.keeper,
        _Sts(),
        _code_desk(rooms, chain),
        processes,
        LoginSessions(context.environ, context.home, rooms.clock, processes),
        rooms.vault,
        context.cache_dir / "locks",
        rooms.clock,
        _session_name(rooms),
        rooms.keys_margin,
    )
    return ChainWalker(ports, chain)


def target_of(hop: PortalHop, profile: str, region: str | None) -> ProfileTarget:
    """A portal hop as the way in that the profile is."""
    return ProfileTarget(
        profile,
        hop.account_id,
        hop.permission_set,
        region,
        hop.organization,
        hop.start_url,
        hop.sso_region,
    )


def _code_desk(rooms: SessionRooms, chain: Chain) -> CodeDesk:
    """Where MFA codes come from; the settings are read only where a code may be needed."""
    context = rooms.context
    command: tuple[str, ...] = ()
    if chain.asks_for_code:
        settings = load_settings(context.config_dir)
        command = read_code_command(settings)
        if command:
            check_may_name_commands(settings.path)
    terminal = terminal_of_person(rooms) if chain.asks_for_code and not command else None
    return CodeDesk(command, terminal.ask if terminal else None, context.environ, chain.profile)


def _session_name(rooms: SessionRooms) -> str:
    """Whose session it is, for the logs of the account that is entered."""
    environ = rooms.context.environ
    user = environ.get("USER") or environ.get("LOGNAME") or environ.get("USERNAME") or ""
    return f"usher-{_NOT_IN_A_SESSION_NAME.sub('-', user)}"[:64] if user else "usher"


class _Sts:
    def assume_role(
        self, hop: RoleHop, keys: Credentials, session_name: str, code: str | None
    ) -> Credentials:
        from usher.aws.role_sessions import RoleSessions

        return RoleSessions().assume_role(hop, keys, session_name, code)

    def session_token(self, hop: SessionTokenHop, keys: Credentials, code: str) -> Credentials:
        from usher.aws.role_sessions import RoleSessions

        return RoleSessions().session_token(hop, keys, code)

    def assume_role_with_web_identity(
        self, hop: WebIdentityHop, token: Secret, session_name: str
    ) -> Credentials:
        from usher.aws.role_sessions import RoleSessions

        return RoleSessions().assume_role_with_web_identity(hop, token, session_name)
