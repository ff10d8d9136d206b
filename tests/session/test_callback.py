"""The listener that a browser comes back to, with everybody knocking who can."""

import errno
import http.client
import os
import socket
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from urllib.parse import urlsplit

import pytest

from usher.core.errors import ExitCode, UnavailableError
from usher.core.secrets import Secret
from usher.session import callback
from usher.session.callback import CallbackListener, CallbackPlace, outward_address
from usher.session.errors import LoginExpiredError, LoginRefusedError

SIGN_IN_PAGE = Secret("https://portal.example/authorize?state=right")


@pytest.fixture
def listener():
    with CallbackListener(Secret("right"), os.urandom) as listener:
        listener.lead_to(SIGN_IN_PAGE)
        yield listener


def ask(listener, path, host=None, method="GET", address="127.0.0.1"):
    connection = http.client.HTTPConnection(address, listener.port, timeout=5)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{listener.port}")
    connection.endheaders()
    response = connection.getresponse()
    response.body = response.read()
    connection.close()
    return response


def knock(listener, content):
    """Send bytes as they are and return the whole answer."""
    with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as connection:
        connection.sendall(content)
        answer = b""
        while more := connection.recv(65_536):
            answer += more
    return answer


def come_back(listener, query="code=mine&state=right"):
    Thread(target=ask, args=(listener, f"/oauth/callback?{query}"), daemon=True).start()


def is_still_waiting(listener):
    with pytest.raises(LoginExpiredError):
        listener.wait(0.02)
    return True


@pytest.mark.once
def test_ten_thousand_requests_with_a_wrong_state_do_not_end_the_wait(listener):
    request = "GET /oauth/callback?code=stolen&state=wrong{} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n"

    def attack(numbers):
        return sum(
            knock(listener, request.format(number, listener.port).encode()).startswith(b"HTTP/1.1 400 ")
            for number in numbers
        )

    with ThreadPoolExecutor(8) as attackers:
        refused = sum(attackers.map(attack, [range(each, 10_000, 8) for each in range(8)]))
    assert refused == 10_000
    assert (listener.ignored_requests, listener.connections) == (10_000, 10_000)
    come_back(listener)
    assert listener.wait(10).reveal() == "mine"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=right",
        "code=a",
        "error=access_denied",
        "code=a&state=right&state=right",
        "state=%C3%A9&code=a",
        "&".join(["state=right", *("code=a" for _ in range(60))]),
    ],
)
def test_a_callback_without_state_or_outcome_is_ignored(listener, query):
    assert ask(listener, f"/oauth/callback?{query}").status == 400
    assert is_still_waiting(listener)


@pytest.mark.parametrize("host", ["evil.example", "localhost:{}", "[::1]:{}", "127.0.0.1", "127.0.0.1:1"])
def test_a_callback_with_a_foreign_host_is_ignored(listener, host):
    answer = ask(listener, "/oauth/callback?code=a&state=right", host.format(listener.port))
    assert answer.status == 400
    assert is_still_waiting(listener)


def test_a_callback_to_another_path_is_ignored(listener):
    assert ask(listener, "/elsewhere?code=a&state=right").status == 400
    assert is_still_waiting(listener)


@pytest.mark.parametrize(
    "request_head",
    [
        b"\r\n\r\n",
        b"GET /oauth/callback?code=a&state=right\r\n\r\n",
        b"GET /oauth/callback?code=a&state=right SPDY/3\r\nHost: 127.0.0.1:{port}\r\n\r\n",
        b"GET /oauth/callback?code=a&state=right HTTP/1.1\r\n\r\n",
        b"GET /oauth/callback?code=a&state=right HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: x\r\n\r\n",
        b"GET /oauth/callback?code=a&state=right HTTP/1.1\r\nHost: x\r\n 127.0.0.1:{port}\r\n\r\n",
        b"GET http://[/oauth/callback?code=a&state=right HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"A" * 40_000,
    ],
)
def test_what_is_no_request_of_a_browser_is_refused(listener, request_head):
    answer = knock(listener, request_head.replace(b"{port}", str(listener.port).encode()))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert listener.ignored_requests == 1
    assert is_still_waiting(listener)


def test_other_methods_are_not_served(listener):
    assert ask(listener, "/oauth/callback?code=mine&state=right", method="POST").status == 405
    assert is_still_waiting(listener)


def test_callers_that_hang_up_or_say_nothing_do_not_block_the_wait(listener):
    silent = [socket.create_connection(("127.0.0.1", listener.port)) for _ in range(50)]
    for connection in silent[:10]:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # ends with a reset
        connection.close()
    silent[10].close()
    come_back(listener)
    assert listener.wait(10).reveal() == "mine"
    for connection in silent[11:]:
        connection.close()


def test_more_silent_callers_than_there_is_room_for_only_lose_their_own_places(listener):
    silent = [socket.create_connection(("127.0.0.1", listener.port)) for _ in range(400)]
    come_back(listener)
    assert listener.wait(10).reveal() == "mine"
    assert silent[0].recv(1) == b""
    for connection in silent:
        connection.close()


def test_a_caller_that_drips_its_request_is_cut_off(monkeypatch):
    monkeypatch.setattr(callback, "CONNECTION_SECONDS", 0.2)
    with (
        CallbackListener(Secret("right"), os.urandom) as listener,
        socket.create_connection(("127.0.0.1", listener.port), timeout=5) as slow,
    ):
        slow.sendall(b"GET / HTTP/1.1\r\n")
        assert slow.recv(1) == b""


def test_a_request_in_pieces_is_put_together(listener):
    with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as connection:
        for piece in (b"GET /oauth/callback?co", b"de=mine&state=right HTTP/1.1\r\nHo"):
            connection.sendall(piece)
        connection.sendall(f"st: 127.0.0.1:{listener.port}\r\n\r\n".encode())
        assert listener.wait(10).reveal() == "mine"
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def failing_once(call, error):
    """`call`, but the listener's thread gets `error` instead the first time."""
    failed = []

    def instead(self, *arguments):
        if threading.current_thread().name == "usher-callback" and not failed:
            failed.append(error)
            raise error
        return call(self, *arguments)

    return instead


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("accept", OSError(errno.ECONNABORTED, "gone before it was let in")),
        ("recv", BlockingIOError(errno.EAGAIN, "nothing to read after all")),
    ],
)
def test_what_the_system_takes_back_is_asked_for_again(monkeypatch, listener, name, error):
    monkeypatch.setattr(socket.socket, name, failing_once(getattr(socket.socket, name), error))
    come_back(listener)
    assert listener.wait(10).reveal() == "mine"


def test_an_answer_that_does_not_fit_at_once_is_sent_in_pieces(monkeypatch, listener):
    send = socket.socket.send

    def a_little(self, content, *flags):
        short = threading.current_thread().name == "usher-callback"
        return send(self, content[:100] if short else content, *flags)

    monkeypatch.setattr(socket.socket, "send", a_little)
    answer = ask(listener, "/oauth/callback?code=mine&state=right")
    assert (answer.status, answer.body[-7:]) == (200, b"aside>\n")


def test_what_a_caller_still_sends_after_its_answer_changes_nothing(listener):
    with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\n\r\n")
        assert connection.recv(20).startswith(b"HTTP/1.1 405 ")
        connection.sendall(b"x" * 1000)
        while connection.recv(65_536):
            pass
        connection.sendall(b"x" * 1000)
    assert ask(listener, "/").status == 400


def test_several_tabs_all_get_an_answer_and_the_first_one_counts(listener):
    statuses = [ask(listener, f"/oauth/callback?code={tab}&state=right").status for tab in ("one", "two")]
    assert statuses == [200, 200]
    assert listener.wait(1).reveal() == "one"


def test_a_denial_ends_the_wait_with_its_reason(listener):
    come_back(listener, "error=x&error_description=because&state=right")
    with pytest.raises(LoginRefusedError, match="x: because"):
        listener.wait(10)
    come_back(listener, "error=access_denied&state=right")
    with pytest.raises(LoginRefusedError, match=r"\(access_denied\)"):
        listener.wait(10)


def test_pages_that_people_see_keep_the_code_and_warn_of_whoever_asks_for_the_address(listener):
    answer = ask(listener, "/oauth/callback?code=mine&state=right")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert b"mine" not in answer.body
    assert b"never paste" in answer.body


def test_a_browser_asking_for_an_icon_is_no_stranger(listener):
    assert ask(listener, "/favicon.ico").status == 404
    assert listener.ignored_requests == 0


def test_the_address_on_a_command_line_leads_to_the_sign_in_page_once(listener):
    path = urlsplit(listener.one_time_address).path
    assert not listener.was_visited(0)
    answers = [ask(listener, path) for _ in range(2)]
    assert [(each.status, each.headers["Location"]) for each in answers] == [
        (302, SIGN_IN_PAGE.reveal()),
        (400, None),
    ]
    assert listener.was_visited(0)


def test_the_address_that_is_shown_works_until_the_end_and_under_an_editors_name_for_it(
    listener,
):
    path = urlsplit(listener.address).path
    assert [ask(listener, path, host).status for host in (None, f"localhost:{listener.port}")] == [302, 302]
    assert ask(listener, path, "evil.example").status == 400


def test_without_a_page_to_lead_to_nothing_is_led_anywhere():
    with CallbackListener(Secret("right"), os.urandom) as listener:
        assert ask(listener, urlsplit(listener.address).path).status == 400


def test_nobody_else_can_have_the_same_port_of_ipv6s_loopback(listener):
    if not has_ipv6():
        pytest.skip("this machine has no [::1]")
    with pytest.raises(OSError, match="in use"):
        socket.create_server(("::1", listener.port), family=socket.AF_INET6)
    assert ask(listener, "/oauth/callback?code=a&state=right", address="::1").status == 200


def test_a_machine_without_ipv6_is_served_on_127_0_0_1(monkeypatch):
    with monkeypatch.context() as patched:
        refuse_ipv6(patched, errno.EAFNOSUPPORT)
        listener = CallbackListener(Secret("right"), os.urandom)
    with listener:
        assert ask(listener, "/").status == 400


def test_a_port_that_somebody_has_on_ipv6_is_given_up(monkeypatch):
    refuse_ipv6(monkeypatch, errno.EADDRINUSE)
    with pytest.raises(UnavailableError, match="no port is free"):
        CallbackListener(Secret("right"), os.urandom)


def test_a_machine_where_listening_is_forbidden_says_so(monkeypatch):
    refuse_ipv6(monkeypatch, errno.EPERM)
    with pytest.raises(UnavailableError, match="cannot listen"):
        CallbackListener(Secret("right"), os.urandom)


def test_a_fixed_port_is_used_again_at_once_and_its_owner_named_when_it_is_taken():
    with CallbackListener(Secret("right"), os.urandom) as first:
        ask(first, "/oauth/callback?code=a&state=right")
    place = CallbackPlace(first.port)
    with CallbackListener(Secret("right"), os.urandom, place) as second:
        assert second.redirect_uri == f"http://127.0.0.1:{first.port}/oauth/callback"
        with pytest.raises(UnavailableError, match=f"port {first.port} of this machine is taken") as caught:
            CallbackListener(Secret("right"), os.urandom, place)
    assert "--callback-port" in caught.value.hint
    assert caught.value.exit_code is ExitCode.TRY_AGAIN


def test_in_a_container_a_published_port_leads_in_and_the_host_is_still_checked():
    with CallbackListener(Secret("right"), os.urandom, CallbackPlace(0, "127.0.0.2")) as listener:
        callback_path = "/oauth/callback?code=a&state=right"
        assert ask(listener, callback_path, f"127.0.0.2:{listener.port}", address="127.0.0.2").status == 400
        assert ask(listener, callback_path, address="127.0.0.2").status == 200


def test_the_containers_own_address_is_the_one_that_leads_out(monkeypatch):
    class Unconnected(socket.socket):
        def connect(self, address):
            raise OSError(errno.ENETUNREACH, "unreachable")

    class Connected(Unconnected):
        def connect(self, address):
            super(Unconnected, self).connect(("127.0.0.1", 9))

    monkeypatch.setattr(callback.socket, "socket", Connected)
    assert outward_address() == "127.0.0.1"
    monkeypatch.setattr(callback.socket, "socket", Unconnected)
    with pytest.raises(UnavailableError, match="no network"):
        outward_address()


def test_nothing_listens_when_the_sign_in_is_over():
    with CallbackListener(Secret("right"), os.urandom) as listener:
        silent = socket.create_connection(("127.0.0.1", listener.port))
        assert ask(listener, "/").status == 400  # so that the silent one has been let in
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(listener.redirect_uri)
    assert silent.recv(1) == b""
    assert not any(thread.name == "usher-callback" for thread in threading.enumerate())


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def refuse_ipv6(monkeypatch, number):
    create = socket.create_server

    def create_server(address, **options):
        if options.get("family") == socket.AF_INET6:
            raise OSError(number, os.strerror(number))
        return create(address, **options)

    monkeypatch.setattr(callback.socket, "create_server", create_server)
