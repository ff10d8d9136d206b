"""A browser without a screen: keeps cookies, follows nothing by itself, and sends what a browser sends."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from usher.core.accounts import Account
from usher.core.errors import UnavailableError
from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.server.accounts import AccountList
from usher.server.idp.passwords import set_one_time_password
from usher.server.services import RoleCredentials
from usher.server.store.assignments import StoredAssignment, insert_assignment
from usher.server.store.permission_sets import (
    StoredPermissionSet,
    find_permission_set_by_name,
    insert_permission_set,
)


@dataclass(frozen=True)
class Shown:
    """One answer, as it came."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]*)"', self.text)
        return found[1] if found else ""

    @property
    def alert(self) -> str:
        found = re.search(r'role="(?:alert|status)">([^<]*)<', self.text)
        return found[1] if found else ""


@dataclass
class Browser:
    """A person's browser at `origin`."""

    origin: str
    cookie: str = ""
    csrf: str = ""
    seen: list[Shown] = field(default_factory=list)

    def get(self, path: str, **headers: str) -> Shown:
        return self._send("GET", path, None, headers)

    def post(self, path: str, headers: dict[str, str | None] | None = None, **form: str) -> Shown:
        sent: dict[str, str | None] = {
            "Origin": self.origin,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
            **(headers or {}),
        }
        form = {"csrf_token": self.csrf, **form}
        return self._send("POST", path, urlencode(form).encode(), {n: v for n, v in sent.items() if v})

    def send_raw(
        self, path: str, body: bytes, content_type: str = "application/x-www-form-urlencoded"
    ) -> Shown:
        return self._send("POST", path, body, {"Origin": self.origin, "Content-Type": content_type})

    def sign_in(self, user_name: str, password: str) -> Shown:
        self.get("/sign-in")
        shown = self.post("/sign-in", user_name=user_name, password=password)
        if shown.status == 303 and shown.location == "/start":
            self.get("/start")  # the new session's token
        return shown

    def copy(self) -> Browser:
        return replace(self, seen=[])

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, Any]) -> Shown:
        connection = http.client.HTTPConnection(urlsplit(self.origin).netloc, timeout=20)
        if self.cookie:
            headers = {**headers, "Cookie": f"usher_session={self.cookie}"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        cookies = answer.headers.get_all("set-cookie") or []
        shown = Shown(
            answer.status,
            {name.lower(): value for name, value in answer.headers.items()},
            cookies,
            answer.read().decode(),
        )
        connection.close()
        for line in cookies:
            self.cookie = line.split(";")[0].partition("=")[2].strip('"')
        self.csrf = shown.csrf or self.csrf
        self.seen.append(shown)
        return shown


@pytest.fixture
def browser(site: Any) -> Browser:
    """A browser that has never been here."""
    return Browser(site.url)


@pytest.fixture
def other_browser(site: Any) -> Browser:
    """Another one."""
    return Browser(site.url)


@pytest.fixture
def signed_in(site: Any, browser: Browser) -> Browser:
    """The operator's browser, signed in."""
    browser.sign_in(site.user_name, site.password)
    return browser


@pytest.fixture
def one_time_password(site: Any) -> Secret:
    """The operator's password is reset; this is the new one, for one use."""
    with site.services.database.change("test") as change:
        return set_one_time_password(change, site.user_id)


class Federation(ThreadingHTTPServer):
    """An honest stand-in for AWS's federation endpoint: keys as a form, a token back."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), FederationHandler)
        self.sessions: list[dict[str, str]] = []
        self.answer: tuple[int, bytes] = (200, b'{"SigninToken": "a token"}')

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class FederationHandler(BaseHTTPRequestHandler):
    server: Federation

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if form.get("Action") == "getSigninToken" and self.path == "/federation":
            self.server.sessions.append(json.loads(form["Session"]))
        status, answer = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


class GivenKeys:
    """Keys for everybody who asks, or the trouble that a test wants."""

    trouble: Exception | None = None

    def issue(self, user_id: str, account_id: str, permission_set_name: str) -> RoleCredentials:
        if self.trouble is not None:
            raise self.trouble
        secret, token = Secret("secret-of-" + permission_set_name), Secret("token-of-" + account_id)
        return RoleCredentials("ASIAEXAMPLE", secret, token, 1_800_000_000.0)


@pytest.fixture
def federation() -> Iterator[Federation]:
    """The console's sign-in endpoint."""
    server = Federation()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def given_keys() -> GivenKeys:
    """Where role credentials come from."""
    return GivenKeys()


class Organization:
    """What AWS Organizations answers, or that it does not."""

    is_there = True

    def read(self) -> tuple[Account, ...]:
        if not self.is_there:
            raise UnavailableError("AWS is not there")
        names = {"111111111111": "management", "222222222222": "staging", "333333333333": "production"}
        return tuple(Account(AccountId(id_), name) for id_, name in names.items())


@pytest.fixture
def organization() -> Organization:
    """The organization that the directory asks for its accounts."""
    return Organization()


@pytest.fixture
def at_own_address(
    at_own_address: Any, federation: Federation, given_keys: GivenKeys, organization: Organization
) -> Any:
    """The services, with keys to give and a console to open."""
    services, listener = at_own_address
    accounts = AccountList(organization.read, services.database.now)
    config = replace(services.config, federation_url=f"{federation.origin}/federation")
    return replace(services, config=config, role_credentials=given_keys, accounts=accounts), listener


@pytest.fixture
def assign(site: Any) -> Callable[..., None]:
    """`assign(account_id, name)` lets the operator into that account with a permission set of that name."""
    services = site.services

    def give(account_id: str, name: str, relay_state: str | None = None) -> None:
        with services.database.change("test") as change:
            found = find_permission_set_by_name(change.connection, name)
            if found is None:
                id_ = f"ps-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
                arn = f"arn:aws:sso:::permissionSet/{services.instance.id}/{id_}"
                found = StoredPermissionSet(
                    id=id_,
                    arn=arn,
                    name=name,
                    description=None,
                    session_duration="PT1H",
                    relay_state=relay_state,
                    inline_policy=None,
                    boundary=None,
                    revision=1,
                    created_at=change.now,
                )
                insert_permission_set(change, found)
            insert_assignment(change, StoredAssignment(account_id, found.id, "USER", site.user_id))

    return give
