"""A portal session over its life: a valid access token on demand, one refresh at a time, and its end.

Any number of processes may ask at once (Terraform, editors, k9s do). Whoever finds the token old
takes the organization's lock and looks again: one refreshes, the others find the new token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from usher.core.errors import UsherError
from usher.core.secrets import Secret
from usher.session.aws_cli_cache import AwsCliCache
from usher.session.errors import (
    NotSignedInError,
    OidcError,
    PortalUnavailableError,
    SessionEndedError,
)
from usher.session.locks import session_lock
from usher.session.oidc import OidcClient
from usher.session.organizations import PortalOrganization
from usher.session.portal import PortalClient, RoleCredentials
from usher.session.records import (
    ENDED,
    PortalSession,
    forget_roles,
    read_session,
    session_name,
    write_role,
    write_session,
)
from usher.session.vault.contract import UnreadableRecordError, Vault

REFRESH_MARGIN_SECONDS = 300.0
KEYS_MARGIN_SECONDS = 300.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SessionKeeper:
    """Keeps one organization's portal session. `locks` is a private folder for lock files.

    `keys_margin` is for how many seconds role credentials must still hold to be used again. `shared` is
    where the AWS CLI has this session too, and may have refreshed it.
    """

    organization: PortalOrganization
    oidc: OidcClient
    portal: PortalClient
    vault: Vault
    locks: Path
    clock: Callable[[], float]
    keys_margin: float = KEYS_MARGIN_SECONDS
    shared: AwsCliCache | None = None

    def access_token(self, *, rejected: Secret | None = None) -> Secret:
        """A token the portal should accept; refreshed first when it ends within five minutes.

        `rejected` is a token that the portal just refused: it counts as ended. Raises
        NotSignedInError, SessionEndedError, or PortalUnavailableError when refreshing is impossible now.
        """
        session = self._session()
        if self._is_fresh(session, rejected):
            return session.tokens.access_token
        with session_lock(self.locks, self.organization.name):
            session = self._session()
            session = self._with_sibling(session)
            if self._is_fresh(session, rejected):
                return session.tokens.access_token
            return self._refresh(session, rejected)

    def expect_session(self) -> None:
        """Raise NotSignedInError or SessionEndedError when that is known without asking the portal."""
        if self._session().tokens == ENDED:
            raise self._ended()

    def with_token(self, call: Callable[[Secret], T]) -> T:
        """What `call` gets with a token; a refused one is replaced once: by a sibling's, or refreshed.

        When the portal refuses that too, the session is over and its tokens are dropped, so that nobody
        tries them again. Raises SessionEndedError then.
        """
        token = self.access_token()
        try:
            return call(token)
        except SessionEndedError:
            token = self.access_token(rejected=token)
        try:
            return call(token)
        except SessionEndedError:
            self._drop(token)
            raise self._ended() from None

    def logout(self) -> str | None:
        """End the session here and on the server. Returns why the server could not be told, or None."""
        problem = None
        try:
            self._end_on_server()
        except NotSignedInError:
            pass  # nothing to end
        except UsherError as error:  # whatever the reason, the secrets here go and the caller is told
            problem = error.message
        self.forget()
        return problem

    def keep_role(self, role: RoleCredentials, token: Secret) -> None:
        """Cache `role`, which `token` opened; not when a login or logout has taken the token away since."""
        with session_lock(self.locks, self.organization.name):
            session = read_session(self.vault, self.organization)
            if session is not None and session.tokens.access_token == token:
                write_role(self.vault, self.organization, role)

    def forget(self) -> None:
        """Remove the organization's session, registrations and role credentials from the vault.

        Who refreshes or keeps keys in this moment is waited for: what it writes goes too.
        """
        name = self.organization.name
        with session_lock(self.locks, name):
            self._unshare()
            self.vault.delete(session_name(name))
            forget_roles(self.vault, name)
            for record in self.vault.names():
                if record.startswith(f"client/{name}/"):
                    self.vault.delete(record)

    def _end_on_server(self) -> None:
        """The server takes only a token that holds, so an old one is refreshed to end its session."""
        if self._session().tokens == ENDED:
            return
        token = self.access_token()
        try:
            self.portal.logout(token)
        except SessionEndedError:
            self.portal.logout(self.access_token(rejected=token))

    def _session(self) -> PortalSession:
        session = read_session(self.vault, self.organization)
        if session is None:
            raise NotSignedInError(
                f"you are not signed in to {self.organization.name}", hint=self._how_to_sign_in()
            )
        return session

    def _is_fresh(self, session: PortalSession, rejected: Secret | None) -> bool:
        token = session.tokens.access_token
        return token != rejected and session.tokens.expires_at > self.clock() + REFRESH_MARGIN_SECONDS

    def _refresh(self, session: PortalSession, rejected: Secret | None) -> Secret:
        now, old = self.clock(), session.tokens
        still_valid = old.access_token != rejected and old.expires_at > now
        if old.refresh_token is None or not session.is_refreshable(now):
            if still_valid:
                return old.access_token
            raise self._dropped(session) if old.access_token == rejected else self._ended()
        try:
            tokens = self.oidc.refresh(session.client, old.refresh_token)
        except PortalUnavailableError:
            if still_valid:
                return old.access_token
            raise
        except OidcError as error:
            if error.code in {"invalid_grant", "invalid_client", "expired_token", "unauthorized_client"}:
                raise self._dropped(session) from None
            raise
        session = replace(session, tokens=tokens)
        write_session(self.vault, self.organization, session)
        if self.shared is not None:
            self.shared.follow(self.organization, session)
        return tokens.access_token

    def _with_sibling(self, session: PortalSession) -> PortalSession:
        """The session as the AWS CLI refreshed it, if it did: that spent the refresh token that is here."""
        tokens = self.shared.refreshed(self.organization, session) if self.shared is not None else None
        if tokens is None:
            return session
        session = replace(session, tokens=tokens)
        write_session(self.vault, self.organization, session)
        return session

    def _unshare(self) -> None:
        if self.shared is None:
            return
        try:
            session = read_session(self.vault, self.organization)
        except UnreadableRecordError:
            return
        if session is not None:
            self.shared.remove(self.organization, session.client)

    def _drop(self, token: Secret) -> None:
        with session_lock(self.locks, self.organization.name):
            session = read_session(self.vault, self.organization)
            if session is not None and session.tokens.access_token == token:
                self._dropped(session)

    def _dropped(self, session: PortalSession) -> SessionEndedError:
        """Forget the tokens but not that there was a session: who asks next knows at once."""
        self._unshare()
        write_session(self.vault, self.organization, replace(session, tokens=ENDED))
        return self._ended()

    def _ended(self) -> SessionEndedError:
        return SessionEndedError(
            f"your session with {self.organization.name} has ended", hint=self._how_to_sign_in()
        )

    def _how_to_sign_in(self) -> str:
        return f"run 'usher login {self.organization.name}'"
