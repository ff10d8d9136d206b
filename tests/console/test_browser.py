"""Handing a secret address to a browser: once, to the right caller, and never on a command line."""

import http.client
import os
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import usher.console.browser
from usher.console.browser import hand_over
from usher.core.secrets import Secret

TARGET = Secret("https://signin.example/federation?SigninToken=secret")


def get(url, host=None, path=None):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    connection.putrequest("GET", path or parts.path, skip_host=True)
    connection.putheader("Host", host or parts.netloc)
    connection.endheaders()
    response = connection.getresponse()
    response.read()
    return response.status, response.headers.get("Location")


def test_the_browser_gets_a_one_time_address_that_leads_to_the_secret_one():
    seen = []

    def browser(url):
        seen.append(url)
        seen.extend([get(url), get(url)])
        return True

    assert hand_over(TARGET, browser)
    url, first, second = seen
    assert "secret" not in url
    assert first == (302, TARGET.reveal())
    assert second == (404, None)


def test_others_who_knock_get_nothing_and_do_not_use_it_up():
    seen = []

    def browser(url):
        seen.extend([get(url, host="evil.example"), get(url, path="/guess"), get(url)])
        return True

    assert hand_over(TARGET, browser)
    assert [status for status, _ in seen] == [404, 404, 302]


def test_a_browser_that_comes_later_is_waited_for():
    def browser(url):
        threading.Timer(0.2, get, (url,)).start()
        return True

    assert hand_over(TARGET, browser, 10)


def test_no_browser_or_one_that_never_comes_is_reported():
    assert not hand_over(TARGET, lambda url: False)
    assert not hand_over(TARGET, lambda url: True, 0.05)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells whose connection it is")
def test_another_user_who_read_the_address_on_the_command_line_gets_nothing(monkeypatch):
    seen = []

    def browser(url):
        # As it looks to this process when it is another user's than the one who asks.
        with monkeypatch.context() as patched:
            patched.setattr(usher.console.browser.machine, "user_id", lambda: os.getuid() + 1)
            patched.setattr(usher.console.browser, "ROOT", -1)
            seen.append(get(url))
        seen.append(get(url))
        return True

    assert hand_over(TARGET, browser)
    assert seen == [(404, None), (302, TARGET.reveal())]


def test_where_the_system_does_not_tell_who_asks_the_address_alone_counts(monkeypatch):
    monkeypatch.setattr(usher.console.browser, "tcp_user_of", lambda connection: None)
    assert hand_over(TARGET, lambda url: get(url) == (302, TARGET.reveal()))
