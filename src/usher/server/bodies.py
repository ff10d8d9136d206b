"""Reading a request's body without letting anybody fill the memory."""

from __future__ import annotations

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
