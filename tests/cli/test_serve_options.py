"""What `usher serve` makes of its options before it starts."""

from __future__ import annotations

import pytest

from usher.cli.commands.serve import parse_public_url, parse_trusted_proxy
from usher.core.errors import UsageError


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://sso.example.com", "https://sso.example.com"),
        ("https://SSO.Example.com/", "https://sso.example.com"),
        ("HTTPS://sso.example.com:443", "https://sso.example.com"),
        ("https://sso.example.com:8443", "https://sso.example.com:8443"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://localhost:8700", "http://localhost:8700"),
        ("http://[0:0::1]:8700", "http://[::1]:8700"),
    ],
)
def test_the_public_url_is_kept_as_browsers_write_origins(given: str, origin: str) -> None:
    assert parse_public_url(given) == origin


@pytest.mark.parametrize(
    "given",
    [
        "https://user@sso.example.com",
        "https://:secret@sso.example.com",
        "https://sso.example.com/#start",
        "https://sso.example.com/start",
        "https://sso.example.com?x=1",
        "https://sso.example.com:port",
        "https://[",
        "https://",
        "https://späte.example",
        "ftp://sso.example.com",
        "http://sso.example.com",
    ],
)
def test_a_public_url_that_is_more_or_less_than_an_origin_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="public-url"):
        parse_public_url(given)


def test_a_trusted_proxy_is_an_address_or_a_range() -> None:
    assert str(parse_trusted_proxy("127.0.0.1")) == "127.0.0.1/32"
    assert str(parse_trusted_proxy("2001:db8::/32")) == "2001:db8::/32"


@pytest.mark.parametrize("given", ["proxy.example.com", "10.0.0.1/24", ""])
def test_a_trusted_proxy_that_is_no_range_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="trusted-proxy"):
        parse_trusted_proxy(given)
