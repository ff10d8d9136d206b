"""A control plane on a loopback port, with accounts of its own and requests that are only noted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
import uvicorn
from botocore.config import Config
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.server.accounts import AccountList
from usher.server.awsapi.control import control_routes
from usher.server.config import ServerConfig
from usher.server.sealing import create_sealing_key
from usher.server.services import RoleCredentials, Services
from usher.server.store.admin_keys import AdminKey, insert_admin_key
from usher.server.store.database import Database, open_sqlite
from usher.server.store.instance import Instance, insert_instance
from usher.server.store.schema import migrate

REGION = "eu-central-1"
ADMIN = AdminKey("UDIRABCDEFGHIJKLMNOP", Secret("the-administrators-secret"), "admin@mkdev.example", True)
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
def services(tmp_path: Path, clock: Clock) -> Iterator[Services]:
    """An initialised directory with one administrator's key."""
    config = ServerConfig(tmp_path, "http://127.0.0.1:8700", REGION)
    sealer = create_sealing_key(config.sealing_key_file)
    database: Database = open_sqlite(config.database_file, clock)
    migrate(database)
    arn = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
    instance = Instance(arn, "d-0123456789", "usher", REGION, 12 * 3600, clock())
    with database.change("test") as change:
        insert_instance(change, instance)
        insert_admin_key(change, sealer, ADMIN)
    accounts = AccountList(lambda: ACCOUNTS, clock)
    yield Services(config, instance, database, sealer, accounts, NotedJobs(), NoCredentials())
    database.close()


@pytest.fixture
def serve() -> Iterator[Callable[[list[BaseRoute]], str]]:
    """`serve(routes)` answers them on a loopback port of its own and gives the origin."""
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(routes: list[BaseRoute]) -> str:
        config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.01)
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    yield start
    for server, thread in servers:
        server.should_exit = True
        thread.join(10)


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
