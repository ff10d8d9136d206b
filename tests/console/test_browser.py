"""Handing a secret address to a browser: once, to the right caller, and never on a command line."""

import http.client
import threading
from urllib.parse import urlsplit

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
