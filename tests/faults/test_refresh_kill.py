"""Whoever refreshes a token is killed at any moment: no torn record, no stuck lock, no session lost for it.

The rotated refresh token is stored before the access token is used. Between the portal's answer and that
store lies a moment that no client can close: a portal with a grace period (Usher's directory has one) makes
it harmless; with one that has none, the session is over and a person is told to sign in.
"""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from usher.core.errors import ExitCode
from usher.session.errors import SessionEndedError
from usher.session.http import HttpClient
from usher.session.keeper import SessionKeeper
from usher.session.login import LoginDesk, login_with_device
from usher.session.oidc import OidcClient
from usher.session.organizations import PortalOrganization
from usher.session.portal import PortalClient
from usher.session.vault.sealed import SealedVault

_PORTAL = Path(__file__).parents[1] / "session" / "portal_server.py"
_SPEC = importlib.util.spec_from_file_location("portal_server", _PORTAL)
portal_server = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(portal_server)

KILLS = 40
LONGEST_LIFE_SECONDS = 0.02


@dataclass
class Machine:
    """A signed-in machine whose clock can be moved, and its processes."""

    portal: object
    folder: Path
    key: bytes = b"k" * 32
    moved: float = 0.0

    def __post_init__(self):
        url = self.portal.url
        self.organization = PortalOrganization("mkdev", url + "/start", "eu-central-1", url)

    def clock(self):
        return time.time() + self.moved

    def keeper(self):
        http = HttpClient({}, self.clock)
        oidc = OidcClient(http, self.organization.oidc_url, self.clock)
        client = PortalClient(http, self.organization.portal_url)
        vault = SealedVault(self.folder / "vault", lambda: self.key)
        return SessionKeeper(self.organization, oidc, client, vault, self.folder / "locks", self.clock)

    def sign_in(self):
        keeper = self.keeper()
        desk = LoginDesk(keeper.oidc, keeper.vault, keeper.locks, lambda: None, self.clock, time.sleep)
        login_with_device(desk, self.organization, lambda _: None)

    def start_refreshing(self):
        """A process that finds the token expired and refreshes it."""
        process = os.fork()
        if not process:
            try:
                self.keeper().access_token()
            finally:
                os.kill(os.getpid(), signal.SIGKILL)
        return process


@pytest.fixture
def machine(tmp_path):
    for portal in portal_server.running_portal():
        portal.interval = 0.01
        machine = Machine(portal, tmp_path)
        machine.sign_in()
        yield machine


def kill(process):
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


@pytest.mark.once
def test_a_refresher_that_is_killed_at_any_moment_loses_no_session(machine):
    machine.portal.grace = True
    dice = random.Random(4)
    for _ in range(KILLS):
        machine.moved += 3600
        process = machine.start_refreshing()
        time.sleep(dice.uniform(0, LONGEST_LIFE_SECONDS))
        kill(process)
        token = machine.keeper().access_token().reveal()
        assert token in machine.portal.access_tokens
        assert machine.keeper().access_token().reveal() == token
    assert machine.portal.count("refresh") >= KILLS


def killed_between_answer_and_store(machine):
    process = machine.start_refreshing()
    machine.portal.once_refreshed = lambda: os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    machine.portal.once_refreshed = lambda: None


@pytest.mark.once
def test_a_lost_answer_is_asked_for_again_where_the_portal_gives_grace(machine):
    machine.portal.grace = True
    machine.moved += 3600
    killed_between_answer_and_store(machine)
    assert machine.keeper().access_token().reveal() in machine.portal.access_tokens


@pytest.mark.once
def test_without_grace_a_lost_answer_ends_the_session_and_a_person_is_told(machine):
    machine.moved += 3600
    killed_between_answer_and_store(machine)
    with pytest.raises(SessionEndedError) as raised:
        machine.keeper().access_token()
    assert raised.value.exit_code == ExitCode.SIGN_IN_NEEDED
    assert "usher login mkdev" in raised.value.hint
    machine.sign_in()
    assert machine.keeper().access_token().reveal() in machine.portal.access_tokens
