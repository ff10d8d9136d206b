"""The pages in a real browser: labels and keys as people use them, redirects under the policy, pictures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from usher.server.idp.clients import ClientRequest, register_client
from usher.server.idp.grants import start_device

pytestmark = pytest.mark.client("chromium")

SCOPE = "sso:account:access"
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1100, "height": 760}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1100, "height": 760}},
    "phone": {"color_scheme": "light", "viewport": {"width": 360, "height": 740}},
}


class Listener(ThreadingHTTPServer):
    """A program that waits for its answer on the person's machine."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answered)
        self.paths: list[str] = []

    @property
    def callback(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/oauth/callback"


class Answered(BaseHTTPRequestHandler):
    server: Listener

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p>Answered</p>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def chromium(find_client: Callable[[str], Path]) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_client("chromium"), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def open_tab(chromium: Any) -> Iterator[Callable[..., Any]]:
    """`open_tab(**look)` is a tab of a fresh browser; what its console complains about fails the test."""
    troubles: list[str] = []

    def heard(line: Any) -> None:
        if line.type == "error" and not line.text.startswith("Failed to load resource"):
            troubles.append(line.text)

    def start(**look: Any) -> Any:
        page = chromium.new_context(**look).new_page()
        page.set_default_timeout(15_000)
        page.on("console", heard)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        return page

    yield start
    assert troubles == []


def sign_in(page: Any, site: Any) -> None:
    page.get_by_label("Email").fill(site.user_name)
    page.get_by_label("Password", exact=True).fill(site.password)
    page.get_by_role("button", name="Sign in").click()


def consent_address(site: Any, callback: str) -> str:
    grants, uris = ["authorization_code", "refresh_token"], ["http://127.0.0.1/oauth/callback"]
    asked = ClientRequest("botocore-client-mkdev", "public", [SCOPE], grants, uris)
    client = register_client(site.services.database, asked).client
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": callback,
        "state": "some-state",
        "code_challenge_method": "S256",
        "scopes": SCOPE,
        "code_challenge": "c" * 43,
    }
    return f"{site.url}/authorize?{urlencode(query)}"


def device_address(site: Any) -> str:
    asked = ClientRequest("botocore-client-mkdev", "public", [SCOPE], [], [])
    client = register_client(site.services.database, asked).client
    started = start_device(site.services.database, client, "192.0.2.7")
    return f"{site.url}/device?user_code={started.user_code}"


@pytest.mark.parametrize(("button", "told"), [("Allow", "code="), ("Deny", "error=access_denied")])
def test_the_answer_reaches_the_waiting_program(
    open_tab: Any, site: Any, listener: Listener, button: str, told: str
) -> None:
    page = open_tab()
    page.goto(consent_address(site, listener.callback))
    sign_in(page, site)
    page.get_by_role("button", name=button).click()
    page.get_by_text("Answered").wait_for()
    assert told in listener.paths[0]
    assert "state=some-state" in listener.paths[0]


def test_the_console_opens_under_the_policy(
    open_tab: Any, site: Any, assign: Any, federation: Any, listener: Listener
) -> None:
    assign("222222222222", "AdministratorAccess")
    page = open_tab()
    page.goto(f"{site.url}/start")
    sign_in(page, site)
    page.get_by_role("button", name="Console").click()
    page.wait_for_url(f"{federation.origin}/federation?**", wait_until="commit")


def test_signing_in_needs_no_mouse(open_tab: Any, site: Any) -> None:
    page = open_tab()
    page.goto(f"{site.url}/start")
    page.wait_for_function("document.activeElement.id === 'user_name'")
    page.keyboard.type(site.user_name)
    page.keyboard.press("Tab")
    page.keyboard.type(site.password)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your accounts").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"


def test_the_device_page_shows_the_code_to_compare(open_tab: Any, site: Any) -> None:
    address = device_address(site)
    page = open_tab()
    page.goto(address)
    sign_in(page, site)
    assert address[-9:] in page.inner_text("main")
    page.get_by_role("button", name="Allow").click()
    page.get_by_text("You are signed in").wait_for()


@pytest.mark.parametrize("look", LOOKS)
def test_pictures_of_every_page_are_kept_and_none_is_wider_than_its_window(
    open_tab: Any, site: Any, assign: Any, screenshots: Path, look: str
) -> None:
    for account, name in (
        ("111111111111", "AdministratorAccess"),
        ("222222222222", "AdministratorAccess"),
        ("222222222222", "ReadOnlyAccess"),
        ("333333333333", "AnExceedinglyLongPermissionSetNa"),
    ):
        assign(account, name)
    page = open_tab(**LOOKS[look])

    def keep(name: str) -> None:
        page.screenshot(path=screenshots / f"portal-{name}-{look}.png", full_page=True)
        width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width[0] <= width[1], name

    page.goto(f"{site.url}/sign-in")
    keep("sign-in")
    page.get_by_label("Email").fill(site.user_name)
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    keep("sign-in-refused")
    sign_in(page, site)
    page.get_by_role("heading", name="Your accounts").wait_for()
    keep("accounts")
    page.get_by_role("button", name="Keys").first.click()
    page.get_by_role("heading", name="Environment variables, bash or zsh").wait_for()
    keep("keys")
    pages = {
        "consent": consent_address(site, "http://127.0.0.1:43210/oauth/callback"),
        "device-confirm": device_address(site),
        "device": f"{site.url}/device",
        "change-password": f"{site.url}/change-password",
        "console": f"{site.url}/console?account_id=222222222222&role_name=AdministratorAccess",
        "error": f"{site.url}/authorize?client_id=unknown",
    }
    for name, address in pages.items():
        page.goto(address)
        keep(name)
