"""A browser without a screen: keeps cookies, follows nothing by itself, and sends what a browser sends."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from usher.core.secrets import Secret
from usher.server.idp.passwords import set_one_time_password


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
