"""Who asks, with and without proxies between: only what trusted proxies wrote counts."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from usher.server.app import build_app
from usher.server.config import Network, ServerConfig
from usher.server.proxies import TrustedProxies, visitor_address
from usher.server.setup import configure, initialise_directory

TRUSTED = [ip_network("127.0.0.0/8"), ip_network("10.0.0.0/24"), ip_network("2001:db8:1::/48")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "visitor"),
    [
        ("192.0.2.9", "198.51.100.1", "192.0.2.9"),
        ("192.0.2.9", "rubbish", "192.0.2.9"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "203.0.113.5, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "203.0.113.5, 198.51.100.1, 10.0.0.7", "198.51.100.1"),
        ("127.0.0.1", "rubbish, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "10.0.0.8, 10.0.0.7", "10.0.0.8"),
        ("127.0.0.1", "2001:DB8:2::0001", "2001:db8:2::1"),
        ("2001:db8:1::1", "198.51.100.1", "198.51.100.1"),
        ("::ffff:127.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
    ],
)
def test_the_visitor_is_the_last_address_that_is_no_trusted_proxy(
    peer: str, forwarded: str, visitor: str
) -> None:
    assert visitor_address(peer, forwarded, TRUSTED) == visitor


@pytest.mark.parametrize("forwarded", ["unknown", "198.51.100.1,", "198.51.100.1, rubbish, 10.0.0.7"])
def test_a_trusted_proxy_that_names_no_address_is_not_believed(forwarded: str) -> None:
    with pytest.raises(ValueError, match="address"):
        visitor_address("127.0.0.1", forwarded, TRUSTED)


Serve = Callable[[list[Any]], str]


def ask(serve: Serve, networks: list[Network], *forwarded: str) -> tuple[int, str]:
    def who(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.client.host if request.client else "nobody")

    app = TrustedProxies(Starlette(routes=[Route("/", who)]), networks=networks)
    return answer_of(serve([Mount("/", app)]), *forwarded)


def answer_of(origin: str, *forwarded: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=10)
    connection.putrequest("GET", "/")
    for value in forwarded:
        connection.putheader("X-Forwarded-For", value)
    connection.endheaders()
    answer = connection.getresponse()
    status, text = answer.status, answer.read().decode()
    connection.close()
    return status, text


def test_without_trusted_proxies_the_header_is_worth_nothing(serve: Serve) -> None:
    assert ask(serve, [], "198.51.100.1") == (200, "127.0.0.1")


def test_behind_a_trusted_proxy_the_visitor_is_seen(serve: Serve) -> None:
    assert ask(serve, [ip_network("127.0.0.1")], "203.0.113.5", "198.51.100.1") == (200, "198.51.100.1")


def test_a_trusted_proxys_rubbish_is_a_bad_request(serve: Serve) -> None:
    assert ask(serve, [ip_network("127.0.0.1")], "rubbish")[0] == 400


@pytest.mark.parametrize(("proxies", "status"), [((), 303), ((ip_network("127.0.0.1"),), 400)])
def test_the_directory_trusts_the_proxies_that_it_was_told_of(
    serve: Serve, tmp_path: Path, proxies: tuple[Network, ...], status: int
) -> None:
    data, url = tmp_path / "data", "http://127.0.0.1:8700"
    initialise_directory(ServerConfig(data, url, "eu-central-1"), "admin@mkdev.example", time.time)
    config = configure(data, url, account_role_name="any", federation_url="", trusted_proxies=proxies)
    assert answer_of(serve([Mount("/", build_app(config))]), "rubbish")[0] == status
