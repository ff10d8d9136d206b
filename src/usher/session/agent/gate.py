"""The container endpoint's gate: which requests are let in at all. Bytes in, a token or a refusal out.

It speaks less HTTP than any server: one GET of one path, by IP address, without a body, from a program
and never from a web page. Everything else is refused for the first reason that is found. What it keeps
out: web pages (Origin and the other headers that only browsers send), names that were made to lead here
(DNS rebinding: the Host must be an address we listen at), requests that two readers would read
differently (folded, doubled or nameless headers, bodies, absolute addresses), and forwarding proxies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

PATH = "/v1/credentials"
LARGEST_HEAD_BYTES = 8_192
MOST_HEADERS = 64

_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_FROM_BROWSERS = (
    "origin",
    "referer",
    "cookie",
    "sec-fetch-site",
    "sec-fetch-dest",
    "sec-fetch-user",
    "sec-websocket-key",
    "access-control-request-method",
    "access-control-request-headers",
    "access-control-request-private-network",
)
_FROM_PROXIES = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_WITH_A_BODY = ("transfer-encoding", "te", "trailer", "expect", "upgrade")


class RefusedError(Exception):
    """A request that is not served. `status` is HTTP's, `code` and `words` what the client may read."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status, self.code, self.words = status, code, words


@dataclass(frozen=True, slots=True)
class Head:
    """A request's head, understood: headers by lower-case name, each at most once."""

    method: str
    target: str
    headers: Mapping[str, str]


def authorization_of(head: bytes, hosts: frozenset[str]) -> str:
    """The token of a request that may come in. `head` ends with its empty line. Raises RefusedError."""
    request = parse_head(head)
    if request.method != "GET":
        raise RefusedError(405, "MethodNotAllowed", "only GET is served")
    _refuse_any(request, _FROM_BROWSERS, "WebPagesAreRefused", "web pages are refused")
    _refuse_any(request, _FROM_PROXIES, "ProxiesAreRefused", "forwarded requests are refused")
    if request.headers.get("host") not in hosts:
        raise RefusedError(403, "HostNotAllowed", "the Host is not an address of this endpoint")
    if request.target != PATH:
        raise RefusedError(404, "NotFound", "there is nothing at this path")
    _refuse_body(request)
    authorization = request.headers.get("authorization")
    if not authorization:
        raise RefusedError(401, "TokenMissing", "the Authorization header is missing")
    return authorization


def parse_head(head: bytes) -> Head:
    """The head of a request. Raises RefusedError for whatever is not exactly HTTP/1.1."""
    if b"\n" in head.replace(b"\r\n", b"") or b"\r" in head.replace(b"\r\n", b""):
        raise _malformed("a line does not end with CR LF")
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    words = first.split(b" ")
    if len(words) != 3 or words[2] != b"HTTP/1.1" or not _NAME.fullmatch(words[0]):
        raise _malformed("this is not an HTTP/1.1 request")
    if not words[1].isascii() or not words[1].decode("latin-1").isprintable():
        raise _malformed("the path holds characters that no path has")
    if len(lines) > MOST_HEADERS:
        raise _malformed("there are too many headers")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise _malformed("a header is not one")
        key = name.decode("ascii").lower()
        if key in headers:
            raise _malformed("a header comes twice")
        headers[key] = value.strip(b" \t").decode("latin-1")
    return Head(words[0].decode("ascii"), words[1].decode("ascii"), headers)


def _refuse_any(request: Head, names: tuple[str, ...], code: str, words: str) -> None:
    if any(name in request.headers for name in names):
        raise RefusedError(403, code, words)


def _refuse_body(request: Head) -> None:
    if any(name in request.headers for name in _WITH_A_BODY):
        raise _malformed("requests have no body here and change nothing")
    if request.headers.get("content-length", "0") != "0":
        raise _malformed("requests have no body here")


def _malformed(words: str) -> RefusedError:
    return RefusedError(400, "BadRequest", words)
