"""Consoles side by side in the real Chromium: each window has its own session; a further one ends none."""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

PROFILES = (
    "mkdev-staging/ReadOnlyAccess",
    "mkdev-staging/AdministratorAccess",
    "mkdev-production/ReadOnlyAccess",
    "mkdev-management/AdministratorAccess",
)
LONGEST_WAIT = 60
HEADLESS = """#!/bin/sh
exec {program} --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --password-store=basic "$@"
"""


class Console(ThreadingHTTPServer):
    """Federation, and a console whose page asks again each second: `pages` are cookies and paths."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _ConsolePages)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.pages = []
        self.news = threading.Condition()

    def asked_with(self, *cookies):
        """Wait until pages were asked for, from now on, with each of these cookies."""
        with self.news:
            since = len(self.pages)
            assert self.news.wait_for(
                lambda: {cookie for cookie, _ in self.pages[since:]} >= {*cookies}, LONGEST_WAIT
            ), (cookies, self.pages[since:])

    def sign_in_after(self, count):
        """The cookie of the next session, once `count` were seen."""
        with self.news:
            assert self.news.wait_for(lambda: len(self.sessions) > count, LONGEST_WAIT), self.pages
            return self.sessions[count]

    @property
    def sessions(self):
        """Every cookie, in the order of their first page."""
        return list(dict.fromkeys(cookie for cookie, _ in self.pages if cookie))


class _ConsolePages(BaseHTTPRequestHandler):
    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        key = json.loads(form["Session"][0])["sessionId"]
        self.answer(200, json.dumps({"SigninToken": key}))

    def do_GET(self):
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        if parts.path == "/federation":
            cookie = f"session={query['SigninToken'][0]}"
            self.answer(302, "", Location=query["Destination"][0], Set_Cookie=cookie)
        elif parts.path == "/favicon.ico":
            self.answer(404, "")
        else:
            with self.server.news:
                self.server.pages.append((self.headers.get("Cookie"), parts.path))
                self.server.news.notify_all()
            page = "<!doctype html><meta http-equiv=refresh content=1><title>Console</title>"
            self.answer(200, page, Content_Type="text/html")

    def answer(self, status, text, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def console():
    with Console() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def home(settled, console, find_client, tmp_path):
    program = tmp_path / "chromium"
    program.write_text(HEADLESS.format(program=find_client("chromium")))
    program.chmod(0o700)
    settled.ok("login", "--device", "--aws-endpoint-url", console.url)
    settled.environ |= {"BROWSER": str(program), "DISPLAY": ":0"}  # as on a desktop; nothing is shown
    # Where the launcher of the native host finds `usher`.
    settled.environ["PATH"] = f"{Path(sys.executable).parent}:{settled.environ['PATH']}"
    yield settled
    for folder in (settled.folder / ".local/share/usher/jars").glob("*-*"):
        lock = folder / "browser" / "SingletonLock"
        if lock.is_symlink():  # its target is no file: no glob finds it
            end(int(str(lock.readlink()).rpartition("-")[2]))
    assert "open" not in settled.ok("browser", "jars")


def end(process):
    """End a browser as a desktop does, and wait until it has."""
    os.kill(process, signal.SIGTERM)
    for _ in range(LONGEST_WAIT * 10):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)


@pytest.mark.once
@pytest.mark.client("chromium")
def test_a_fourth_console_leaves_the_first_three_signed_in(home, console):
    cookies = []
    for profile in PROFILES:
        home.ok("console", profile)
        cookies.append(console.sign_in_after(len(cookies)))
    assert len(set(cookies)) == len(PROFILES)
    console.asked_with(*cookies)

    # The extension in each finds its native host, which knows whose the browser is.
    jars = {each["folder"].rpartition("/")[2] for each in json.loads(home.ok("browser", "jars", "--json"))}
    wait_for(lambda: {install["jar"] for install in installs(home)} == jars)
    home.ok("console", PROFILES[0], "--service", "lambda")
    wait_for(lambda: (cookies[0], "/lambda/home") in console.pages)
    assert "open, and so not removed" in home.run("browser", "jars", "--remove", PROFILES[0]).stderr
    console.asked_with(*cookies)


def installs(home):
    folder = home.folder / ".cache" / "usher" / "browsers"
    return [json.loads(path.read_text()) for path in folder.glob("*.json")]


def wait_for(is_so):
    for _ in range(LONGEST_WAIT * 10):
        if is_so():
            return
        time.sleep(0.1)
    pytest.fail("it did not come to be so")
