"""Reading a request's body: never more than the limit, never anything but a JSON object of real text."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from usher.server.awsapi.errors import ApiError


async def read_body(request: Request, limit: int) -> bytes:
    """The body, at most `limit` bytes. Raises ApiError 413 as soon as it is longer."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ApiError("RequestEntityTooLargeException", f"The body is larger than {limit:,} bytes", 413)
    return bytes(body)


def json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in `body`; None when it is not one, or holds half characters (lone surrogates)."""
    try:
        document = json.loads(body)
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
