"""A person at a browser, in front of a small honest site with cookies, hidden fields and a consent page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from usher.core.errors import UsherError
from usher.core.secrets import Secret
from usher.sandbox.person import Person

SIGN_IN = """<title>Sign in</title>{alert}<form method="post" action="/sign-in">
<input type="hidden" name="csrf" value="one"><input name="user_name" autocomplete="username">
<input type="password" name="password" autocomplete="current-password"><button>Sign in</button></form>"""
CHOOSE = """<title>Choose a password</title><form method="post" action="/choose">
<input type="password" name="new" autocomplete="new-password">
<input type="password" name="again" autocomplete="new-password"><button>Save</button></form>"""
CONSENT = """<title>Let it in?</title><form method="post" action="/sign-out"><button>Sign out</button></form>
<form method="post" action="/consent"><button name="answer" value="deny">Deny</button>
<button name="answer" value="allow">Allow</button></form>"""
DONE = "<title>Done</title><h1>You may close this page</h1>"


class Site(BaseHTTPRequestHandler):
    """Signs in `someone` with `first`, asks for a new password, then for consent."""

    def do_GET(self) -> None:
        cookie = SimpleCookie(self.headers.get("Cookie", ""))
        step = cookie["step"].value if "step" in cookie else "sign-in"
        self._page(
            {"sign-in": SIGN_IN.format(alert=""), "choose": CHOOSE, "consent": CONSENT}.get(step, DONE)
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        sent = {name: values[0] for name, values in parse_qs(body).items()}
        self.server.seen.append((self.path, sent, self.headers.get("Origin")))
        if self.path == "/sign-in" and sent.get("password") == "first":
            self._go("choose")
        elif self.path == "/sign-in":
            self._page(SIGN_IN.format(alert='<p role="alert">Wrong password</p>'))
        elif self.path == "/choose" and sent["new"] == sent["again"] == "second":
            self._go("consent")
        elif self.path == "/consent" and sent == {"answer": "allow"}:
            self._go("done")
        else:
            self._page("<h1>Refused</h1>", 403)

    def _go(self, step: str) -> None:
        self.send_response(303)
        self.send_header("Location", "/")
        self.send_header("Set-Cookie", f"step={step}; Path=/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _page(self, html: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(html.encode())))
        self.end_headers()
        self.wfile.write(html.encode())

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.seen = []
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def address(site: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{site.server_port}/"


def test_a_person_signs_in_chooses_a_password_and_consents(site):
    person = Person("someone", Secret("first"), Secret("second"))
    assert person.approve(address(site)).text.title == "Done"
    paths = [path for path, _, _ in site.seen]
    assert paths == ["/sign-in", "/choose", "/consent"]
    assert site.seen[0][1] == {"csrf": "one", "user_name": "someone", "password": "first"}
    assert site.seen[0][2] == address(site).rstrip("/")
    assert person.password == Secret("second")


def test_what_the_page_objects_to_is_passed_on(site):
    with pytest.raises(UsherError, match="Wrong password"):
        Person("someone", Secret("wrong"), Secret("second")).approve(address(site))


def test_a_refusing_page_is_an_error(site):
    with pytest.raises(UsherError, match="Refused"):
        Person("someone", Secret("first"), Secret("third")).approve(address(site))


def test_a_site_that_is_not_there_is_said_in_words(site):
    url = address(site)
    site.shutdown()
    site.server_close()
    with pytest.raises(UsherError, match="does not answer"):
        Person("someone", Secret("first"), Secret("second")).approve(url)
