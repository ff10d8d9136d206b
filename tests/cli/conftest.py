"""A directory's real control plane on loopback, whose provisioning only keeps the books: no cloud behind."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import pytest
from sqlalchemy import delete, insert, update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from usher.cli.main import run
from usher.core.accounts import Account
from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.server.accounts import AccountList
from usher.server.awsapi.control import control_routes
from usher.server.config import ServerConfig
from usher.server.sealing import create_sealing_key
from usher.server.services import RoleCredentials, Services
from usher.server.store import assignments as assignment_store
from usher.server.store import operations as operation_store
from usher.server.store import permission_sets as set_store
from usher.server.store.admin_keys import AdminKey, insert_admin_key
from usher.server.store.database import Database, open_sqlite
from usher.server.store.identity import StoredUser, insert_user
from usher.server.store.instance import Instance, insert_instance
from usher.server.store.operations import Operation, OperationKind
from usher.server.store.tables import provisioned_roles

REGION = "eu-central-1"
KEY = AdminKey("UDIRABCDEFGHIJKLMNOP", Secret("the-administrators-secret"), "admin@mkdev.example", True)
ADMINISTRATOR = StoredUser(
    "00000000-0000-0000-0000-00000000000a",
    KEY.owner,
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
class BookKeepingJobs:
    """Carries requests out in the books, a moment after they were accepted."""

    database: Database
    failing_accounts: set[str] = field(default_factory=set)
    timers: list[threading.Timer] = field(default_factory=list)

    def submit(self, request_id: str) -> None:
        timer = threading.Timer(0.05, self.work, [request_id])
        self.timers.append(timer)
        timer.start()

    def work(self, request_id: str) -> None:
        with self.database.change("provisioning") as change:
            operation = operation_store.read_operation(change.connection, request_id)
            assert operation is not None
            if operation.account_id in self.failing_accounts:
                reason = "Received a 404 status error: no such policy"
                operation_store.finish_operation(change, request_id, reason)
                return
            permission_set = set_store.read_permission_set_by_id(
                change.connection, operation.permission_set_id
            )
            assert permission_set is not None
            revision = permission_set.revision
            self.keep_books(change, operation, revision)
            operation_store.finish_operation(change, request_id, None)

    def keep_books(self, change: object, operation: Operation, revision: int) -> None:
        connection = change.connection
        table = provisioned_roles
        of_set = table.c.permission_set_id == operation.permission_set_id
        here = of_set & (table.c.account_id == operation.account_id)
        match operation.kind:
            case OperationKind.ASSIGNMENT_CREATION:
                stored = assignment_store.StoredAssignment(
                    account_id=operation.account_id,
                    permission_set_id=operation.permission_set_id,
                    principal_kind=operation.principal_kind,
                    principal_id=operation.principal_id,
                )
                if not assignment_store.has_assignment(connection, stored):
                    assignment_store.insert_assignment(change, stored)
                if not connection.execute(table.select().where(here)).first():
                    connection.execute(
                        insert(table).values(
                            account_id=operation.account_id,
                            permission_set_id=operation.permission_set_id,
                            role_name="r",
                            role_arn="arn",
                            revision=revision,
                            updated_at=change.now,
                        )
                    )
            case OperationKind.ASSIGNMENT_DELETION:
                if not assignment_store.is_assigned_in(
                    connection, operation.account_id, operation.permission_set_id
                ):
                    connection.execute(delete(table).where(here))
            case OperationKind.PROVISIONING:
                where = here if operation.account_id else of_set
                connection.execute(update(table).where(where).values(revision=revision))


class NoCredentials:
    """Nobody gets role credentials here."""

    def issue(self, user_id: str, account_id: AccountId, permission_set_name: str) -> RoleCredentials:
        raise LookupError(f"{user_id} {account_id} {permission_set_name}")


@dataclass
class AccessDirectory:
    """The running control plane, and `usher access` run against it as a person would."""

    origin: str
    jobs: BookKeepingJobs
    folder: Path
    tags: dict[str, dict[str, str]]

    def usher(self, verb: str, *arguments: str) -> int:
        return run(["access", verb, *arguments, "--endpoint-url", self.origin, "--region", REGION])

    def write(self, text: str) -> Path:
        path = self.folder / "access.yaml"
        path.write_text(text)
        return path


@pytest.fixture
def access_directory(
    tmp_path: Path,
    own_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    migrated_database: Path,
    on_loopback: Callable[..., AbstractContextManager[str]],
) -> Iterator[AccessDirectory]:
    """An initialised directory of mkdev; the process stands in an empty folder and holds the admin key."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    config = ServerConfig(data, "http://127.0.0.1:8700", REGION)
    sealer = create_sealing_key(config.sealing_key_file)
    shutil.copy(migrated_database, config.database_file)
    database = open_sqlite(config.database_file, time.time)
    instance = Instance(
        "arn:aws:sso:::instance/ssoins-0123456789abcdef", "d-0123456789", "usher", REGION, 43_200, time.time()
    )
    with database.change("test") as change:
        insert_instance(change, instance)
        insert_user(change, ADMINISTRATOR)
        insert_admin_key(change, sealer, KEY.access_key_id, KEY.secret, ADMINISTRATOR.id)
    jobs = BookKeepingJobs(database)
    accounts = AccountList(lambda: ACCOUNTS, time.time)
    services = Services(config, instance, database, sealer, accounts, jobs, NoCredentials())
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY.secret.reveal())
    tags: dict[str, dict[str, str]] = {}
    app = _with_organization(Starlette(routes=control_routes(services)), tags)
    with on_loopback(app) as origin:
        yield AccessDirectory(origin, jobs, folder, tags)
    for timer in jobs.timers:
        timer.join()
    database.close()


def _with_organization(app: ASGIApp, tags: dict[str, dict[str, str]]) -> ASGIApp:
    """`app`, with AWS Organizations and IAM answered here: the directory passes those calls on to AWS."""

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form = parse_qs((await request.body()).decode())
            status, text = _iam_answer(form["Action"][0], form["PolicyArn"][0])
            await Response(text, status, media_type="text/xml")(scope, receive, send)
            return
        service, _, operation = request.headers.get("x-amz-target", "").partition(".")
        if service != "AWSOrganizationsV20161128":
            await app(scope, receive, send)
            return
        if operation == "ListPoliciesForTarget":
            refusal = {"__type": "AccessDeniedException", "Message": "no"}
            await JSONResponse(refusal, 400)(scope, receive, send)
            return
        asked = await request.json()
        await JSONResponse(_organization_answer(operation, asked, tags))(scope, receive, send)

    return front


def _iam_answer(action: str, arn: str) -> tuple[int, str]:
    """IAM's answer about one of the two AWS managed policies that there are here."""
    actions = {"AdministratorAccess": "*", "ReadOnlyAccess": ["s3:Get*", "s3:List*"]}.get(
        arn.rpartition("/")[2]
    )
    if actions is None:
        return 404, "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>"
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    document = quote(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    inside = f"<Policy><Arn>{arn}</Arn><DefaultVersionId>v1</DefaultVersionId></Policy>"
    if action == "GetPolicyVersion":
        inside = f"<PolicyVersion><Document>{document}</Document></PolicyVersion>"
    return 200, f"<{action}Response><{action}Result>{inside}</{action}Result></{action}Response>"


def _organization_answer(operation: str, asked: Any, tags: dict[str, dict[str, str]]) -> Any:
    match operation:
        case "DescribeOrganization":
            return {"Organization": {"Id": "o-0123456789", "MasterAccountId": ACCOUNTS[0].id}}
        case "ListAccounts":
            start = f"arn:aws:organizations::{ACCOUNTS[0].id}:account/o-0123456789"
            return {
                "Accounts": [
                    {"Id": each.id, "Arn": f"{start}/{each.id}", "Name": each.name, "State": "ACTIVE"}
                    for each in ACCOUNTS
                ]
            }
        case "ListTagsForResource":
            of_account = tags.get(asked["ResourceId"], {})
            return {"Tags": [{"Key": key, "Value": value} for key, value in of_account.items()]}
        case "ListParents":
            return {"Parents": [{"Id": "r-mkde", "Type": "ROOT"}]}
        case "ListRoots":
            return {"Roots": [{"Id": "r-mkde"}]}
        case "ListOrganizationalUnitsForParent":
            units = [{"Id": "ou-mkde-workload", "Name": "Workloads"}]
            return {"OrganizationalUnits": units if asked["ParentId"] == "r-mkde" else []}
        case "ListAccountsForParent":
            held = ACCOUNTS[:1] if asked["ParentId"] == "r-mkde" else ACCOUNTS[1:]
            return {"Accounts": [{"Id": each.id, "Name": each.name, "State": "ACTIVE"} for each in held]}
    raise LookupError(operation)


def _sibling(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


tmux = _sibling("tmux")
screen_picture = _sibling("screen_picture")


@pytest.fixture
def new_screen() -> Iterator[Callable[[dict[str, str]], Any]]:
    """A function that makes a terminal with that environment (tests/cli/tmux.py)."""
    made: list[Any] = []
    # Not in the test's own folder: a socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="usher-") as place:

        def make(environ: dict[str, str]) -> Any:
            made.append(tmux.Screen(Path(place) / str(len(made)), environ))
            return made[-1]

        yield make
        for screen in made:
            screen.close()


@pytest.fixture
def keep_screen() -> Callable[..., None]:
    """A function that keeps what a screen shows as text and as a picture below `artifacts/screens`."""

    def keep(screen: Any, name: str, columns: int, rows: int) -> None:
        folder = Path(__file__).parents[2] / "artifacts" / "screens"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.txt").write_text("\n".join(screen.lines()) + "\n")
        styled = screen.lines(styled=True)
        (folder / f"{name}.svg").write_text(screen_picture.picture(styled, columns, rows, name))

    return keep
