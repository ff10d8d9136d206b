"""Who asks, when a reverse proxy stands between: its word in X-Forwarded-For, if it is one we trust.

Limits per address and the audit log need the visitor's own address. A header that anybody may write is
worth nothing, so only what trusted proxies added at its end counts.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from usher.server.config import Network

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TrustedProxies:
    """Puts the visitor's address in the place of a trusted proxy's, for everything behind it."""

    def __init__(self, app: ASGIApp, *, networks: Sequence[Network]) -> None:
        self._app = app
        self._networks = tuple(networks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on; 400 when a trusted proxy's header names no address."""
        peer = scope.get("client")
        if scope["type"] == "http" and self._networks and peer:
            forwarded = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
            try:
                visitor = visitor_address(peer[0], forwarded, self._networks)
            except ValueError:
                refusal = PlainTextResponse("X-Forwarded-For names no address\n", 400)
                await refusal(scope, receive, send)
                return
            if visitor != peer[0]:
                scope = {**scope, "client": (visitor, 0)}
        await self._app(scope, receive, send)


def visitor_address(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The rightmost address of `peer` behind `forwarded` (X-Forwarded-For's value) that is no trusted
    proxy; the leftmost when all are.

    Raises ValueError when something on the way to it is no address.
    """
    try:
        known = _is_trusted(_parsed(peer), trusted)
    except ValueError:
        return peer  # a peer without an address is no proxy of ours
    if not known or not forwarded.strip():
        return peer
    address = peer
    for entry in reversed(forwarded.split(",")):
        parsed = _parsed(entry.strip())
        address = str(parsed)
        if not _is_trusted(parsed, trusted):
            break
    return address


def _parsed(text: str) -> _Address:
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if address.version == 6 else None
    return mapped or address


def _is_trusted(address: _Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)
