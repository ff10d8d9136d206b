"""What the session's tests share: the honest portal, and the rooms around one organization."""

from __future__ import annotations

import importlib.util
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from usher.session.http import HttpClient
from usher.session.keeper import SessionKeeper
from usher.session.login import LoginDesk
from usher.session.oidc import OidcClient
from usher.session.organizations import PortalOrganization
from usher.session.portal import PortalClient
from usher.session.vault.memory import MemoryVault

_SPEC = importlib.util.spec_from_file_location("portal_server", Path(__file__).with_name("portal_server.py"))
portal_server = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(portal_server)


@pytest.fixture
def portal():
    yield from portal_server.running_portal()


class Clock:
    """A clock that can be moved."""

    def __init__(self):
        self.offset = 0.0

    def __call__(self):
        return time.time() + self.offset

    def advance(self, seconds):
        self.offset += seconds


@pytest.fixture
def clock():
    return Clock()


@dataclass
class Rooms:
    organization: PortalOrganization
    http: HttpClient
    vault: MemoryVault
    desk: LoginDesk
    keeper: SessionKeeper
    slept: list
    forgotten: list
    """What the vault held each time the ready records were forgotten."""


@pytest.fixture
def rooms(portal, clock, tmp_path):
    organization = PortalOrganization("mkdev", portal.url + "/start", "eu-central-1", portal.url)
    slept = []
    http, vault = HttpClient({}, clock), MemoryVault()
    oidc = OidcClient(http, organization.oidc_url, clock)
    client = PortalClient(http, organization.portal_url, sleep=slept.append, jitter=lambda: 0.5)
    locks, forgotten = tmp_path / "locks", []
    desk = LoginDesk(
        oidc, vault, locks, lambda: forgotten.append(vault.names()), clock, slept.append, longest_wait=10
    )
    keeper = SessionKeeper(organization, oidc, client, vault, locks, clock)
    return Rooms(organization, http, vault, desk, keeper, slept, forgotten)


@pytest.fixture
def signed_in(rooms):
    from usher.session.login import login_with_device

    login_with_device(rooms.desk, rooms.organization, lambda _: None)
    return rooms
