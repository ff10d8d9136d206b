"""Page tokens: opaque, stateless, and stable while rows come and go.

A token carries the key of the last row that was given out and what the list was about, so that a
token of one list is refused by another.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from usher.server.awsapi.errors import ApiError

Item = TypeVar("Item")
DEFAULT_PAGE = 100


def encode_token(scope: str, key: Sequence[str | float]) -> str:
    """The token that continues the list `scope` after `key`."""
    text = json.dumps([scope, *key], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_token(scope: str, token: str | None, start: Sequence[str | float]) -> tuple[Any, ...]:
    """The key that `token` continues after; `start` without one. Raises ApiError for a foreign token."""
    if token is None:
        return tuple(start)
    try:
        parts = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError):
        parts = None
    if (
        not isinstance(parts, list)
        or len(parts) != len(start) + 1
        or parts[0] != scope
        or any(type(part) is not type(first) for part, first in zip(parts[1:], start, strict=True))
    ):
        raise ApiError("ValidationException", "The provided NextToken is invalid.")
    return tuple(parts[1:])


def page(
    params: Mapping[str, Any],
    scope: str,
    start: Sequence[str | float],
    read: Callable[[tuple[Any, ...], int], Sequence[Item]],
    key: Callable[[Item], Sequence[str | float]],
    *,
    most: int = DEFAULT_PAGE,
    members: tuple[str, str] = ("MaxResults", "NextToken"),
) -> tuple[Sequence[Item], dict[str, str]]:
    """One page of a list and its `NextToken`, if more follows.

    `read(after, limit)` gives at most `limit` items after a key; `key` is an item's. `most` is the page when
    the call asks for no size, and `members` is how the service spells size and token.
    """
    size, token = members
    limit = int(params.get(size) or most)
    items = read(decode_token(scope, params.get(token), start), limit + 1)
    if len(items) <= limit:
        return items, {}
    kept = items[:limit]
    return kept, {token: encode_token(scope, key(kept[-1]))}
