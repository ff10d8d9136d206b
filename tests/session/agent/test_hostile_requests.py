"""The container endpoint under hostile requests (T8, G23): all refused, and the next honest one served.

Each row is what a web page, a rebound name, a proxy, another user, a thief of half a token or a confused
client could send, byte for byte.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.once

LONG = "x" * 9_000


@pytest.fixture
def grant(ask):
    return ask("grants.open", profile="staging", environment={})


@pytest.fixture
def port(grant):
    return int(grant["url"].split(":")[2].split("/")[0])


def exchange(port, *parts, host="127.0.0.1", half_close=True):
    """Send raw bytes, each part on its own, and read the whole answer."""
    with socket.create_connection((host, port), timeout=20) as connection:
        for part in parts:
            try:
                connection.sendall(part)
            except OSError:
                break  # it has answered and hung up already
        if half_close:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while chunk := connection.recv(65_536):
                answer += chunk
        except ConnectionError:
            pass
        return answer


def request(port, token, *more, line="GET /v1/credentials HTTP/1.1", host=None, authorization=True):
    lines = [line]
    if host is not False:
        lines.append(f"Host: {host or f'127.0.0.1:{port}'}")
    if authorization:
        lines.append(f"Authorization: {token}")
    return ("\r\n".join([*lines, *more]) + "\r\n\r\n").encode("latin-1")


def status_of(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


def assert_served(answer):
    assert status_of(answer) == 200
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Cache-Control: no-store" in head
    assert b"Access-Control" not in head
    assert json.loads(body)["AccessKeyId"].startswith("ASIA")


def assert_refused(answer):
    assert status_of(answer) in {None, 400, 401, 403, 404, 405, 408, 431}
    assert b"ASIA" not in answer
    assert b"key1" not in answer
    assert b"tok1" not in answer


HOSTS = {
    "no port": "127.0.0.1",
    "another port": "127.0.0.1:1",
    "a zero before the port": "127.0.0.1:0{port}",
    "a dot after the address": "127.0.0.1.:{port}",
    "localhost by name": "localhost:{port}",
    "localhost with a dot": "localhost.:{port}",
    "a rebound name": "rebind.attacker.example:{port}",
    "a name that resolves to loopback": "127.0.0.1.nip.io:{port}",
    "a name that begins like us": "127.0.0.1.attacker.example:{port}",
    "a name that ends like us": "attacker.example127.0.0.1:{port}",
    "userinfo before us": "attacker.example@127.0.0.1:{port}",
    "two hosts in one": "127.0.0.1:{port}, attacker.example",
    "a short form of loopback": "127.1:{port}",
    "loopback as one number": "2130706433:{port}",
    "loopback in hex": "0x7f.0.0.1:{port}",
    "loopback in octal": "0177.0.0.1:{port}",
    "another loopback address": "127.0.0.2:{port}",
    "the unspecified address": "0.0.0.0:{port}",
    "IPv6 loopback": "[::1]:{port}",
    "IPv4 mapped into IPv6": "[::ffff:127.0.0.1]:{port}",
    "IPv6 loopback without brackets": "::1:{port}",
    "the metadata service": "169.254.169.254",
    "a space inside": "127.0.0.1 :{port}",
    "a path behind it": "127.0.0.1:{port}/",
    "nothing": " ",
}

HEADERS = {
    "Origin of a page": ("Origin: https://attacker.example",),
    "Origin null": ("Origin: null",),
    "Origin of ourselves": ("Origin: http://127.0.0.1:{port}",),
    "an empty Origin": ("Origin:",),
    "fetch from another site": ("Sec-Fetch-Site: cross-site",),
    "fetch from the same site": ("Sec-Fetch-Site: same-origin",),
    "an image of a page": ("Sec-Fetch-Dest: image",),
    "a Referer": ("Referer: https://attacker.example/",),
    "a Cookie": ("Cookie: a=b",),
    "a WebSocket": ("Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
    "a private network preflight": ("Access-Control-Request-Private-Network: true",),
    "a forwarding proxy": ("X-Forwarded-For: 203.0.113.7",),
    "a forwarded host": ("X-Forwarded-Host: attacker.example",),
    "Forwarded": ("Forwarded: for=203.0.113.7",),
    "Via": ("Via: 1.1 proxy",),
    "a second Host": ("Host: attacker.example",),
    "the same Host twice": ("Host: 127.0.0.1:{port}",),
    "a second Authorization": ("Authorization: {token}",),
    "a folded header": ("X-Folded: a", " b"),
    "a folded Authorization": ("X-Folded: a", "\tAuthorization: b"),
    "a space before the colon": ("X-Name : a",),
    "a header without a name": (": a",),
    "a header without a colon": ("nonsense",),
    "NUL in a value": ("X-Value: a\0b",),
    "NUL in a name": ("X-\0Name: a",),
    "an escape sequence": ("X-Value: \x1b[31m",),
    "CR alone inside a value": ("X-Value: a\rX-Other: b",),
    "LF alone inside a value": ("X-Value: a\nX-Other: b",),
    "a body's length": ("Content-Length: 5",),
    "a negative length": ("Content-Length: -1",),
    "a length with a sign": ("Content-Length: +0",),
    "two lengths": ("Content-Length: 0", "Content-Length: 5"),
    "chunks": ("Transfer-Encoding: chunked",),
    "disguised chunks": ("Transfer-Encoding: xchunked",),
    "chunks and a length": ("Transfer-Encoding: chunked", "Content-Length: 0"),
    "Expect": ("Expect: 100-continue",),
    "a huge header": (f"X-Huge: {LONG}",),
    "too many headers": tuple(f"X-{number}: a" for number in range(100)),
}

LINES = {
    "POST": "POST /v1/credentials HTTP/1.1",
    "PUT": "PUT /v1/credentials HTTP/1.1",
    "DELETE": "DELETE /v1/credentials HTTP/1.1",
    "HEAD": "HEAD /v1/credentials HTTP/1.1",
    "OPTIONS": "OPTIONS /v1/credentials HTTP/1.1",
    "OPTIONS of everything": "OPTIONS * HTTP/1.1",
    "TRACE": "TRACE /v1/credentials HTTP/1.1",
    "CONNECT": "CONNECT 127.0.0.1:443 HTTP/1.1",
    "a method in small letters": "get /v1/credentials HTTP/1.1",
    "an unknown method": "GETX /v1/credentials HTTP/1.1",
    "an absolute address": "GET http://127.0.0.1:{port}/v1/credentials HTTP/1.1",
    "another's absolute address": "GET http://attacker.example/v1/credentials HTTP/1.1",
    "HTTP/1.0": "GET /v1/credentials HTTP/1.0",
    "HTTP/0.9": "GET /v1/credentials",
    "HTTP/2": "PRI * HTTP/2.0",
    "the root": "GET / HTTP/1.1",
    "another path": "GET /v1/credentials2 HTTP/1.1",
    "a query": "GET /v1/credentials?a=b HTTP/1.1",
    "a fragment": "GET /v1/credentials#a HTTP/1.1",
    "a slash behind": "GET /v1/credentials/ HTTP/1.1",
    "two slashes": "GET //v1/credentials HTTP/1.1",
    "dots": "GET /v1/../v1/credentials HTTP/1.1",
    "escaped letters": "GET /v1/%63redentials HTTP/1.1",
    "an escaped slash": "GET /v1%2fcredentials HTTP/1.1",
    "an escaped NUL": "GET /v1/credentials%00 HTTP/1.1",
    "NUL in the path": "GET /v1/credentials\0 HTTP/1.1",
    "a backslash": "GET /v1\\credentials HTTP/1.1",
    "capitals": "GET /V1/CREDENTIALS HTTP/1.1",
    "two spaces": "GET  /v1/credentials HTTP/1.1",
    "a tab": "GET\t/v1/credentials\tHTTP/1.1",
    "an empty line first": "\r\nGET /v1/credentials HTTP/1.1",
    "a huge path": f"GET /v1/credentials{LONG} HTTP/1.1",
}

TOKENS = {
    "the first half": lambda token: token[: len(token) // 2],
    "all but the last letter": lambda token: token[:-1],
    "all but the first letter": lambda token: token[1:],
    "one letter more": lambda token: token + "A",
    "another case": lambda token: token.swapcase(),
    "Bearer before it": lambda token: f"Bearer {token}",
    "Basic before it": lambda token: f"Basic {token}",
    "quotes around it": lambda token: f'"{token}"',
    "twice": lambda token: token + token,
    "twice with a comma": lambda token: f"{token}, {token}",
    "a wildcard": lambda token: "*",
    "null": lambda token: "null",
    "not ASCII": lambda token: token[:-1] + "é",
}


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_a_host_that_is_not_exactly_our_address_is_refused(host, port, grant):
    hostile = request(port, grant["token"], host=host.format(port=port))
    assert_refused(exchange(port, hostile))
    assert_served(exchange(port, request(port, grant["token"])))


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_headers_of_web_pages_proxies_and_smugglers_are_refused(headers, port, grant):
    more = [header.replace("{port}", str(port)).replace("{token}", grant["token"]) for header in headers]
    assert_refused(exchange(port, request(port, grant["token"], *more)))
    assert_served(exchange(port, request(port, grant["token"])))


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_anything_but_one_get_of_one_path_is_refused(line, port, grant):
    hostile = request(port, grant["token"], line=line.replace("{port}", str(port)))
    assert_refused(exchange(port, hostile))
    assert_served(exchange(port, request(port, grant["token"])))


@pytest.mark.parametrize("change", TOKENS.values(), ids=TOKENS)
def test_a_token_that_is_not_exactly_the_grants_is_refused(change, port, grant):
    assert_refused(exchange(port, request(port, change(grant["token"]))))
    assert_served(exchange(port, request(port, grant["token"])))


@pytest.mark.parametrize(
    "more", [(), ("Authorization:",), ("X-Authorization: {token}",), ("Proxy-Authorization: {token}",)]
)
def test_without_the_token_in_its_header_nothing_is_given(more, port, grant):
    headers = [header.replace("{token}", grant["token"]) for header in more]
    answer = exchange(port, request(port, "", *headers, authorization=False))
    assert_refused(answer)
    assert status_of(answer) == 401
    assert_served(exchange(port, request(port, grant["token"])))


def test_a_request_without_a_host_is_refused(port, grant):
    assert_refused(exchange(port, request(port, grant["token"], host=False)))


def test_a_second_request_behind_the_first_is_refused_with_it(port, grant):
    good = request(port, grant["token"])
    assert_refused(exchange(port, good + good))
    assert_refused(exchange(port, good + b"trailing"))
    assert_served(exchange(port, good))


def test_a_token_opens_only_its_own_grants_role(ask, port, grant, source):
    source.identity = "mkdev/333333333333/Admin"
    other = ask("grants.open", profile="production", environment={})
    source.identity = "mkdev/222222222222/ReadOnlyAccess"
    assert_refused(exchange(port, request(port, other["token"])))
    assert_served(exchange(port, request(port, grant["token"])))


def test_a_revoked_token_opens_nothing(ask, port, grant):
    ask("grants.close", id=grant["id"])
    assert_refused(exchange(port, request(port, grant["token"])))


def test_an_expired_token_opens_nothing(ask, port, grant, clock):
    clock.offset += 8 * 3600
    assert_refused(exchange(port, request(port, grant["token"])))
    assert ask("grants.list")["grants"] == []


def test_a_token_opens_nothing_at_an_address_that_it_was_not_granted_for(ask, port, grant):
    elsewhere = ask("grants.open", profile="staging", environment={}, listen=["127.0.0.9"])
    other_port = int(elsewhere["url"].split(":")[2].split("/")[0])
    sent = request(other_port, grant["token"], host=f"127.0.0.9:{other_port}")
    assert_refused(exchange(other_port, sent, host="127.0.0.9"))
    sent = request(other_port, elsewhere["token"], host=f"127.0.0.9:{other_port}")
    assert_served(exchange(other_port, sent, host="127.0.0.9"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_of_the_machine_is_refused_even_with_the_token(ask, port, grant):
    code = (
        "import encodings.idna, os, socket, sys; os.setgid(65534); os.setuid(65534);"
        "client = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 20);"
        "client.sendall(sys.stdin.buffer.read()); sys.stdout.buffer.write(client.recv(65536))"
    )

    def as_nobody(sent):
        done = subprocess.run(
            [sys.executable, "-c", code, str(port)], input=sent, capture_output=True, env={}
        )
        assert done.stderr == b""
        return done.stdout

    assert_refused(as_nobody(request(port, grant["token"])))
    assert_served(exchange(port, request(port, grant["token"])))
    shared = ask("grants.open", profile="staging", environment={}, any_user=True)
    assert_served(as_nobody(request(port, shared["token"])))


def test_slow_headers_end_after_a_moment_and_keep_nobody_waiting(port, grant, monkeypatch):
    monkeypatch.setattr("usher.session.agent.endpoint.HEAD_SECONDS", 1.5)
    slow = socket.create_connection(("127.0.0.1", port), timeout=20)
    slow.sendall(b"GET /v1/credentials HTTP/1.1\r\nHost:")
    assert_served(exchange(port, request(port, grant["token"])))
    assert status_of(slow.recv(65_536)) == 408
    slow.close()


def test_a_flood_of_half_open_connections_keeps_nobody_out(port, grant):
    flood = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(200)]
    for each in flood:
        each.sendall(b"GET /v1/cre")
    for _ in range(5):
        assert_served(exchange(port, request(port, grant["token"])))
    for each in flood:
        each.close()


def test_a_client_that_goes_away_is_no_trouble(port, grant):
    assert_refused(exchange(port, b"GET /v1/cre"))
    assert_refused(exchange(port))
    socket.create_connection(("127.0.0.1", port), timeout=20).close()
    assert_served(exchange(port, request(port, grant["token"]), half_close=False))


def test_a_client_that_never_stops_sending_is_cut_off(port, grant):
    with socket.create_connection(("127.0.0.1", port)) as client, contextlib.suppress(ConnectionError):
        for _ in range(10_000):
            client.sendall(b"x" * 4_096)
    assert_served(exchange(port, request(port, grant["token"])))


def test_the_table_is_as_long_as_it_has_to_be():
    assert sum(map(len, (HOSTS, HEADERS, LINES, TOKENS))) >= 100
