"""A control plane on a loopback port, with accounts of its own and requests that are only noted."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.server.accounts import AccountList
from usher.server.awsapi.control import control_routes
from usher.server.awsapi.oidc import oidc_routes
from usher.server.config import ServerConfig
from usher.server.headers import SecurityHeaders
from usher.server.idp.passwords import hash_password
from usher.server.portal.routes import portal_routes
from usher.server.sealing import create_sealing_key
from usher.server.services import RoleCredentials, Services
from usher.server.store.admin_keys import AdminKey, insert_admin_key
from usher.server.store.database import Database, open_sqlite
from usher.server.store.identity import StoredUser, insert_user
from usher.server.store.instance import Instance, insert_instance
from usher.server.store.sign_in import StoredPassword, write_password

REGION = "eu-central-1"
ADMIN = AdminKey("UDIRABCDEFGHIJKLMNOP", Secret("the-administrators-secret"), "admin@mkdev.example", True)
ADMINISTRATOR = StoredUser(
    "00000000-0000-0000-0000-00000000000a",
    ADMIN.owner,
    "Administrator",
    "Example",
    "Administrator",
    None,
    {"Name": {"GivenName": "Example", "FamilyName": "Administrator"}},
    True,
    1,
    0.0,
    0.0,
)
ACCOUNTS = (
    Account(AccountId("111111111111"), "management", is_management=True),
    Account(AccountId("222222222222"), "staging"),
    Account(AccountId("333333333333"), "production"),
)


@dataclass
class Clock:
    """A clock that tests may set."""

    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


@dataclass
class NotedJobs:
    """Requests that were handed over, without the work being done."""

    requests: list[str] = field(default_factory=list)

    def submit(self, request_id: str) -> None:
        self.requests.append(request_id)


class NoCredentials:
    """Nobody gets role credentials here."""

    def issue(self, user_id: str, account_id: AccountId, permission_set_name: str) -> RoleCredentials:
        raise LookupError(f"{user_id} {account_id} {permission_set_name}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def services(tmp_path: Path, clock: Clock, migrated_database: Path) -> Iterator[Services]:
    """An initialised directory with one administrator's key."""
    config = ServerConfig(tmp_path, "http://127.0.0.1:8700", REGION)
    sealer = create_sealing_key(config.sealing_key_file)
    shutil.copy(migrated_database, config.database_file)
    database: Database = open_sqlite(config.database_file, clock)
    arn = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
    instance = Instance(arn, "d-0123456789", "usher", REGION, 12 * 3600, clock())
    with database.change("test") as change:
        insert_instance(change, instance)
        insert_user(change, ADMINISTRATOR)
        insert_admin_key(change, sealer, ADMIN.access_key_id, ADMIN.secret, ADMINISTRATOR.id)
    accounts = AccountList(lambda: ACCOUNTS, clock)
    yield Services(config, instance, database, sealer, accounts, NotedJobs(), NoCredentials())
    database.close()


@pytest.fixture
def serve(
    on_loopback: Callable[..., AbstractContextManager[str]],
) -> Iterator[Callable[[list[BaseRoute]], str]]:
    """`serve(routes)` answers them on a loopback port of its own and gives the origin."""
    with ExitStack() as running:
        yield lambda routes: running.enter_context(on_loopback(Starlette(routes=routes)))


@pytest.fixture
def origin(services: Services, serve: Callable[[list[Any]], str]) -> str:
    """Where the control plane answers."""
    return serve(list(control_routes(services)))


@pytest.fixture
def client(origin: str, clock: Clock) -> Callable[..., Any]:
    """`client("sso-admin")` is a boto3 client of the control plane, with the administrator's key."""

    def make(service: str, *, key: str = ADMIN.access_key_id, secret: str = "", region: str = REGION) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=origin,
            aws_access_key_id=key,
            aws_secret_access_key=secret or ADMIN.secret.reveal(),
            config=Config(retries={"total_max_attempts": 1}),
        )

    return make


@dataclass(frozen=True)
class Site:
    """The doors for people and programs on a loopback port, with somebody who may come in."""

    services: Services
    url: str
    user_id: str
    user_name: str
    password: str


@pytest.fixture
def at_own_address(services: Services) -> Iterator[tuple[Services, socket.socket]]:
    """The services under the address of a loopback port that is held for them."""
    listener = socket.create_server(("127.0.0.1", 0))
    public_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    yield replace(services, config=replace(services.config, public_url=public_url)), listener
    listener.close()


@pytest.fixture
def serve_at(
    on_loopback: Callable[..., AbstractContextManager[str]],
) -> Iterator[Callable[[list[BaseRoute], socket.socket], None]]:
    """`serve_at(routes, listener)` answers them, with the headers that every answer carries."""
    with ExitStack() as running:

        def start(routes: list[BaseRoute], listener: socket.socket) -> None:
            app = Starlette(routes=routes, middleware=[Middleware(SecurityHeaders, https=False)])
            running.enter_context(on_loopback(app, listener))

        yield start


@pytest.fixture
def site(
    at_own_address: tuple[Services, socket.socket],
    serve_at: Callable[[list[BaseRoute], socket.socket], None],
) -> Site:
    """The sign-in pages, the account pages and sso-oidc, with one person who has a password."""
    services, listener = at_own_address
    user = make_user(services, "operator@mkdev.example")
    password = "a sentence for the operator"
    with services.database.change("test") as change:
        stored = StoredPassword(user.id, hash_password(Secret(password)), False, None, change.now)
        write_password(change, stored)
        change.record("test", user.id)
    serve_at([*oidc_routes(services), *portal_routes(services)], listener)
    return Site(services, services.config.public_url, user.id, user.user_name, password)


def make_user(services: Services, user_name: str) -> StoredUser:
    """A person whose user name is their e-mail address, without a password."""
    now = services.database.now()
    user = StoredUser(
        str(uuid4()), user_name, "Example Person", "Example", "Person", user_name, {}, True, 1, now, now
    )
    with services.database.change("test") as change:
        insert_user(change, user)
    return user
