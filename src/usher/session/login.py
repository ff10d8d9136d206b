"""Signing in: register the client once, send the person to the portal, keep the tokens sealed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from usher.core.secrets import Secret
from usher.session.aws_cli_cache import AwsCliCache
from usher.session.callback import ANY_PORT, LONGEST_WAIT_SECONDS, CallbackListener, CallbackPlace
from usher.session.device import wait_for_approval
from usher.session.errors import LoginExpiredError, OidcError
from usher.session.locks import session_lock
from usher.session.oidc import ClientKind, DeviceAuthorization, OidcClient, Registration, Tokens
from usher.session.organizations import PortalOrganization
from usher.session.pkce import challenge_of, new_state, new_verifier
from usher.session.records import (
    PortalSession,
    forget_roles,
    read_registration,
    registration_name,
    session_name,
    write_registration,
    write_session,
)
from usher.session.vault.contract import Vault

REGISTRATION_MARGIN_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class LoginDesk:
    """What a sign-in needs from outside.

    `locks` is the keeper's folder; `forget_ready` clears the shelf; `shared` is where the AWS CLI finds the
    session too, when it may.
    """

    oidc: OidcClient
    vault: Vault
    locks: Path
    forget_ready: Callable[[], None]
    clock: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[int], bytes] = os.urandom
    longest_wait: float = LONGEST_WAIT_SECONDS
    shared: AwsCliCache | None = None


@dataclass(frozen=True, slots=True)
class SignInPage:
    """The page a person has to reach: its address, and the listener that leads there and waits."""

    url: Secret
    listener: CallbackListener


@dataclass(frozen=True, slots=True)
class Knocks:
    """What came to the listener: all connections, and the requests that were not the sign-in's own."""

    connections: int
    ignored: int


def login_with_browser(
    desk: LoginDesk,
    organization: PortalOrganization,
    show: Callable[[SignInPage], None],
    *,
    place: CallbackPlace = ANY_PORT,
    report: Callable[[Knocks], None] = lambda _: None,
) -> PortalSession:
    """Sign in by authorization code with PKCE; `show` gets the page to open, once we listen.

    `report` is told in the end who knocked at the listener, whether the sign-in succeeded or not.
    """

    def sign_in(client: Registration) -> Tokens:
        state, verifier = new_state(desk.random), new_verifier(desk.random)
        with CallbackListener(state, desk.random, place) as listener:
            url = Secret(
                desk.oidc.authorize_url(
                    client, listener.redirect_uri, state.reveal(), challenge_of(verifier), organization.scopes
                )
            )
            listener.lead_to(url)
            try:
                show(SignInPage(url, listener))
                code = listener.wait(desk.longest_wait)
                # Within the block: a second tab that comes back now still gets an answer.
                return desk.oidc.exchange_code(client, code.reveal(), listener.redirect_uri, verifier)
            finally:
                report(Knocks(listener.connections, listener.ignored_requests))

    return _sign_in(desk, organization, ClientKind.BROWSER, sign_in)


def login_with_device(
    desk: LoginDesk, organization: PortalOrganization, show: Callable[[DeviceAuthorization], None]
) -> PortalSession:
    """Sign in by device code; `show` gets the code and the address where a person approves it."""

    def sign_in(client: Registration) -> Tokens:
        started = desk.oidc.start_device(client, organization.start_url)
        show(started)
        return wait_for_approval(desk.oidc, client, started, clock=desk.clock, sleep=desk.sleep)

    return _sign_in(desk, organization, ClientKind.DEVICE, sign_in)


def _sign_in(
    desk: LoginDesk,
    organization: PortalOrganization,
    kind: ClientKind,
    sign_in: Callable[[Registration], Tokens],
) -> PortalSession:
    client, was_cached = _registration(desk, organization, kind)
    try:
        tokens = sign_in(client)
    except OidcError as error:
        if not was_cached or error.code not in {"invalid_client", "unauthorized_client"}:
            raise
        client = _register(desk, organization, kind)
        tokens = sign_in(client)
    except (LoginExpiredError, KeyboardInterrupt):
        # The portal shows a client it no longer knows an error page and never sends the browser back.
        desk.vault.delete(registration_name(organization.name, kind))
        raise
    session = PortalSession(tokens, client, kind, desk.clock())
    replace_session(desk, organization, session)
    return session


def replace_session(desk: LoginDesk, organization: PortalOrganization, session: PortalSession) -> None:
    """Store the session after everything that an earlier one opened is gone: it may be another person's.

    In this order, so that a kill in between leaves nobody signed in and no one else's keys.
    """
    with session_lock(desk.locks, organization.name):
        desk.vault.delete(session_name(organization.name))
        forget_roles(desk.vault, organization.name)
        desk.forget_ready()
        write_session(desk.vault, organization, session)
        if desk.shared is not None:
            desk.shared.write(organization, session)


def _registration(
    desk: LoginDesk, organization: PortalOrganization, kind: ClientKind
) -> tuple[Registration, bool]:
    cached = read_registration(desk.vault, organization, kind)
    if cached is not None and cached.expires_at > desk.clock() + REGISTRATION_MARGIN_SECONDS:
        return cached, True
    return _register(desk, organization, kind), False


def _register(desk: LoginDesk, organization: PortalOrganization, kind: ClientKind) -> Registration:
    client = desk.oidc.register(kind, organization.start_url, organization.scopes)
    write_registration(desk.vault, organization, kind, client)
    return client
